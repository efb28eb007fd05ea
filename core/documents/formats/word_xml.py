"""Word's XML → blocks: paragraphs, rows, text boxes, notes. Knows XML; knows no archive and no page.

Left out is what no reader of the finished document sees: deleted and moved-away text, instructions of fields,
comments, and page numbers, which change with every printer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from core.documents.formats.page_text import PAGE_END, Block, Step, clean_characters
from core.documents.formats.word_signs import SYMBOL_FONTS, Numbering, formula, in_font
from core.documents.formats.word_tree import UNITS, attribute, child, inside, short

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
class Style:
    """What a style makes of a paragraph or run; `number` is the list that it is of, and its level there."""

    is_heading: bool = False
    in_capitals: bool = False
    number: tuple[str, int] = ("", 0)


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
        return self.styles.get(attribute(style, "w:val") if style is not None else "", Style())

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
        line = _Line([label])
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
    properties = child(element, "w:rPr")
    fonts = child(properties, "w:rFonts") if properties is not None else None
    line.font = attribute(fonts, "w:ascii") or attribute(fonts, "w:hAnsi") if fonts is not None else ""
    capitals = child(properties, "w:caps") if properties is not None else None
    if capitals is None:
        character_style = child(properties, "w:rStyle") if properties is not None else None
        outer = child(next(element.iterancestors("{*}p"), element), "w:pPr")
        style = walk.styles.get(attribute(character_style, "w:val") if character_style is not None else "", Style())
        line.in_capitals = style.in_capitals or walk._style(outer).in_capitals
    else:
        line.in_capitals = is_on(capitals)
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
            line.text.append(_form_field(element))
        case "separate" if line.fields:
            line.fields[-1].shows_result = True
        case "end" if line.fields:
            line.has_page_field |= PAGE_FIELD.match(line.fields.pop().instruction) is not None
    return ()


def _form_field(begin: etree._Element) -> str:
    """What a form field shows: whether its box is ticked, or which entry was chosen."""
    for box in inside(begin, "w:checkBox"):
        checked = child(box, "w:checked")
        return "☒" if is_on(checked if checked is not None else child(box, "w:default")) else "☐"
    for choice in inside(begin, "w:ddList"):
        entries = [attribute(entry, "w:val") for entry in inside(choice, "w:listEntry")]
        result = child(choice, "w:result")
        at = attribute(result if result is not None else choice, "w:val")
        return entries[int(at)] if at.isdecimal() and int(at) < len(entries) else "".join(entries[:1])
    return ""


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


def styles_of(root: etree._Element, numbering: Numbering) -> dict[str, Style]:
    """What the styles of a document say, with what each takes from those it builds on."""
    elements = {attribute(style, "w:styleId"): style for style in inside(root, "w:style")}
    return {name: _style(list(_ancestry(name, elements)), numbering) for name in elements}


def _style(ancestry: Sequence[tuple[str, etree._Element]], numbering: Numbering) -> Style:
    """A style by the elements of itself and of those it builds on. Style names are English inside every Word file."""
    names = [
        attribute(name, "w:val").casefold() for _, each in ancestry if (name := child(each, "w:name")) is not None
    ]
    is_heading = any(name.startswith("heading ") or name in {"title", "subtitle"} for name in names)
    outlined = any(has_outline_level(child(each, "w:pPr")) for _, each in ancestry)
    capitals = next((found for _, each in ancestry if (found := child(each, "w:rPr", "w:caps")) is not None), None)
    lists = ((name, found) for name, each in ancestry if (found := child(each, "w:pPr", "w:numPr")) is not None)
    name, own = next(lists, ("", None))
    number = number_of(own, "", numbering.level_of_style.get(name, 0)) if own is not None else ("", 0)
    return Style(is_heading or outlined, is_on(capitals), number)


def _ancestry(name: str, elements: Mapping[str, etree._Element]) -> Iterator[tuple[str, etree._Element]]:
    seen: set[str] = set()
    while name in elements and name not in seen:
        seen.add(name)
        yield name, elements[name]
        base = child(elements[name], "w:basedOn")
        name = attribute(base, "w:val") if base is not None else ""


def words_of_drawing(root: etree._Element) -> list[str]:
    """The lines of a diagram, or the title and the categories of a chart; its numbers are left out."""
    lines = []
    for paragraph in inside(root, "a:p", "c:strCache"):
        texts = [text.text or "" for text in inside(paragraph, "a:t", "c:v")]
        lines.append(("" if short(paragraph.tag) == "a:p" else ", ").join(texts))
    return list(dict.fromkeys(line for line in (" ".join(line.split()) for line in lines) if line))
