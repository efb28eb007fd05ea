"""Files of samples from elsewhere → records with line numbers: JSONL, JSON, CSV, TSV. Knows text; knows no sample.

What a file is follows from what stands in it, not from its name. It is read piece by piece, however large it is, and
what cannot be read is told with its line and never left out in silence.
"""

import csv
import io
import json
import re
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO

from core.documents.formats.text_encoding import Encoding, find_encoding
from utils.errors import AppError
from utils.files import parse_json, require_shallow

HEAD_CHARACTERS = 256 * 1024
BLOCK_CHARACTERS = 1024 * 1024
KEPT_CHARACTERS = 64  # of what is skipped, because the next object may begin in it
MAX_RECORD_CHARACTERS = 4 * 1024 * 1024
MAX_FIELD_CHARACTERS = 2 * 1024 * 1024
COMMENTED_LINES = 50
SHOWN_HEADER_CHARACTERS = 200
DELIMITERS = "\t;,|"
ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)
OLD_OFFICE = b"\xd0\xcf\x11\xe0"
SEPARATOR_LINE = re.compile(r"sep=(.)\s*", re.IGNORECASE)  # what Excel writes first
WRAPPERS = ("data", "examples", "instances", "items", "rows", "samples", "train", "paragraphs", "qas")
WRAPPED = re.compile(rf'\{{\s*"(?:{"|".join(WRAPPERS)})"\s*:\s*\[')
BLANK = "\ufeff \t\r\n"  # files that were joined have byte order marks inside
BETWEEN = re.compile(r"[\s,\ufeff]*")
NEXT_OBJECT = re.compile(r"\}\s*,?\s*\{")
CUT_OFF = re.compile(r"\\?[\w.+-]*")
# A spreadsheet takes what begins like this for a formula, and an apostrophe before it for "this is text".
FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")

# What the columns of a table are called elsewhere, and here.
COLUMNS = {
    "instruction": "instruction prompt question query front user human frage anweisung aufgabe anfrage eingabe "
    "vorderseite pregunta domanda pergunta vraag pytanie soru fråga spørgsmål kysymys otázka kérdés întrebare вопрос "
    "питання въпрос pitanje vprašanje pertanyaan ερώτηση السؤال سؤال שאלה 问题 問題 質問 질문",
    "output": "output completion response answer answers reply back antwort ausgabe rückseite assistant chosen "
    "target réponse respuesta risposta resposta antwoord odpowiedź cevap svar vastaus odpověď válasz răspuns ответ "
    "відповідь отговор odgovor odpoveď jawaban απάντηση الجواب الإجابة إجابة جواب תשובה 答案 回答 답변",
    "input": "input context kontext hintergrund",
    "follow_ups": "follow_ups",
    "status": "status",
    "language": "language sprache",
    "document": "document dokument",
    "page": "page seite",
    "chunk_id": "chunk_id",
}
OWN_COLUMNS = {"follow_ups", "chunk_id"}  # that a table has which was written here, with its cells guarded
NAMES = {name: column for column, names in COLUMNS.items() for name in names.split()}


class BadRecord(Exception):
    """What stands there is no sample; `reason` is the key of a text that says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# Number of the first line, and what stands there.
Record = tuple[int, "dict[str, Any] | BadRecord"]


def read_records(file: BinaryIO, name: str) -> Generator[Record, None, None]:
    """Everything that may be a sample; `name` is for errors.

    Raises AppError import_empty, import_archive, import_not_text, import_no_columns.
    """
    encoding = _encoding(file, name)
    with _text(file, encoding, newline="\n") as text:
        head = text.read(HEAD_CHARACTERS)
    begin = head.lstrip(BLANK)
    if not begin:
        raise AppError("import_empty", file=name)
    skipped = head[: len(head) - len(begin)]
    if begin.startswith("["):
        return _json(file, encoding, skipped + "[")
    if wrapped := WRAPPED.match(begin):
        return _json(file, encoding, skipped + wrapped[0])
    if begin.startswith("{"):
        return _json(file, encoding, skipped) if _is_spread_out(begin) else _json_lines(file, encoding)
    if any(_is_object(line) for line in head.split("\n", COMMENTED_LINES)[:COMMENTED_LINES]):
        return _json_lines(file, encoding)
    return _table(file, encoding, head, name)


def unwrapped(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The records in a record that only wraps them, each with the context that they share; else the record itself."""
    lists = (record[name] for name in WRAPPERS if isinstance(record.get(name), list))
    inner = next((each for each in lists if each and all(isinstance(one, dict) for one in each)), None)
    if inner is None or any(column_of(name) == "output" for name in record):
        yield record
        return
    shared = {"context": record["context"]} if "context" in record else {}
    for each in inner:
        yield from unwrapped(shared | each)


