"""EPUB → pages, a chapter file is a page. Knows the archive of an e-book; knows no chunk and no UI."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from core.documents.formats.archive import ARCHIVE_ERRORS, Archive, TooLargeError, path_inside
from core.documents.formats.html import steps_of_html
from core.documents.formats.page_text import PAGE_END, PAGE_UNREADABLE, Page, Step, pages_of_blocks
from core.documents.formats.text_encoding import decoded_blocks, find_encoding
from utils.errors import AppError

CONTAINER = "META-INF/container.xml"
ENCRYPTION = "META-INF/encryption.xml"
CHAPTER_TYPES = {"application/xhtml+xml", "text/html", "application/xml", ""}


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """An e-book in its reading order. A chapter file that cannot be read costs only itself.

    Raises AppError file_empty, file_no_text, epub_not_epub, epub_protected, epub_damaged, epub_too_large.
    """
    with path.open("rb") as file:
        start = file.read(2)
    if start != b"PK":
        raise AppError("epub_not_epub" if start else "file_empty", file=path.name)
    try:
        archive = Archive(path)
        if not archive.has(CONTAINER):
            raise AppError("epub_not_epub", file=path.name)
        chapters = _chapters(archive)
        if not any(archive.has(chapter) for chapter in chapters):
            raise AppError("epub_damaged", file=path.name)
        if not _encrypted(archive).isdisjoint(chapters):
            raise AppError("epub_protected", file=path.name)
        yield from pages_of_blocks(lambda: _steps(archive, chapters), path.name)
    except TooLargeError as error:
        raise AppError("epub_too_large", file=path.name) from error
    except ARCHIVE_ERRORS as error:
        raise AppError("epub_damaged", file=path.name) from error


def _chapters(archive: Archive) -> list[str]:
    """The chapter files in reading order, as names inside the archive."""
    root_file = next((element.get("full-path", "") for element in _elements(archive, CONTAINER, "rootfile")), "")
    items = {
        item.get("id", ""): path_inside(root_file, unquote(item.get("href", "")))
        for item in _elements(archive, root_file, "item")
        if item.get("media-type", "") in CHAPTER_TYPES
    }
    order = [reference.get("idref", "") for reference in _elements(archive, root_file, "itemref")]
    return [items[name] for name in order if name in items]


def _encrypted(archive: Archive) -> set[str]:
    """What is encrypted in the archive: chapters where a shop protects its book, or only fonts."""
    references = _elements(archive, ENCRYPTION, "CipherReference")
    return {path_inside("", unquote(reference.get("URI", ""))) for reference in references}


def _elements(archive: Archive, part: str, name: str) -> Iterator[etree._Element]:
    """The elements of this name in an XML part, whatever their namespace; none where there is no such part."""
    root = archive.tree(part)
    return iter(()) if root is None else root.iter(f"{{*}}{name}")


def _steps(archive: Archive, chapters: Sequence[str]) -> Iterator[Step]:
    for chapter in chapters:
        try:
            file = io.BytesIO(archive.bytes_of(chapter))
            encoding = find_encoding(file, chapter)
        except (KeyError, AppError, *ARCHIVE_ERRORS):
            yield PAGE_UNREADABLE
            continue
        yield from steps_of_html(decoded_blocks(file, encoding))
        yield PAGE_END
