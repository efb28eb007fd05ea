"""rag.db: source files and their chunks, reading, search, export. Knows SQL; knows no document format and no UI.

What is beside it in this folder belongs to it. No other module speaks SQL.
"""

import json
import os
import sqlite3  # noqa: TID251
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from sys import intern
from typing import Any

from core.documents.store import chunk_search
from core.documents.store.chunk_schema import (
    FLAG_BOILERPLATE,
    FLAG_DUPLICATE,
    FLAG_EXCLUDED,
    Chunk,
    Flag,
    PageText,
    SourceFile,
    fields_of,
    open_store,
)
from core.documents.store.chunk_schema import NewChunk as NewChunk  # found here by whoever fills the store
from core.documents.store.chunk_search import Found
from core.documents.store.chunk_writer import Writer, open_writer
from utils.files import parse_json

CHUNK_COLUMNS = "documents.id, documents.filename, documents.chunk_index, documents.chunk_text, documents.metadata"
# Text of a chunk, and how many of its first characters its predecessor in the file has too; 0 where nobody knows.
COMPARED_COLUMNS = """id, chunk_text, max(0, coalesce(
  (SELECT json_extract(before.metadata, '$.start') + length(before.chunk_text) FROM documents AS before
   WHERE before.filename = documents.filename AND before.chunk_index = documents.chunk_index - 1)
  - json_extract(metadata, '$.start'), 0))"""
CHUNKS_AT_ONCE = 500
PAGES_AT_ONCE = 32