def column_of(name: object) -> str:
    """What a column or field is called here; "" where nobody knows it."""
    return NAMES.get(name.strip(BLANK).casefold(), "") if isinstance(name, str) else ""


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """A cell as it was before it was guarded."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def _encoding(file: BinaryIO, name: str) -> Encoding:
    file.seek(0)
    start = file.read(8)
    if not start:
        raise AppError("import_empty", file=name)
    if start.startswith((*ARCHIVES, OLD_OFFICE)):
        raise AppError("import_archive", file=name)
    try:
        return find_encoding(file, name)
    except AppError as error:
        if error.code != "file_not_text":
            raise
        raise AppError("import_not_text", file=name) from None


@contextmanager
def _text(file: BinaryIO, encoding: Encoding, newline: str) -> Iterator[io.TextIOWrapper]:
    """The file from its beginning as text; it stays open."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding.codec, errors=encoding.errors, newline=newline)
    try:
        yield text
    finally:
        text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[tuple[int, str | None]]:
    """Numbered lines with their ends; None stands for one that is longer than any sample."""
    number = 0
    while line := text.readline(MAX_RECORD_CHARACTERS):
        number += 1
        if len(line) < MAX_RECORD_CHARACTERS or line.endswith("\n"):
            yield number, line.removeprefix("\ufeff") if number == 1 else line
            continue
        while (piece := text.readline(MAX_RECORD_CHARACTERS)) and not piece.endswith("\n"):
            pass
        yield number, None


def _is_object(text: str) -> bool:
    try:
        return isinstance(parse_json(text, half_pairs=True), dict)
    except ValueError:
        return False


def _is_spread_out(begin: str) -> bool:
    """Whether the first object takes more than one line."""
    if _is_object(begin.partition("\n")[0]):
        return False
    try:
        json.JSONDecoder().raw_decode(begin)
    except (ValueError, RecursionError):
        return False
    return True


def _json_lines(file: BinaryIO, encoding: Encoding) -> Generator[Record, None, None]:
    with _text(file, encoding, newline="\n") as text:
        for number, line in _lines(text):
            if line is None:
                yield number, BadRecord("exchange.bad.too_long")
            elif stripped := line.strip(BLANK).removesuffix(","):
                for record in _objects(stripped):
                    yield number, record


def _objects(line: str) -> Iterator[dict[str, Any] | BadRecord]:
    try:
        yield from _records_in(parse_json(line, half_pairs=True))
    except ValueError:
        yield BadRecord("exchange.bad.not_json")


def _records_in(value: Any) -> Iterator[dict[str, Any] | BadRecord]:
    if isinstance(value, dict):
        yield from unwrapped(value)
    else:
        yield BadRecord("exchange.bad.not_an_object")


