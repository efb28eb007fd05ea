"""The index in samples.db: where each sample stands in sft_data.jsonl and what it is found by. Knows SQL and lines.

The file of samples is the truth, this is derived from it: it may be deleted at any time, is built again where it is
damaged or of another version, and brought up to date where the file has changed. Two things in it come from nowhere
else, what the quality gate found and the changes that can be taken back, and both can be done without.
"""

import json
import os
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from core.samples.quality_gate import Finding
from core.samples.sample_file import Mark, Splice, mark_of, since
from core.samples.sample_schema import (
    NewLine,
    Place,
    SampleCounts,
    SamplePage,
    SampleQuery,
    SampleRow,
    Stale,
    State,
    open_database,
)
from core.samples.sft_dataset import Sample, decode_sample, presentable, state_of
from utils.files import open_file, parse_json

LINES_AT_ONCE = 500
ROW_COLUMNS = (
    "samples.number, samples.id, samples.content, places.offset, places.length,"
    " CASE WHEN samples.kinds IS NULL THEN NULL ELSE verdicts.findings END,"
    " CASE WHEN samples.kinds IS NULL THEN NULL ELSE verdicts.support END"
)
ROW_TABLES = "samples JOIN places USING (number) LEFT JOIN verdicts ON verdicts.id = samples.id"


@contextmanager
def open_index(data: Path, database: Path) -> Iterator["Index"]:
    """The index of a file of samples; errors are those of `open_database`."""
    with open_database(data, database) as connection:
        yield Index(connection, data)


def folded(text: str) -> str:
    """A text as words are looked for in it: without regard to case and to how its umlauts are put together."""
    # To SQLite's functions a text ends at a zero.
    return unicodedata.normalize("NFC", presentable(text)).casefold().replace("\0", "\ufffd")


