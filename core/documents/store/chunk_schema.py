"""What rag.db holds and how it is opened: records, tables, migration, errors. Knows SQL; knows no document format."""

import json
import re
import sqlite3  # noqa: TID251
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

from utils.errors import AppError
from utils.files import free_disk_gib, parse_json

SCHEMA_VERSION = 4
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
CODES_OF_ERRORS = {
    "store_damaged": ("SQLITE_CORRUPT", "SQLITE_NOTADB"),
    "store_busy": ("SQLITE_BUSY",),
    "store_disk_full": ("SQLITE_FULL",),
    "store_unwritable": ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR"),
}
ANOTHER_SCHEMA = re.compile("^no such (table|column)|has no column named")  # tables that another program made

# What the oldest version made whose projects are opened, the third. Another program may have made `documents`.
# The word index has no triggers and no copy of the text: a trigger for each row makes storing three times slower, and
# what is indexed is not quite what is stored (see `indexed_text`). The Writer keeps the index true.
# `prints` of a chunk are what it is compared by, so that a new document is compared without reading all.
TABLES = """
CREATE TABLE IF NOT EXISTS documents (id INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL,
  chunk_index INTEGER, chunk_text TEXT NOT NULL, metadata JSON, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP);
CREATE UNIQUE INDEX IF NOT EXISTS documents_by_file ON documents (filename, chunk_index);
CREATE TABLE IF NOT EXISTS sources (number INTEGER PRIMARY KEY AUTOINCREMENT, filename TEXT NOT NULL UNIQUE,
  original_name TEXT NOT NULL, sha256 TEXT NOT NULL, status TEXT NOT NULL, detail TEXT NOT NULL, params JSON NOT NULL,
  pages INTEGER NOT NULL, pages_read INTEGER NOT NULL, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL,
  batch TEXT NOT NULL, added_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, language TEXT NOT NULL DEFAULT '',
  size_bytes INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS sources_by_hash ON sources (sha256);
CREATE TABLE IF NOT EXISTS chunk_flags (kind TEXT NOT NULL, chunk_id INTEGER NOT NULL, of_id INTEGER, share REAL,
  reason TEXT NOT NULL DEFAULT '', PRIMARY KEY (kind, chunk_id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS chunk_flags_by_original ON chunk_flags (of_id) WHERE of_id IS NOT NULL;
CREATE TABLE IF NOT EXISTS store_state (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE VIRTUAL TABLE IF NOT EXISTS chunk_words USING fts5 (chunk_text, content='',
  tokenize='unicode61 remove_diacritics 2');
CREATE TABLE IF NOT EXISTS chunk_prints (chunk_id INTEGER PRIMARY KEY, prints BLOB NOT NULL);
"""
# How many tokens a chunk has; another program may have written no JSON. Written so, its index answers.
TOKENS = "coalesce(CASE WHEN json_valid(metadata) THEN json_extract(metadata, '$.tokens') END, 0)"
# The whole text of a document, page by page: all `text` of one file in the order of `start` is what its chunks were
# cut from. `share` of a chunk is how much of it stands in the chunks that are named in `compared_with`.
SINCE_VERSION_4 = f"""
CREATE TABLE pages (filename TEXT NOT NULL, start INTEGER NOT NULL, page INTEGER NOT NULL, text TEXT NOT NULL,
  headings JSON NOT NULL, PRIMARY KEY (filename, start));
CREATE INDEX documents_by_tokens ON documents (filename, {TOKENS});
ALTER TABLE chunk_prints ADD COLUMN compared_with TEXT NOT NULL DEFAULT '';
ALTER TABLE chunk_prints ADD COLUMN share REAL NOT NULL DEFAULT 0;
"""
INDEX_CHUNKS = (
    "INSERT INTO chunk_words (rowid, chunk_text) SELECT id, indexed_text(chunk_text) FROM documents WHERE id > ?"
)
STORE_PAGE = "INSERT INTO pages (filename, start, page, text, headings) VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class PageText:
    """A part of a document's text that is on one page, and begins at `start`, in characters of the whole document.

    Parts follow each other without a gap; a page may have several. `headings` are (offset in this text, title).
    """

    start: int
    page: int
    text: str
    headings: tuple[tuple[int, str], ...] = ()


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


@contextmanager
def open_store(path: Path | None, name: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the store, with its tables as of today; None is an empty store. `name` is for error texts."""
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(path or ":memory:", timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        connection.create_function("indexed_text", 1, indexed_text, deterministic=True)
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
    if version < 3:
        _execute(connection, TABLES)
        connection.execute(INDEX_CHUNKS, (0,))
    if version < 4:
        _execute(connection, SINCE_VERSION_4)
        _store_pages(connection)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _execute(connection: sqlite3.Connection, script: str) -> None:
    """Several statements, in the transaction that is open; `executescript` would end it."""
    for statement in script.split(";\n"):
        connection.execute(statement)


def _store_pages(connection: sqlite3.Connection) -> None:
    """Put the text of each document together from its chunks, exactly.

    A document with chunks that do not note where they begin gets none: it is read from its original when it is cut.
    """
    rows = connection.execute("SELECT filename, chunk_text, metadata FROM documents ORDER BY filename, chunk_index")
    for filename, chunks in groupby(rows, key=itemgetter(0)):
        pages = _pages_of_chunks((text, fields_of(metadata)) for _, text, metadata in chunks)
        try:
            connection.executemany(STORE_PAGE, (page_row(filename, page) for page in pages))
        except (KeyError, TypeError):
            connection.execute("DELETE FROM pages WHERE filename = ?", (filename,))


def _pages_of_chunks(chunks: Iterable[tuple[str, dict[str, Any]]]) -> Iterator[PageText]:
    """What each chunk has beyond the one before it, as the versions before the fourth noted it: chunks overlap, or
    there is a gap between them; a chunk notes the pages and headings that begin inside of it, by their offset."""
    end = page = 0
    for text, metadata in chunks:
        start = metadata["start"]
        begin, new = end, (metadata["gap"] if start > end else "") + text if start >= end else text[end - start :]
        end = begin + len(new)
        places = [(start + offset, number) for offset, number in [(0, metadata["page"]), *metadata.get("pages", ())]]
        marks = [(begin, page or metadata["page"]), *((place, number) for place, number in places if place >= begin)]
        headings = [(start + offset, title) for offset, title in metadata.get("headings", ())]
        for (first, page), (after, _) in pairwise([*marks, (end, 0)]):
            if first < after:
                inside = tuple((place - first, title) for place, title in headings if first <= place < after)
                yield PageText(first, page, new[first - begin : after - begin], inside)


def page_row(filename: str, page: PageText) -> tuple[str, int, int, str, str]:
    """A part of a document's text as STORE_PAGE takes it."""
    return filename, page.start, page.page, page.text, json.dumps(page.headings, ensure_ascii=False)


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
    for code, names in CODES_OF_ERRORS.items():
        if name.startswith(names):
            # Without room for its side files SQLite says only that it cannot open or write.
            is_full = code == "store_unwritable" and free_disk_gib(path.parent) < FULL_BELOW_GIB
            return AppError("store_disk_full" if is_full else code, file=path.name)
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
