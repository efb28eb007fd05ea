"""DOCX → pages: everything a person reads, in reading order. Knows Word's XML; knows no chunk and no UI."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import docx
from docx.document import Document
from docx.opc.exceptions import OpcError
from lxml import etree

from core.formats.page_text import Block, Page, clean_characters, join_blocks
from utils.errors import AppError

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
OLE_FILE = b"\xd0\xcf\x11\xe0"  # what Word wraps a document with a password in, and the old .doc format too
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# What broken archives raise: bad structure or XML, broken compression, methods nobody knows, encrypted entries.
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    etree.XMLSyntaxError,
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
)
TITLE_STYLES = {"title", "subtitle"}


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """The pages of a DOCX, as Word last laid them out; one page where the file does not say.

    Paragraphs, lists, tables (a row is a line), text boxes and notes stand where they are read. Headers and footers
    are left out: they repeat. Raises AppError file_empty, docx_password, docx_damaged, docx_not_docx, file_no_text.
    """
    document = _open(path)
    walk = _Walk(document)
    walk.blocks_of(document.element.body)
    pages = walk.finished_pages()
    if not any(character.isalnum() for blocks in pages for block in blocks for character in block.text):
        raise AppError("file_no_text", file=path.name)
    for number, blocks in enumerate(pages, start=1):
        text, headings = join_blocks(blocks)
        yield Page(number, len(pages), text, headings)


def _open(path: Path) -> Document:
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise AppError("file_empty", file=path.name)
    if start == OLE_FILE:
        raise AppError("docx_password" if ENCRYPTED in path.read_bytes() else "docx_not_docx", file=path.name)
    if not start.startswith(b"PK"):
        raise AppError("docx_not_docx", file=path.name)
    try:
        return docx.Document(str(path))
    except (ValueError, KeyError, OpcError) as error:
        raise AppError("docx_not_docx" if _is_other_archive(path) else "docx_damaged", file=path.name) from error
    except ARCHIVE_ERRORS as error:
        raise AppError("docx_damaged", file=path.name) from error


def _is_other_archive(path: Path) -> bool:
    """Whether a whole zip file simply holds something else: a spreadsheet, an e-book, any archive."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "word/document.xml" not in archive.namelist()
    except (ValueError, *ARCHIVE_ERRORS):
        return False


