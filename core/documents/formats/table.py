"""CSV and TSV → pages. Knows delimiters and header rows; knows no chunk and no UI.

A row becomes one line, "Name: Anna; Alter: 30": a chunk from the middle of a long table then still says what its
values are, which "Anna | 30" would not. Without a header row the values stand alone, set apart by ` | `.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import BinaryIO

from core.documents.formats.page_text import Block, Page, clean_characters, pages_of_blocks
from core.documents.formats.text_encoding import Encoding, decoded_blocks, find_encoding
from core.documents.tables import are_names

DELIMITERS = "\t;|,"  # where two fit equally, the one that stands inside values less often
SAMPLE_LINES = 200
MAX_PREAMBLE = 30  # rows
MAX_LINE_CHARACTERS = 1024 * 1024
LEAST_REGULAR_SHARE = 0.7  # of rows that have the same number of columns
SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # what Excel writes first


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """A table as one page, long ones in parts, a line for each row. Raises AppError file_not_text, file_no_text."""
    csv.field_size_limit(2 * MAX_LINE_CHARACTERS)
    with path.open("rb") as file:
        encoding = find_encoding(file, path.name)
        for quoted in (True, False):
            shape = _shape(list(islice(_lines(decoded_blocks(file, encoding)), SAMPLE_LINES)), quoted)
            try:
                yield from pages_of_blocks(partial(_rows, file, encoding, shape), path.name)
            except csv.Error:
                continue  # a quotation mark that never ends: then they are characters like others
            return


@dataclass(frozen=True)
class _Shape:
    """How a table is written. No delimiter: it has one column. `skip` lines stand before its first row, and
    `preamble` rows, which tell something of the table, before the one that names its columns."""

    delimiter: str = ""
    quoted: bool = True
    columns: Sequence[str] = ()
    skip: int = 0
    preamble: int = 0


def _shape(sample: Sequence[str], quoted: bool) -> _Shape:
    """How a table is written, told from its first lines."""
    stated = SEPARATOR_LINE.fullmatch(sample[0]) if sample else None
    skip = 1 if stated else 0
    candidates = {}
    for delimiter in stated.group(1) if stated else DELIMITERS:
        rows = _sample_rows(sample[skip:], delimiter, quoted)
        widths = Counter(map(len, rows))
        width = max(widths, key=lambda width: (widths[width] if width > 1 else 0, width), default=0)
        preamble, columns = _names(rows, width)
        regular = widths[width] / max(1, len(rows) - preamble)
        if width > 1 and regular >= LEAST_REGULAR_SHARE:
            candidates[delimiter] = (min(regular, 1), _Shape(delimiter, quoted, columns, skip, preamble))
    if not candidates:
        return _Shape(skip=skip)
    return max(candidates.values(), key=itemgetter(0))[1]


def _names(rows: Sequence[Sequence[str]], width: int) -> tuple[int, Sequence[str]]:
    """Which row names the columns, and how; those above it fill fewer cells: a title, or the account's number."""
    most = 0
    for number, row in enumerate(rows[:MAX_PREAMBLE]):
        cells = [" ".join(cell.split()) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        is_whole = len(row) == width and len(cells) >= max(2, width - 1, most + 1)
        below = [cell.strip() for cell in rows[number + 1]] if number + 1 < len(rows) else []
        if is_whole and are_names(cells, below) and (number == 0 or below):
            return number, cells
        most = max(most, sum(map(bool, cells)))
    return 0, ()


def _sample_rows(lines: Sequence[str], delimiter: str, quoted: bool) -> list[list[str]]:
    rows = []
    try:
        for row in _reader(lines, delimiter, quoted):
            if row:
                rows.append(row)
    except csv.Error:
        pass  # what was read before is a sample too
    return rows


def _reader(lines: Iterable[str], delimiter: str, quoted: bool) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE)


def _rows(file: BinaryIO, encoding: Encoding, shape: _Shape) -> Iterator[Block]:
    """Each row as a line. Raises csv.Error for a quotation mark that never ends."""
    lines = islice(_lines(decoded_blocks(file, encoding)), shape.skip, None)
    rows = _reader(lines, shape.delimiter, shape.quoted) if shape.delimiter else ([line] for line in lines)
    for number, row in enumerate(row for row in rows if row):
        cells = [" ".join(cell.split()) for cell in row]
        if shape.columns and number <= shape.preamble:
            text = " | ".join(cell for cell in cells if cell) if number < shape.preamble else ""
        else:
            text = _row_text(cells, shape.columns)
        if text:
            yield Block(clean_characters(text), is_line=number >= shape.preamble)


def _row_text(cells: Sequence[str], columns: Sequence[str]) -> str:
    if not any(cells):
        return ""
    if not columns:
        return " | ".join(cells)
    named = [f"{column}: {cell}" if column else cell for column, cell in zip(columns, cells, strict=False) if cell]
    return "; ".join([*named, *(cell for cell in cells[len(columns) :] if cell)])


def _lines(blocks: Iterable[str]) -> Iterator[str]:
    """Lines with their ends; one that is longer than any table has comes in pieces."""
    pending = ""
    for block in blocks:
        *lines, pending = (pending + block).split("\n")
        yield from (f"{line}\n" for line in lines)
        if len(pending) > MAX_LINE_CHARACTERS:
            yield pending
            pending = ""
    if pending:
        yield pending
