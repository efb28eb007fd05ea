import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.chunk_store import ChunkStore, NewChunk, SourceFile
from utils.errors import AppError

SPECIFIED_COLUMNS = [
    ("id", "INTEGER", 0, None, 1),
    ("filename", "TEXT", 1, None, 0),
    ("chunk_index", "INTEGER", 0, None, 0),
    ("chunk_text", "TEXT", 1, None, 0),
    ("metadata", "JSON", 0, None, 0),
    ("created_at", "TIMESTAMP", 0, "CURRENT_TIMESTAMP", 0),
]


def source(name: str, status: str = "done") -> SourceFile:
    return SourceFile(name, name, f"hash of {name}", status, pages=1, pages_read=1)


def chunk(text: str, tokens: int = 3) -> NewChunk:
    return NewChunk(text, {"page": 1, "tokens": tokens, "tokenizer": "rule", "sha256": "x"})


@pytest.fixture
def store(tmp_path: Path) -> ChunkStore:
    return ChunkStore(tmp_path / "data" / "rag.db")


def test_a_document_and_its_chunks_come_back(store: ChunkStore) -> None:
    stored = store.add_document(source("a.pdf"), [chunk("Eins"), chunk("Zwei", tokens=5)])
    assert (stored.chunks, stored.tokens) == (2, 8)
    assert store.documents() == [stored]
    assert [(c.filename, c.index, c.text, c.page) for c in store.chunks()] == [
        ("a.pdf", 0, "Eins", 1),
        ("a.pdf", 1, "Zwei", 1),
    ]
    assert list(store.texts()) == ["Eins", "Zwei"]
    assert store.count() == 2
    assert store.with_hash("hash of a.pdf") == [stored]


def test_the_documents_table_is_as_specified(store: ChunkStore) -> None:
    store.add_document(source("a.pdf"), [])
    with sqlite3.connect(store.path) as connection:
        columns = connection.execute("PRAGMA table_info(documents)").fetchall()
        assert [column[1:] for column in columns] == SPECIFIED_COLUMNS
        assert connection.execute("PRAGMA page_size").fetchone() == (16384,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_store_never_written_to_is_empty_and_makes_no_file(store: ChunkStore) -> None:
    assert (store.documents(), store.count(), store.search("x"), store.chunk(1), list(store.texts())) == (
        [],
        0,
        [],
        None,
        [],
    )
    assert not store.path.exists()


def test_adding_a_document_again_replaces_its_chunks(store: ChunkStore) -> None:
    store.add_document(source("a.pdf", "queued"), [])
    store.add_document(source("b.pdf", "queued"), [])
    store.add_document(source("a.pdf"), [chunk("Alt")])
    store.add_document(source("a.pdf"), [chunk("Neu")])
    assert [(s.filename, s.status) for s in store.documents()] == [("a.pdf", "done"), ("b.pdf", "queued")]
    assert [c.text for c in store.chunks()] == ["Neu"]
    assert store.search("Alt") == []


def test_removing_a_document_leaves_no_trace(store: ChunkStore) -> None:
    store.add_document(source("a.pdf"), [chunk("Wasser")])
    store.add_document(source("b.pdf"), [chunk("Feuer")])
    store.remove_document("a.pdf")
    assert [s.filename for s in store.documents()] == ["b.pdf"]
    assert store.search("Wasser") == []
    assert len(store.search("Feuer")) == 1


def test_a_failure_in_mid_document_stores_nothing_of_it(store: ChunkStore) -> None:
    def broken():
        yield chunk("Eins")
        raise RuntimeError("reader died")

    with pytest.raises(RuntimeError):
        store.add_document(source("a.pdf"), broken())
    with pytest.raises(AppError), store._writing() as connection:
        connection.execute("INSERT INTO documents (filename, chunk_text) VALUES ('b.pdf', 'halb')")
        connection.execute("PRAGMA user_version = 7")
        raise AppError("stopped")
    assert (store.count(), store.documents()) == (0, [])


def test_search_finds_umlauts_and_beginnings_and_ranks(store: ChunkStore) -> None:
    store.add_document(
        source("a.pdf"),
        [chunk("Die Überprüfung der Anlage"), chunk("Anlage Anlage Anlage"), chunk("Etwas über Bücher")],
    )
    assert [found.chunk.index for found in store.search("uberpruf")] == [0]
    assert [found.chunk.index for found in store.search("BÜCH")] == [2]
    assert store.search("Anlage")[0].chunk.index == 1
    assert "[Überprüfung]" in store.search("Überprüfung")[0].excerpt
    assert [found.chunk.index for found in store.search("Anlage Bücher")], "any word where not all occur together"
    assert store.search("   ") == []


@settings(max_examples=100, deadline=None)
@given(words=st.text())
def test_search_takes_any_text(words: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    store = ChunkStore(tmp_path_factory.getbasetemp() / "search.db")
    if not store.count():
        store.add_document(source("a.pdf"), [chunk("Ein Text")])
    store.search(words)


def test_keyset_paging_visits_each_chunk_once(store: ChunkStore) -> None:
    store.add_document(source("a.pdf"), [chunk(f"a{n}") for n in range(25)])
    store.add_document(source("b.pdf"), [chunk(f"b{n}") for n in range(5)])
    seen, last = [], 0
    while page := store.chunks(last, 7):
        seen += [c.text for c in page]
        last = page[-1].id
    assert seen == [f"a{n}" for n in range(25)] + [f"b{n}" for n in range(5)]
    assert [c.text for c in store.chunks(filename="b.pdf")] == [f"b{n}" for n in range(5)]


def test_an_export_during_writing_holds_whole_documents_only(store: ChunkStore, tmp_path: Path) -> None:
    store.add_document(source("first.pdf"), [chunk("x") for _ in range(50)])
    done = threading.Event()

    def write() -> None:
        for number in range(20):
            store.add_document(source(f"{number}.pdf"), [chunk("y") for _ in range(50)])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    target = tmp_path / "rag_export.db"
    exports = 0
    while not done.is_set() or exports == 0:
        store.export(target)
        exports += 1
        exported = ChunkStore(target)
        assert exported.count() == 50 * len(exported.documents())
    writer.join()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_many_threads_write_and_read_at_once(store: ChunkStore) -> None:
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(5):
                store.add_document(source(f"{number}-{turn}.pdf"), [chunk("Text")] * 3)
                store.search("Text")
        except BaseException as error:  # noqa: BLE001  a thread has nobody to raise to
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert store.count() == 8 * 5 * 3


def test_a_damaged_database_is_named(store: ChunkStore) -> None:
    store.path.parent.mkdir(parents=True)
    store.path.write_bytes(b"this is not a database, and it is long enough to be read as one" * 300)
    for use in (store.count, store.documents, lambda: store.add_document(source("a.pdf"), [])):
        with pytest.raises(AppError) as caught:
            use()
        assert caught.value.code == "store_damaged"


def test_a_store_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "rag.db").mkdir()
    with pytest.raises(AppError) as caught:
        ChunkStore(tmp_path / "rag.db").count()
    assert caught.value.code == "store_unwritable"
