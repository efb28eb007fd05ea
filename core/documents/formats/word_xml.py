"""Word's XML → blocks: paragraphs, rows, text boxes, notes. Knows XML; knows no archive and no page.

Left out is what no reader of the finished document sees: deleted and moved-away text, instructions of fields,
comments, and page numbers, which change with every printer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from core.documents.formats.page_text import PAGE_END, Block, Step, clean_characters
from core.documents.formats.word_signs import SYMBOL_FONTS, Numbering, form_field, formula, in_font
from core.documents.formats.word_tree import (
    NO_STYLE,
    UNITS,
    Style,
    attribute,
    child,
    has_outline_level,
    inside,
    is_on,
    number_of,
    short,
)

NOT_READ = {"w:pPr", "w:rPr", "w:sdtPr", "w:del", "w:moveFrom", "w:delText", "w:delInstrText", "m:rPr", "m:ctrlPr"}
PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
AROUND_PAGE_NUMBERS = {"seite", "page", "s", "p", "von", "of"}
CHARACTERS = {"w:tab": "\t", "w:ptab": "\t", "w:noBreakHyphen": "-"}
# What programs put where a person would have described a picture.
HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,5}")
NO_DESCRIPTION = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|bmp|emf|wmf)", re.IGNORECASE)
MADE_DESCRIPTION = re.compile(
    r"\s*(?:Automatisch generierte Beschreibung|Description automatically generated).*", re.DOTALL
)


@dataclass
class _Line:
    """What one paragraph holds: its text, and what is anchored in it."""

    text: list[str] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    below: list[Step] = field(default_factory=list)  # notes, and the words of drawings
    breaks_before: int = 0
    breaks: int = 0
    has_page_field: bool = False
    style: Style = NO_STYLE
    font: str = ""  # of the run that is being read
    in_capitals: bool = False
    fields: list["_Field"] = field(default_factory=list)

    @property
    def is_hidden(self) -> bool:
        """Whether text here is an instruction of a field, or a page number."""
        return any(not each.shows_result or PAGE_FIELD.match(each.instruction) for each in self.fields)

    def add_break(self) -> None:
        if "".join(self.text).strip():
            self.breaks += 1
        else:
            self.breaks_before += 1


@dataclass
class _Field:
    """A field that has begun and not ended: `{ PAGE }`, `{ HYPERLINK … }`."""

    instruction: str = ""
    shows_result: bool = False


@dataclass(frozen=True)
class Walk:
    """How to read one document: `notes` by (reference tag, id); `drawing` gives the words behind a drawing's id."""

    styles: Mapping[str, Style]
    numbering: Numbering
    notes: Mapping[tuple[str, str], Sequence[Step]]
    drawing: Callable[[str], Sequence[str]]
    foreign: Callable[[str], Iterable[Step]]  # the part in another format that an id stands for
    counts_rendered_breaks: bool = False

    def steps(self, unit: etree._Element) -> Iterator[Step]:
        """The blocks of a paragraph or row, and the page ends that fall into it."""
        match short(unit.tag):
            case "w:p":
                yield from self._paragraph(unit)
            case "w:tr":
                yield from self._row(unit)
            case "w:altChunk":
                yield from self.foreign(attribute(unit, "r:id"))

    def _steps_below(self, parent: etree._Element) -> Iterator[Step]:
        """The blocks of every paragraph and table below, whatever wraps them (content controls, insertions)."""
        for element in parent:
            kind = short(element.tag)
            if kind in UNITS:
                yield from self.steps(element)
            elif kind not in NOT_READ and kind != "mc:Fallback":
                yield from self._steps_below(element)

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Step]:
        line = self._line(paragraph)
        yield from [PAGE_END] * line.breaks_before
        properties = child(paragraph, "w:pPr")
        if (
            properties is not None
            and not self.counts_rendered_breaks
            and is_on(child(properties, "w:pageBreakBefore"))
        ):
            yield PAGE_END
        text = clean_characters("".join(line.text)).strip()
        label = self._label(properties)
        if text and not (line.has_page_field and _is_page_number(text)):
            yield self._block(text, properties, label)
        yield from self._anchored([line])
        yield from [PAGE_END] * line.breaks

    def _style(self, properties: etree._Element | None) -> Style:
        style = child(properties, "w:pStyle") if properties is not None else None
        return self.styles.get(attribute(style, "w:val") if style is not None else "", NO_STYLE)

    def _label(self, properties: etree._Element | None) -> str:
        """What Word shows before a paragraph of a list; it counts with each that is read."""
        number, depth = self._style(properties).number
        own = child(properties, "w:numPr") if properties is not None else None
        if own is not None:
            number, depth = number_of(own, number, depth)
        return self.numbering.label(number, depth) if number not in ("", "0") else ""

    def _block(self, text: str, properties: etree._Element | None, label: str) -> Block:
        if self._style(properties).is_heading or has_outline_level(properties):
            return Block(" ".join([label.replace("•", ""), *text.split()]).strip(), is_heading=True)
        return Block(f"{label} {text}" if label else text, is_line=bool(label))

    def _anchored(self, lines: Sequence[_Line]) -> Iterator[Step]:
        """The text boxes, drawings and notes of lines, below them."""
        for line in lines:
            for box in line.boxes:
                yield from (step for step in self._steps_below(box) if isinstance(step, Block))
        for line in lines:
            yield from line.below

    def _row(self, row: etree._Element) -> Iterator[Step]:
        """A row as one line, its cells set apart by ` | `; inner tables and what is anchored in cells come below.

        A row of one cell is no row but a frame around text: its paragraphs stay paragraphs.
        """
        if child(row, "w:trPr", "w:del") is not None:
            return
        cells = [cell for cell in _nearest(row, "w:tc") if child(cell, "w:tcPr", "w:cellDel") is None]
        if len(cells) == 1:
            yield from self._steps_below(cells[0])
            return
        lines = [
            [self._line(paragraph, self._cell_label(paragraph)) for paragraph in _nearest(cell, "w:p")]
            for cell in cells
        ]
        breaks = max((sum(line.breaks + line.breaks_before for line in cell) for cell in lines), default=0)
        words = [" ".join(clean_characters(" ".join("".join(line.text) for line in cell)).split()) for cell in lines]
        # A row that goes on over the page has a break in every cell; it is where its last words are.
        yield from [PAGE_END] * breaks
        if any(words):
            yield Block(" | ".join(words), is_line=True)
        for cell in cells:
            for inner in _nearest(cell, "w:tbl"):
                yield from (step for step in self._steps_below(inner) if isinstance(step, Block))
        yield from self._anchored([line for cell in lines for line in cell])

    def _cell_label(self, paragraph: etree._Element) -> str:
        """The number of a paragraph in a row: some tables number their rows."""
        label = self._label(child(paragraph, "w:pPr"))
        return f"{label} " if label.strip("•") else ""

    def _line(self, paragraph: etree._Element, label: str = "") -> _Line:
        line = _Line([label], style=self._style(child(paragraph, "w:pPr")))
        pending = list(reversed(paragraph))
        while pending:
            element = pending.pop()
            kind = short(element.tag)
            if kind in ("w:t", "a:t"):
                if not line.is_hidden:
                    text = in_font(element.text or "", line.font)
                    line.text.append(text.upper() if line.in_capitals else text)
            elif kind in CHARACTERS:
                line.text.append(CHARACTERS[kind])
            elif kind in _SPECIAL:
                pending.extend(reversed(_SPECIAL[kind](self, line, element)))
            elif kind == "mc:AlternateContent":
                pending.extend(_alternative(element))
            elif kind not in NOT_READ:
                pending.extend(reversed(element))
        return line


