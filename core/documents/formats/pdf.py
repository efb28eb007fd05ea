"""PDF → the text printed on its pages, through pdfium, with pypdf where pdfium gives up. Knows no chunk and no UI.

pdfium is not thread-safe: one thread of a process may read PDF files at a time.
"""

import contextlib
import ctypes
import logging
import mmap
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from itertools import islice, pairwise
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import psutil
import pypdfium2
import pypdfium2.raw as pdfium_raw

from core.documents.formats.page_text import Page, clean_characters
from core.documents.formats.printed import ANY_LETTER, Outline, pages_of_texts
from utils.errors import AppError

if TYPE_CHECKING:
    from pypdf import PdfReader

# pdfium keeps what it parsed: a book of 9,000 pages came to 856 MB. Opening the file anew lets go of it.
REOPEN_AFTER_PAGES = 500
REOPEN_AFTER_BYTES = 32 * 2**20
LOOK_AT_MEMORY_EVERY_PAGES = 128
MAX_BOOKMARKS = 20_000
BLANK_PAGES_TRIED = 3  # with pypdf too, before a file passes for a scan
LARGEST_TRIED_BYTES = 64 << 20
HEADER_BYTES, TRAILER_BYTES = 1024, 4096
ROOM_FOR_LINE_ENDS = 1024
LOOSE_ANNOTATIONS_LOOKED_AT = 3
# A page that is looked at for columns: its pieces of lines are about twice as many as its lines.
LEAST_PIECES, MOST_PIECES, PIECES_PER_LINE = 8, 400, 1.6
MOSTLY = 0.7  # of the pieces are in such rows; of its column's width fills a full line
LEAST_FULL, LEAST_GOING_ON = 0.6, 0.4  # of a column's lines
LEAST_GAP = 8  # points between the columns
LEAST_CHARACTERS = 12  # of a line, in the mean