def _json(file: BinaryIO, encoding: Encoding, skipped: str) -> Generator[Record, None, None]:
    """The objects of an array, or one after the other; `skipped` stands before the first."""
    decoder = json.JSONDecoder()
    with _text(file, encoding, newline="\n") as text:
        text.read(len(skipped))
        line, buffer, place = 1 + skipped.count("\n"), "", 0
        at_end = False

        def read_more() -> None:
            nonlocal buffer, place, at_end
            block = text.read(max(BLOCK_CHARACTERS, len(buffer) - place))
            buffer, place, at_end = buffer[place:] + block, 0, not block

        def go_to(end: int) -> None:
            nonlocal place, line
            line += buffer.count("\n", place, end)
            place = end

        while True:
            between = BETWEEN.match(buffer, place)
            go_to(between.end() if between else place)
            if place == len(buffer):
                read_more()
                if at_end:
                    return
                continue
            if buffer[place] == "]":
                return
            try:
                value, end = decoder.raw_decode(buffer, place)
                require_shallow(value)
            except (ValueError, RecursionError) as error:
                if _may_go_on(error, buffer) and not at_end and len(buffer) - place < MAX_RECORD_CHARACTERS:
                    read_more()
                    continue
                long = len(buffer) - place >= MAX_RECORD_CHARACTERS and _may_go_on(error, buffer)
                yield line, BadRecord("exchange.bad.too_long" if long else "exchange.bad.not_json")
                while (found := NEXT_OBJECT.search(buffer, place)) is None and not at_end:
                    go_to(max(place, len(buffer) - KEPT_CHARACTERS))
                    read_more()
                if found is None:
                    return
                go_to(found.end() - 1)
                continue
            for record in _records_in(value):
                yield line, record
            go_to(end)


def _may_go_on(error: Exception, buffer: str) -> bool:
    """Whether a value is cut off by the end of what was read."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return "Unterminated string" in error.msg or CUT_OFF.fullmatch(buffer, error.pos) is not None


def _table(file: BinaryIO, encoding: Encoding, head: str, name: str) -> Generator[Record, None, None]:
    csv.field_size_limit(MAX_FIELD_CHARACTERS)
    first, _, rest = head.lstrip("\ufeff").partition("\n")
    stated = SEPARATOR_LINE.fullmatch(first)
    sample = rest if stated else head.lstrip("\ufeff")
    for delimiter in stated[1] if stated else DELIMITERS:
        columns = _columns(sample, delimiter)
        if "output" in columns and ("instruction" in columns or "input" in columns):
            return _rows(file, encoding, delimiter, 1 if stated else 0)
    shown = sample.strip().partition("\n")[0].strip()[:SHOWN_HEADER_CHARACTERS]
    raise AppError("import_no_columns", file=name, columns=shown)


def _columns(sample: str, delimiter: str) -> list[str]:
    """What the columns of the first row are called here; the sample may be cut off, the first row hardly is."""
    try:
        row = next((row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row), [])
    except csv.Error:
        return []
    return [column_of(cell) for cell in row]


def _rows(file: BinaryIO, encoding: Encoding, delimiter: str, skip: int) -> Generator[Record, None, None]:
    with _text(file, encoding, newline="") as text:
        too_long: list[int] = []

        def lines() -> Iterator[str]:
            for number, line in _lines(text):
                if line is None:
                    too_long.append(number)
                if number > skip:
                    yield "\n" if line is None else line

        reader = csv.reader(lines(), delimiter=delimiter, strict=True)
        columns: list[str] = []
        while True:
            number = reader.line_num + skip + 1
            try:
                row = next(reader, None)
            except csv.Error:
                yield number, BadRecord("exchange.bad.quotes")
                continue
            while too_long:
                yield too_long.pop(0), BadRecord("exchange.bad.too_long")
            if row is None:
                return
            if not any(row):
                continue
            if not columns:
                columns = [column_of(cell) for cell in row]
            elif any(row[len(columns) :]):
                yield number, BadRecord("exchange.bad.columns")
            else:
                cells = map(unguarded, row) if set(columns) >= OWN_COLUMNS else row
                yield number, _record(dict(zip(columns, cells, strict=False)))


def _record(cells: Mapping[str, str]) -> dict[str, Any]:
    """A row as it would stand in our own format."""
    record: dict[str, Any] = {name: cells[name] for name in ("instruction", "input", "output") if cells.get(name)}
    record |= {name: cells[name].strip() for name in ("status", "language") if cells.get(name)}
    if cells.get("follow_ups"):
        try:
            record["follow_ups"] = parse_json(cells["follow_ups"], half_pairs=True)
        except ValueError:
            record["follow_ups"] = None  # the question and its answer are good without
    if cells.get("document"):
        record["source"] = {
            "document": cells["document"],
            **{
                name: int(cells[name])
                for name in ("page", "chunk_id")
                if re.fullmatch("[0-9]{1,18}", cells.get(name, ""))
            },
        }
    return record
