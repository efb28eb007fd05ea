"""Before: a range of what it takes, and where texts go. After: what it took beside that, and what left."""

import pytest
from documents_material import store_document

from ui.page.figures import cost_words
from ui.page.view import View
from ui.samples import estimate_panel


@pytest.fixture
def view(services, project):
    store_document(project, "a.txt", ["Wärme ist Energie. " * 20])
    return lambda language="de": View(services, language, "Physik")


def test_where_texts_go_is_named_before_anything_goes_there(view, project):
    shown = estimate_panel.before_html(view())
    for words in ("Was 100 Beispiele brauchen werden", "nichts", "Nichts verlässt diesen Rechner."):
        assert words in shown
    project.set("sft", {"provider": "openrouter", "model": "openai/mini"})
    shown = estimate_panel.before_html(view())
    for words in ("gehen an openrouter.ai", "Abschnitte deiner Dokumente", "Preis unbekannt"):
        assert words in shown
    project.set("sft", {"base_url": "http://127.0.0.1:1234/v1"})
    assert "Nichts verlässt diesen Rechner." in estimate_panel.before_html(view())


def test_nothing_is_estimated_where_nothing_is_missing_could_be_written_or_is_being_written(
    services, project, view, puppet
):
    services.projects.create("Leer")
    assert estimate_panel.before_html(View(services, "de", "Leer")) == ""
    job = puppet("sft")
    assert estimate_panel.before_html(view()) == ""
    job.finish()
    assert estimate_panel.before_html(view()) != ""
    project.samples_file.write_text('{"instruction": "F?", "output": "A."}\n' * 100, "utf-8")
    assert estimate_panel.before_html(view()) == ""


def test_small_amounts_of_money_are_not_nothing(view):
    assert cost_words((0.00314, 0.0127), "de") == "0,0031 bis 0,013 $"
    assert cost_words((0.5, 12.34), "en") == "$0.5 to $12"
    assert cost_words((0.0, 0.0), "de") == "nichts"
    assert cost_words(None, "de") == "Preis unbekannt"
