"""Chunks are paged in both directions, filtered, found, and say why they are flagged."""

import re
from types import SimpleNamespace

import pytest
from documents_material import store_document
from ui.page.clickable import Click

from core.documents.store.chunk_store import FLAG_BOILERPLATE, FLAG_DUPLICATE, ChunkStore, Flag
from ui.documents import chunk_browser
from ui.documents.chunk_list import CHUNKS_SHOWN, BrowserPosition, browser_html
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


def test_a_near_duplicate_names_what_it_is_like(look, filled):
    with filled.writer() as writer:
        writer.set_flags([(16, Flag(FLAG_DUPLICATE, 3, 0.9)), (2, Flag(FLAG_BOILERPLATE))])
    shown = look(BrowserPosition("Physik", flag=FLAG_DUPLICATE))
    assert numbers(shown) == [16]
    assert "Zu 90 % gleich wie Abschnitt 3: a.txt, Seite 3." in shown
    assert "Beiwerk" in look(BrowserPosition("Physik", flag=FLAG_BOILERPLATE))


@pytest.mark.parametrize("of", ["", "0", "-1", "99999", "9" * 40, "x"])
def test_a_click_on_a_chunk_that_is_not_there_does_nothing(click, filled, of):
    before = filled.usable_ids()
    click(BrowserPosition("Physik"), "exclude", of)
    assert filled.usable_ids() == before


def test_found_words_are_marked_and_markup_in_a_text_is_not(look):
    shown = look(BrowserPosition("Physik", words="licht"))
    assert "<mark>" in shown
    assert "<b>Licht" not in shown
