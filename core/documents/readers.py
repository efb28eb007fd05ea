"""The seam for document formats: which file is read by which module. Knows no model and no UI.

A format is a module in `formats` with a function `read(path, password) -> Iterator[Page]`, and a line in `READERS`.
One whose pages can be read apart, by several processes, has `open_printed` as well (see formats/pdf.py). Modules are
loaded where a file is read: the app's own process only needs to know the endings.
"""

import importlib
from collections.abc import Iterator
from pathlib import Path

from core.documents.formats.page_text import Page
from utils.errors import AppError

READERS = {
    ".pdf": "core.documents.formats.pdf",
    ".docx": "core.documents.formats.docx",
    ".txt": "core.documents.formats.plain_text",
    ".text": "core.documents.formats.plain_text",
    ".log": "core.documents.formats.plain_text",
    ".rst": "core.documents.formats.plain_text",
    ".tex": "core.documents.formats.plain_text",
    ".md": "core.documents.formats.markdown",
    ".markdown": "core.documents.formats.markdown",
    ".html": "core.documents.formats.html",
    ".htm": "core.documents.formats.html",
    ".xhtml": "core.documents.formats.html",
    ".epub": "core.documents.formats.epub",
    ".csv": "core.documents.formats.table",
    ".tsv": "core.documents.formats.table",
}


def read_document(path: Path, password: str | None = None) -> Iterator[Page]:
    """The pages of a file, one by one; only some formats know passwords.

    Raises AppError file_missing, file_unsupported, or what its reader raises.
    """
    module = READERS.get(path.suffix.lower())
    if module is None:
        raise AppError("file_unsupported", file=path.name, formats=", ".join(sorted(READERS)))
    if not path.is_file():
        raise AppError("file_missing", file=path.name)
    return importlib.import_module(module).read(path, password)
