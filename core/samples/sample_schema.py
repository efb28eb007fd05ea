"""What samples.db holds and how it is opened: records, tables, errors. Knows SQL; knows no file of samples."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from core.documents.chunk_schema import readable
from core.samples.quality_gate import Finding
from core.samples.sample_file import Mark
from core.samples.sft_dataset import Sample

SCHEMA_VERSION = 1
PAGE_SIZE_BYTES = 16_384
CACHE_KIB = 32_768
BUSY_TIMEOUT_SECONDS = 30
LOOK_AGAIN_SECONDS = 0.01

# `number` says where a sample stands among the others; a deleted one leaves its number free until the index is built
# again, so that nothing else has to move. `kinds` is NULL for a sample that was not checked as it is now, otherwise
# the kinds of its findings, as ",too_short,refusal,". `content` is a hash of all that a sample says.
TABLES = """
CREATE TABLE places (number INTEGER PRIMARY KEY, offset INTEGER NOT NULL, length INTEGER NOT NULL);
CREATE TABLE samples (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, status TEXT NOT NULL,
  document TEXT NOT NULL, content INTEGER NOT NULL, kinds TEXT);
CREATE TABLE words (number INTEGER PRIMARY KEY, folded TEXT NOT NULL);
CREATE TABLE verdicts (id TEXT PRIMARY KEY, content INTEGER NOT NULL, kinds TEXT NOT NULL, support REAL,
  findings JSON NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, status TEXT NOT NULL,
  generation TEXT NOT NULL, size_bytes INTEGER NOT NULL);
CREATE TABLE changed (change INTEGER NOT NULL, id TEXT NOT NULL, number INTEGER NOT NULL, before BLOB,
  after INTEGER, anchor TEXT, gap INTEGER);
CREATE INDEX changed_by_change ON changed (change);
CREATE TABLE state (only INTEGER PRIMARY KEY CHECK (only = 1), mark JSON, place INTEGER NOT NULL,
  next_number INTEGER NOT NULL, bad_lines INTEGER NOT NULL, complete INTEGER NOT NULL, generation TEXT NOT NULL,
  version INTEGER NOT NULL);
INSERT INTO state VALUES (1, NULL, 0, 1, 0, 0, '', 0)
"""


@dataclass(frozen=True)
class SampleQuery:
    """Which samples: those that fit everything given. `words` stand somewhere in question or answer, in any case.

    `after` and `before` are the numbers of the samples that the wanted ones follow or precede; 0 is the beginning.
    """

    status: str = ""
    finding: str = ""
    document: str = ""
    words: str = ""
    after: int = 0
    before: int = 0


@dataclass(frozen=True)
class SampleRow:
    """A sample as it is now, what the quality gate found in it, and where it stands among the others.

    Ids of rows are unique, also where those in the file are not: a second "x" with the number 17 is "x-17" here.
    `checked` says whether the gate has seen the sample as it is now.
    """

    number: int
    sample: Sample
    findings: tuple[Finding, ...] = ()
    checked: bool = False


@dataclass(frozen=True)
class SamplePage:
    """Some samples in the order of the file, and whether there are more before and behind them.

    Not `complete`: there may be more behind, because not all of the file has been looked at.
    """

    rows: list[SampleRow]
    before: bool
    behind: bool
    complete: bool = True


@dataclass(frozen=True)
class SampleCounts:
    """How many samples there are, altogether and of each kind; `complete` once the whole file has been looked at.

    `checked` are those that the quality gate has seen as they are now, `bad_lines` hold something that is no sample,
    `undoable` is how many changes can be taken back.
    """

    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    by_finding: dict[str, int] = field(default_factory=dict)
    by_document: dict[str, int] = field(default_factory=dict)
    checked: int = 0
    bad_lines: int = 0
    undoable: int = 0
    complete: bool = True


class Stale(Exception):
    """The file does not hold what the index says: somebody changed it in a way that could not be seen before."""


class Place(NamedTuple):
    """Where a sample's line is, with its line end."""

    number: int
    id: str
    offset: int
    length: int


class State(NamedTuple):
    """How far the index is: the file it belongs to, read up to `place`."""

    mark: Mark | None
    place: int
    next_number: int
    bad_lines: int
    complete: bool
    generation: str
    version: int


class NewLine(NamedTuple):
    """A line for the index. Where there is a `status`, nothing else is new in it."""

    number: int
    id: str
    offset: int
    line: bytes
    status: str | None = None


@contextmanager
def open_database(data: Path, database: Path) -> Iterator[sqlite3.Connection]:
    """The database of a file of samples. Where there is neither, it is an empty one that leaves no trace.

    Raises AppError store_busy, store_disk_full, store_unwritable, and sqlite3.DatabaseError where it is damaged.
    """
    connection: sqlite3.Connection | None = None
    try:
        name = str(database) if database.exists() or data.exists() else ":memory:"
        connection = sqlite3.connect(name, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            _create(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        yield connection
    except sqlite3.DatabaseError as error:
        if is_damaged(error):
            raise
        raise readable(error, database) from error
    finally:
        if connection is not None:
            connection.close()  # an open transaction is rolled back


def is_damaged(error: sqlite3.DatabaseError) -> bool:
    """Whether this is the fault of what is in samples.db, and building it again will help."""
    name = getattr(error, "sqlite_errorname", "")
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_ERROR"))


def remove_index(database: Path) -> None:
    """Away with a damaged one."""
    for suffix in ("-wal", "-shm", ""):
        database.with_name(f"{database.name}{suffix}").unlink(missing_ok=True)


def _create(connection: sqlite3.Connection) -> None:
    """Empty tables, in the place of what another version left."""
    connection.execute(f"PRAGMA page_size = {PAGE_SIZE_BYTES}")
    deadline = time.monotonic() + BUSY_TIMEOUT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:  # SQLite waits for everything but this
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)
    connection.execute("BEGIN IMMEDIATE")
    # Another process may have been faster.
    if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        for (name,) in names:
            connection.execute(f'DROP TABLE "{name}"')
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
