"""What the tests of document formats share."""

import tempfile
from pathlib import Path

import pytest

from core.documents.formats.page_text import Page
from core.documents.readers import read_document
from utils.errors import AppError


def read(path: Path) -> list[Page]:
    return list(read_document(path))


def read_bytes(data: bytes, name: str) -> list[Page]:
    """The pages of a file with this content; for properties, which have no tmp_path of their own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        return read(path)


def error_code(path: Path) -> str:
    with pytest.raises(AppError) as caught:
        read(path)
    return caught.value.code


def with_wrong_bytes(data: bytes, changes: list[tuple[float, int]]) -> bytes:
    """The data with each (place, value) written into it; places are shares of its length."""
    broken = bytearray(data)
    for place, value in changes:
        broken[int(place * len(broken))] = value
    return bytes(broken)
