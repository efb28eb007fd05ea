"""Word's XML → blocks: paragraphs, rows, text boxes, notes. Knows XML; knows no archive and no page.

Left out is what no reader of the finished document sees: deleted and moved-away text, instructions of fields,
comments, and page numbers, which change with every printer.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from core.documents.formats.page_text import PAGE_END, Block, Step, clean_characters
from core.documents.formats.word_signs import Numbering, form_field, formula, in_font, signs_of
from core.documents.formats.word_tree import (
    NO_STYLE,
    UNITS,
    Style,
    attribute,
    found,
    has_outline_level,
    is_on,
    number_of,
    outermost,
    remove_unseen,
    short,
    value,
)

PAGE_FIELD = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
AROUND_PAGE_NUMBERS = {"seite", "page", "s", "p", "von", "of"}
HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{1,5}")
# What programs put where a person would have described a picture.
NO_DESCRIPTION = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|bmp|emf|wmf)", re.IGNORECASE)
MADE_DESCRIPTION = re.compile(
    r"\s*(?:Automatisch generierte Beschreibung|Description automatically generated).*", re.DOTALL
)


@dataclass
class _Field:
    """A field that has begun and not ended: `{ PAGE }`, `{ HYPERLINK … }`."""

    instruction: str = ""
    shows_result: bool = False


@dataclass
class _Line:
    """What one paragraph holds: its text, and what is anchored in it."""

    text: list[str]
    style: Style
    boxes: list[etree._Element] = field(default_factory=list)
    below: list[Step] = field(default_factory=list)  # notes, and the words of drawings
    breaks_before: int = 0
    breaks: int = 0
    has_page_field: bool = False
    font: str = ""  # of the run that is being read
    in_capitals: bool = False
    fields: list[_Field] = field(default_factory=list)

    def add_text(self, text: str) -> None:
        """Text of a run, unless it is an instruction of a field, or a page number."""
        if all(each.shows_result and not PAGE_FIELD.match(each.instruction) for each in self.fields):
            shown = in_font(text, self.font)
            self.text.append(shown.upper() if self.in_capitals else shown)

    def add_break(self) -> None:
        if "".join(self.text).strip():
            self.breaks += 1
        else:
            self.breaks_before += 1

    def add_symbol(self, code: str, font: str) -> None:
        sign = chr(int(code, 16)) if HEXADECIMAL.fullmatch(code) else "\0"
        is_private = "\uf000" <= sign <= "\uf0ff"
        self.text.append(in_font(sign, font if signs_of(font) or not is_private else "symbol"))

    def add_description(self, written: str) -> None:
        """What stands for a picture, where somebody described it."""
        description = MADE_DESCRIPTION.sub("", written).strip()
        if not NO_DESCRIPTION.fullmatch(description):
            self.text.append(description)

    def mark_field(self, mark: etree._Element) -> None:
        """The beginning, the middle or the end of a field."""
        kind = attribute(mark, "w:fldCharType")
        if kind == "begin":
            self.fields.append(_Field())
            self.text.append(form_field(mark))
        elif kind == "separate" and self.fields:
            self.fields[-1].shows_result = True
        elif kind == "end" and self.fields:
            self.has_page_field |= PAGE_FIELD.match(self.fields.pop().instruction) is not None


@dataclass(frozen=True)
class Walk:
    """How to read one document: `notes` by (reference tag, id); `linked` gives what another part says by its id."""

    styles: Mapping[str, Style]
    numbering: Numbering
    notes: Mapping[tuple[str, str], Sequence[Step]]
    linked: Callable[[str], Iterable[Step]]
    counts_rendered_breaks: bool = False

    def steps(self, unit: etree._Element) -> Iterator[Step]:
        """The blocks of a paragraph or row, and the page ends that fall into it."""
        remove_unseen(unit)
        kind = short(unit.tag)
        if kind == "w:p":
            yield from self._paragraph(unit)
        elif kind == "w:tr" and not found(unit, "w:trPr/w:del"):
            yield from self._row(unit)
        elif kind == "w:altChunk":
            yield from self.linked(attribute(unit, "r:id"))

    def _steps_below(self, parent: etree._Element) -> Iterator[Step]:
        for unit in outermost(parent, UNITS):
            yield from self.steps(unit)

    def blocks_below(self, parent: etree._Element) -> Iterator[Block]:
        """The blocks of every paragraph and table below, whatever wraps them (content controls, insertions)."""
        return (step for step in self._steps_below(parent) if isinstance(step, Block))

    def _paragraph(self, paragraph: etree._Element) -> Iterator[Step]:
        line = self._line(paragraph)
        yield from [PAGE_END] * line.breaks_before
        if not self.counts_rendered_breaks and is_on(paragraph, "w:pPr/w:pageBreakBefore"):
            yield PAGE_END
        text = clean_characters("".join(line.text)).strip()
        label = self._label(paragraph)
        if text and not (line.has_page_field and _is_page_number(text)):
            if line.style.is_heading or has_outline_level(paragraph):
                yield Block(" ".join([label.replace("•", ""), *text.split()]).strip(), is_heading=True)
            else:
                yield Block(f"{label} {text}" if label else text, is_line=bool(label))
        yield from self._anchored([line])
        yield from [PAGE_END] * line.breaks

    def _style(self, paragraph: etree._Element) -> Style:
        return self.styles.get(value(paragraph, "w:pPr/w:pStyle/@w:val"), NO_STYLE)

    def _label(self, paragraph: etree._Element) -> str:
        """What Word shows before a paragraph of a list; it counts with each that is read."""
        number, depth = number_of(paragraph, *self._style(paragraph).number)
        return self.numbering.label(number, depth) if number not in ("", "0") else ""

    def _anchored(self, lines: Sequence[_Line]) -> Iterator[Step]:
        """The text boxes, drawings and notes of lines, below them."""
        for line in lines:
            for box in line.boxes:
                yield from self.blocks_below(box)
        for line in lines:
            yield from line.below

    def _row(self, row: etree._Element) -> Iterator[Step]:
        """A row as one line, its cells set apart by ` | `; inner tables and what is anchored in cells come below.

        A row of one cell is no row but a frame around text: its paragraphs stay paragraphs.
        """
        cells = list(outermost(row, ("w:tc",)))
        if len(cells) == 1:
            yield from self._steps_below(cells[0])
            return
        inner = [list(outermost(cell, ("w:p", "w:tbl"))) for cell in cells]
        lines = [
            [self._line(each, self._cell_label(each)) for each in cell if short(each.tag) == "w:p"] for cell in inner
        ]
        breaks = max((sum(line.breaks + line.breaks_before for line in cell) for cell in lines), default=0)
        words = [" ".join(clean_characters(" ".join("".join(line.text) for line in cell)).split()) for cell in lines]
        # A row that goes on over the page has a break in every cell; it is where its last words are.
        yield from [PAGE_END] * breaks
        if any(words):
            yield Block(" | ".join(words), is_line=True)
        for table in (each for cell in inner for each in cell if short(each.tag) == "w:tbl"):
            yield from self.blocks_below(table)
        yield from self._anchored([line for cell in lines for line in cell])

    def _cell_label(self, paragraph: etree._Element) -> str:
        """The number of a paragraph in a row: some tables number their rows."""
        label = self._label(paragraph)
        return f"{label} " if label.strip("•") else ""

    def _line(self, paragraph: etree._Element, label: str = "") -> _Line:
        line = _Line([label], self._style(paragraph))
        self._read(paragraph, line)
        return line

    def _read(self, parent: etree._Element, line: _Line) -> None:
        """Add what is in an element to a line."""
        for element in parent:
            match short(element.tag):
                case "w:t" | "a:t":
                    line.add_text(element.text or "")
                case "w:tab" | "w:ptab":
                    line.text.append("\t")
                case "w:noBreakHyphen":
                    line.text.append("-")
                case "w:br" | "w:cr" if attribute(element, "w:type") != "page":
                    line.text.append("\n")
                case "w:br" | "w:cr":  # where Word has not noted its own page ends, one set by hand is one
                    if not self.counts_rendered_breaks:
                        line.add_break()
                case "w:lastRenderedPageBreak":
                    line.add_break()
                case "w:sym":
                    line.add_symbol(attribute(element, "w:char"), attribute(element, "w:font"))
                case "w:footnoteReference" | "w:endnoteReference" as kind:
                    line.below.extend(self.notes.get((kind, attribute(element, "w:id")), ()))
                case "w:txbxContent":
                    line.boxes.append(element)
                case "c:chart" | "dgm:relIds":
                    line.below.extend(self.linked(attribute(element, "r:id") or attribute(element, "r:dm")))
                case "w:fldSimple" if PAGE_FIELD.match(attribute(element, "w:instr")):
                    line.has_page_field = True
                case "w:fldChar":
                    line.mark_field(element)
                case "w:instrText":
                    for innermost in line.fields[-1:]:
                        innermost.instruction += element.text or ""
                case "w:ruby":  # characters with their reading above: `漢字(かんじ)`
                    base, above = ("".join(found(element, f"w:{name}//w:t/text()")) for name in ("rubyBase", "rt"))
                    line.text.append(f"{base}({above})")
                case "m:oMath":
                    line.text.append(formula(element))
                case "w:pPr" | "w:rPr":
                    pass
                case kind:
                    if kind == "w:r":
                        self._begin_run(element, line)
                    elif kind in ("wp:docPr", "v:shape"):
                        line.add_description(element.get("descr") or element.get("alt") or "")
                    self._read(element, line)

    def _begin_run(self, run: etree._Element, line: _Line) -> None:
        """How a run of characters is written decides what they are."""
        line.font, line.in_capitals = "", line.style.in_capitals
        for each in found(run, "w:rPr/*"):
            kind = short(each.tag)
            if kind == "w:rFonts":
                line.font = attribute(each, "w:ascii") or attribute(each, "w:hAnsi")
            elif kind == "w:rStyle":
                line.in_capitals |= self.styles.get(attribute(each, "w:val"), NO_STYLE).in_capitals
            elif kind == "w:caps":
                line.in_capitals = is_on(each, ".")


def _is_page_number(text: str) -> bool:
    """Whether only "Seite … von …" is left of a line, once its numbers are gone."""
    return set(re.findall(r"\w+", text.casefold())) <= AROUND_PAGE_NUMBERS
