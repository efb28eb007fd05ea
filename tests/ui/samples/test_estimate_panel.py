"""Before: a range of what it takes, and where texts go. After: what it took beside that, and what left."""

import pytest
from documents_material import store_document

from core import sft_generator
from core.samples import estimate as estimates
from core.samples.estimate import Taken
from core.samples.outbound import Outbound
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


@pytest.mark.parametrize(
    ("bounds", "words"), [((100, 130), "100 bis 130"), ((12_345, 23_456), "12.000 bis 23.000"), ((40, 40), "40")]
)
def test_an_estimate_has_no_more_digits_than_it_knows(view, bounds, words):
    assert estimate_panel.range_words(view(), bounds) == words


def test_small_amounts_of_money_are_not_nothing(view):
    assert estimate_panel.cost_words(view(), (0.00314, 0.0127)) == "0,0031 bis 0,013 $"
    assert estimate_panel.cost_words(view("en"), (0.5, 12.34)) == "$0.5 to $12"
    assert estimate_panel.cost_words(view(), (0.0, 0.0)) == "nichts"
    assert estimate_panel.cost_words(view(), None) == "Preis unbekannt"


def run(**known) -> Taken:
    fields = {"at": 0.0, "provider": "openrouter", "model": "a/<b>", "place": "openrouter.ai", "samples": 10}
    fields |= {"requests": 12, "failed": 1, "prompt_tokens": 1000, "answer_tokens": 500, "cost_usd": 0.03}
    return Taken(**{**fields, "seconds": 15.0, **known})


def test_a_run_is_shown_with_what_it_took(view):
    shown = estimate_panel.taken_html(view(), run())
    assert "10 Beispiele von a/&lt;b&gt; (openrouter.ai)" in shown
    assert "1.500 Token" in shown
    assert "0,0300 $" in shown


def test_what_left_is_listed_by_place_and_document(view, project, monkeypatch):
    place = Outbound("openrouter.ai", 3, 4500, 0.0, 0.0)
    place.documents.update({"a<b>.txt": 2, "b.txt": 1})
    monkeypatch.setattr(sft_generator, "usage", lambda project: ([], [place]))
    shown = estimate_panel.after_html(view())
    assert "An openrouter.ai gingen 3 Anfragen mit 4.500 Zeichen" in shown
    assert "a&lt;b&gt;.txt (2), b.txt (1)" in shown


def test_after_a_local_run_nothing_has_left(view, project):
    import json

    assert estimate_panel.after_html(view()) == ""
    estimates.log_file(project).write_text(json.dumps(vars(run(provider="ollama"))) + "\n", "utf-8")
    assert "Nichts hat diesen Rechner verlassen." in estimate_panel.after_html(view())
