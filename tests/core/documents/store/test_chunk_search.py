import sqlite3
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_material import add_document, remove_document

from core.documents.store.chunk_search import excerpt, folded
from core.documents.store.chunk_store import ChunkStore, NewChunk, SourceFile

JAPANESE = "この章では計算機の基本的な使い方を説明します。電源を入れてからログインするまでの手順は次のとおりです。"


def fill(store: ChunkStore, texts: Sequence[str], name: str = "a.pdf") -> None:
    chunks = [NewChunk(text, {"page": 1, "tokens": 3}) for text in texts]
    add_document(store, SourceFile(name, name, name, "done"), chunks)


def found(store: ChunkStore, words: str, limit: int = 20, offset: int = 0) -> list[int]:
    return [hit.chunk.index for hit in store.search(words, limit, offset)]


def test_search_finds_umlauts_and_beginnings_and_ranks(store):
    fill(store, ["Die Überprüfung der Anlage", "Anlage Anlage Anlage", "Etwas über Bücher"])
    assert found(store, "uberpruf") == [0]
    assert found(store, "BÜCH") == [2]
    assert found(store, "Anlage")[0] == 1
    assert "[Überprüfung]" in store.search("Überprüfung")[0].excerpt
    assert sorted(found(store, "Anlage Bücher")) == [0, 1, 2], "any word where not all occur together"
    assert found(store, "   ") == found(store, "!?") == []


def test_a_japanese_word_is_found_where_a_line_end_tears_it_apart(store):
    fill(store, [JAPANESE.replace("計算機", "計算\n機"), "ほかの文章です。"])
    assert found(store, "計算機") == [0]


@pytest.mark.parametrize(
    ("typed", "indexes"),
    [
        ("Größe", [0, 1, 2, 3]),
        ("große", [0]),
        ("groesse", [2, 0]),
        ("grosse", [1, 0]),
        ("strasse", [5, 4]),
        ("Straße", [4, 5]),
        ("ueber", [7, 6]),
        ("über", [6, 7]),
        ("UBER", [6]),
        ("neue", [8]),
    ],
)
def test_umlauts_are_found_however_they_are_written(store, typed, indexes):
    fill(store, ["Größe", "Grosse", "Groesse", "Groeße", "Straße", "Strasse", "über", "ueber", "neue", "nu"])
    assert found(store, typed)[: len(indexes)] == indexes or set(found(store, typed)) == set(indexes)


def test_whole_words_come_before_words_that_begin_so(store):
    fill(store, ["Wasserkraft Wasserkraft Wasserrad", "Am Wasser steht ein Haus mit einem Dach", "Wasserfall"])
    assert found(store, "wasser") == [1, 0, 2]
    assert found(store, "wasser haus") == [1]
    assert set(found(store, "wasserk haus")) == {0, 1}, "no chunk holds both beginnings"


def test_a_word_inside_a_sentence_without_spaces_is_found(store):
    fill(store, [JAPANESE, "ログ と グイン です " * 3, "Deutscher Text mit 計算機 darin", "ペン" * 10])
    assert found(store, "ログイン") == [0]
    assert found(store, "基本的") == [0]
    assert set(found(store, "計算機")) == {0, 2}
    assert found(store, "章") == [0], "one character"
    assert set(found(store, "す")) == {0, 1}, "also at the end of a run"
    assert found(store, "ベン") == [], "a voicing mark is no accent"
    assert "[ログイン]" in store.search("ログイン")[0].excerpt
    remove_document(store, "a.pdf")
    assert found(store, "ログイン") == []


def test_pages_of_hits_follow_each_other(store):
    fill(store, [f"Wasser {'Rad ' * (number % 7)}" for number in range(45)] + ["Wasserfall"] * 10)
    pages = [found(store, "wasser", 10, offset) for offset in range(0, 70, 10)]
    assert [len(page) for page in pages] == [10, 10, 10, 10, 10, 5, 0]
    indexes = [index for page in pages for index in page]
    assert sorted(indexes) == list(range(55))
    assert set(indexes[:45]) == set(range(45)), "whole words first"


@settings(max_examples=150, deadline=None)
@given(
    words=st.text()
    | st.lists(st.sampled_from(['"', "*", "NEAR(", "ein", "OR", "^", "Text", "ß", "計", "\0"])).map(" ".join)
)
def test_search_takes_any_text(words, tmp_path_factory):
    store = ChunkStore(tmp_path_factory.getbasetemp() / "search.db")
    if not store.count():
        fill(store, ["Ein Text mit ß und 計算機"])
    store.search(words)


@settings(max_examples=100, deadline=None)
@given(text=st.text(alphabet="aäßeuEÜ計算ログ ,.\n", min_size=1, max_size=60))
def test_each_word_of_a_text_finds_it(text, tmp_path_factory):
    path = tmp_path_factory.mktemp("search") / "rag.db"
    fill(ChunkStore(path), [text + " 計算機", "etwas anderes"])
    for word in text.replace(",", " ").replace(".", " ").split():
        assert 0 in found(ChunkStore(path), word), word


@given(st.text())
def test_folding_keeps_every_character_in_its_place(text):
    assert len(folded(text)) == len(text)


def test_an_excerpt_shows_the_words_where_they_are():
    text = "Vorn steht nichts. " * 30 + "Die Überprüfung der Anlage folgt." + " Hinten auch nichts." * 30
    shown = excerpt(text, ["uberpruf"])
    assert "Die [Überprüfung] der Anlage" in shown
    assert shown.startswith("…") and shown.endswith("…") and len(shown) < 200
    assert excerpt("Kurz", ["fehlt"]) == "Kurz"


def test_words_of_removed_chunks_leave_the_index(store):
    fill(store, ["Überprüfung", JAPANESE])
    fill(store, ["Neu"])
    with sqlite3.connect(store.path) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab ('main', 'chunk_words', 'row')")
        assert connection.execute("SELECT term FROM temp.words").fetchall() == [("neu",)]
    connection.close()
