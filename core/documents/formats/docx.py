"""DOCX → pages: everything a person reads, in reading order. Knows Word's archive; knows no chunk and no UI."""

import email
import email.policy
import mmap
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import BytesIO
from pathlib import Path

from lxml import etree

from core.documents.formats.archive import ARCHIVE_ERRORS, PARSING, Archive, TooLargeError, path_inside
from core.documents.formats.html import steps_of_html
from core.documents.formats.page_text import PAGE_END, Block, Page, Step, pages_of_blocks
from core.documents.formats.text_encoding import decode
from core.documents.formats.word_signs import Numbering, numbering_of
from core.documents.formats.word_tree import attribute, child, has_rendered_breaks, inside, short, styles_of, units
from core.documents.formats.word_xml import Walk
from utils.errors import AppError

OLE_FILE = b"\xd0\xcf\x11\xe0"  # what Word wraps a document with a password in, and the old .doc format too
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
MAX_XML_BYTES = 512 * 1024 * 1024  # unpacked; far above any book
MIN_BOMB_BYTES = 32 * 1024 * 1024
MAX_RATIO = 200  # unpacked to packed; no real document of a corpus of 480 had more than 27
WALKED_ONCE_BYTES = 64 * 1024 * 1024  # of XML; of a longer document no more than a part is held
MAX_NOTES_BYTES = 64 * 1024 * 1024


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
        if document.archive.sizes[document.main] > WALKED_ONCE_BYTES:
            yield from pages_of_blocks(document.steps, path.name)
        else:
            held = list(document.steps())  # its text alone; no tree is
            yield from pages_of_blocks(lambda: held, path.name)
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

    headers: Sequence[str]
    footers: Sequence[str]
    begins_page: bool


@dataclass(frozen=True)
class _Document:
    """An open document: its main part, how to read it, and its sections in order. `plain` reads headers and notes."""

    archive: Archive
    main: str
    walk: Walk
    plain: Walk
    sections: Sequence[_Section]

    def steps(self) -> Iterator[Step]:
        """All blocks and page ends of the document, read from the file as they are asked for."""
        self.walk.numbering.begin()
        number, seen = 0, set[str]()
        yield from self._edge(self.sections[0].headers, seen)
        with self.archive.open(self.main) as stream:
            for unit in units(stream):
                yield from self.walk.steps(unit)
                if child(unit, "w:pPr", "w:sectPr") is not None and number + 1 < len(self.sections):
                    yield from self._between(self.sections[number], self.sections[number + 1], seen)
                    number += 1
        yield from self._edge(self.sections[-1].footers, seen)

    def _between(self, before: _Section, after: _Section, seen: set[str]) -> Iterator[Step]:
        yield from self._edge(before.footers, seen)
        if after.begins_page and not self.walk.counts_rendered_breaks:
            yield PAGE_END
        yield from self._edge(after.headers, seen)

    def _edge(self, parts: Sequence[str], seen: set[str]) -> Iterator[Block]:
        """Headers or footers, except those whose words were `seen` in a section before."""
        for part in parts:
            blocks = [block for _, found in _blocks_of_part(self.archive, part, self.plain) for block in found]
            text = "\n".join(block.text for block in blocks)
            if text not in seen:
                yield from blocks
            seen.add(text)


def _open(file: Path | BytesIO, name: str) -> _Document:
    archive = Archive(file)
    if _is_bomb(archive):
        raise TooLargeError
    main = next(_targets(_relations(archive, ""), "officeDocument"), "word/document.xml")
    if not archive.has(main) or not _is_word(archive, main):
        raise AppError("docx_not_docx", file=name)
    relations = _relations(archive, main)
    lists = _tree_if_whole(archive, next(_targets(relations, "numbering"), ""))
    numbering = numbering_of(lists) if lists is not None else Numbering()
    styles = _tree_if_whole(archive, next(_targets(relations, "styles"), ""))
    plain = Walk(
        styles_of(styles, numbering.level_of_style) if styles is not None else {},
        numbering,
        {},
        lambda _: (),
        lambda _: (),
    )
    sections, rendered = _outline(archive, main, relations)
    walk = replace(
        plain,
        notes=_notes(archive, relations, plain),
        drawing=partial(_words_of_drawing, archive, relations),
        foreign=partial(_foreign_steps, archive, relations),
        counts_rendered_breaks=rendered,
    )
    return _Document(archive, main, walk, plain, sections)


def _is_bomb(archive: Archive) -> bool:
    """Whether the XML would unpack to more than any document has, or to much that is the same over and over."""
    entries = [entry for entry in archive.zip.infolist() if entry.filename.endswith((".xml", ".rels"))]
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    return unpacked > MAX_XML_BYTES or (unpacked > MIN_BOMB_BYTES and unpacked > MAX_RATIO * packed)


def _is_word(archive: Archive, main: str) -> bool:
    """Whether the main part is a text: a spreadsheet's or a presentation's looks different from its first element."""
    with archive.open(main) as stream:
        _, root = next(iter(etree.iterparse(stream, events=("start",), **PARSING)))
        return short(root.tag) == "w:document"


