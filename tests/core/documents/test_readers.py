"""What the seam itself says of files that no format reads."""

import importlib
from pathlib import Path

from reading_material import error_code

from core.documents.readers import READERS


def test_unknown_and_missing_files_say_so(tmp_path: Path) -> None:
    assert error_code(tmp_path / "a.exe") == "file_unsupported"
    assert error_code(tmp_path / "a.pdf") == "file_missing"


def test_every_format_is_a_module_that_reads(tmp_path: Path) -> None:
    for module in set(READERS.values()):
        assert callable(importlib.import_module(module).read)
