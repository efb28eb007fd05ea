"""The seam for document formats: one function each, file → pages of text. Knows no model and no UI.

A format is a module in `core/formats` and a line in `READERS`. The modules are loaded where a file is read: the app's
own process only needs to know the endings.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from core.formats.page_text import Page
from utils.errors import AppError


def read_document(path: Path) -> Iterator[Page]:
    """The pages of a file, one by one. Raises AppError file_missing, file_unsupported, or what its reader raises."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise AppError("file_unsupported", file=path.name, formats=", ".join(sorted(READERS)))
    if not path.is_file():
        raise AppError("file_missing", file=path.name)
    return reader(path)


def read_pdf(path: Path) -> Iterator[Page]:
    """See core/formats/pdf.py."""
    from core.formats import pdf

    return pdf.read_pdf(path)


def read_docx(path: Path) -> Iterator[Page]:
    """See core/formats/docx.py."""
    from core.formats import docx

    return docx.read_docx(path)


def read_text(path: Path) -> Iterator[Page]:
    """See core/formats/plain_text.py."""
    from core.formats import plain_text

    return plain_text.read_text(path)


def read_markdown(path: Path) -> Iterator[Page]:
    """See core/formats/plain_text.py."""
    from core.formats import plain_text

    return plain_text.read_markdown(path)


READERS: dict[str, Callable[[Path], Iterator[Page]]] = {
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".txt": read_text,
    ".md": read_markdown,
}
