"""The overview shows figures as the language writes them, and is not made anew for every viewer."""

import pytest
from documents_material import store_document

from core import rag_processor
from ui.documents import documents_overview
from ui.documents.documents_overview import overview_html
from ui.page.view import View


@pytest.fixture
def stored(project):
    store_document(project, "a.txt", ["Die Wärme ist eine Form der Energie. " * 40] * 40, language="de")
    store_document(project, "b.txt", ["Heat is a form of energy. " * 20] * 4, language="en")
    store_document(project, "scan.pdf", pages=7)
    return project


@pytest.fixture
def made(monkeypatch):
    """One for each overview that was made."""
    times, real = [], rag_processor.overview
    monkeypatch.setattr(rag_processor, "overview", lambda *args: times.append(1) or real(*args))
    return times


def look(services, language="de") -> str:
    return overview_html(View(services, language, "Physik"))


def test_figures_and_possible_samples_are_shown(services, stored):
    shown = look(services)
    for words in ("<dd>44</dd>", "Beispiele möglich", "44 von 51", "15.320"):
        assert words in shown
    assert "15,320" in look(services, "en")


def test_all_viewers_share_one_overview_until_something_changes(services, stored, made):
    for _ in range(3):
        look(services)
        look(services, "en")
    assert len(made) == 1
    stored.set("documents", {"skip_duplicates": False})
    look(services)
    assert len(made) == 2
    store_document(stored, "c.txt", ["Neu"])
    look(services)
    assert len(made) == 3


def test_while_documents_come_in_the_overview_is_made_seldom(services, stored, puppet, made, monkeypatch):
    monkeypatch.setattr(documents_overview, "LASTS_SECONDS", 10**9)
    job = puppet("rag")
    look(services)
    for number in range(3):
        store_document(stored, f"neu {number}.txt", ["Neu"])
        assert "<dd>44</dd>" in look(services)
    assert len(made) == 1
    job.finish()
    assert "<dd>47</dd>" in look(services)
    assert len(made) == 2


def test_once_documents_are_read_a_model_is_next(services, stored, puppet):
    job = puppet("rag")
    assert "?tab=model" not in look(services)
    job.finish()
    assert 'class="button primary" href="?tab=model"' in look(services)
