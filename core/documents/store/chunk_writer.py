"""Whole documents into rag.db, fast and in one transaction each. Knows SQL; knows no document format."""

import hashlib
import json
import marshal
import sqlite3  # noqa: TID251
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from core.documents.store.chunk_schema import (
    INDEX_CHUNKS,
    STORE_PAGE,
    TOKENS,
    Flag,
    NewChunk,
    PageText,
    SourceFile,
    open_store,
    page_row,
    readable,
)
from utils.errors import AppError

BATCH_ROWS = 200
MEMORY_FOR_ONE_DOCUMENT = 8 << 20  # bytes; what is more waits on disk for its transaction
CACHE_KIB = 32_768  # of changed pages; SQLite writes out what is more, also in mid-transaction
WAL_SIZE_LIMIT = 64 << 20

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Writer:
    """Stores documents over one connection; get it from `ChunkStore.writer`, use it in one thread.

    Each call is one transaction, so at any moment the store holds a document whole or not at all. Text is taken in
    before the transaction begins: the others wait for the writing of a document, not for the reading of it.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_SIZE_LIMIT}")

    def put(self, source: SourceFile) -> None:
        """Store what is known of a file. Its chunks stay, and with them the counts of chunks and tokens."""
        with self._transaction():
            self._put(source)

    def replace(
        self, filename: str, parts: Iterable[PageText | NewChunk], describe: Callable[[], SourceFile]
    ) -> SourceFile:
        """Store a file's text and chunks in place of those it had, and what `describe` says after the last of them.

        Returns the record with its chunks and tokens counted. Memory does not grow with the document. What `parts`
        or `describe` raise passes through, and nothing has changed then. A chunk whose text the file had before
        keeps its id, for samples and flags point at ids.
        """
        with closing(_Waiting()) as pages, closing(_Waiting()) as chunks:
            for part in parts:
                if isinstance(part, PageText):
                    pages.add(page_row(filename, part))
                else:
                    chunks.add((part.text, _to_json(part.metadata)))
            source = replace(describe(), filename=filename)
            with self._transaction():
                self._connection.execute("DELETE FROM pages WHERE filename = ?", (filename,))
                for rows in pages.batches():
                    self._connection.executemany(STORE_PAGE, rows)
                self._store_chunks(filename, chunks.batches())
                self._raise("contents")
                self._put(source)
                count, tokens = self._count(filename)
        return replace(source, chunks=count, tokens=tokens)

    def remove(self, filename: str) -> None:
        """Forget a file and its chunks; the file itself stays where it is."""
        with self._transaction():
            self._delete_chunks("filename = ?", filename)
            self._raise("contents")
            for table in ("pages", "sources"):
                self._connection.execute(f"DELETE FROM {table} WHERE filename = ?", (filename,))

    def set_tokens(self, filename: str, tokens: Iterable[tuple[int, int]], tokenizer: str) -> None:
        """Set how many tokens chunks of a file have: (chunk id, tokens), counted with this tokenizer."""
        pairs = list(tokens)  # counted before others have to wait
        with self._transaction():
            self._connection.executemany(
                "UPDATE documents SET metadata = json_set(metadata, '$.tokens', ?, '$.tokenizer', ?)"
                " WHERE id = ? AND filename = ?",
                ((count, tokenizer, chunk_id, filename) for chunk_id, count in pairs),
            )
            self._count(filename)

    def set_flags(self, flags: Iterable[tuple[int, Flag]]) -> None:
        """Flag chunks, by their ids."""
        with self._transaction():
            self._set_flags(flags)

    def clear_flags(self, kind: str, chunk_ids: Iterable[int]) -> None:
        """Take a flag from these chunks."""
        with self._transaction():
            self._connection.executemany(
                "DELETE FROM chunk_flags WHERE kind = ? AND chunk_id = ?", ((kind, number) for number in chunk_ids)
            )

    def add_prints(self, prints: Iterable[tuple[int, bytes]], flags: Iterable[tuple[int, Flag]]) -> None:
        """Note what chunks are compared by, and what was found at once."""
        with self._transaction():
            self._connection.executemany(
                "INSERT OR REPLACE INTO chunk_prints (chunk_id, prints) VALUES (?, ?)", prints
            )
            self._set_flags(flags)

    def set_shares(self, shares: Iterable[tuple[int, str, float]]) -> None:
        """Note how much of chunks stands in others: (chunk id, with which ones it was compared, share)."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE chunk_prints SET compared_with = ?2, share = ?3 WHERE chunk_id = ?1", shares
            )

    def replace_flags(self, kind: str, flags: Iterable[tuple[int, Flag]], contents: int) -> None:
        """Set all flags of a kind anew, and note that they are true of these contents of the store."""
        with self._transaction():
            self._connection.execute("DELETE FROM chunk_flags WHERE kind = ?", (kind,))
            self._set_flags(flags)
            self._connection.execute("INSERT OR REPLACE INTO store_state VALUES ('compared', ?)", (contents,))

    def finish(self) -> None:
        """Make everything durable, against power loss too, and bring it into the one file as far as readers allow."""
        self._connection.execute("PRAGMA synchronous = FULL")
        with self._transaction():  # a commit that is synced, and so all before it
            self._raise("finished")
        self._connection.execute("PRAGMA wal_checkpoint (PASSIVE)")

    def _set_flags(self, flags: Iterable[tuple[int, Flag]]) -> None:
        self._connection.executemany(
            # A chunk may have gone since somebody looked at it.
            "INSERT OR REPLACE INTO chunk_flags (kind, chunk_id, of_id, share, reason)"
            " SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM documents WHERE id = ?2)",
            ((flag.kind, chunk_id, flag.of_id, flag.share, flag.reason) for chunk_id, flag in flags),
        )

    def _raise(self, name: str) -> None:
        """Count one of the store's numbers up; `contents` where the chunks are others now."""
        self._connection.execute(
            "INSERT INTO store_state VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1", (name,)
        )

    def _count(self, filename: str) -> tuple[int, int]:
        """Count a file's chunks and their tokens, and note both in its record."""
        row: tuple[int, int] = self._connection.execute(
            f"SELECT count(*), coalesce(sum({TOKENS}), 0) FROM documents WHERE filename = ?", (filename,)
        ).fetchone()
        self._connection.execute("UPDATE sources SET chunks = ?, tokens = ? WHERE filename = ?", (*row, filename))
        return row

    def _store_chunks(self, filename: str, batches: Iterable[list[tuple[str, str]]]) -> None:
        connection = self._connection
        known = self._set_aside(filename)
        last = connection.execute("SELECT max(seq) FROM sqlite_sequence WHERE name = 'documents'").fetchone()[0] or 0
        index = 0
        for batch in batches:
            new: list[tuple[str, int, str, str]] = []
            for text, metadata in batch:
                if kept := known.get(_digest(text)):
                    connection.execute(
                        "UPDATE documents SET chunk_index = ?, metadata = ? WHERE id = ?",
                        (index, metadata, kept.pop()),
                    )
                else:
                    new.append((filename, index, text, metadata))
                index += 1
            connection.executemany(
                "INSERT INTO documents (filename, chunk_index, chunk_text, metadata) VALUES (?, ?, ?, ?)", new
            )
        connection.execute(INDEX_CHUNKS, (last,))
        if known:
            self._delete_chunks("filename = ? AND chunk_index < 0", filename)

    def _set_aside(self, filename: str) -> dict[bytes, list[int]]:
        """Number a file's chunks −1, −2, … so that new ones find room; the ids of each text, the first one last."""
        self._connection.execute(
            "UPDATE documents SET chunk_index = -1 - chunk_index WHERE filename = ?", (filename,)
        )
        known: dict[bytes, list[int]] = {}
        for chunk_id, text in self._connection.execute(
            "SELECT id, chunk_text FROM documents WHERE filename = ? ORDER BY id DESC", (filename,)
        ):
            known.setdefault(_digest(text), []).append(chunk_id)
        return known

    def _delete_chunks(self, condition: str, filename: str) -> None:
        """Delete chunks with what hangs on them: their words, their flags, and the flags that refer to them."""
        chosen = f"SELECT id FROM documents WHERE {condition}"
        for statement in (
            "INSERT INTO chunk_words (chunk_words, rowid, chunk_text)"
            f" SELECT 'delete', id, indexed_text(chunk_text) FROM documents WHERE {condition}",
            "DELETE FROM chunk_flags WHERE kind IN ('duplicate', 'boilerplate', 'excluded')"
            f" AND chunk_id IN ({chosen})",
            f"DELETE FROM chunk_flags WHERE of_id IN ({chosen})",
            f"DELETE FROM chunk_prints WHERE chunk_id IN ({chosen})",
            f"DELETE FROM documents WHERE {condition}",
        ):
            self._connection.execute(statement, (filename,))

    def _put(self, source: SourceFile) -> None:
        values = asdict(source) | {"params": json.dumps(source.params, ensure_ascii=False)}
        # The counts follow from the stored chunks, never from what somebody says.
        values |= {"chunks": 0, "tokens": 0}
        names, places = ", ".join(values), ", ".join(f":{name}" for name in values)
        changes = ", ".join(f"{name} = excluded.{name}" for name in values if name not in ("chunks", "tokens"))
        self._connection.execute(
            f"INSERT INTO sources ({names}) VALUES ({places}) ON CONFLICT (filename) DO UPDATE SET {changes}", values
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            raise readable(error, self._path) from error


@contextmanager
def open_writer(path: Path) -> Iterator[Writer]:
    """A writer for as many documents as there are; what it stored is durable when this is left."""
    path.parent.mkdir(exist_ok=True)
    with open_store(path, path) as connection:
        writer = Writer(connection, path)
        try:
            yield writer
        except BaseException:
            with suppress(AppError):  # what went wrong first is what a person needs to know
                writer.finish()
            raise
        writer.finish()


class _Waiting:
    """Rows on their way into a transaction: in memory up to a limit, the rest in a file that nobody sees."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(MEMORY_FOR_ONE_DOCUMENT)  # noqa: SIM115  closed in close()
        self._sizes: list[int] = []
        self._batch: list[tuple[Any, ...]] = []
        self.close = self._file.close

    def add(self, row: tuple[Any, ...]) -> None:
        self._batch.append(tuple(_writable(value) if isinstance(value, str) else value for value in row))
        if len(self._batch) == BATCH_ROWS:
            self._close_batch()

    def batches(self) -> Iterator[list[tuple[Any, ...]]]:
        self._close_batch()
        self._file.seek(0)
        for size in self._sizes:
            yield marshal.loads(self._file.read(size))

    def _close_batch(self) -> None:
        self._sizes.append(self._file.write(marshal.dumps(self._batch)))
        self._batch = []


def _writable(text: str) -> str:
    """Half of a surrogate pair stands for no character, and SQLite takes only characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
