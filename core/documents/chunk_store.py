"""rag.db: source files and their chunks, reading, search, export. Knows SQL; knows no document format and no UI.

It has three more rooms: chunk_schema, chunk_writer and chunk_search. No other module speaks SQL.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.documents import chunk_search
from core.documents.chunk_schema import (
    FLAG_BOILERPLATE,
    FLAG_DUPLICATE,
    FLAG_EXCLUDED,
    Chunk,
    Flag,
    NewChunk,
    SourceFile,
    Total,
    fields_of,
    open_store,
)
from core.documents.chunk_search import Found
from core.documents.chunk_writer import Writer, open_writer
from utils.files import parse_json

__all__ = [
    "FLAG_BOILERPLATE",
    "FLAG_DUPLICATE",
    "FLAG_EXCLUDED",
    "Chunk",
    "ChunkStore",
    "Flag",
    "Found",
    "NewChunk",
    "SourceFile",
    "Writer",
]

CHUNK_COLUMNS = "documents.id, documents.filename, documents.chunk_index, documents.chunk_text, documents.metadata"
COMPARED_COLUMNS = "id, filename, chunk_index, chunk_text, json_extract(metadata, '$.start')"
COMPARED_AT_ONCE = 500
# Up to so many flagged chunks are sorted for a page of them; where there are more, the next ones are near.
MAX_SORTED_FLAGS = 20_000


class ChunkStore:
    """The chunks of one project. Each use opens a connection of its own, so any thread may call.

    Raises AppError store_damaged, store_busy, store_disk_full, store_unwritable from every method. A store that was
    never written to is empty; reading it creates no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """A Writer for as many documents as there are; what it stored is durable when this is left."""
        with open_writer(self.path) as writer:
            yield writer

    def add_document(self, source: SourceFile, chunks: Iterable[NewChunk]) -> SourceFile:
        """Store one file and its chunks; for many, keep a writer open."""
        with self.writer() as writer:
            return writer.replace(source.filename, chunks, lambda: source)

    def remove_document(self, filename: str) -> None:
        """Forget a file and its chunks; the file itself stays where it is."""
        with self.writer() as writer:
            writer.remove(filename)

    def documents(self) -> list[SourceFile]:
        """All source files in the order they came."""
        return self._sources("ORDER BY number", ())

    def document(self, filename: str) -> SourceFile | None:
        found = self._sources("WHERE filename = ?", (filename,))
        return found[0] if found else None

    def with_hash(self, sha256: str) -> list[SourceFile]:
        """The source files with this content, whatever became of them."""
        return self._sources("WHERE sha256 = ? ORDER BY number", (sha256,))

    def count(self) -> int:
        """How many chunks there are."""
        return self.chunk_count()

    def chunk_count(self, filename: str | None = None, flag: str | None = None) -> int:
        """How many chunks there are, of one file or all, with a flag or whatever they have."""
        if flag is None:
            query = "SELECT coalesce(sum(chunks), 0) FROM sources WHERE ?1 IS NULL OR filename = ?1"
            return int(self._one(query, (filename,)))
        if filename is None:
            return int(self._one("SELECT count(*) FROM chunk_flags WHERE kind = ?", (flag,)))
        return int(
            self._one(
                "SELECT count(*) FROM documents WHERE filename = ? AND EXISTS (SELECT 1 FROM chunk_flags"
                " WHERE kind = ? AND chunk_id = documents.id)",
                (filename, flag),
            )
        )

    def chunk(self, chunk_id: int) -> Chunk | None:
        found = self._chunks("WHERE documents.id = ?", (chunk_id,))
        return found[0] if found else None

    def chunk_ids(self) -> list[int]:
        with self._reading() as connection:
            return _all_ids(connection)

    def usable_ids(self, skip_duplicates: bool = True, skip_boilerplate: bool = True) -> list[int]:
        """The chunks to draw training data from: not the ones a person excluded, nor flagged ones of these kinds."""
        kinds = json.dumps(skipped_kinds(skip_duplicates, skip_boilerplate))
        query = "SELECT chunk_id FROM chunk_flags WHERE kind IN (SELECT value FROM json_each(?))"
        with self._reading() as connection:
            skipped = {row[0] for row in connection.execute(query, (kinds,))}
            return [chunk_id for chunk_id in _all_ids(connection) if chunk_id not in skipped]

    def usable_count(self, skip_duplicates: bool = True, skip_boilerplate: bool = True) -> int:
        """How many `usable_ids` there are."""
        skipped = self._one(
            "SELECT count(DISTINCT chunk_id) FROM chunk_flags WHERE kind IN (SELECT value FROM json_each(?))",
            (json.dumps(skipped_kinds(skip_duplicates, skip_boilerplate)),),
        )
        return self.count() - int(skipped)

    def totals(self) -> list[Total]:
        """Sums over the documents of each status and language."""
        with self._reading() as connection:
            return [
                Total(*row)
                for row in connection.execute(
                    "SELECT status, language, count(*), sum(pages), sum(pages_read), sum(chunks), sum(tokens)"
                    " FROM sources GROUP BY status, language"
                )
            ]

    def token_histogram(self) -> dict[int, int]:
        """How many chunks have 1 to 32 tokens (0), 33 to 64 (1), and so on."""
        with self._reading() as connection:
            rows = connection.execute("SELECT histogram FROM sources").fetchall()
        counts: dict[int, int] = {}
        for (histogram,) in rows:
            for number, count in parse_json(histogram).items():
                counts[int(number)] = counts.get(int(number), 0) + count
        return counts

    def flag_counts(self) -> dict[str, int]:
        """How many chunks have each flag."""
        with self._reading() as connection:
            return dict(connection.execute("SELECT kind, count(*) FROM chunk_flags GROUP BY kind").fetchall())

    def chunks(
        self,
        after_id: int = 0,
        limit: int = 50,
        filename: str | None = None,
        flag: str | None = None,
        before_id: int | None = None,
    ) -> list[Chunk]:
        """The next `limit` chunks behind `after_id`, or the last ones before `before_id`; always in reading order.

        Of one file they come in the order of its text, of all files in the order they were stored. Fast at any depth,
        because a page begins at a chunk and not at a number. Where that chunk is gone, a file's list begins anew.
        """
        backwards = before_id is not None
        anchor = before_id if before_id is not None else after_id
        order, sign = ("DESC", "<") if backwards else ("", ">")
        values: list[Any] = []
        with self._reading() as connection:
            if filename is None:
                if flag is None:
                    tables, conditions = "documents", []
                else:
                    tables = "chunk_flags CROSS JOIN documents ON documents.id = chunk_flags.chunk_id"
                    conditions = ["chunk_flags.kind = ?"]
                    values.append(flag)
                key = "documents.id" if flag is None else "chunk_flags.chunk_id"
                conditions.append(f"{key} {sign} ?")
                values.append(anchor)
            else:
                tables, key = "documents", "documents.chunk_index"
                conditions = ["documents.filename = ?"]
                values.append(filename)
                row = connection.execute(
                    "SELECT chunk_index FROM documents WHERE id = ? AND filename = ?", (anchor, filename)
                ).fetchone()
                if row:
                    conditions.append(f"{key} {sign} ?")
                    values.append(row[0])
                if flag is not None:
                    few = "SELECT count(*) FROM (SELECT 1 FROM chunk_flags WHERE kind = ? LIMIT ?)"
                    if connection.execute(few, (flag, MAX_SORTED_FLAGS)).fetchone()[0] < MAX_SORTED_FLAGS:
                        tables = "chunk_flags CROSS JOIN documents ON documents.id = chunk_flags.chunk_id"
                        conditions.append("chunk_flags.kind = ?")
                    else:
                        conditions.append(
                            "EXISTS (SELECT 1 FROM chunk_flags WHERE kind = ? AND chunk_id = documents.id)"
                        )
                    values.append(flag)
            condition = " AND ".join(conditions)
            rows = connection.execute(
                f"SELECT {CHUNK_COLUMNS} FROM {tables} WHERE {condition} ORDER BY {key} {order} LIMIT ?",
                (*values, limit),
            ).fetchall()
        return [_chunk(row) for row in (reversed(rows) if backwards else rows)]

    def texts(self) -> Iterator[str]:
        """The text of every chunk, in order."""
        last_id = 0
        while batch := self.chunks(last_id, 500):
            yield from (chunk.text for chunk in batch)
            last_id = batch[-1].id

    def flags(self, chunk_ids: Iterable[int]) -> dict[int, list[Flag]]:
        """The flags of these chunks; a chunk without one is missing."""
        found: dict[int, list[Flag]] = {}
        with self._reading() as connection:
            for row in connection.execute(
                "SELECT kind, chunk_id, of_id, share, reason FROM chunk_flags"
                " WHERE kind IN ('duplicate', 'boilerplate', 'excluded')"
                " AND chunk_id IN (SELECT value FROM json_each(?)) ORDER BY chunk_id, kind DESC",
                (json.dumps(list(chunk_ids)),),
            ):
                found.setdefault(row[1], []).append(Flag(row[0], *row[2:]))
        return found

    def exclude(self, chunk_ids: Iterable[int], excluded: bool = True) -> None:
        """Note that a person wants no training data from these chunks, or wants it again."""
        with self.writer() as writer:
            if excluded:
                writer.set_flags(FLAG_EXCLUDED, [(chunk_id, None, None) for chunk_id in chunk_ids])
            else:
                writer.clear_flags(FLAG_EXCLUDED, list(chunk_ids))

    def contents(self) -> tuple[int, int]:
        """A number that grows with every change of the chunks, and what it was when they were last compared."""
        with self._reading() as connection:
            values = dict(connection.execute("SELECT name, value FROM store_state").fetchall())
        return values.get("contents", 0), values.get("compared", -1)

    def unprinted(self, filename: str | None = None) -> Iterator[list[tuple[int, str, int]]]:
        """Chunks, of one file or of all, not prepared for comparing, a few hundred at a time: (id, text, overlap).

        The overlap is how many characters at the beginning of the text stand at the end of the chunk before, too.
        """
        of_file, values = ("", ()) if filename is None else (" AND filename = ?", (filename,))
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {COMPARED_COLUMNS} FROM documents INDEXED BY documents_by_file LEFT JOIN chunk_prints"
                f" ON chunk_id = id WHERE chunk_id IS NULL{of_file} ORDER BY filename, chunk_index",
                values,
            )
            before: tuple[Any, ...] | None = None
            while batch := rows.fetchmany(COMPARED_AT_ONCE):
                prepared = []
                for row in batch:
                    if before is None or (before[1], before[2]) != (row[1], row[2] - 1):
                        before = self._chunk_before(connection, row)
                    prepared.append((row[0], row[3], _overlap(before, row)))
                    before = row
                yield prepared

    def compared_texts(self, chunk_ids: Iterable[int]) -> dict[int, tuple[str, int]]:
        """Text and overlap of these chunks."""
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {COMPARED_COLUMNS} FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(chunk_ids)),),
            ).fetchall()
            return {row[0]: (row[3], _overlap(self._chunk_before(connection, row), row)) for row in rows}

    def prints(self) -> Iterator[tuple[int, bytes]]:
        """What each chunk is compared by, in the order of their ids."""
        with self._reading() as connection:
            yield from connection.execute("SELECT chunk_id, prints FROM chunk_prints ORDER BY chunk_id")

    def search(self, words: str, limit: int = 20, offset: int = 0) -> list[Found]:
        """The chunks that hold all words, or if there are none any of them, the best first.

        Words match as beginnings, without regard to case and accents; how, and what is bounded, is told in
        chunk_search. `offset` leaves out so many of the first ones.
        """
        with self._reading() as connection:
            ids, terms = chunk_search.find(connection, words, limit, offset)
            rows = connection.execute(
                f"SELECT {CHUNK_COLUMNS} FROM documents WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(ids),),
            ).fetchall()
        chunks = {row[0]: _chunk(row) for row in rows}
        return [
            Found(chunks[chunk_id], chunk_search.excerpt(chunks[chunk_id].text, terms))
            for chunk_id in ids
            if chunk_id in chunks
        ]

    def export(self, target: Path) -> Path:
        """Write one consistent file with everything stored so far, also while more is being stored."""
        target.parent.mkdir(exist_ok=True)
        prepared = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        prepared.unlink(missing_ok=True)
        try:
            with self._reading() as connection:
                connection.execute("VACUUM INTO ?", (str(prepared),))
            os.replace(prepared, target)
        finally:
            prepared.unlink(missing_ok=True)
        return target

    def _chunk_before(self, connection: sqlite3.Connection, row: tuple[Any, ...]) -> tuple[Any, ...] | None:
        query = f"SELECT {COMPARED_COLUMNS} FROM documents WHERE filename = ? AND chunk_index = ?"
        found: tuple[Any, ...] | None = connection.execute(query, (row[1], row[2] - 1)).fetchone()
        return found

    def _one(self, query: str, values: tuple[Any, ...]) -> Any:
        with self._reading() as connection:
            return connection.execute(query, values).fetchone()[0]

    def _chunks(self, condition: str, values: tuple[Any, ...]) -> list[Chunk]:
        with self._reading() as connection:
            return [
                _chunk(row)
                for row in connection.execute(f"SELECT {CHUNK_COLUMNS} FROM documents {condition}", values)
            ]

    def _sources(self, condition: str, values: tuple[Any, ...]) -> list[SourceFile]:
        names = list(SourceFile.__dataclass_fields__)
        with self._reading() as connection:
            rows = connection.execute(f"SELECT {', '.join(names)} FROM sources {condition}", values).fetchall()
        records = [dict(zip(names, row, strict=True)) for row in rows]
        return [SourceFile(**(record | {"params": fields_of(record["params"])})) for record in records]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with open_store(self.path if self.path.exists() else None, self.path) as connection:
            yield connection


def skipped_kinds(skip_duplicates: bool, skip_boilerplate: bool) -> list[str]:
    """The flags that keep a chunk out of the training data."""
    return [FLAG_EXCLUDED] + [FLAG_DUPLICATE] * skip_duplicates + [FLAG_BOILERPLATE] * skip_boilerplate


def _all_ids(connection: sqlite3.Connection) -> list[int]:
    # The index alone is a hundredth of the table, which holds the texts.
    return sorted(row[0] for row in connection.execute("SELECT id FROM documents INDEXED BY documents_by_file"))


def _overlap(before: tuple[Any, ...] | None, row: tuple[Any, ...]) -> int:
    """How many characters of a chunk its predecessor in the file has too; 0 where nobody knows."""
    if before is None or before[4] is None or row[4] is None:
        return 0
    return max(0, before[4] + len(before[3]) - row[4])


def _chunk(row: tuple[Any, ...]) -> Chunk:
    return Chunk(row[0], row[1], row[2], row[3], fields_of(row[4]))
