"""Chunks are paged in both directions, filtered, found, and say why they are flagged."""

import re
from types import SimpleNamespace

import pytest
from documents_material import store_document

from core.documents.store.chunk_store import FLAG_BOILERPLATE, FLAG_DUPLICATE, ChunkStore, Flag
from ui.documents import chunk_browser
from ui.documents.chunk_list import CHUNKS_SHOWN, BrowserPosition, browser_html, flag_words
from ui.page.clickable import Click
from ui.page.view import View


@pytest.fixture
def filled(project):
    store_document(project, "a.txt", [f"Abschnitt {number} über Wärme" for number in range(1, 16)])
    store_document(project, "b.txt", ["Ein [Abschnitt] über <b>Licht</b>"])
    return ChunkStore(project.database)


@pytest.fixture
def look(services, filled):
    return lambda position: browser_html(View(services, "de", "Physik"), position)


@pytest.fixture
def click(services, project):
    frame = SimpleNamespace(services=services, language="de")

    def make(position: BrowserPosition, do: str, of: object = "") -> BrowserPosition:
        answer = chunk_browser.clicked(frame, project, {"position": position, "click": Click(do, str(of), ())})
        return answer["position"] if answer else position

    return make


def numbers(html: str) -> list[int]:
    return [int(number) for number in re.findall(r"Nr\. (\d+)", html)]


def button(html: str, do: str) -> str:
    """What the button of this kind would say; empty where it is off."""
    found = re.search(rf'data-do="{do}" data-of="(\d+)"( disabled)?', html)
    return found[1] if found and not found[2] else ""


def test_pages_go_on_and_back_without_a_gap(look, click):
    position, seen = BrowserPosition("Physik"), []
    while True:
        seen += numbers(look(position))
        if not (last := button(look(position), "onward")):
            break
        position = click(position, "onward", last)
    assert seen == list(range(1, 17))
    back = click(position, "back", button(look(position), "back"))
    assert numbers(look(back)) == seen[-len(numbers(look(position))) - CHUNKS_SHOWN : -len(numbers(look(position)))]


def test_one_document_is_shown_on_its_own(look):
    assert numbers(look(BrowserPosition("Physik", filename="b.txt"))) == [16]


def test_a_near_duplicate_names_what_it_is_like(look, filled):
    with filled.writer() as writer:
        writer.set_flags([(16, Flag(FLAG_DUPLICATE, 3, 0.9)), (2, Flag(FLAG_BOILERPLATE))])
    shown = look(BrowserPosition("Physik", flag=FLAG_DUPLICATE))
    assert numbers(shown) == [16]
    assert "Zu 90 % gleich wie Abschnitt 3: a.txt, Seite 3." in shown
    assert "Beiwerk" in look(BrowserPosition("Physik", flag=FLAG_BOILERPLATE))


@pytest.mark.parametrize("reason", ["contents", "index", "licence", "numbers", "a reason of tomorrow", ""])
def test_boilerplate_says_what_it_looks_like(services, filled, reason):
    said = flag_words(View(services, "de", "Physik"), Flag(FLAG_BOILERPLATE, reason=reason), {})
    assert said.endswith(".")
    assert "chunks.why" not in said


def test_a_chunk_is_taken_out_and_put_back(look, click, filled):
    position = click(BrowserPosition("Physik"), "exclude", 2)
    assert 2 not in filled.usable_ids()
    assert "herausgenommen" in look(position)
    click(position, "include", 2)
    assert 2 in filled.usable_ids()


@pytest.mark.parametrize("of", ["", "0", "-1", "99999", "9" * 40, "x"])
def test_a_click_on_a_chunk_that_is_not_there_does_nothing(click, filled, of):
    before = filled.usable_ids()
    click(BrowserPosition("Physik"), "exclude", of)
    assert filled.usable_ids() == before


def test_found_words_are_marked_and_markup_in_a_text_is_not(look):
    shown = look(BrowserPosition("Physik", words="licht"))
    assert "<mark>" in shown
    assert "<b>Licht" not in shown


def test_hits_are_paged(look, click):
    position = BrowserPosition("Physik", words="warme")
    first = numbers(look(position))
    second = numbers(look(click(position, "onward", first[-1])))
    assert len(first) == CHUNKS_SHOWN
    assert not set(first) & set(second)


def test_nothing_found_says_for_what(look):
    assert "Nichts gefunden zu „&lt;x&gt;“." in look(BrowserPosition("Physik", words="<x>"))


def test_search_and_choice_of_a_document_replace_each_other(project):
    searched = chunk_browser.search(project, {"position": BrowserPosition(), "words": " Licht ", "filename": "a.txt"})
    assert searched["position"] == BrowserPosition("Physik", words="Licht")
    assert searched["filename"] == ""
    chosen = chunk_browser.choose(project, {"position": searched["position"], "words": "Licht", "filename": "a.txt"})
    assert chosen["position"].filename == "a.txt"
    assert chosen["words"] == ""
    assert chunk_browser.choose(project, {"position": searched["position"], "words": "x", "filename": ""}) is None
