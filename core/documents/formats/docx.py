"""DOCX → pages: everything a person reads, in reading order. Knows Word's archive; knows no chunk and no UI."""

import email
import email.policy
import mmap
import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path

import docx
from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from lxml import etree

from core.documents.formats.archive import (
    ARCHIVE_ERRORS,
    PARSING,
    TREE_BYTES,
    Archive,
    TooLargeError,
    path_inside,
)
from core.documents.formats.html import steps_of_html
from core.documents.formats.page_text import PAGE_END, Block, Page, Step, pages_of_blocks
from core.documents.formats.text_encoding import decode
from core.documents.formats.word_signs import numbering_of
from core.documents.formats.word_tree import (
    STRICT,
    TRANSITIONAL,
    UNITS,
    attribute,
    found,
    long,
    outermost,
    styles_of,
    units,
    value,
)
from core.documents.formats.word_xml import Walk
from utils.errors import AppError

OLE_FILE = b"\xd0\xcf\x11\xe0"  # what Word wraps a document with a password in, and the old .doc format too
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MAX_XML_BYTES = 512 * 1024 * 1024  # unpacked; far above any book
MIN_BOMB_BYTES = 32 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed; no real document of a corpus of 480 had more than 27
WALKED_ONCE_BYTES = 64 * 1024 * 1024  # of XML; of a longer document no more than a part is held
NOT_OPENED = (PythonDocxError, OpcError, LookupError, AttributeError, TypeError, *ARCHIVE_ERRORS)  # by python-docx


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """The pages of a DOCX, as Word last laid them out; one page where the file does not say.

    Paragraphs, lists, tables (a row is a line), text boxes, notes, formulas and the words of diagrams stand where
    they are read. A page header comes once, before the section it belongs to, a footer once after it. Comments are
    left out: they are about the text. Raises AppError file_empty, file_no_text, docx_not_docx, docx_password,
    docx_damaged, docx_too_large.
    """
    _check_beginning(path)
    try:
        document = _open(path, path.name)
        steps = document.steps
        if document.archive.sizes[document.main] <= WALKED_ONCE_BYTES:
            held = list(steps())  # its text alone
            steps = partial(iter, held)
        yield from pages_of_blocks(steps, path.name)
    except TooLargeError as error:
        raise AppError("docx_too_large", file=path.name) from error
    except ARCHIVE_ERRORS as error:
        raise AppError("docx_damaged", file=path.name) from error


def _check_beginning(path: Path) -> None:
    with path.open("rb") as file:
        start = file.read(4)
        if not start:
            raise AppError("file_empty", file=path.name)
        if start == OLE_FILE:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                raise AppError("docx_password" if data.find(ENCRYPTED) >= 0 else "docx_not_docx", file=path.name)
    if not start.startswith(b"PK"):
        raise AppError("docx_not_docx", file=path.name)


@dataclass(frozen=True)
class _Relation:
    """What a part of the archive refers to: of which kind, and where."""

    kind: str
    target: str


@dataclass(frozen=True)
class _Section:
    """The names of a section's header and footer parts, and whether it begins a page."""

    headers: Sequence[str] = ()
    footers: Sequence[str] = ()
    begins_page: bool = True


@dataclass(frozen=True)
class _Document:
    """An open document: its main part, how to read it, and its sections in order. `plain` reads headers and notes."""

    archive: Archive
    main: str
    units: Callable[[], Iterator[etree._Element]]
    walk: Walk
    plain: Walk
    sections: Sequence[_Section]

    def steps(self) -> Iterator[Step]:
        """All blocks and page ends of the document, read as they are asked for."""
        self.walk.numbering.begin()
        number, seen = 0, set[str]()
        yield from self._edge(self.sections[0].headers, seen)
        for unit in self.units():
            yield from self.walk.steps(unit)
            if found(unit, "w:pPr/w:sectPr") and number + 1 < len(self.sections):
                yield from self._edge(self.sections[number].footers, seen)
                number += 1
                if self.sections[number].begins_page and not self.walk.counts_rendered_breaks:
                    yield PAGE_END
                yield from self._edge(self.sections[number].headers, seen)
        yield from self._edge(self.sections[-1].footers, seen)

    def _edge(self, parts: Sequence[str], seen: set[str]) -> Iterator[Block]:
        """Headers or footers, except those whose words were `seen` in a section before."""
        for part in parts:
            blocks = list(self.plain.blocks_below(_tree(self.archive, part)))
            text = "\n".join(block.text for block in blocks)
            if text not in seen:
                yield from blocks
            seen.add(text)


def _open(file: Path | BytesIO, name: str) -> _Document:
    archive = Archive(file)
    if _is_bomb(archive):
        raise TooLargeError
    opened = _opened_by_python_docx(file, archive) or _opened_as_archive(archive)
    if opened is None:
        raise AppError("docx_not_docx", file=name)
    main, relations, units_of_main = opened
    lists, styles = (_tree(archive, next(_targets(relations, kind), "")) for kind in ("numbering", "styles"))
    numbering = numbering_of(lists)
    plain = Walk(styles_of(styles, numbering.level_of_style), numbering, {}, lambda _: ())
    sections: list[_Section] = []
    rendered = False
    for unit in units_of_main():
        rendered = rendered or bool(found(unit, ".//w:lastRenderedPageBreak"))
        sections += [_section(each, relations) for each in found(unit, "self::w:sectPr | w:pPr/w:sectPr")]
    walk = replace(
        plain,
        notes=_notes(archive, relations, plain),
        linked=partial(_linked_steps, archive, relations),
        counts_rendered_breaks=rendered,
    )
    return _Document(archive, main, units_of_main, walk, plain, sections or [_Section()])