# pypdf reports every oddity of a broken file on stderr; the document's status says what a person needs.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """The pages of a PDF, one by one.

    A page that cannot be read comes with `readable=False`. Raises AppError file_empty, pdf_not_pdf, pdf_password,
    pdf_wrong_password, pdf_damaged (no page can be read) and pdf_no_text (a scan), the last two after the last page.
    """
    with closing(open_printed(path, password)) as file:
        yield from pages_of_texts(file.texts(), file.outline(), path.name)


def open_printed(path: Path, password: str | None = None) -> "PdfFile":
    """A PDF whose pages can be read apart, by several processes. Raises AppError as `read` does."""
    return PdfFile(path, password)


class PdfFile:
    """An open PDF. Raises AppError as `read` does, where nothing can be read at all."""

    def __init__(self, path: Path, password: str | None = None) -> None:
        self.path = path
        self.password = password
        self._pdfium: pypdfium2.PdfDocument | None = None
        self._pypdf: PdfReader | None = None
        self._pypdf_file: IO[bytes] | None = None
        self._pages_since_opening = 0
        self._has_seen_text = False
        self._blank_pages = 0
        require_pdf(path)
        self._bytes_at_first_page = 0
        self.page_count = self._open()

    def outline(self) -> Outline:
        """How many pages it has, and its bookmarks."""
        if self._pdfium is None:
            return Outline(self.page_count, is_broken=True)
        bookmarks: dict[int, list[str]] = {}
        for bookmark in islice(self._pdfium.get_toc(), MAX_BOOKMARKS):
            target = bookmark.get_dest()
            index = target.get_index() if target else None
            if index is not None:
                bookmarks.setdefault(index, []).append(clean_characters(bookmark.get_title()))
        return Outline(self.page_count, bookmarks)

    def texts(self, first: int = 0, count: int | None = None) -> Iterator[str | None]:
        """The raw text of each page from index `first` on, None where neither library can read it."""
        last = self.page_count if count is None else min(first + count, self.page_count)
        for index in range(first, last):
            yield self._text(index)

    def close(self) -> None:
        """Let go of the file."""
        if self._pdfium is not None:
            self._pdfium.close()
            self._pdfium = None
        if self._pypdf_file is not None:
            self._pypdf_file.close()
            self._pypdf_file = self._pypdf = None

    def _open(self) -> int:
        try:
            self._open_pdfium()
            page_count = len(self._pdfium) if self._pdfium is not None else 0
            if page_count == 0:
                raise pypdfium2.PdfiumError("no pages", err_code=pdfium_raw.FPDF_ERR_FORMAT)
            return page_count
        except pypdfium2.PdfiumError as error:
            self.close()
            if error.err_code == pdfium_raw.FPDF_ERR_PASSWORD and mentions_encryption(self.path):
                raise self._locked() from None
            return self._open_pypdf()

    def _open_pdfium(self) -> None:
        self._pdfium = pypdfium2.PdfDocument(self.path, password=self.password)
        self._pages_since_opening = 0

    def _open_pypdf(self) -> int:
        """Open a file that pdfium cannot open."""
        reader = self._rescuer()
        try:
            if reader is not None and reader.is_encrypted and not reader.decrypt(self.password or ""):
                raise self._locked()
            page_count = len(reader.pages) if reader is not None else 0
        except pypdf_errors():
            page_count = 0
        if page_count == 0:
            self.close()
            raise AppError("pdf_damaged", file=self.path.name)
        return page_count

    def _locked(self) -> AppError:
        return AppError("pdf_wrong_password" if self.password else "pdf_password", file=self.path.name)

    def _text(self, index: int) -> str | None:
        if self._pdfium is None:
            return self._pypdf_text(index)
        self._reopen_if_grown()
        try:
            text = _text_of_page(self._pdfium, index)
        except pypdfium2.PdfiumError:
            return self._pypdf_text(index)
        if ANY_LETTER.search(text):
            self._has_seen_text = True
        elif self._is_worth_another_look():
            text = self._pypdf_text(index) or text
            self._blank_pages += ANY_LETTER.search(text) is None
        return text

    def _is_worth_another_look(self) -> bool:
        """Whether pypdf shall try a page on which pdfium sees nothing: the first ones of what may not be a scan."""
        if self._has_seen_text or self._blank_pages >= BLANK_PAGES_TRIED:
            return False
        return self.path.stat().st_size <= LARGEST_TRIED_BYTES

    def _pypdf_text(self, index: int) -> str | None:
        try:
            reader = self._rescuer()
            return reader.pages[index].extract_text() if reader is not None else None
        except pypdf_errors():
            return None

    def _reopen_if_grown(self) -> None:
        assert self._pdfium is not None
        self._pages_since_opening += 1
        if self._pages_since_opening == 2:  # on its way to the first one, pdfium took up the records of all before it
            self._bytes_at_first_page = own_memory_bytes()
        grown = self._pages_since_opening >= REOPEN_AFTER_PAGES
        if not grown and self._pages_since_opening % LOOK_AT_MEMORY_EVERY_PAGES == 0:
            grown = own_memory_bytes() - self._bytes_at_first_page > REOPEN_AFTER_BYTES
        if grown:
            self._pdfium.close()
            give_memory_back()
            self._open_pdfium()

    def _rescuer(self) -> "PdfReader | None":
        """pypdf on this file, opened at the first page that needs it; None where it cannot open it either."""
        if self._pypdf_file is None:
            from pypdf import PdfReader  # as long to load as thirty pages to read, and most files need none

            self._pypdf_file = self.path.open("rb")
            try:
                self._pypdf = PdfReader(self._pypdf_file, strict=False, password=self.password)
            except pypdf_errors():
                self._pypdf = None
        return self._pypdf


def pypdf_errors() -> tuple[type[Exception], ...]:
    """What pypdf lets through on broken files, besides its own errors; it never ends in anything worse."""
    from pypdf.errors import DependencyError, DeprecationError, PyPdfError

    return (
        *(PyPdfError, DependencyError, DeprecationError, ValueError, TypeError, AttributeError, AssertionError),
        *(OSError, EOFError, LookupError, ArithmeticError, MemoryError, RecursionError, NotImplementedError),
    )


def require_pdf(path: Path) -> None:
    """Raises AppError file_empty, or pdf_not_pdf where a file has neither the beginning of a PDF nor its end."""
    with path.open("rb") as file:
        start = file.read(HEADER_BYTES)
        file.seek(max(0, path.stat().st_size - TRAILER_BYTES))
        end = file.read()
    if not start:
        raise AppError("file_empty", file=path.name)
    if b"%PDF-" not in start and b"startxref" not in end:
        raise AppError("pdf_not_pdf", file=path.name)


def mentions_encryption(path: Path) -> bool:
    """Whether a PDF says that it is encrypted. pdfium's word is not enough: after a file that is, it says the same of
    the next one that is broken in certain ways."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(b"/Encrypt") >= 0


