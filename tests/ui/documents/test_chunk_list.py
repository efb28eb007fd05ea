"""Chunks are paged in both directions, filtered, found, and say why they are flagged."""

import re

import pytest
from documents_material import store_document

from core.documents.store.chunk_store import FLAG_BOILERPLATE, FLAG_DUPLICATE, ChunkStore, Flag
from ui.documents.chunk_list import CHUNKS_SHOWN, BrowserPosition, browser_html, find_html


@pytest.fixture
def filled(project):
    store_document(project, "a.txt", [f"Abschnitt {number} über Wärme" for number in range(1, 16)])
    store_document(project, "b.txt", ["Ein [Abschnitt] über <b>Licht</b>"])
    return ChunkStore(project.database)


@pytest.fixture
def look(act, filled):
    return lambda: browser_html(act.view())


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r"Nr\. (\d+)", html)]


def button(html: str, do: str) -> str:
    """What the button of this kind would say; empty where it is off."""
    found = re.search(rf'data-do="{do}" data-of="(\d+)"( disabled)?', html)
    return found[1] if found and not found[2] else ""


def test_pages_go_on_and_back_without_a_gap(look, act):
    seen = numbers(look())
    while last := button(look(), "chunks.onward"):
        act("chunks.onward", last)
        seen += numbers(look())
    assert seen == list(range(1, 17))
    shown = len(numbers(look()))
    act("chunks.back", button(look(), "chunks.back"))
    assert numbers(look()) == seen[-shown - CHUNKS_SHOWN : -shown]


def test_hits_are_paged_too(look, act):
    act("chunks.search", **{"chunks-search": " wärme "})
    seen = numbers(look())
    while last := button(look(), "chunks.onward"):
        act("chunks.onward", last)
        seen += numbers(look())
    assert sorted(seen) == list(range(1, 16))
    act("chunks.back")
    assert len(numbers(look())) == CHUNKS_SHOWN


def test_a_near_duplicate_names_what_it_is_like(look, act, filled):
    with filled.writer() as writer:
        writer.set_flags([(16, Flag(FLAG_DUPLICATE, 3, 0.9)), (2, Flag(FLAG_BOILERPLATE))])
    act("chunks.flag", FLAG_DUPLICATE)
    assert numbers(look()) == [16]
    assert "Zu 90 % gleich wie Abschnitt 3: a.txt, Seite 3." in look()
    act("chunks.flag", FLAG_BOILERPLATE)
    assert numbers(look()) == [2]
    assert "Beiwerk" in look()
    act("chunks.flag", "nothing of the kind")
    assert len(numbers(look())) == CHUNKS_SHOWN


@pytest.mark.parametrize("of", ["", "0", "-1", "99999", "9" * 40, "x"])
def test_a_click_on_a_chunk_that_is_not_there_does_nothing(act, filled, of):
    before = filled.usable_ids()
    act("chunks.exclude", of)
    assert filled.usable_ids() == before


def test_a_chunk_that_is_taken_out_says_so_also_among_hits_and_comes_back(look, act, filled):
    act("chunks.search", **{"chunks-search": "licht"})
    assert 'data-do="chunks.exclude"' in look()
    act("chunks.exclude", "16")
    assert "Von dir herausgenommen" in look()
    assert 16 not in filled.usable_ids()
    act("chunks.include", "16")
    assert "Von dir herausgenommen" not in look()
    assert 16 in filled.usable_ids()


def test_found_words_are_marked_and_markup_in_a_text_is_not(look, act):
    act("chunks.search", **{"chunks-search": "licht"})
    assert "<mark>" in look()
    assert "<b>Licht" not in look()
    act("chunks.search", **{"chunks-search": "</div><script>"})
    assert "<script>" not in look() + find_html(act.view())


def test_a_document_is_shown_from_its_beginning_and_the_words_that_were_searched_are_gone(look, act):
    act("chunks.search", **{"chunks-search": "wärme"})
    act("chunks.onward")
    assert act("chunks.of", "b.txt").empty == ("chunks-search",)  # a click in the list of documents
    assert numbers(look()) == [16]
    assert 'value="b.txt" selected' in find_html(act.view())
    act("chunks.of", "chunks-of", value="a.txt")  # a choice in the field
    assert numbers(look()) == list(range(1, CHUNKS_SHOWN + 1))
    act("chunks.of", "chunks-of", value="")
    assert 'value="" selected' in find_html(act.view())


def test_of_many_documents_some_are_offered_and_always_the_one_that_is_shown(act, project):
    for number in range(250):
        store_document(project, f"{number:04}.txt", ["Text"])
    act("chunks.of", "0249.txt")
    assert 'value="0249.txt" selected' in find_html(act.view())
    assert len(find_html(act.view())) < 20_000
    with ChunkStore(project.database).writer() as writer:
        writer.remove("0249.txt")
    assert 'value="0249.txt" selected' in find_html(act.view())
    assert "Hier ist kein Abschnitt." in browser_html(act.view())


def test_hits_stay_as_they_are_while_documents_are_being_read(look, act, project, puppet):
    act("chunks.search", **{"chunks-search": "licht"})
    assert numbers(look()) == [16]
    job = puppet("rag")
    assert numbers(look()) == [16]
    store_document(project, "c.txt", ["Noch mehr Licht"])
    assert numbers(look()) == [16]
    job.finish()
    assert sorted(numbers(look())) == [16, 17]


def test_a_position_in_another_project_is_no_position_in_this_one(look, act):
    act.positions[BrowserPosition] = BrowserPosition("Chemie", words="nichts", after=9)
    assert numbers(look()) == list(range(1, CHUNKS_SHOWN + 1))
