"""Word's XML: paths in it, its paragraphs and rows one by one, and styles. Knows no document."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import IO, Any

from docx.oxml.ns import nsmap
from lxml import etree

from core.documents.formats.archive import PARSING, TooLargeError

NAMESPACES: dict[str, str] = nsmap | {
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "v": "urn:schemas-microsoft-com:vml",
}
PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
STRICT = re.compile(rb"http://purl\.oclc\.org/ooxml/(\w+)/")  # the other dialect of the format
TRANSITIONAL = rb"http://schemas.openxmlformats.org/\1/2006/"
UNITS = ("w:p", "w:tr", "w:altChunk", "w:sectPr")
SKIPPED = ("w:del", "w:moveFrom", "mc:Fallback")
UNIT_BYTES = 16 * 1024 * 1024  # of XML in one paragraph or row; its tree takes about ten times as much
PIECE_BYTES = 64 * 1024
# What no reader of the finished document sees: deleted and moved-away text, and all but one of several renderings,
# which is the first with text: the newest, or the fallback for old versions of Word.
UNSEEN = """.//w:del[not(parent::w:trPr)] | .//w:moveFrom | .//w:delText | .//w:delInstrText | .//w:sdtPr
    | .//w:tr[w:trPr/w:del] | .//w:tc[w:tcPr/w:cellDel]
    | .//mc:AlternateContent/*[preceding-sibling::*[{text}] or not({text})
        and (preceding-sibling::* or following-sibling::*[{text}])]""".format(text=".//w:t or .//a:t or .//m:t")


@lru_cache(4096)
def long(name: str) -> str:
    """The whole name for `w:p`."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


@lru_cache(4096)
def short(tag: object) -> str:
    """`w:p` for the whole name of a paragraph; nothing for what is not known."""
    namespace, _, local = tag.rpartition("}") if isinstance(tag, str) else ("", "", "")
    return f"{PREFIXES[namespace[1:]]}:{local}" if namespace[1:] in PREFIXES else ""


def attribute(element: etree._Element, name: str) -> str:
    """The value of `w:val` and the like; nothing where it is not given."""
    return element.get(long(name), "")


def found(element: etree._Element, path: str) -> list[Any]:
    """The elements, or the values of attributes, to which an XPath leads."""
    return _compiled(path)(element)


@lru_cache(256)
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path, namespaces=NAMESPACES, smart_strings=False)


def value(element: etree._Element, path: str, usual: str = "") -> str:
    """The first value to which an XPath leads."""
    return next(iter(found(element, path)), usual)


def is_on(element: etree._Element, path: str) -> bool:
    """Whether a property is set: its element is there, and does not say that it is off."""
    return any(attribute(switch, "w:val") not in ("0", "false", "off") for switch in found(element, path)[:1])


def outermost(parent: etree._Element, names: Collection[str]) -> Iterator[etree._Element]:
    """The elements of these names below, whatever wraps them, but none inside another one."""
    for element in parent:
        kind = short(element.tag)
        if kind in names:
            yield element
        elif kind not in SKIPPED:
            yield from outermost(element, names)


def units(stream: IO[bytes]) -> Iterator[etree._Element]:
    """A part's paragraphs, rows of tables and section ends, in order; what is inside one is not given again.

    Each is gone when the next is asked for, so a part of any size can pass. Raises TooLargeError for a single one
    that no memory would hold.
    """
    outside = [long(name) for name in (*UNITS, *SKIPPED)]
    parser = etree.XMLPullParser(("end",), tag=[long(name) for name in UNITS], **PARSING)
    rest, held = b"", 0
    while data := stream.read(PIECE_BYTES):
        held += len(data)
        if held > UNIT_BYTES:
            raise TooLargeError
        whole, end, rest = (rest + data).rpartition(b">")
        parser.feed(STRICT.sub(TRANSITIONAL, whole + end))
        for _, element in parser.read_events():
            if next(element.iterancestors(outside), None) is None:
                yield element
                _free(element)
                held = 0
    parser.feed(rest)
    parser.close()


def _free(element: etree._Element) -> None:
    """Take an element and all that was read before it out of the tree."""
    element.clear()
    node = element
    while (parent := node.getparent()) is not None:
        while node.getprevious() is not None:
            del parent[0]
        node = parent


def remove_unseen(unit: etree._Element) -> None:
    """Take out what is not read."""
    for element in found(unit, UNSEEN):
        element.getparent().remove(element)


@dataclass(frozen=True)
class Style:
    """What a style makes of a paragraph or run; `number` is the list that it is of, and its level there."""

    is_heading: bool = False
    in_capitals: bool = False
    number: tuple[str, int] = ("", 0)


NO_STYLE = Style()


def has_outline_level(element: etree._Element) -> bool:
    """Whether a paragraph or style counts as a heading in Word's outline; level 9 is body text."""
    return value(element, "w:pPr/w:outlineLvl/@w:val", "9") in set("012345678")


def number_of(element: etree._Element, number: str, depth: int) -> tuple[str, int]:
    """The list and the level that a paragraph or style names, and what it leaves open as it was."""
    own = value(element, "w:pPr/w:numPr/w:ilvl/@w:val")
    return value(element, "w:pPr/w:numPr/w:numId/@w:val", number), int(own) if own.isdecimal() else depth


def styles_of(root: etree._Element, level_of_style: Mapping[str, int]) -> dict[str, Style]:
    """What the styles of a document say, with what each takes from those it builds on."""
    elements = {attribute(style, "w:styleId"): style for style in found(root, ".//w:style")}
    styles: dict[str, Style] = {}

    def style_of(name: str) -> Style:
        if name in elements and name not in styles:
            element = elements[name]
            styles[name] = NO_STYLE  # for styles that build on each other in a circle
            style = style_of(value(element, "w:basedOn/@w:val"))
            english = value(element, "w:name/@w:val").casefold()  # inside every Word file
            if english.startswith("heading ") or english in {"title", "subtitle"} or has_outline_level(element):
                style = replace(style, is_heading=True)
            if found(element, "w:rPr/w:caps"):
                style = replace(style, in_capitals=is_on(element, "w:rPr/w:caps"))
            if found(element, "w:pPr/w:numPr"):
                style = replace(style, number=number_of(element, "", level_of_style.get(name, 0)))
            styles[name] = style
        return styles.get(name, NO_STYLE)

    return {name: style_of(name) for name in elements}
