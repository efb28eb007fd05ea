"""What rag.db holds and how it is opened: records, tables, migration, errors. Knows SQL; knows no document format."""

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.errors import AppError
from utils.files import free_disk_gib, parse_json

SCHEMA_VERSION = 3
PAGE_SIZE_BYTES = 16_384
BUSY_TIMEOUT_SECONDS = 30
FULL_BELOW_GIB = 0.001
# A text with a share of Chinese, Japanese or Korean has more bytes than characters, by this share at least.
CJK_BYTES_SHARE = 0.05
# Kana, ideographs, hangul, Thai and Lao.
UNSPACED = re.compile(
    "[\u0e00-\u0eff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
# A line end inside of such a text.
TORN = re.compile("(?<=[\u3040-\u30ff\u3400-\u9fff])\n(?=[\u3040-\u30ff\u3400-\u9fff])")
FLAG_DUPLICATE, FLAG_BOILERPLATE, FLAG_EXCLUDED = "duplicate", "boilerplate", "excluded"
TOKENS_IN_BUCKET = 32
ANOTHER_SCHEMA = re.compile("^no such (table|column)|has no column named")  # tables that another program made

TABLES = """
CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL,
  chunk_index INTEGER, chunk_text TEXT NOT NULL, metadata JSON, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_file ON documents (filename, chunk_index);
CREATE TABLE IF NOT EXISTS sources (number INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL UNIQUE,
  original_name TEXT NOT NULL, sha256 TEXT NOT NULL, status TEXT NOT NULL, detail TEXT NOT NULL, params JSON NOT NULL,
  pages INTEGER NOT NULL, pages_read INTEGER NOT NULL, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL,
  batch TEXT NOT NULL, added_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE INDEX IF NOT EXISTS sources_by_hash ON sources (sha256);
"""
# Without triggers and without a copy of the text: a trigger for each row makes storing three times slower, and what
# is indexed is not quite what is stored (see `indexed_text`). The Writer keeps the index true.
SINCE_VERSION_2 = """
ALTER TABLE sources ADD COLUMN language TEXT NOT NULL DEFAULT '';
ALTER TABLE sources ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sources ADD COLUMN histogram JSON NOT NULL DEFAULT '{}';
CREATE TABLE chunk_flags (kind TEXT NOT NULL, chunk_id INTEGER NOT NULL, of_id INTEGER, share REAL,
  PRIMARY KEY (kind, chunk_id)) WITHOUT ROWID;
CREATE INDEX chunk_flags_by_original ON chunk_flags (of_id) WHERE of_id IS NOT NULL;
CREATE TABLE store_state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
DROP TRIGGER IF EXISTS documents_added;
DROP TRIGGER IF EXISTS documents_removed;
DROP TABLE IF EXISTS chunk_words;
CREATE VIRTUAL TABLE chunk_words USING fts5 (chunk_text, content='', tokenize='unicode61 remove_diacritics 2');
"""
# `prints` of a chunk are what chunk_prints made of its text, so that a new document is compared without reading all.
SINCE_VERSION_3 = """
ALTER TABLE chunk_flags ADD COLUMN reason TEXT NOT NULL DEFAULT '';
CREATE TABLE chunk_prints (chunk_id INTEGER PRIMARY KEY, prints BLOB NOT NULL);
"""


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
class Flag:
    """Why a chunk is no training data, perhaps.

    A duplicate has the chunk `of_id` that it is most like, and the share of its text that was there before, from 0 to
    1. Boilerplate has a reason: contents, index, licence or numbers.
    """

    kind: str
    of_id: int | None = None
    share: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class SourceFile:
    """One file of the project and what became of it. `filename` is its unique name in the documents folder.

    `language` is a code such as "de", or "" where it is unknown.
    """

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
    language: str = ""
    size_bytes: int = 0


@dataclass(frozen=True)
class Total:
    """Sums over the documents of one status and one language."""

    status: str
    language: str
    documents: int
    pages: int
    pages_read: int
    chunks: int
    tokens: int


@contextmanager
def open_store(path: Path | None, name: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the store, with its tables as of today; None is an empty store. `name` is for error texts."""
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path or ":memory:", timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        if connection.execute("PRAGMA user_version").fetchone()[0] < SCHEMA_VERSION:
            _migrate(connection)
        # A commit is then a write without fsync: power loss may cost the last documents, never the file. The writer
        # makes all of it durable when it ends.
        connection.execute("PRAGMA synchronous = NORMAL")
        yield connection
    except sqlite3.DatabaseError as error:
        raise readable(error, name) from error
    finally:
        if connection is not None:
            connection.close()  # an open transaction is rolled back


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have been faster.
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version < 2:
        _execute(connection, TABLES + SINCE_VERSION_2)
        _index_and_count_again(connection)
    if version < 3:
        _execute(connection, SINCE_VERSION_3)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _execute(connection: sqlite3.Connection, script: str) -> None:
    """Several statements, in the transaction that is open; `executescript` would end it."""
    for statement in script.split(";\n"):
        connection.execute(statement)


def _index_and_count_again(connection: sqlite3.Connection) -> None:
    """Fill what a store of an earlier version lacks: the words of its chunks, and how their tokens spread."""
    rows = connection.execute("SELECT id, chunk_text FROM documents ORDER BY id")
    while batch := rows.fetchmany(500):
        connection.executemany(
            "INSERT INTO chunk_words (rowid, chunk_text) VALUES (?, ?)",
            [(chunk_id, indexed_text(text)) for chunk_id, text in batch],
        )
    for (filename,) in connection.execute("SELECT filename FROM sources").fetchall():
        count_tokens_again(connection, filename)


def bucket(tokens: int) -> int:
    """The number of a histogram's bucket: 0 for 1 to 32 tokens."""
    return max(0, tokens - 1) // TOKENS_IN_BUCKET


def count_tokens_again(connection: sqlite3.Connection, filename: str) -> None:
    """Set a file's counts from its chunks."""
    histogram: dict[int, int] = {}
    chunks = total = 0
    for (tokens,) in connection.execute(
        "SELECT coalesce(json_extract(metadata, '$.tokens'), 0) FROM documents WHERE filename = ?", (filename,)
    ):
        chunks += 1
        total += tokens
        histogram[bucket(tokens)] = histogram.get(bucket(tokens), 0) + 1
    connection.execute(
        "UPDATE sources SET chunks = ?, tokens = ?, histogram = ? WHERE filename = ?",
        (chunks, total, json.dumps(histogram), filename),
    )


def indexed_text(text: str, exact: bool = False) -> str:
    """A chunk's text as the word index gets it: a script without spaces as overlapping pairs of characters.

    FTS5 would make one word of a whole Japanese sentence. So "abc" becomes "ab bc c", and a word in a sentence is
    found as its pairs in a row; `exact` is the form to search for, which may go on: "ab bc".
    """
    # For speed only: a text hardly longer in bytes than in characters has too few such characters to be worth a look.
    if not exact and len(text.encode(errors="replace")) - len(text) <= CJK_BYTES_SHARE * len(text):
        return text
    # A word that a line end tears apart is found too.
    return UNSPACED.sub(lambda match: _pairs(match[0], exact), TORN.sub("", text))


def has_cjk(text: str) -> bool:
    """Whether a text has characters of a script that puts no spaces between words."""
    return UNSPACED.search(text) is not None


def _pairs(run: str, exact: bool) -> str:
    pairs = [run[place : place + 2] for place in range(len(run) - (1 if exact and len(run) > 1 else 0))]
    return f" {' '.join(pairs)} "


def readable(error: sqlite3.DatabaseError, path: Path) -> Exception:
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
    if ANOTHER_SCHEMA.search(str(error)):
        return AppError("store_damaged", file=path.name)
    return error


def fields_of(text: str | None) -> dict[str, Any]:
    """What a column holds as JSON; nothing where another program wrote something else into it."""
    try:
        found = parse_json(text or "{}")
    except (ValueError, TypeError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}