class Index:
    """An open samples.db and the file that it belongs to."""

    def __init__(self, connection: sqlite3.Connection, data: Path) -> None:
        self._connection = connection
        self._data = data

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Everything inside is one change that others see whole, and nobody else changes the index meanwhile."""
        self._connection.execute("BEGIN IMMEDIATE")
        yield
        self._connection.execute("UPDATE state SET version = version + 1")
        self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[BinaryIO | None]:
        """One view of the index, and the file that it belongs to. Raises Stale where that is another one by now."""
        file = _open(self._data)
        try:
            self._connection.execute("BEGIN")
            state = self.state()
            inode = state.mark.inode if state.mark else 0
            if file is not None and state.place and os.fstat(file.fileno()).st_ino != inode:
                raise Stale
            yield file
            self._connection.execute("COMMIT")
        finally:
            if file is not None:
                file.close()

    def state(self) -> State:
        row = self._connection.execute(
            "SELECT mark, place, next_number, bad_lines, complete, generation, version FROM state"
        ).fetchone()
        mark = Mark(**parse_json(row[0])) if row[0] else None
        return State(mark, row[1], row[2], row[3], bool(row[4]), row[5], row[6])

    def is_current(self) -> bool:
        """Whether all of the file as it is now is in the index."""
        file = _open(self._data)
        state = self.state()
        if file is None:
            return state.mark is None and state.complete
        with file:
            return state.complete and since(file, state.mark) == "same"

    def catch_up(self, most_seconds: float | None) -> bool:
        """Take in what is new in the file, for so long; inside `writing`. Returns whether that was all."""
        deadline = None if most_seconds is None else time.monotonic() + most_seconds
        file = _open(self._data)
        if file is None:
            self.forget()
            self._set_state(mark=None, complete=1)
            return True
        with file:
            state = self.state()
            if since(file, state.mark) == "other":
                self.forget()
                state = self.state()
            found = os.fstat(file.fileno())
            # A last line without its end was taken in, and may have grown.
            self._remove([state.next_number])
            place, number, bad_lines, complete = state.place, state.next_number, state.bad_lines, False
            file.seek(place)
            while not complete and (deadline is None or place == state.place or time.monotonic() < deadline):
                batch: list[tuple[NewLine, Sample]] = []
                unended: tuple[NewLine, Sample] | None = None
                for _ in range(LINES_AT_ONCE):
                    line = file.readline()
                    sample = decode_sample(line, place == 0) if line else None
                    if not line.endswith(b"\n"):
                        complete = True
                        if sample is not None:
                            unended = NewLine(number, sample.id, place, line), sample
                        break
                    if sample is not None:
                        batch.append((NewLine(number, sample.id, place, line), sample))
                        number += 1
                    elif line.strip():
                        bad_lines += 1
                    place += len(line)
                self._insert([*batch, unended] if unended else batch)
            self._set_state(
                mark=json.dumps(asdict(mark_of(file, place, found))),
                place=place,
                next_number=number,
                bad_lines=bad_lines,
                complete=int(complete),
            )
        return complete

    def forget(self) -> None:
        """Begin anew: the file is another one. What the gate found stays for the samples that are the same."""
        for table in ("places", "samples", "words"):
            self._connection.execute(f"DELETE FROM {table}")
        generation = os.urandom(8).hex()
        self._set_state(mark=None, place=0, next_number=1, bad_lines=0, complete=0, generation=generation)

    def counts(self) -> SampleCounts:
        """How many samples there are of each kind in what is indexed."""
        state = self.state()
        total = checked = 0
        by_status: dict[str, int] = {}
        by_finding: dict[str, int] = {}
        by_document: dict[str, int] = {}
        for status, document, kinds, count in self._connection.execute(
            "SELECT status, document, kinds, count(*) FROM samples GROUP BY status, document, kinds"
        ):
            total += count
            by_status[status] = by_status.get(status, 0) + count
            if document:
                by_document[document] = by_document.get(document, 0) + count
            if kinds is not None:
                checked += count
                for kind in kinds.strip(",").split(",") if kinds else ():
                    by_finding[kind] = by_finding.get(kind, 0) + count
        undoable = self._connection.execute("SELECT count(*) FROM changes").fetchone()[0]
        return SampleCounts(
            total, by_status, by_finding, by_document, checked, state.bad_lines, undoable, state.complete
        )

    def page(self, query: SampleQuery, size: int, file: BinaryIO | None, complete: bool) -> SamplePage:
        """A page of what fits, read from the file itself. Raises Stale."""
        backwards = query.before > 0
        anchor, sign, order = (query.before, "<", "DESC") if backwards else (query.after, ">", "ASC")
        condition, values = _condition(query)
        rows = self._connection.execute(
            f"SELECT {ROW_COLUMNS} FROM {ROW_TABLES} WHERE samples.number {sign} ? {condition}"
            f" ORDER BY samples.number {order} LIMIT ?",
            (anchor, *values, size + 1),
        ).fetchall()
        more = len(rows) > size
        rows = rows[:size]
        if backwards:
            rows.reverse()
        first, last = (rows[0][0], rows[-1][0]) if rows else (anchor + 1 - backwards, anchor - backwards)
        before = more if backwards else self._any("<", first, query)
        behind = self._any(">", last, query) if backwards else more
        return SamplePage([_row(row, file) for row in rows], before, behind, complete)

    def row(self, condition: str, values: tuple[Any, ...], file: BinaryIO | None) -> SampleRow | None:
        """The first sample with this condition. Raises Stale."""
        found = self._connection.execute(
            f"SELECT {ROW_COLUMNS} FROM {ROW_TABLES} WHERE {condition} ORDER BY samples.number LIMIT 1", values
        ).fetchone()
        return _row(found, file) if found else None

    def ids(self, query: SampleQuery) -> list[str]:
        condition, values = _condition(query)
        rows = self._connection.execute(f"SELECT id FROM samples WHERE TRUE {condition} ORDER BY number", values)
        return [row[0] for row in rows]

    def unchecked(self) -> list[str]:
        return [
            row[0] for row in self._connection.execute("SELECT id FROM samples WHERE kinds IS NULL ORDER BY number")
        ]

    def places(self, ids: Sequence[str]) -> list[Place]:
        """Where these samples are, in the order of the file; those that are gone are missing."""
        rows = self._connection.execute(
            "SELECT number, id, offset, length FROM samples JOIN places USING (number)"
            " WHERE id IN (SELECT value FROM json_each(?)) ORDER BY number",
            (json.dumps(ids),),
        )
        return [Place(*row) for row in rows]

    def neighbour(self, number: int, sign: str) -> Place | None:
        """The sample before (<) or behind (>) a number."""
        row = self._connection.execute(
            "SELECT number, id, offset, length FROM samples JOIN places USING (number)"
            f" WHERE number {sign} ? ORDER BY number {'DESC' if sign == '<' else 'ASC'} LIMIT 1",
            (number,),
        ).fetchone()
        return Place(*row) if row else None

    def contents(self, ids: Iterable[str]) -> dict[str, int]:
        """The hash of what each of these samples says now."""
        return dict(
            self._connection.execute(
                "SELECT id, content FROM samples WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            ).fetchall()
        )

    def set_verdicts(self, verdicts: Sequence[tuple[str, int, Sequence[Finding], float | None]]) -> None:
        """Note what the gate found: id, content that it has seen, findings, support; inside `writing`."""
        self._connection.executemany(
            "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?, ?)",
            [
                (sample_id, content, _kinds(findings), support, json.dumps([asdict(each) for each in findings]))
                for sample_id, content, findings, support in verdicts
            ],
        )
        self._take_verdicts(
            "samples.id IN (SELECT value FROM json_each(?))", (json.dumps([each[0] for each in verdicts]),)
        )

    def was_rewritten(self, splices: Sequence[Splice], removed: Sequence[int], lines: Sequence[NewLine]) -> None:
        """Follow what `sample_file.rewrite` just did, without reading the file again; inside `writing`.

        `splices` are in order and in the old file's bytes, `removed` the numbers of samples that are gone, `lines`
        the new or changed ones with their offsets in the new file.
        """
        state = self.state()
        self._connection.execute("CREATE TEMP TABLE shifts (start INTEGER PRIMARY KEY, shift INTEGER NOT NULL)")
        shift = 0
        shifts = {}
        for splice in splices:
            shift += len(splice.data) - splice.length
            shifts[splice.offset + splice.length] = shift
        self._connection.executemany("INSERT INTO shifts VALUES (?, ?)", shifts.items())
        self._connection.execute(
            "UPDATE places SET offset = offset + coalesce((SELECT shift FROM shifts WHERE start <= offset"
            " ORDER BY start DESC LIMIT 1), 0) WHERE offset >= (SELECT min(start) FROM shifts)"
        )
        self._connection.execute("DROP TABLE shifts")
        whole = [line for line in lines if line.status is None]
        self._remove([*removed, *(line.number for line in whole)])
        self._insert([(line, sample) for line in whole if (sample := decode_sample(line.line, line.offset == 0))])
        by_status = [line for line in lines if line.status is not None]
        self._connection.executemany(
            "UPDATE places SET offset = ?, length = ? WHERE number = ?",
            [(line.offset, len(line.line), line.number) for line in by_status],
        )
        self._connection.executemany(
            "UPDATE samples SET status = ? WHERE number = ?", [(line.status, line.number) for line in by_status]
        )
        with open_file(self._data) as file:
            place = state.place + shift
            mark = mark_of(file, place, os.fstat(file.fileno()))
        self._set_state(mark=json.dumps(asdict(mark)), place=place)

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """For the journal of changes, which sample_changes keeps in here."""
        return self._connection.execute(statement, values)

    def execute_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    def _any(self, sign: str, number: int, query: SampleQuery) -> bool:
        condition, values = _condition(query)
        row = self._connection.execute(
            f"SELECT EXISTS (SELECT 1 FROM samples WHERE number {sign} ? {condition})", (number, *values)
        ).fetchone()
        return bool(row[0])

    def _insert(self, lines: Sequence[tuple[NewLine, Sample]]) -> None:
        if not lines:
            return
        ids = self._unique_ids([line for line, _ in lines])
        numbers = [line.number for line, _ in lines]
        self._connection.executemany(
            "INSERT INTO places VALUES (?, ?, ?)", [(line.number, line.offset, len(line.line)) for line, _ in lines]
        )
        self._connection.executemany(
            "INSERT INTO samples VALUES (?, ?, ?, ?, ?, NULL)",
            [
                (number, own_id, sample.status, _document(sample), state_of(sample))
                for number, own_id, (_, sample) in zip(numbers, ids, lines, strict=True)
            ],
        )
        self._connection.executemany(
            "INSERT INTO words VALUES (?, ?)", [(line.number, _searched(sample)) for line, sample in lines]
        )
        self._take_verdicts("samples.number IN (SELECT value FROM json_each(?))", (json.dumps(numbers),))

    def _unique_ids(self, lines: Sequence[NewLine]) -> list[str]:
        """Ids that no other sample in the index has; the first one keeps what stands in the file."""
        found = self._connection.execute(
            "SELECT id FROM samples WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([line.id for line in lines]),),
        )
        taken = {row[0] for row in found}
        unique = []
        for line in lines:
            own = line.id
            if own in taken:
                own = f"{line.id}-{line.number}"
                while own in taken or self._has(own):
                    own += "-2"
            taken.add(own)
            unique.append(own)
        return unique

    def _has(self, sample_id: str) -> bool:
        return self._connection.execute("SELECT 1 FROM samples WHERE id = ?", (sample_id,)).fetchone() is not None

    def _take_verdicts(self, condition: str, values: tuple[Any, ...]) -> None:
        """Let samples know what the gate found in them, where it has seen them as they are."""
        self._connection.execute(
            "UPDATE samples SET kinds = verdicts.kinds FROM verdicts"
            f" WHERE verdicts.id = samples.id AND verdicts.content = samples.content AND {condition}",
            values,
        )

    def _remove(self, numbers: Sequence[int]) -> None:
        for table in ("places", "samples", "words"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE number IN (SELECT value FROM json_each(?))", (json.dumps(numbers),)
            )

    def _set_state(self, **values: object) -> None:
        names = ", ".join(f"{name} = ?" for name in values)
        self._connection.execute(f"UPDATE state SET {names}", tuple(values.values()))


def _open(path: Path) -> BinaryIO | None:
    try:
        return open_file(path)
    except FileNotFoundError:
        return None


def _condition(query: SampleQuery) -> tuple[str, list[Any]]:
    """What a query asks for as SQL, to stand behind another condition, and the values in it."""
    conditions, values = [""], []
    for column, wanted in (("status", query.status), ("document", query.document)):
        if wanted:
            conditions.append(f"samples.{column} = ?")
            values.append(presentable(wanted))
    if query.finding:
        conditions.append("instr(samples.kinds, ?)")
        values.append(f",{query.finding},")
    if words := folded(query.words.strip()):
        conditions.append("instr((SELECT folded FROM words WHERE words.number = samples.number), ?)")
        values.append(words)
    return " AND ".join(conditions), values


def _row(found: tuple[Any, ...], file: BinaryIO | None) -> SampleRow:
    """A row of the index with its sample as it stands in the file. Raises Stale where something else stands there."""
    number, own_id, content, offset, length, findings, support = found
    if file is None:
        raise Stale
    file.seek(offset)
    sample = decode_sample(file.read(length), offset == 0)
    if sample is None or state_of(sample) != content:
        raise Stale
    if support is not None:
        sample = replace(sample, support=support)
    source = sample.source and replace(sample.source, document=presentable(sample.source.document))
    sample = replace(
        sample,
        id=own_id,
        instruction=presentable(sample.instruction),
        output=presentable(sample.output),
        source=source,
        follow_ups=tuple((presentable(asked), presentable(said)) for asked, said in sample.follow_ups),
    )
    listed = tuple(Finding(**each) for each in parse_json(findings)) if findings is not None else ()
    return SampleRow(number, sample, listed, checked=findings is not None)


def _document(sample: Sample) -> str:
    return presentable(sample.source.document) if sample.source else ""


def _searched(sample: Sample) -> str:
    return folded(
        "\n".join([sample.instruction, sample.output, *(text for turn in sample.follow_ups for text in turn)])
    )


def _kinds(findings: Iterable[Finding]) -> str:
    kinds = list(dict.fromkeys(finding.kind for finding in findings))
    return f",{','.join(kinds)}," if kinds else ""
