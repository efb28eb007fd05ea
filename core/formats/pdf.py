"""PDF → pages, through pdfium, with pypdf where pdfium gives up. Knows PDF files; knows no chunk and no UI.

pdfium is not thread-safe: one thread of a process may read PDF files at a time.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium_raw
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from core.formats.page_text import (
    Page,
    blocks_of_lines,
    clean_characters,
    compounds_in,
    is_numbered_heading,
    join_blocks,
    mark_line_end_hyphens,
    without_running_lines,
)
from utils.errors import AppError

PAGES_PER_OPENING = 500  # pdfium keeps what it parsed: 856 MB for a book of 9,000 pages, 204 MB when re-opened
MAX_BOOKMARKS = 20_000
# What pypdf lets through on broken files, besides its own errors; it never ends in anything worse.
PYPDF_ERRORS = (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, OSError,
                RecursionError, ArithmeticError, NotImplementedError, LookupError, MemoryError, EOFError)  # fmt: skip

# pypdf reports every oddity of a broken file on stderr; the document's status says what a person needs.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """The pages of a PDF, one by one.

    A page that cannot be read comes with `readable=False`. Raises AppError file_empty, pdf_not_pdf, pdf_password,
    pdf_damaged (no page can be read) and pdf_no_text (a scan), the last two after the last page.
    """
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise AppError("file_empty", file=path.name)
    if b"%PDF-" not in start:
        raise AppError("pdf_not_pdf", file=path.name)
    try:
        page_count, bookmarks = _outline(path)
        texts = _pdfium_texts(path, page_count)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pdfium_raw.FPDF_ERR_PASSWORD:
            raise AppError("pdf_password", file=path.name) from None
        bookmarks = {}
        page_count, texts = _rescue(path)
    readable: list[bool] = []
    anything = False
    compounds: set[str] = set()
    lines_of_pages = without_running_lines(_lines_of_pages(texts, readable))
    for index, lines in enumerate(lines_of_pages):
        compounds |= compounds_in(lines)
        headings = _heading_lines(lines, bookmarks.get(index, [])) if bookmarks else _numbered_headings(lines)
        text, heads = join_blocks(blocks_of_lines(lines, headings, compounds))
        anything = anything or any(character.isalnum() for character in text)
        yield Page(index + 1, page_count, text, heads, readable[index])
    if not any(readable):
        raise AppError("pdf_damaged", file=path.name)
    if not anything:
        raise AppError("pdf_no_text", file=path.name, pages=page_count)


def _lines_of_pages(texts: Iterator[str | None], readable: list[bool]) -> Iterator[list[str]]:
    """The lines of each page; notes in `readable` which pages could be read."""
    for text in texts:
        readable.append(text is not None)
        cleaned = clean_characters(mark_line_end_hyphens(text or ""))
        yield [line for line in (line.strip() for line in cleaned.split("\n")) if line]


def _outline(path: Path) -> tuple[int, dict[int, list[str]]]:
    """How many pages a PDF has, and the titles of its bookmarks by page index."""
    bookmarks: dict[int, list[str]] = {}
    with closing(pypdfium2.PdfDocument(path)) as document:
        page_count = len(document)
        if page_count == 0:
            raise pypdfium2.PdfiumError("no pages", err_code=pdfium_raw.FPDF_ERR_FORMAT)
        for bookmark in islice(document.get_toc(), MAX_BOOKMARKS):
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            if index is not None:
                bookmarks.setdefault(index, []).append(clean_characters(bookmark.get_title()))
    return page_count, bookmarks


def _pdfium_texts(path: Path, page_count: int) -> Iterator[str | None]:
    """The raw text of each page, None where neither library can read it."""
    rescuers: list[PdfReader | None] = []  # opened at the first page that needs it: that reads the whole file
    for start in range(0, page_count, PAGES_PER_OPENING):
        with closing(pypdfium2.PdfDocument(path)) as document:
            for index in range(start, min(start + PAGES_PER_OPENING, page_count)):
                try:
                    with closing(document[index]) as page, closing(page.get_textpage()) as text_page:
                        text = text_page.get_text_bounded()
                except pypdfium2.PdfiumError:
                    if not rescuers:
                        rescuers.append(_open_with_pypdf(path))
                    text = _pypdf_text(rescuers[0], index)
                yield text


def _rescue(path: Path) -> tuple[int, Iterator[str | None]]:
    """The pages of a file that pdfium cannot open, with pypdf."""
    reader = _open_with_pypdf(path)
    try:
        if reader is not None and reader.is_encrypted and not reader.decrypt(""):
            raise AppError("pdf_password", file=path.name)
        page_count = len(reader.pages) if reader is not None else 0
    except PYPDF_ERRORS:
        page_count = 0
    if page_count == 0:
        raise AppError("pdf_damaged", file=path.name)
    return page_count, (_pypdf_text(reader, index) for index in range(page_count))


def _open_with_pypdf(path: Path) -> PdfReader | None:
    try:
        return PdfReader(path, strict=False)
    except PYPDF_ERRORS:
        return None


def _pypdf_text(reader: PdfReader | None, index: int) -> str | None:
    try:
        return reader.pages[index].extract_text() if reader is not None else None
    except PYPDF_ERRORS:
        return None


def _heading_lines(lines: list[str], titles: list[str]) -> dict[int, int]:
    """Which lines print the bookmarks that point at this page: first line → number of lines, up to three."""
    wanted = {key for title in titles if len(key := _letters(title)) > 1}
    found: dict[int, int] = {}
    number = 0
    while number < len(lines) and wanted:
        count = next((n for n in (1, 2, 3) if _letters(" ".join(lines[number : number + n])) in wanted), 0)
        if count:
            found[number] = count
        number += count or 1
    return found


def _numbered_headings(lines: list[str]) -> dict[int, int]:
    return {number: 1 for number, line in enumerate(lines) if is_numbered_heading(line)}


def _letters(text: str) -> str:
    """What is left of a title when its number, spaces, hyphens and case are set aside."""
    text = re.sub(
        r"^(?:kapitel|chapter|anhang|appendix|abschnitt|section|teil|part)\s+(?=[\dA-Z])", "", text, flags=re.I
    )
    text = re.sub(r"^(?:[A-Z]|\d+|[IVX]+)(?:\.\d+)*[.:]?\s+", "", text)
    return re.sub(r"[\W_]+", "", text).casefold()