def _alternative(element: etree._Element) -> list[etree._Element]:
    """The one of several renderings that has text: the newest, or the fallback for old versions of Word."""
    options = [option for option in element if short(option.tag) in ("mc:Choice", "mc:Fallback")]
    with_text = (option for option in options if next(inside(option, "w:t", "a:t", "m:t"), None) is not None)
    chosen = next(with_text, options[0] if options else None)
    return [chosen] if chosen is not None else []


def _break(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    """A line break; where Word has not noted its own page ends, a page break set by hand is one."""
    if attribute(element, "w:type") != "page":
        line.text.append("\n")
    elif not walk.counts_rendered_breaks:
        line.add_break()
    return ()


def _rendered_break(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    line.add_break()
    return ()


def _run(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    """A run of characters: how it is written decides what they are."""
    line.font, line.in_capitals = "", line.style.in_capitals
    properties = child(element, "w:rPr")
    for each in properties if properties is not None else ():
        kind = short(each.tag)
        if kind == "w:rFonts":
            line.font = attribute(each, "w:ascii") or attribute(each, "w:hAnsi")
        elif kind == "w:rStyle":
            line.in_capitals |= walk.styles.get(attribute(each, "w:val"), NO_STYLE).in_capitals
        elif kind == "w:caps":
            line.in_capitals = is_on(each)
    return list(element)


def _symbol(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    code = int(attribute(element, "w:char") or "0", 16) if HEXADECIMAL.fullmatch(attribute(element, "w:char")) else 0
    font = attribute(element, "w:font")
    is_private = 0xF000 <= code <= 0xF0FF
    line.text.append(in_font(chr(code), font if font.casefold() in SYMBOL_FONTS or not is_private else "symbol"))
    return ()


def _formula(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    line.text.append(formula(element))
    return ()


def _picture(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    """What stands for a picture, where somebody described it."""
    description = MADE_DESCRIPTION.sub("", element.get("descr") or element.get("alt") or "").strip()
    if not NO_DESCRIPTION.fullmatch(description):
        line.text.append(description)
    return list(element)


def _note(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    line.below.extend(walk.notes.get((short(element.tag), attribute(element, "w:id")), ()))
    return ()


def _box(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    line.boxes.append(element)
    return ()


def _drawing(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    """A chart or a diagram, whose words are in a part of their own."""
    target = attribute(element, "r:id") or attribute(element, "r:dm")
    line.below.extend(Block(text, is_line=True) for text in walk.drawing(target))
    return ()


def _simple_field(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    if PAGE_FIELD.match(attribute(element, "w:instr")):
        line.has_page_field = True
        return ()
    return list(element)


def _field_mark(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    match attribute(element, "w:fldCharType"):
        case "begin":
            line.fields.append(_Field())
            line.text.append(form_field(element))
        case "separate" if line.fields:
            line.fields[-1].shows_result = True
        case "end" if line.fields:
            line.has_page_field |= PAGE_FIELD.match(line.fields.pop().instruction) is not None
    return ()


def _instruction(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    if line.fields:
        line.fields[-1].instruction += element.text or ""
    return ()


def _ruby(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    """Characters with their reading above: `漢字(かんじ)`."""
    for name, form in (("w:rubyBase", "{}"), ("w:rt", "({})")):
        if (part := child(element, name)) is not None:
            line.text.append(form.format("".join(text.text or "" for text in inside(part, "w:t"))))
    return ()


_SPECIAL: dict[str, Callable[[Walk, _Line, etree._Element], Sequence[etree._Element]]] = {
    "w:br": _break,
    "w:cr": _break,
    "w:lastRenderedPageBreak": _rendered_break,
    "w:sym": _symbol,
    "w:footnoteReference": _note,
    "w:endnoteReference": _note,
    "w:txbxContent": _box,
    "c:chart": _drawing,
    "dgm:relIds": _drawing,
    "w:fldSimple": _simple_field,
    "w:fldChar": _field_mark,
    "w:instrText": _instruction,
    "w:ruby": _ruby,
    "w:r": _run,
    "m:oMath": _formula,
    "wp:docPr": _picture,
    "v:shape": _picture,
}


def _nearest(parent: etree._Element, name: str) -> Iterator[etree._Element]:
    """Elements of this name below, but none inside a table, text box or paragraph that is itself below."""
    for element in parent:
        kind = short(element.tag)
        if kind == name:
            yield element
        elif kind not in NOT_READ and kind not in ("w:tbl", "w:p", "w:txbxContent", "mc:Fallback"):
            yield from _nearest(element, name)


def _is_page_number(text: str) -> bool:
    """Whether only "Seite … von …" is left of a line, once its numbers are gone."""
    return set(re.findall(r"\w+", text.casefold())) <= AROUND_PAGE_NUMBERS
