"""Tables in a text: where they stand, and the lines that name their columns. Knows text; no file and no chunk."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

LEAST_ROWS = 2  # below the names
MAX_COLUMN_NAME = 80
# Rows of readers (`a | b`), of Markdown (`| a | b |`) and of grids (`+---+---+`), without a blank line between.
_ROW = r"\n(?:[^|\n]*\|.*|\+[-=+]+\+(?=\n|\Z))"  # a search skips to line feeds fast
ROWS = re.compile(f"{_ROW}(?:{_ROW}){{2,}}")
RULE = re.compile(r"\s*[|+:=-][\s|+:=-]*")
YEAR = re.compile(r"(?:19|20)\d\d")
VALUE = re.compile(r"[\s\d.,:/+\-%€$]*\d[\s\d.,:/+\-%€$]*")  # a number, a date, a time, an amount


class Table(NamedTuple):
    """From where to where its rows reach, in characters, and its first lines, which name the columns."""

    start: int
    end: int
    header: str
    columns: int


def tables_in(text: str, before: Table | None = None) -> Iterator[Table]:
    """The tables of a text that say what their columns are; `before` is one that its first row may go on with."""
    if "|" not in text:
        return
    for rows in ROWS.finditer(f"\n{text}"):
        lines = text[rows.start() : rows.end()].splitlines(keepends=True)
        yield from _tables_of_rows(lines, rows.start(), before)
        before = None


def _tables_of_rows(lines: list[str], start: int, before: Table | None) -> Iterator[Table]:
    """Rows parted where the number of columns changes."""
    place, first = start, 0
    columns = _columns(lines[0])
    for number, line in enumerate([*lines, ""]):
        if number == len(lines) or (not RULE.fullmatch(line) and columns and _columns(line) != columns):
            yield from _table(lines[first:number], start, columns, before)
            start, first, before = place, number, None
        if not RULE.fullmatch(line):
            columns = _columns(line)
        place += len(line)


def _table(lines: list[str], start: int, columns: int, before: Table | None) -> Iterator[Table]:
    end = start + sum(map(len, lines))
    if before is not None and before.columns == columns:
        yield Table(start - len(before.header), end, before.header, columns)
        return
    named = next((number for number, line in enumerate(lines) if not RULE.fullmatch(line)), len(lines))
    is_ruled = RULE.fullmatch("".join(lines[named + 1 : named + 2])) is not None
    first_rows = [_cells(line) for line in lines[named : named + 2]]
    if len(lines) > named + LEAST_ROWS and columns > 1 and (is_ruled or are_names(*first_rows)):
        yield Table(start, end, "".join(lines[: named + 1 + is_ruled]), columns)


def _cells(line: str) -> list[str]:
    line = line.strip()
    is_framed = len(line) > 1 and line[0] == line[-1] == "|"  # else a cell at one end is empty
    return [cell.strip() for cell in (line[1:-1] if is_framed else line).split("|")]


def _columns(line: str) -> int:
    return 0 if RULE.fullmatch(line) else len(_cells(line))


def are_names(cells: Sequence[str], below: Sequence[str] = ()) -> bool:
    """Whether a first row names the columns: all different, none a value except for years in a row, none empty except
    for the corner above the names of rows."""
    years = [int(cell) for cell in cells if YEAR.fullmatch(cell)]
    if len(years) > 1 and {later - year for year, later in pairwise(years)} in ({1}, {-1}):
        cells = [cell if not YEAR.fullmatch(cell) else f"year {cell}" for cell in cells]
    if len(cells) > 2 and not cells[0] and below and below[0]:
        cells = cells[1:]
    different = len(set(cells)) == len(cells)
    return different and all(cell and len(cell) <= MAX_COLUMN_NAME and not VALUE.fullmatch(cell) for cell in cells)
