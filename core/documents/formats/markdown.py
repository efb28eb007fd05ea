"""Markdown → pages, with its markup: headings travel with their text. Knows no chunk and no UI."""

from collections.abc import Iterator
from pathlib import Path

from core.documents.formats.page_text import Page
from core.documents.formats.plain_text import text_pages


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """A Markdown file. Raises AppError file_not_text, file_no_text."""
    return text_pages(path, markdown=True)
