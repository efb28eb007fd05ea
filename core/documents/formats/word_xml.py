"""Word's XML → blocks: paragraphs, rows, text boxes, notes. Knows XML; knows no archive and no page.

Left out is what no reader of the finished document sees: deleted and moved-away text, instructions of fields,
comments, and page numbers, which change with every printer.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from lxml import etree

from core.documents.formats.block_pages import PAGE_END, Step
from core.documents.formats.page_text import Block, clean_characters
from core.documents.formats.word_tree import UNITS, attribute, child, inside, short

NOT_READ = {"w:pPr", "w:rPr", "w:sdtPr", "w:del", "w:moveFrom", "w:delText", "w:delInstrText", "m:rPr", "m:ctrlPr"}
PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
AROUND_PAGE_NUMBERS = {"seite", "page", "s", "p", "von", "of"}
CHARACTERS = {"w:tab": "\t", "w:ptab": "\t", "w:noBreakHyphen": "-"}
MATH_SIGNS = {"m:den": "/", "m:sup": "^", "m:sub": "_"}
# The two fonts whose characters Word keeps as symbols; what else they hold is decoration.
SYMBOL_FONT = dict(zip(range(0x61, 0x7B), "αβχδεφγηιϕκλμνοπθρστυϖωξψζ", strict=True))
SYMBOL_FONT |= {0xA3: "≤", 0xB3: "≥", 0xB4: "×", 0xB1: "±", 0xB7: "•", 0xAE: "→", 0xA5: "∞", 0x44: "Δ", 0x57: "Ω"}
SYMBOL_FONT |= {0x53: "Σ", 0xB9: "≠", 0xBB: "≈", 0xB0: "°", 0xD7: "⋅", 0xDE: "⇒"}
WINGDINGS = {0xFC: "✓", 0xFB: "✗", 0xFE: "☑", 0xA8: "☐", 0xFD: "☒", 0xE0: "→", 0xDF: "←", 0xE8: "→", 0xF0: "⇨"}


@dataclass
class _Line:
    """What one paragraph holds: its text, and what is anchored in it."""

    text: list[str] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    below: list[Step] = field(default_factory=list)  # notes, and the words of drawings
    breaks_before: int = 0
    breaks: int = 0
    has_page_field: bool = False
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

    heading_styles: Set[str]
    notes: Mapping[tuple[str, str], Sequence[Step]]
    drawing: Callable[[str], Sequence[str]]
    counts_rendered_breaks: bool = False

    def steps(self, unit: etree._Element) -> Iterator[Step]:
        """The blocks of a paragraph or row, and the page ends that fall into it."""
        match short(unit.tag):
            case "w:p":
                yield from self._paragraph(unit)
            case "w:tr":
                yield from self._row(unit)

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
            and _is_on(child(properties, "w:pageBreakBefore"))
        ):
            yield PAGE_END
        text = clean_characters("".join(line.text)).strip()
        if text and not (line.has_page_field and _is_page_number(text)):
            yield self._block(text, properties)
        yield from self._anchored([line])
        yield from [PAGE_END] * line.breaks

    def _block(self, text: str, properties: etree._Element | None) -> Block:
        style = child(properties, "w:pStyle") if properties is not None else None
        is_heading = style is not None and attribute(style, "w:val") in self.heading_styles
        if is_heading or _has_outline_level(properties):
            return Block(" ".join(text.split()), is_heading=True)
        is_item = properties is not None and child(properties, "w:numPr") is not None
        return Block(f"• {text}" if is_item else text, is_line=is_item)

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
        lines = [[self._line(paragraph) for paragraph in _nearest(cell, "w:p")] for cell in cells]
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

    def _line(self, paragraph: etree._Element) -> _Line:
        line = _Line()
        pending = list(reversed(paragraph))
        while pending:
            element = pending.pop()
            kind = short(element.tag)
            if kind in ("w:t", "m:t", "a:t"):
                if not line.is_hidden:
                    line.text.append(element.text or "")
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


def _symbol(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    try:
        code = int(attribute(element, "w:char"), 16)
    except ValueError:
        return ()
    font = attribute(element, "w:font").casefold()
    if 0xF000 <= code <= 0xF0FF or font in ("symbol", "wingdings"):
        table = WINGDINGS if font == "wingdings" else SYMBOL_FONT
        line.text.append(table.get(code & 0xFF, ""))
    elif code <= 0x10FFFF:
        line.text.append(chr(code))
    return ()


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


def _math(walk: Walk, line: _Line, element: etree._Element) -> Sequence[etree._Element]:
    """A part of a formula that stands below or above: in a line it needs a sign."""
    if next(inside(element, "m:t"), None) is not None:
        line.text.append(MATH_SIGNS[short(element.tag)])
    return list(element)


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
    **dict.fromkeys(MATH_SIGNS, _math),
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


def _is_on(switch: etree._Element | None) -> bool:
    return switch is not None and attribute(switch, "w:val") not in ("0", "false", "off")


def _has_outline_level(properties: etree._Element | None) -> bool:
    """Whether a paragraph or style counts as a heading in Word's outline; level 9 is body text."""
    level = child(properties, "w:outlineLvl") if properties is not None else None
    return level is not None and attribute(level, "w:val") in set("012345678")


def heading_styles(styles: etree._Element) -> set[str]:
    """The ids of all styles that make a heading. Style names are English inside every Word file."""
    based_on: dict[str, str] = {}
    headings: set[str] = set()
    for style in inside(styles, "w:style"):
        style_id = attribute(style, "w:styleId")
        name = child(style, "w:name")
        lower = attribute(name, "w:val").casefold() if name is not None else ""
        is_title = lower.startswith("heading ") or lower in {"title", "subtitle"}
        if is_title or _has_outline_level(child(style, "w:pPr")):
            headings.add(style_id)
        base = child(style, "w:basedOn")
        if base is not None:
            based_on[style_id] = attribute(base, "w:val")
    return headings | {style for style in based_on if not headings.isdisjoint(_ancestors(style, based_on))}


def _ancestors(style: str, based_on: Mapping[str, str]) -> set[str]:
    seen: set[str] = set()
    while (style := based_on.get(style, "")) and style not in seen:
        seen.add(style)
    return seen


def words_of_drawing(root: etree._Element) -> list[str]:
    """The lines of a diagram, or the title and the categories of a chart; its numbers are left out."""
    lines = []
    for paragraph in inside(root, "a:p", "c:strCache"):
        texts = [text.text or "" for text in inside(paragraph, "a:t", "c:v")]
        lines.append(("" if short(paragraph.tag) == "a:p" else ", ").join(texts))
    return list(dict.fromkeys(line for line in (" ".join(line.split()) for line in lines) if line))