def _relations(archive: Archive, part: str) -> dict[str, _Relation]:
    """What a part refers to inside the archive, by id; those of the part "" are the archive's own."""
    folder, _, name = part.rpartition("/")
    root = archive.tree(posixpath.join(folder, "_rels", f"{name}.rels"))
    return {
        relation.get("Id", ""): _Relation(
            relation.get("Type", "").rpartition("/")[2], path_inside(part, relation.get("Target", ""))
        )
        for relation in (root if root is not None else ())
        if relation.get("TargetMode") != "External"
    }


def _targets(relations: dict[str, _Relation], kind: str) -> Iterator[str]:
    return (relation.target for relation in relations.values() if relation.kind == kind)


def _outline(archive: Archive, main: str, relations: dict[str, _Relation]) -> tuple[list[_Section], bool]:
    """A document's sections, and whether Word noted in it where pages begin."""
    sections: list[_Section] = []
    rendered = False
    with archive.open(main) as stream:
        for unit in units(stream):
            rendered = rendered or has_rendered_breaks(unit)
            section = unit if short(unit.tag) == "w:sectPr" else child(unit, "w:pPr", "w:sectPr")
            if section is not None:
                sections.append(_section(section, relations))
    return sections or [_Section((), (), True)], rendered


def _section(properties: etree._Element, relations: dict[str, _Relation]) -> _Section:
    parts: dict[str, list[str]] = {"w:headerReference": [], "w:footerReference": []}
    for reference in properties:
        relation = relations.get(attribute(reference, "r:id"))
        if relation is not None and (kind := short(reference.tag)) in parts:
            parts[kind].append(relation.target)
    how = child(properties, "w:type")
    continuous = how is not None and attribute(how, "w:val") == "continuous"
    return _Section(parts["w:headerReference"], parts["w:footerReference"], not continuous)


def _notes(archive: Archive, relations: dict[str, _Relation], walk: Walk) -> dict[tuple[str, str], list[Block]]:
    """The text of foot- and endnotes by the tag and id that refer to them."""
    notes: dict[tuple[str, str], list[Block]] = {}
    for kind in ("footnote", "endnote"):
        for part in _targets(relations, f"{kind}s"):
            for unit, blocks in _blocks_of_part(archive, part, walk):
                note = next((outer for outer in unit.iterancestors() if short(outer.tag) == f"w:{kind}"), None)
                if note is not None and not attribute(note, "w:type").endswith("eparator"):
                    notes.setdefault((f"w:{kind}Reference", attribute(note, "w:id")), []).extend(blocks)
    return notes


def _blocks_of_part(archive: Archive, part: str, walk: Walk) -> Iterator[tuple[etree._Element, list[Block]]]:
    """Each paragraph or row of a small part with its blocks. Where such a part is broken, the text is still whole."""
    if archive.sizes.get(part, 0) > MAX_NOTES_BYTES:
        raise TooLargeError
    try:
        with archive.open(part) as stream:
            for unit in units(stream):
                yield unit, [step for step in walk.steps(unit) if isinstance(step, Block)]
    except (KeyError, *ARCHIVE_ERRORS):
        return


def _tree_if_whole(archive: Archive, part: str) -> etree._Element | None:
    """The root of a part, or None where there is none; a broken one costs only itself."""
    try:
        return archive.tree(part)
    except ARCHIVE_ERRORS:
        return None


def _words_of_drawing(archive: Archive, relations: dict[str, _Relation], target: str) -> list[str]:
    """The words of a chart or diagram, which has a part of its own."""
    root = _tree_if_whole(archive, relations[target].target) if target in relations else None
    return _words_of_root(root) if root is not None else []


def _foreign_steps(archive: Archive, relations: dict[str, _Relation], target: str) -> Iterator[Step]:
    """The text of a part that is a document of another format: a web page, one with its pictures, or Word's own."""
    try:
        data = archive.bytes_of(relations[target].target)
        if data.startswith(b"PK"):
            yield from (step for step in _open(BytesIO(data), target).steps() if isinstance(step, Block))
            return
        if b"\nContent-Type:" in data[:4096] or data.startswith(b"Content-Type:"):
            message = email.message_from_bytes(data, policy=email.policy.default)
            body = message.get_body(("html", "plain"))
            data = body.get_payload(decode=True) if body is not None else b""  # type: ignore[assignment]
        if not data.startswith(b"{\\rtf"):
            yield from steps_of_html([decode(data, target)])
    except (KeyError, AttributeError, AppError, *ARCHIVE_ERRORS):
        return  # neither does one in a format that nobody knows


def _words_of_root(root: etree._Element) -> list[str]:
    """The lines of a diagram, or the title and the categories of a chart; its numbers are left out."""
    lines = []
    for paragraph in inside(root, "a:p", "c:strCache"):
        texts = [text.text or "" for text in inside(paragraph, "a:t", "c:v")]
        lines.append(("" if short(paragraph.tag) == "a:p" else ", ").join(texts))
    return list(dict.fromkeys(line for line in (" ".join(line.split()) for line in lines) if line))
