import json
import random
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from store_material import add_document, remove_document

from core.documents.store.chunk_schema import TABLES
from core.documents.store.chunk_store import ChunkStore, Flag, NewChunk, PageText, SourceFile
from tests.refusals import code_of
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


def test_a_document_and_its_chunks_come_back_from_a_table_as_specified(store):
    stored = add_document(store, source("a.pdf"), [chunk("Eins"), chunk("Zwei", tokens=5)])
    assert (stored.chunks, stored.tokens) == (2, 8)
    assert store.documents() == store.with_hash("hash of a.pdf") == [stored]
    assert [(c.filename, c.index, c.text, c.page) for c in store.chunks()] == [
        ("a.pdf", 0, "Eins", 1),
        ("a.pdf", 1, "Zwei", 1),
    ]
    assert list(store.texts()) == ["Eins", "Zwei"]
    with closing(sqlite3.connect(store.path)) as connection:
        columns = connection.execute("PRAGMA table_info(documents)").fetchall()
        assert [column[1:] for column in columns] == SPECIFIED_COLUMNS
        assert connection.execute("PRAGMA page_size").fetchone() == (16384,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_store_never_written_to_is_empty_and_makes_no_file(store):
    assert store.documents() == store.search("x") == list(store.texts()) == list(store.pages("a.pdf")) == []
    assert (store.count(), store.chunk(1), store.text("a.pdf", 0, 9)) == (0, None, "")
    assert not store.path.exists()


def test_a_document_that_comes_again_takes_its_own_place_and_a_removed_one_leaves_no_trace(store):
    add_document(store, source("a.pdf", "queued"), [chunk("Alt")])
    add_document(store, source("b.pdf", "queued"), [chunk("Feuer")])
    add_document(store, source("a.pdf"), [chunk("Wasser")])
    assert [(s.filename, s.status) for s in store.documents()] == [("a.pdf", "done"), ("b.pdf", "queued")]
    assert (store.search("Alt"), list(store.texts())) == ([], ["Feuer", "Wasser"])
    remove_document(store, "a.pdf")
    assert [s.filename for s in store.documents()] == ["b.pdf"]
    assert (store.search("Wasser"), len(store.search("Feuer"))) == ([], 1)


def test_texts_that_come_again_keep_their_ids(store):
    add_document(store, source("a.pdf"), [chunk(text) for text in ("Eins", "Zwei", "Zwei", "Drei")])
    before = {c.id: c.text for c in store.chunks()}
    add_document(store, source("a.pdf"), [chunk(text, tokens=9) for text in ("Null", "Zwei", "Eins", "Zwei", "Vier")])
    after = store.chunks(filename="a.pdf")
    assert [c.text for c in after] == ["Null", "Zwei", "Eins", "Zwei", "Vier"], "in the order of the text"
    assert [c.index for c in after] == [0, 1, 2, 3, 4]
    assert {c.id: c.text for c in after if c.id in before} == {
        chunk_id: text for chunk_id, text in before.items() if text != "Drei"
    }
    assert [c.metadata["tokens"] for c in after] == [9] * 5
    assert [found.chunk.text for found in store.search("Eins")] == ["Eins"]
    assert store.search("Drei") == []
    assert min(c.id for c in after if c.id not in before) > max(before), "an id is never given twice"


def test_the_record_of_a_document_is_made_after_its_last_chunk_and_counted_here(store):
    seen = []

    def chunks():
        for number in range(1200):
            seen.append(number)
            yield chunk(f"Text {number}")

    def describe():
        assert len(seen) == 1200
        return SourceFile("a.pdf", "a.pdf", "ab", "done", chunks=1, tokens=1, language="de", size_bytes=7)

    with store.writer() as writer:
        writer.put(source("a.pdf", "queued"))
        stored = writer.replace("a.pdf", chunks(), describe)
    assert (stored.chunks, stored.tokens, stored.language, stored.size_bytes) == (1200, 3600, "de", 7)
    assert store.documents() == [stored]
    assert store.count() == store.count("a.pdf") == 1200
    assert store.count("b.pdf") == 0
    with store.writer() as writer:
        writer.put(source("a.pdf", "queued"))
    assert [(s.status, s.chunks, s.tokens) for s in store.documents()] == [("queued", 1200, 3600)]


@pytest.mark.parametrize("error", [AppError("pdf_damaged"), RuntimeError("reader died")])
def test_a_failing_reader_leaves_what_was_there(store, error):
    old = add_document(store, source("a.pdf"), [PageText(0, 1, "Alt"), chunk("Alt")])

    def broken():
        yield PageText(0, 1, "Neu")
        yield chunk("Neu")
        raise error

    for name in ("a.pdf", "b.pdf"):
        with pytest.raises(type(error)):
            add_document(store, source(name), broken())
    assert store.documents() == [old]
    assert [part.text for part in store.pages("a.pdf")] == list(store.texts()) == ["Alt"]


def test_the_text_of_a_document_is_there_from_any_place_to_any_other(store):
    pages = [PageText(0, 1, "Eins\n\n", ((0, "Eins"),)), PageText(6, 2, "Zwei "), PageText(11, 2, "Drei")]
    add_document(store, source("a.pdf"), pages)
    add_document(store, source("b.pdf"), [PageText(0, 1, "Anderes")])
    assert list(store.pages("a.pdf")) == pages
    for start in range(16):
        for end in range(start, 17):
            assert store.text("a.pdf", start, end) == "Eins\n\nZwei Drei"[start:end]
    remove_document(store, "a.pdf")
    assert (list(store.pages("a.pdf")), store.text("a.pdf", 0, 9), store.text("b.pdf", 0, 9)) == ([], "", "Anderes")


def test_a_document_larger_than_the_memory_for_it_is_stored_whole(store, monkeypatch):
    monkeypatch.setattr("core.documents.store.chunk_writer.MEMORY_FOR_ONE_DOCUMENT", 3000)
    texts = [f"Abschnitt {number} " + "x" * (number % 700) for number in range(1500)] + ["Ein ? Text"]
    pages = [PageText(1000 * number, number, text) for number, text in enumerate(texts)]
    odd = [PageText(1_500_000, 1500, "Ein \ud800 Text"), chunk("Ein \ud800 Text")]  # half of a surrogate pair
    add_document(store, source("a.pdf"), [*pages[:-1], *map(chunk, texts[:-1]), *odd])
    assert list(store.texts()) == texts
    assert list(store.pages("a.pdf")) == pages


def test_others_can_write_while_a_document_is_being_read(store):
    def slow():
        yield chunk("Eins")
        add_document(store, source("b.pdf"), [chunk("Zwei")])
        yield chunk("Drei")

    with store.writer() as writer:
        writer.replace("a.pdf", slow(), lambda: source("a.pdf"))
    assert sorted(store.texts()) == ["Drei", "Eins", "Zwei"]


def test_counting_tokens_again_changes_chunks_and_sums(store):
    add_document(store, source("a.pdf"), [chunk("Eins"), chunk("Zwei")])
    ids = store.usable_ids(False, False)
    with store.writer() as writer:
        writer.set_tokens("a.pdf", ((chunk_id, 40 + chunk_id) for chunk_id in ids), "other")
    assert [(c.metadata["tokens"], c.metadata["tokenizer"]) for c in store.chunks()] == [(41, "other"), (42, "other")]
    assert store.chunks()[0].metadata["page"] == 1
    assert store.documents()[0].tokens == 83


@pytest.fixture
def early(store):
    """A store as the third version wrote it; of b.pdf, only chunks that do not note where they begin."""
    places = [
        ("Eins zwei drei", {"page": 1, "tokens": 30, "start": 0, "pages": [[10, 2]], "headings": [[0, "Eins"]]}),
        ("drei Bücher", {"page": 2, "tokens": 40, "start": 10, "headings": [[5, "Bücher"]]}),
        ("fünf", {"page": 3, "page_end": 3, "tokens": 0, "start": 23, "gap": "\n\n", "headings": [[0, "fünf"]]}),
        ("sechs", {"page": 4, "start": 27}),
    ]
    rows = [("a.pdf", number, text, json.dumps(metadata)) for number, (text, metadata) in enumerate(places)]
    rows += [("b.pdf", 0, "Anfang", '{"page": 4, "start": 0}'), ("b.pdf", 1, "Ende", '{"page": 4}')]
    with sqlite3.connect(store.path) as connection:
        connection.executescript(TABLES)
        connection.executemany(
            "INSERT INTO documents (filename, chunk_index, chunk_text, metadata) VALUES (?, ?, ?, ?)", rows
        )
        connection.execute(
            "INSERT INTO sources (filename, original_name, sha256, status, detail, params, pages, pages_read, chunks,"
            " tokens, batch) VALUES ('a.pdf', 'A.pdf', 'ab', 'done', '', '{}', 5, 5, 4, 70, 'x')"
        )
        connection.execute("INSERT INTO chunk_words (rowid, chunk_text) SELECT id, chunk_text FROM documents")
        connection.execute("PRAGMA user_version = 3")
    connection.close()


def test_a_store_of_an_early_version_is_taken_over(early, store):
    assert [(s.original_name, s.pages, s.tokens, s.language) for s in store.documents()] == [("A.pdf", 5, 70, "")]
    assert [found.chunk.page for found in store.search("buch")] == [2]
    remove_document(store, "a.pdf")
    assert store.search("buch") == []
    add_document(store, source("c.pdf"), [chunk("Neues Buch")])
    assert [found.chunk.id for found in store.search("buch")] == [7]


def test_the_text_of_a_document_of_an_earlier_version_is_put_together_from_its_chunks(early, store):
    assert [(part.start, part.page, part.text, part.headings) for part in store.pages("a.pdf")] == [
        (0, 1, "Eins zwei ", ((0, "Eins"),)),
        (10, 2, "drei", ()),
        (14, 2, " Bücher", ((1, "Bücher"),)),
        (21, 2, "\n\n", ()),
        (23, 3, "fünf", ((0, "fünf"),)),
        (27, 4, "sechs", ()),
    ]
    for each in store.chunks(filename="a.pdf"):
        start = each.metadata["start"]
        assert store.text("a.pdf", start, start + len(each.text)) == each.text
    assert list(store.pages("b.pdf")) == [], "nobody knows where its chunks begin"


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from core.documents.store.chunk_schema import TABLES
from core.documents.store.chunk_store import ChunkStore, NewChunk, PageText, SourceFile

def parts(number, turn):
    for index in range(100 + number):
        if index % 25 == 0:
            print(flush=True)
        yield PageText(index, turn, "x" * 2000)
        yield NewChunk(f"d{number} t{turn // 2} c{index} " + "Wasser " * 200, {"page": 1, "tokens": turn})

with ChunkStore(Path(sys.argv[1])).writer() as writer:
    for turn in range(1000):
        for number in range(6):
            name = f"{number}.pdf"
            describe = lambda: SourceFile(name, name, "ab", "done", pages=turn)
            writer.replace(name, parts(number, turn), describe)
"""


def test_a_process_killed_at_any_moment_leaves_whole_documents_only(store):
    chance = random.Random(3)
    for _ in range(12):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITE_FOR_EVER, str(store.path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[4],
        )
        assert process.stdout is not None
        process.stdout.readline()  # it is at work
        time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.communicate()
        assert_whole(store)


def assert_whole(store: ChunkStore) -> None:
    """Every document has all its text and chunks, of one turn, and the index knows each of them and no other."""
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = connection.execute("SELECT rowid FROM chunk_words WHERE chunk_words MATCH 'wasser'")
        indexed = {row[0] for row in found}
    assert indexed == set(store.usable_ids(False, False))
    assert len(indexed) == store.count()
    for document in store.documents():
        chunks = store.chunks(limit=1000, filename=document.filename)
        assert len(chunks) == document.chunks == 100 + int(document.filename[0])
        assert [c.index for c in chunks] == list(range(document.chunks))
        assert {c.metadata["tokens"] for c in chunks} == {document.pages}
        assert [part.page for part in store.pages(document.filename)] == [document.pages] * len(chunks)


def test_keyset_paging_visits_each_chunk_once_in_both_directions(store):
    add_document(store, source("a.pdf"), [chunk(f"a{n}") for n in range(25)])
    add_document(store, source("b.pdf"), [chunk(f"b{n}") for n in range(5)])
    add_document(store, source("a.pdf"), [chunk(f"a{n}") for n in (24, *range(24))])
    in_file = [f"a{n}" for n in (24, *range(24))]
    everything = [f"a{n}" for n in range(25)] + [f"b{n}" for n in range(5)]
    with store.writer() as writer:
        writer.set_flags((c.id, Flag("boilerplate")) for c in store.chunks() if c.text[-1] in "37")
    for filename, flag, wanted in (
        (None, None, everything),
        ("a.pdf", None, in_file),
        (None, "boilerplate", [text for text in everything if text[-1] in "37"]),
        ("a.pdf", "boilerplate", [text for text in in_file if text[-1] in "37"]),
    ):
        seen, last = [], 0
        while page := store.chunks(last, 7, filename, flag):
            seen += page
            last = page[-1].id
        assert [c.text for c in seen] == wanted
        assert store.count(filename, flag) == len(wanted)
        back, first = seen[-1:], seen[-1].id
        while page := store.chunks(0, 7, filename, flag, before_id=first):
            back = page + back
            first = page[0].id
        assert [c.text for c in back] == wanted


def test_flags_go_with_their_chunks_and_decide_what_is_usable(store):
    add_document(store, source("a.pdf"), [chunk("Eins"), chunk("Zwei")])
    add_document(store, source("b.pdf"), [chunk("Drei"), chunk("Vier"), chunk("Fünf")])
    with store.writer() as writer:
        writer.set_flags([(3, Flag("duplicate", 1, 0.93)), (4, Flag("boilerplate"))])
    store.exclude([2, 4])
    assert store.filenames() == {1: "a.pdf", 2: "a.pdf", 3: "b.pdf", 4: "b.pdf", 5: "b.pdf"}
    assert store.flags([1, 2, 3, 4]) == {
        2: [Flag("excluded")],
        3: [Flag("duplicate", 1, 0.93)],
        4: [Flag("excluded"), Flag("boilerplate")],
    }
    assert store.usable_ids() == [1, 5]
    assert store.usable_ids(skip_duplicates=False) == [1, 3, 5]
    assert store.usable_ids(skip_duplicates=False, skip_boilerplate=False) == [1, 3, 5]
    store.exclude([2, 4], excluded=False)
    assert store.usable_ids() == [1, 2, 5]
    assert store.usable_ids(skip_boilerplate=False) == [1, 2, 4, 5]
    remove_document(store, "a.pdf")
    assert store.flags([3, 4]) == {4: [Flag("boilerplate")]}, "what it was like is gone"
    remove_document(store, "b.pdf")
    assert [store.count(flag=flag) for flag in ("duplicate", "boilerplate", "excluded")] == [0, 0, 0]


def test_an_export_during_writing_holds_whole_documents_only(store, tmp_path):
    add_document(store, source("first.pdf"), [chunk("x") for _ in range(50)])

    def write():
        with store.writer() as writer:
            for turn in range(30):
                name = f"{turn % 10}.pdf"  # new ones, then others in place of them
                chunks = [chunk(f"{turn} {number}", tokens=turn) for number in range(1000)]
                writer.replace(name, chunks, lambda name=name: source(name))

    target = tmp_path / "rag_export.db"
    with ThreadPoolExecutor(1) as thread:
        writing, is_done = thread.submit(write), False
        while not is_done:
            is_done = writing.done()
            store.export(target)
            with closing(sqlite3.connect(target)) as connection:
                for name, wanted, count, turns in connection.execute(
                    "SELECT sources.filename, chunks, count(*), count(DISTINCT json_extract(metadata, '$.tokens'))"
                    " FROM sources JOIN documents USING (filename) GROUP BY 1"
                ):
                    assert (wanted, turns) == (count, 1), name
        writing.result()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_many_threads_write_and_read_at_once(store):
    def work(number):
        for turn in range(5):
            add_document(store, source(f"{number}-{turn}.pdf"), [chunk("Text")] * 3)
            store.search("Text")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert store.count() == 8 * 5 * 3


def test_a_store_that_is_damaged_or_cannot_be_opened_is_named(store):
    store.path.write_bytes(b"this is not a database, and it is long enough to be read as one" * 300)
    for use in (store.count, store.documents, lambda: add_document(store, source("a.pdf"), [])):
        assert code_of(use) == "store_damaged"
    store.path.unlink()
    store.path.mkdir()
    assert code_of(store.count) == "store_unwritable"