def give_memory_back() -> None:
    """Let the system have what was freed; glibc would keep it, and each opening would begin with more."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # other systems have no such function, nor need it
        ctypes.CDLL(None).malloc_trim(0)


@cache
def own_process() -> psutil.Process:
    return psutil.Process()


def own_memory_bytes() -> int:
    """The memory that this process has in RAM."""
    return own_process().memory_info().rss


def _text_of_page(document: pypdfium2.PdfDocument, index: int) -> str:
    """The text of a page, with what was filled into its form. Raises PdfiumError."""
    with closing(document[index]) as page:
        if not _has_filled_in_text(document, page):
            with closing(page.get_textpage()) as text_page:
                return bounded_text(page, text_page)
        # What stands in a field becomes a part of the page, as if it was printed; the file stays as it is.
        pdfium_raw.FPDFPage_Flatten(page, pdfium_raw.FLAT_NORMALDISPLAY)
    with closing(document[index]) as page, closing(page.get_textpage()) as text_page:
        return bounded_text(page, text_page)


def _has_filled_in_text(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> bool:
    """Whether a page has form fields or text boxes laid over it. In a document without a form only a few annotations
    are looked at: a table of contents has a hundred, and all of them are links."""
    count = pdfium_raw.FPDFPage_GetAnnotCount(page)
    has_form = count and pdfium_raw.FPDF_GetFormType(document) != pdfium_raw.FORMTYPE_NONE
    for number in range(count if has_form else min(count, LOOSE_ANNOTATIONS_LOOKED_AT)):
        annotation = pdfium_raw.FPDFPage_GetAnnot(page, number)
        kind = pdfium_raw.FPDFAnnot_GetSubtype(annotation)
        pdfium_raw.FPDFPage_CloseAnnot(annotation)
        if kind in (pdfium_raw.FPDF_ANNOT_WIDGET, pdfium_raw.FPDF_ANNOT_FREETEXT):
            return True
    return False


def bounded_text(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> str:
    """The text inside the page's box. As `get_text_bounded`, but without asking for its length first, which takes as
    long as getting it, and without dropping halves of characters."""
    left, bottom, right, top = page.get_bbox()
    room = 2 * text_page.count_chars() + ROOM_FOR_LINE_ENDS
    buffer = (ctypes.c_ushort * room)()
    length = pdfium_raw.FPDFText_GetBoundedText(text_page, left, top, right, bottom, buffer, room)
    if length >= room:
        return text_page.get_text_bounded()
    text = bytes(memoryview(buffer)[:length]).decode("utf-16-le", errors="surrogatepass").rstrip("\0")
    pieces = text_page.count_rects()
    if LEAST_PIECES <= pieces <= MOST_PIECES and pieces >= PIECES_PER_LINE * (text.count("\n") + 1):
        probe = [_Piece(*text_page.get_rect(n)) for n in range(pieces // 2 - 4, min(pieces // 2 + 4, pieces))]
        if len(_rows(probe)) >= len(probe) // 2 - 1:
            return _by_columns([_Piece(*text_page.get_rect(n)) for n in range(pieces)], text_page) or text
    return text


class _Piece(NamedTuple):
    """Where a piece of a line is printed, in points."""

    left: float
    bottom: float
    right: float
    top: float


def _by_columns(pieces: Sequence[_Piece], text_page: pypdfium2.PdfTextPage) -> str:
    """The text of a page whose two columns were written row by row, column by column; nothing where it has none.

    Rows of a table look alike, but their cells do not go on in the next row: here lines fill their column, and many
    begin in mid-sentence.
    """
    rows = _rows(pieces)
    if len(rows) < LEAST_PIECES // 2 or 2 * len(rows) < MOSTLY * len(pieces):
        return ""
    end, begin = max(a.right for a, _ in rows), min(b.left for _, b in rows)
    if begin - end < LEAST_GAP:
        return ""
    middle = (end + begin) / 2
    first, last = pieces.index(rows[0][0]), pieces.index(rows[-1][1])
    columns = (
        [piece for piece in pieces[first : last + 1] if piece.right < middle],
        [piece for piece in pieces[first : last + 1] if piece.left > middle],
    )
    if sum(map(len, columns)) <= last - first:
        return ""  # something reaches from one column into the other
    texts: list[list[str]] = []
    for column in columns:
        texts.append([text_page.get_text_bounded(*piece).strip() for piece in column])
        if not _is_prose(column, texts[-1]):
            return ""
    around = [
        "".join(f"{text_page.get_text_bounded(*piece).strip()}\n" for piece in part)
        for part in (pieces[:first], pieces[last + 1 :])
    ]
    return around[0] + "\n".join(map(_joined, columns, texts)) + "\n" + around[1]


def _rows(pieces: Sequence[_Piece]) -> list[tuple[_Piece, _Piece]]:
    """Pieces that follow each other on one line with a gap between them."""
    return [
        (a, b)
        for a, b in pairwise(pieces)
        if b.left - a.right >= LEAST_GAP and abs(a.bottom - b.bottom) < (a.top - a.bottom) / 2
    ]


def _joined(column: Sequence[_Piece], lines: Sequence[str]) -> str:
    """A column's lines as paragraphs: one ends with a line that does not fill the column."""
    full = MOSTLY * max(piece.right - piece.left for piece in column)
    return "".join(
        f"{line}\n" if piece.right - piece.left < full or line.endswith("\x02") else f"{line} "
        for piece, line in zip(column, lines, strict=True)
    ).strip()


def _is_prose(column: Sequence[_Piece], lines: Sequence[str]) -> bool:
    widths = [piece.right - piece.left for piece in column]
    full = sum(width >= MOSTLY * max(widths) for width in widths)
    going_on = sum(line[:1].islower() for line in lines[1:])
    long_enough = sum(map(len, lines)) >= LEAST_CHARACTERS * len(lines)
    return long_enough and full >= LEAST_FULL * len(lines) and going_on >= LEAST_GOING_ON * (len(lines) - 1)