class ChunkStore:
    """The chunks of one project. Each use opens a connection of its own, so any thread may call.

    Raises AppError store_damaged, store_busy, store_disk_full, store_unwritable from every method. A store that was
    never written to is empty; reading it creates no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def writer(self) -> AbstractContextManager[Writer]:
        """A Writer for as many documents as there are; what it stored is durable when this is left."""
        return open_writer(self.path)

    def documents(self) -> list[SourceFile]:
        """All source files in the order they came."""
        return self._sources("ORDER BY number")

    def document(self, filename: str) -> SourceFile | None:
        return next(iter(self._sources("WHERE filename = ?", filename)), None)

    def with_hash(self, sha256: str) -> list[SourceFile]:
        """The source files with this content, whatever became of them."""
        return self._sources("WHERE sha256 = ? ORDER BY number", sha256)

    def count(self, filename: str | None = None, flag: str | None = None) -> int:
        """How many chunks there are, of one file or all, with a flag or whatever they have."""
        query = "SELECT coalesce(sum(chunks), 0) FROM sources WHERE ?1 IS NULL OR filename = ?1"
        if flag is not None:
            query = "SELECT count(*) FROM chunk_flags WHERE kind = ?2"
            query += " AND (?1 IS NULL OR chunk_id IN (SELECT id FROM documents WHERE filename = ?1))"
        return int(self._rows(query, filename, *([flag] if flag is not None else []))[0][0])

    def chunk(self, chunk_id: int) -> Chunk | None:
        return next(iter(self._chunks([chunk_id])), None)

    def chunk_ids(self) -> list[int]:
        # The index alone is a hundredth of the table, which holds the texts.
        return sorted(row[0] for row in self._rows("SELECT id FROM documents INDEXED BY documents_by_file"))

    def filenames(self) -> dict[int, str]:
        """The document of each chunk."""
        rows = self._rows("SELECT id, filename FROM documents INDEXED BY documents_by_file")
        return {chunk_id: intern(name) for chunk_id, name in rows}

    def usable_ids(self, skip_duplicates: bool = True, skip_boilerplate: bool = True) -> list[int]:
        """The chunks to draw training data from: not the ones a person excluded, nor flagged ones of these kinds."""
        kinds = [FLAG_EXCLUDED] + [FLAG_DUPLICATE] * skip_duplicates + [FLAG_BOILERPLATE] * skip_boilerplate
        query = "SELECT chunk_id FROM chunk_flags WHERE kind IN (SELECT value FROM json_each(?))"
        skipped = {row[0] for row in self._rows(query, json.dumps(kinds))}
        return [chunk_id for chunk_id in self.chunk_ids() if chunk_id not in skipped]

    def flag_counts(self) -> dict[str, int]:
        """How many chunks have each flag."""
        return dict(self._rows("SELECT kind, count(*) FROM chunk_flags GROUP BY kind"))

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
        order, sign = ("DESC", "<") if backwards else ("", ">")
        key = "documents.id" if filename is None else "documents.chunk_index"
        conditions: dict[str, Any] = {}
        with self._reading() as connection:
            anchor: int | None = before_id if before_id is not None else after_id
            if filename is not None:
                row = connection.execute(
                    "SELECT chunk_index FROM documents WHERE id = ? AND filename = ?", (anchor, filename)
                ).fetchone()
                anchor = row[0] if row else None
                conditions["documents.filename = ?"] = filename
            if flag is not None:
                conditions["documents.id IN (SELECT chunk_id FROM chunk_flags WHERE kind = ?)"] = flag
            if anchor is not None:
                conditions[f"{key} {sign} ?"] = anchor
            rows = connection.execute(
                f"SELECT {CHUNK_COLUMNS} FROM documents WHERE {' AND '.join(conditions)}"
                f" ORDER BY {key} {order} LIMIT ?",
                (*conditions.values(), limit),
            ).fetchall()
        return [_chunk(row) for row in (reversed(rows) if backwards else rows)]

    def pages(self, filename: str) -> Iterator[PageText]:
        """The text of a document, part by part, as it was cut; nothing where an early version stored it."""
        start = -1
        while batch := self._pages(
            "filename = ? AND start > ? ORDER BY start LIMIT ?", filename, start, PAGES_AT_ONCE
        ):
            yield from batch
            start = batch[-1].start

    def text(self, filename: str, start: int, end: int) -> str:
        """A document's text from one place to another, in characters; shorter where it has less."""
        parts = self._pages(
            "filename = ?1 AND start < ?3 AND start >="
            " (SELECT max(start) FROM pages WHERE filename = ?1 AND start <= ?2) ORDER BY start",
            filename,
            start,
            end,
        )
        first = parts[0].start if parts else 0
        return "".join(part.text for part in parts)[start - first : end - first]

    def batches(self, filename: str | None = None) -> Iterator[list[Chunk]]:
        """All chunks, or those of one file, some hundred at a time, as `chunks` gives them."""
        last_id = 0
        while batch := self.chunks(last_id, CHUNKS_AT_ONCE, filename):
            yield batch
            last_id = batch[-1].id

    def texts(self) -> Iterator[str]:
        """The text of every chunk, in order."""
        return (chunk.text for batch in self.batches() for chunk in batch)

    def flags(self, chunk_ids: Iterable[int]) -> dict[int, list[Flag]]:
        """The flags of these chunks; a chunk without one is missing."""
        found: dict[int, list[Flag]] = {}
        for kind, chunk_id, *facts in self._rows(
            "SELECT kind, chunk_id, of_id, share, reason FROM chunk_flags"
            " WHERE kind IN ('duplicate', 'boilerplate', 'excluded')"
            " AND chunk_id IN (SELECT value FROM json_each(?)) ORDER BY chunk_id, kind DESC",
            json.dumps(list(chunk_ids)),
        ):
            found.setdefault(chunk_id, []).append(Flag(kind, *facts))
        return found

    def exclude(self, chunk_ids: Iterable[int], excluded: bool = True) -> None:
        """Note that a person wants no training data from these chunks, or wants it again."""
        with self.writer() as writer:
            if excluded:
                writer.set_flags((chunk_id, Flag(FLAG_EXCLUDED)) for chunk_id in chunk_ids)
            else:
                writer.clear_flags(FLAG_EXCLUDED, chunk_ids)

    def contents(self) -> tuple[int, int]:
        """A number that grows with every change of the chunks, and what it was when they were last compared."""
        values = dict(self._rows("SELECT name, value FROM store_state"))
        return values.get("contents", 0), values.get("compared", -1)

    def unprinted(self, filename: str | None = None) -> Iterator[list[tuple[int, str, int]]]:
        """Chunks, of one file or of all, not prepared for comparing, a few hundred at a time: (id, text, overlap).

        The overlap is how many characters at the beginning of the text stand at the end of the chunk before, too.
        """
        with self._reading() as connection:
            rows = connection.execute(
                f"SELECT {COMPARED_COLUMNS} FROM documents INDEXED BY documents_by_file LEFT JOIN chunk_prints"
                " ON chunk_id = id WHERE chunk_id IS NULL AND (?1 IS NULL OR filename = ?1)",
                (filename,),
            )
            while batch := rows.fetchmany(CHUNKS_AT_ONCE):
                yield batch

    def compared_texts(self, chunk_ids: Iterable[int]) -> dict[int, tuple[str, int]]:
        """Text and overlap of these chunks."""
        query = f"SELECT {COMPARED_COLUMNS} FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        return {row[0]: row[1:] for row in self._rows(query, json.dumps(list(chunk_ids)))}

    def prints(self) -> Iterator[tuple[int, bytes, str, float]]:
        """What each chunk is compared by, with which ones it was compared and the share found, by the chunks' ids."""
        with self._reading() as connection:
            yield from connection.execute(
                "SELECT chunk_id, prints, compared_with, share FROM chunk_prints ORDER BY chunk_id"
            )

    def search(self, words: str, limit: int = 20, offset: int = 0) -> list[Found]:
        """The chunks that hold all words, or if there are none any of them, the best first.

        Words match as beginnings, without regard to case and accents; more is told in chunk_search. `offset` leaves
        out so many of the first ones.
        """
        with self._reading() as connection:
            ids, terms = chunk_search.find(connection, words, limit, offset)
        chunks = {chunk.id: chunk for chunk in self._chunks(ids)}
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

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._reading() as connection:
            return connection.execute(query, values).fetchall()

    def _pages(self, condition: str, *values: Any) -> list[PageText]:
        rows = self._rows(f"SELECT start, page, text, headings FROM pages WHERE {condition}", *values)
        return [
            PageText(start, page, text, tuple((place, title) for place, title in parse_json(headings)))
            for start, page, text, headings in rows
        ]

    def _chunks(self, chunk_ids: list[int]) -> list[Chunk]:
        query = f"SELECT {CHUNK_COLUMNS} FROM documents WHERE id IN (SELECT value FROM json_each(?))"
        return [_chunk(row) for row in self._rows(query, json.dumps(chunk_ids))]

    def _sources(self, condition: str, *values: Any) -> list[SourceFile]:
        names = list(SourceFile.__dataclass_fields__)
        rows = self._rows(f"SELECT {', '.join(names)} FROM sources {condition}", *values)
        records = [dict(zip(names, row, strict=True)) for row in rows]
        return [SourceFile(**(record | {"params": fields_of(record["params"])})) for record in records]

    def _reading(self) -> AbstractContextManager[sqlite3.Connection]:
        return open_store(self.path if self.path.exists() else None, self.path)


def _chunk(row: tuple[Any, ...]) -> Chunk:
    return Chunk(row[0], row[1], row[2], row[3], fields_of(row[4]))