def _is_bomb(archive: Archive) -> bool:
    """Whether the XML would unpack to more than any document has, or to much that is the same over and over."""
    entries = [entry for entry in archive.zip.infolist() if entry.filename.endswith((".xml", ".rels"))]
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    return unpacked > MAX_XML_BYTES or (unpacked > MIN_BOMB_BYTES and unpacked > MAX_RATIO * packed)


_Opened = tuple[str, dict[str, _Relation], Callable[[], Iterator[etree._Element]]]


def _opened_by_python_docx(file: Path | BytesIO, archive: Archive) -> _Opened | None:
    """The main part's name, what it refers to by id, and its paragraphs and rows, where python-docx opens the file.

    It holds all of a file, so it is asked for small ones.
    """
    if sum(archive.sizes.values()) > TREE_BYTES:
        return None
    with suppress(*NOT_OPENED):
        part = docx.Document(file).part  # type: ignore[arg-type]
        etree.strip_tags(part.element, etree.Comment, etree.PI)
        relations = {
            key: _Relation(each.reltype.rpartition("/")[2], each.target_part.partname.membername)
            for key, each in part.rels.items()
            if not each.is_external
        }
        return part.partname.membername, relations, partial(outermost, part.element, UNITS)
    return None


def _opened_as_archive(archive: Archive) -> _Opened | None:
    """The same of a file that something is missing in, or that is long; None where its main part is no text."""
    main = next(_targets(_relations(archive, ""), "officeDocument"), "word/document.xml")
    if not archive.has(main):
        return None
    with archive.open(main) as stream:
        _, root = next(iter(etree.iterparse(stream, events=("start",), **PARSING)))
        if "wordprocessingml" not in root.tag:
            return None
    return main, _relations(archive, main), partial(_units_of_main, archive, main)


def _relations(archive: Archive, part: str) -> dict[str, _Relation]:
    """What a part refers to inside the archive, by id; those of the part "" are the archive's own."""
    folder, _, name = part.rpartition("/")
    root = archive.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
    return {
        each.get("Id", ""): _Relation(
            each.get("Type", "").rpartition("/")[2], path_inside(part, each.get("Target", ""))
        )
        for each in (root if root is not None else ())
        if each.get("TargetMode") != "External"
    }


def _targets(relations: dict[str, _Relation], kind: str) -> Iterator[str]:
    return (relation.target for relation in relations.values() if relation.kind == kind)


def _section(properties: etree._Element, relations: dict[str, _Relation]) -> _Section:
    headers, footers = (
        [relations[key].target for key in found(properties, f"w:{kind}Reference/@r:id") if key in relations]
        for kind in ("header", "footer")
    )
    return _Section(headers, footers, value(properties, "w:type/@w:val") != "continuous")


def _notes(archive: Archive, relations: dict[str, _Relation], walk: Walk) -> dict[tuple[str, str], list[Block]]:
    """The text of foot- and endnotes by the tag and id that refer to them."""
    notes: dict[tuple[str, str], list[Block]] = {}
    for kind in ("footnote", "endnote"):
        for part in _targets(relations, f"{kind}s"):
            for note in found(_tree(archive, part), f".//w:{kind}[not(contains(@w:type, 'eparator'))]"):
                notes[f"w:{kind}Reference", attribute(note, "w:id")] = list(walk.blocks_below(note))
    return notes


def _units_of_main(archive: Archive, main: str) -> Iterator[etree._Element]:
    with archive.open(main) as stream:
        yield from units(stream)


def _tree(archive: Archive, part: str) -> etree._Element:
    """The root of a part. One that is missing or broken costs only itself, and what is whole of it is read."""
    root = None
    with suppress(KeyError, *ARCHIVE_ERRORS):
        parser = etree.XMLParser(recover=True, **PARSING)
        root = etree.fromstring(STRICT.sub(TRANSITIONAL, archive.bytes_of(part)), parser)
    return root if root is not None else etree.Element("nothing")


def _linked_steps(archive: Archive, relations: dict[str, _Relation], key: str) -> Iterator[Step]:
    """What another part says: the words of a chart or diagram, or a document in another format."""
    part = relations.get(key, _Relation("", ""))
    if part.kind == "aFChunk":
        with suppress(KeyError, AttributeError, AppError, *ARCHIVE_ERRORS):
            yield from _foreign_steps(archive.bytes_of(part.target), part.target)
    else:
        for text in _words_of_drawing(_tree(archive, part.target)):
            yield Block(text, is_line=True)


def _foreign_steps(data: bytes, name: str) -> Iterator[Step]:
    """The text of a web page, of one with its pictures, or of Word's own; none of a format that nobody knows."""
    if data.startswith(b"PK"):
        yield from (step for step in _open(BytesIO(data), name).steps() if isinstance(step, Block))
        return
    if b"\nContent-Type:" in data[:4096] or data.startswith(b"Content-Type:"):
        message = email.message_from_bytes(data, policy=email.policy.default)
        body = message.get_body(("html", "plain"))
        data = body.get_payload(decode=True) if body is not None else b""  # type: ignore[assignment]
    if not data.startswith(b"{\\rtf"):
        yield from steps_of_html([decode(data, name)])


def _words_of_drawing(root: etree._Element) -> Iterable[str]:
    """The lines of a diagram, or the title and the categories of a chart; its numbers are left out."""
    lines = [
        (", " if each.tag == long("c:strCache") else "").join(found(each, ".//a:t/text() | .//c:v/text()"))
        for each in found(root, ".//a:p | .//c:strCache")
    ]
    return dict.fromkeys(line for line in (" ".join(line.split()) for line in lines) if line)
