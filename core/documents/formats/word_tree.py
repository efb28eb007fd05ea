"""Word's XML: names in both of its dialects, styles, and its paragraphs and rows one by one. Knows no document."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import IO

from lxml import etree

from core.documents.formats.archive import PARSING, TooLargeError

NAMESPACES = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "w",
    "http://purl.oclc.org/ooxml/wordprocessingml/main": "w",
    "http://schemas.openxmlformats.org/markup-compatibility/2006": "mc",
    "http://schemas.openxmlformats.org/officeDocument/2006/math": "m",
    "http://purl.oclc.org/ooxml/officeDocument/math": "m",
    "http://schemas.openxmlformats.org/drawingml/2006/main": "a",
    "http://purl.oclc.org/ooxml/drawingml/main": "a",
    "http://schemas.openxmlformats.org/drawingml/2006/chart": "c",
    "http://purl.oclc.org/ooxml/drawingml/chart": "c",
    "http://schemas.openxmlformats.org/drawingml/2006/diagram": "dgm",
    "http://purl.oclc.org/ooxml/drawingml/diagram": "dgm",
    "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing": "wp",
    "http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing": "wp",
    "urn:schemas-microsoft-com:vml": "v",
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships": "r",
    "http://purl.oclc.org/ooxml/officeDocument/relationships": "r",
}
UNITS = {"w:p", "w:tr", "w:altChunk", "w:sectPr"}
UNIT_BYTES = 16 * 1024 * 1024  # of XML in one paragraph or row; its tree takes about ten times as much


@lru_cache(4096)
def short(tag: object) -> str:
    """`w:p` for the long name of a paragraph, in both dialects of the format; nothing for what is not known."""
    if not isinstance(tag, str):
        return ""  # a comment or an instruction for some program
    namespace, _, local = tag.rpartition("}")
    prefix = NAMESPACES.get(namespace[1:])
    return f"{prefix}:{local}" if prefix else ""


def attribute(element: etree._Element, name: str) -> str:
    """The value of `w:val` and the like; nothing where it is not given."""
    return next((value for key, value in element.items() if short(key) == name), "")


def child(element: etree._Element, *path: str) -> etree._Element | None:
    """The first element below, step by step."""
    found = element
    for name in path:
        below = next((inner for inner in found.iterchildren() if short(inner.tag) == name), None)
        if below is None:
            return None
        found = below
    return found


def inside(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """All elements of these names, however deep."""
    return (inner for inner in element.iter("*") if short(inner.tag) in names)


def units(stream: IO[bytes]) -> Iterator[etree._Element]:
    """A part's paragraphs, rows of tables and section ends, in order; what is inside one is not given again.

    Each is gone when the next is asked for, so a part of any size can pass. Raises TooLargeError for a single one
    that no memory would hold.
    """
    source = _Bounded(stream)
    outer: etree._Element | None = None
    for event, element in etree.iterparse(source, events=("start", "end"), tag=_STREAMED, **PARSING):
        if event == "start":
            outer = element if outer is None else outer
        elif outer is not None and element is outer:
            if short(outer.tag) in UNITS:
                yield outer
            _free(outer)
            source.since_last, outer = 0, None


_STREAMED = [
    f"{{{uri}}}{name.partition(':')[2]}"
    for name in (*sorted(UNITS), "w:del", "w:moveFrom", "mc:Fallback")
    for uri, prefix in NAMESPACES.items()
    if prefix == name.partition(":")[0]
]


class _Bounded:
    """A stream that gives no more than UNIT_BYTES until `since_last` is set back."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.since_last = 0

    def read(self, size: int) -> bytes:
        data = self.stream.read(size)
        self.since_last += len(data)
        if self.since_last > UNIT_BYTES:
            raise TooLargeError
        return data


def _free(element: etree._Element) -> None:
    """Take an element and all that was read before it out of the tree."""
    element.clear()
    node = element
    while (parent := node.getparent()) is not None:
        while node.getprevious() is not None:
            del parent[0]
        node = parent


def has_rendered_breaks(unit: etree._Element) -> bool:
    """Whether Word noted in here where a page began when it last laid the document out."""
    return next(unit.iter(*_RENDERED_BREAKS), None) is not None


_RENDERED_BREAKS = [f"{{{uri}}}lastRenderedPageBreak" for uri, prefix in NAMESPACES.items() if prefix == "w"]


@dataclass(frozen=True)
class Style:
    """What a style makes of a paragraph or run; `number` is the list that it is of, and its level there."""

    is_heading: bool = False
    in_capitals: bool = False
    number: tuple[str, int] = ("", 0)


NO_STYLE = Style()


def is_on(switch: etree._Element | None) -> bool:
    """Whether a property is set: its element is there, and does not say that it is off."""
    return switch is not None and attribute(switch, "w:val") not in ("0", "false", "off")


def has_outline_level(properties: etree._Element | None) -> bool:
    """Whether a paragraph or style counts as a heading in Word's outline; level 9 is body text."""
    level = child(properties, "w:outlineLvl") if properties is not None else None
    return level is not None and attribute(level, "w:val") in set("012345678")


def number_of(properties: etree._Element, number: str = "", depth: int = 0) -> tuple[str, int]:
    """The list and the level that a paragraph or style names, and what it leaves open as it was."""
    for name, value in ((short(each.tag), attribute(each, "w:val")) for each in properties):
        number = value if name == "w:numId" else number
        depth = int(value) if name == "w:ilvl" and value.isdecimal() else depth
    return number, depth


def styles_of(root: etree._Element, level_of_style: Mapping[str, int]) -> dict[str, Style]:
    """What the styles of a document say, with what each takes from those it builds on."""
    elements = {attribute(style, "w:styleId"): style for style in inside(root, "w:style")}
    return {name: _style(list(_ancestry(name, elements)), level_of_style) for name in elements}


def _style(ancestry: Sequence[tuple[str, etree._Element]], level_of_style: Mapping[str, int]) -> Style:
    """A style by the elements of itself and of those it builds on. Style names are English inside every Word file."""
    names = [
        attribute(name, "w:val").casefold() for _, each in ancestry if (name := child(each, "w:name")) is not None
    ]
    is_heading = any(name.startswith("heading ") or name in {"title", "subtitle"} for name in names)
    outlined = any(has_outline_level(child(each, "w:pPr")) for _, each in ancestry)
    capitals = next((found for _, each in ancestry if (found := child(each, "w:rPr", "w:caps")) is not None), None)
    lists = ((name, found) for name, each in ancestry if (found := child(each, "w:pPr", "w:numPr")) is not None)
    name, own = next(lists, ("", None))
    number = number_of(own, "", level_of_style.get(name, 0)) if own is not None else ("", 0)
    return Style(is_heading or outlined, is_on(capitals), number)


def _ancestry(name: str, elements: Mapping[str, etree._Element]) -> Iterator[tuple[str, etree._Element]]:
    seen: set[str] = set()
    while name in elements and name not in seen:
        seen.add(name)
        yield name, elements[name]
        base = child(elements[name], "w:basedOn")
        name = attribute(base, "w:val") if base is not None else ""
