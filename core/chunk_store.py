"""rag.db: source files and their chunks, search, export. The only module that speaks SQL."""

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from utils.errors import AppError
from utils.files import free_disk_gib

PAGE_SIZE_BYTES = 16_384
BUSY_TIMEOUT_SECONDS = 30
FULL_BELOW_GIB = 0.001
SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL,
  chunk_index INTEGER, chunk_text TEXT NOT NULL, metadata JSON, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_file ON documents (filename, chunk_index);
CREATE TABLE IF NOT EXISTS sources (number INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL UNIQUE,
  original_name TEXT NOT NULL, sha256 TEXT NOT NULL, status TEXT NOT NULL, detail TEXT NOT NULL, params JSON NOT NULL,
  pages INTEGER NOT NULL, pages_read INTEGER NOT NULL, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL,
  batch TEXT NOT NULL, added_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX IF NOT EXISTS sources_by_hash ON sources (sha256);
CREATE VIRTUAL TABLE IF NOT EXISTS chunk_words USING fts5 (chunk_text, content='documents', content_rowid='id',
  tokenize='unicode61 remove_diacritics 2', prefix='2 3');
CREATE TRIGGER IF NOT EXISTS documents_added AFTER INSERT ON documents BEGIN
  INSERT INTO chunk_words (rowid, chunk_text) VALUES (new.id, new.chunk_text); END;
CREATE TRIGGER IF NOT EXISTS documents_removed AFTER DELETE ON documents BEGIN
  INSERT INTO chunk_words (chunk_words, rowid, chunk_text) VALUES ('delete', old.id, old.chunk_text); END;
PRAGMA user_version = 1;
"""
CHUNK_COLUMNS = "documents.id, documents.filename, documents.chunk_index, documents.chunk_text, documents.metadata"


@dataclass(frozen=True)
class NewChunk:
    """A chunk on its way into the store; `metadata` holds at least page, tokens, tokenizer and sha256."""

    text: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Chunk:
    """A stored chunk."""

    id: int
    filename: str
    index: int
    text: str
    metadata: dict[str, Any]

    @property
    def page(self) -> int | None:
        return self.metadata.get("page")


@dataclass(frozen=True)
class SourceFile:
    """One file of the project and what became of it. `filename` is its unique name in the documents folder."""

    filename: str
    original_name: str
    sha256: str
    status: str
    detail: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    pages: int = 0
    pages_read: int = 0
    chunks: int = 0
    tokens: int = 0
    batch: str = ""


@dataclass(frozen=True)
class Found:
    """A search result: the chunk, and the part of it around the words, which are set in [ ]."""

    chunk: Chunk
    excerpt: str


class ChunkStore:
    """The chunks of one project. Each use opens a connection of its own, so any thread may call.

    Raises AppError store_damaged, store_busy, store_disk_full, store_unwritable from every method. A store that was
    never written to is empty; reading it creates no file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add_document(self, source: SourceFile, chunks: Iterable[NewChunk]) -> SourceFile:
        """Store a file and its chunks in one transaction, in place of what was known of the file before.

        Returns the source with its chunks and tokens counted.
        """
        rows = [
            (source.filename, index, chunk.text, json.dumps(chunk.metadata, ensure_ascii=False))
            for index, chunk in enumerate(chunks)
        ]
        tokens = sum(json.loads(row[3]).get("tokens", 0) for row in rows)
        source = SourceFile(**(asdict(source) | {"chunks": len(rows), "tokens": tokens}))
        values = asdict(source) | {"params": json.dumps(source.params, ensure_ascii=False)}
        with self._writing() as connection:
            connection.execute("DELETE FROM documents WHERE filename = ?", (source.filename,))
            connection.executemany(
                "INSERT INTO documents (filename, chunk_index, chunk_text, metadata) VALUES (?, ?, ?, ?)", rows
            )
            names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
            changes = ", ".join(f"{name} = excluded.{name}" for name in values)
            connection.execute(
                f"INSERT INTO sources ({names}) VALUES ({places}) ON CONFLICT (filename) DO UPDATE SET {changes}",
                values,
            )
        return source

    def remove_document(self, filename: str) -> None:
        """Forget a file and its chunks; the file itself stays where it is."""
        with self._writing() as connection:
            connection.execute("DELETE FROM documents WHERE filename = ?", (filename,))
            connection.execute("DELETE FROM sources WHERE filename = ?", (filename,))

    def documents(self) -> list[SourceFile]:
        """All source files in the order they came."""
        return self._sources("ORDER BY number", ())

    def with_hash(self, sha256: str) -> list[SourceFile]:
        """The source files with this content, whatever became of them."""
        return self._sources("WHERE sha256 = ? ORDER BY number", (sha256,))

    def count(self) -> int:
        """How many chunks there are."""
        with self._reading() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM documents").fetchone()[0])

    def chunk(self, chunk_id: int) -> Chunk | None:
        found = self._chunks("WHERE documents.id = ?", (chunk_id,))
        return found[0] if found else None

    def chunk_ids(self) -> list[int]:
        with self._reading() as connection:
            return [row[0] for row in connection.execute("SELECT id FROM documents ORDER BY id")]

    def chunks(self, after_id: int = 0, limit: int = 50, filename: str | None = None) -> list[Chunk]:
        """The next `limit` chunks behind `after_id`, of one file or all: pages that stay fast at any depth."""
        if filename is None:
            return self._chunks("WHERE documents.id > ? ORDER BY documents.id LIMIT ?", (after_id, limit))
        return self._chunks(
            "WHERE documents.filename = ? AND documents.id > ? ORDER BY documents.id LIMIT ?",
            (filename, after_id, limit),
        )

    def texts(self) -> Iterator[str]:
        """The text of every chunk, in order."""
        last_id = 0
        while batch := self.chunks(last_id, 500):
            yield from (chunk.text for chunk in batch)
            last_id = batch[-1].id

    def search(self, words: str, limit: int = 20) -> list[Found]:
        """The chunks that hold all words, or if there are none any of them, the best first.

        Words match as beginnings, without regard to case and accents.
        """
        terms = [f'"{word}"*' for word in re.findall(r"\w+", words)]
        for operator in (" AND ", " OR "):
            found = self._search(operator.join(terms), limit) if terms else []
            if found:
                return found
        return []

    def export(self, target: Path) -> Path:
        """Write one consistent file with everything stored so far, also while more is being stored."""
        target.parent.mkdir(parents=True, exist_ok=True)
        prepared = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        prepared.unlink(missing_ok=True)
        try:
            with self._reading() as connection:
                connection.execute("VACUUM INTO ?", (str(prepared),))
            os.replace(prepared, target)
        finally:
            prepared.unlink(missing_ok=True)
        return target

    def _search(self, expression: str, limit: int) -> list[Found]:
        query = f"""SELECT {CHUNK_COLUMNS}, snippet(chunk_words, 0, '[', ']', '…', 24) FROM chunk_words
            JOIN documents ON documents.id = chunk_words.rowid
            WHERE chunk_words MATCH ? ORDER BY chunk_words.rank LIMIT ?"""
        with self._reading() as connection:
            return [Found(_chunk(row[:5]), row[5]) for row in connection.execute(query, (expression, limit))]

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
        return [SourceFile(**(record | {"params": json.loads(record["params"])})) for record in records]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._connection(self.path if self.path.exists() else None) as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection(self.path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self, path: Path | None) -> Iterator[sqlite3.Connection]:
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(path or ":memory:", timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                connection.execute(f"PRAGMA page_size = {PAGE_SIZE_BYTES}")
                connection.execute("PRAGMA journal_mode = WAL")
                connection.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")
            yield connection
        except sqlite3.DatabaseError as error:
            raise _readable(error, self.path) from error
        finally:
            if connection is not None:
                connection.close()  # an open transaction is rolled back


def _chunk(row: tuple[Any, ...]) -> Chunk:
    return Chunk(row[0], row[1], row[2], row[3], json.loads(row[4] or "{}"))


def _readable(error: sqlite3.DatabaseError, path: Path) -> Exception:
    """The error a person can act on, or the given one where it is a bug."""
    name = getattr(error, "sqlite_errorname", "")
    for start, code in (
        ("SQLITE_CORRUPT", "store_damaged"),
        ("SQLITE_NOTADB", "store_damaged"),
        ("SQLITE_BUSY", "store_busy"),
        ("SQLITE_FULL", "store_disk_full"),
        ("SQLITE_CANTOPEN", "store_unwritable"),
        ("SQLITE_READONLY", "store_unwritable"),
        ("SQLITE_IOERR", "store_unwritable"),
    ):
        if name.startswith(start):
            # Without room for its side files SQLite says only that it cannot open or write.
            if code == "store_unwritable" and free_disk_gib(path.parent) < FULL_BELOW_GIB:
                code = "store_disk_full"
            return AppError(code, file=path.name)
    return error