class _Walk:
    """One walk through a document's XML that gathers blocks, page by page."""

    def __init__(self, document: Document) -> None:
        self.pages: list[list[Block]] = [[]]
        self.heading_styles = _heading_styles(document)
        self.notes = _notes(document)
        # Word notes where pages began when it saved; a break set by hand is then noted as well.
        rendered = next(document.element.body.iter(f"{WORD}lastRenderedPageBreak"), None) is not None
        self.counts_rendered_breaks = rendered

    def finished_pages(self) -> list[list[Block]]:
        return self.pages

    def blocks_of(self, parent: etree._Element) -> None:
        """Every paragraph and table below `parent`, whatever wraps it (content controls, tracked insertions)."""
        for element in parent:
            if element.tag == f"{WORD}p":
                self._paragraph(element)
            elif element.tag == f"{WORD}tbl":
                self._table(element)
            elif element.tag not in (FALLBACK, f"{WORD}sectPr"):
                self.blocks_of(element)

    def _paragraph(self, paragraph: etree._Element) -> None:
        text, boxes, notes = self._text_of(paragraph)
        style = paragraph.find(f"{WORD}pPr/{WORD}pStyle")
        is_heading = style is not None and style.get(f"{WORD}val") in self.heading_styles
        is_item = paragraph.find(f"{WORD}pPr/{WORD}numPr") is not None
        text = clean_characters(text).strip()
        if text and is_heading:
            self.pages[-1].append(Block(" ".join(text.split()), is_heading=True))
        elif text:
            self.pages[-1].append(Block(f"• {text}" if is_item else text, is_line=is_item))
        for box in boxes:
            self.blocks_of(box)
        self.pages[-1].extend(Block(note) for note in notes)

    def _text_of(self, paragraph: etree._Element) -> tuple[str, list[etree._Element], list[str]]:
        """A paragraph's own text, the text boxes anchored in it, and the notes it refers to."""
        text: list[str] = []
        boxes: list[etree._Element] = []
        notes: list[str] = []
        pending = list(reversed(paragraph))
        while pending:
            element = pending.pop()
            match element.tag:
                case tag if tag == f"{WORD}t":
                    text.append(element.text or "")
                case tag if tag in (f"{WORD}tab", f"{WORD}ptab"):
                    text.append("\t")
                case tag if tag == f"{WORD}noBreakHyphen":
                    text.append("-")
                case tag if tag in (f"{WORD}br", f"{WORD}cr"):
                    text.append("\n")
                    if element.get(f"{WORD}type") == "page" and not self.counts_rendered_breaks:
                        self.pages.append([])
                case tag if tag == f"{WORD}lastRenderedPageBreak":
                    self.pages.append([])
                case tag if tag == f"{WORD}txbxContent":
                    boxes.append(element)
                case tag if tag in (f"{WORD}footnoteReference", f"{WORD}endnoteReference"):
                    note = self.notes.get((tag, element.get(f"{WORD}id") or ""))
                    if note:
                        notes.append(note)
                case tag if tag not in (FALLBACK, f"{WORD}pPr", f"{WORD}rPr", f"{WORD}del", f"{WORD}instrText"):
                    pending.extend(reversed(element))
        return "".join(text), boxes, notes

    def _table(self, table: etree._Element) -> None:
        """A table's rows as lines, cells set apart by ` | `; what is anchored in cells follows their row."""
        for row in table.iter(f"{WORD}tr"):
            if next(row.iterancestors(f"{WORD}tbl")) is not table:
                continue
            cells: list[str] = []
            inner: list[etree._Element] = []
            below: list[etree._Element] = []
            notes_below: list[str] = []
            for cell in row.iter(f"{WORD}tc"):
                if next(cell.iterancestors(f"{WORD}tr")) is not row:
                    continue
                words: list[str] = []
                for paragraph in _own_paragraphs(cell):
                    text, boxes, notes = self._text_of(paragraph)
                    words.append(text)
                    below.extend(boxes)
                    notes_below.extend(notes)
                cells.append(" ".join(clean_characters(" ".join(words)).split()))
                inner.extend(element for element in cell if element.tag == f"{WORD}tbl")
            if any(cells):
                self.pages[-1].append(Block(" | ".join(cells), is_line=True))
            for element in inner:
                self._table(element)
            for box in below:
                self.blocks_of(box)
            self.pages[-1].extend(Block(note) for note in notes_below)


def _own_paragraphs(cell: etree._Element) -> list[etree._Element]:
    """The paragraphs of a cell, without those of tables and text boxes inside it."""
    return [p for p in cell.iter(f"{WORD}p") if next(p.iterancestors(f"{WORD}tc", f"{WORD}txbxContent")) is cell]


def _heading_styles(document: Document) -> set[str]:
    """The ids of all styles that make a heading. Style names are English inside every Word file."""
    based_on: dict[str, str] = {}
    headings: set[str] = set()
    for style in document.styles.element.iter(f"{WORD}style"):
        style_id = style.get(f"{WORD}styleId") or ""
        name = style.find(f"{WORD}name")
        lower = (name.get(f"{WORD}val") or "").casefold() if name is not None else ""
        if lower.startswith("heading ") or lower in TITLE_STYLES:
            headings.add(style_id)
        base = style.find(f"{WORD}basedOn")
        if base is not None:
            based_on[style_id] = base.get(f"{WORD}val") or ""
    for style_id in based_on:
        seen, parent = {style_id}, based_on.get(style_id, "")
        while parent and parent not in seen and parent not in headings:
            seen.add(parent)
            parent = based_on.get(parent, "")
        if parent in headings:
            headings.add(style_id)
    return headings


def _notes(document: Document) -> dict[tuple[str, str], str]:
    """The text of foot- and endnotes by the tag and id that refer to them."""
    notes: dict[tuple[str, str], str] = {}
    for relation in document.part.rels.values():
        kind = relation.reltype.rsplit("/", 1)[-1]
        if kind not in ("footnotes", "endnotes") or relation.is_external:
            continue
        try:
            root = etree.fromstring(relation.target_part.blob, etree.XMLParser(resolve_entities=False))
        except etree.XMLSyntaxError:
            continue  # the text itself is whole; a broken note part costs only the notes
        for note in root:
            text = clean_characters("".join(part.text or "" for part in note.iter(f"{WORD}t"))).strip()
            if text and note.get(f"{WORD}type") not in ("separator", "continuationSeparator"):
                notes[(f"{WORD}{kind[:-1]}Reference", note.get(f"{WORD}id") or "")] = text
    return notes
