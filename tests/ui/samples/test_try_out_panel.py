"""A try shows what was asked, what came back, and what could be used of it, all of it as text."""

import pytest

from core.documents.store.chunk_store import Chunk
from core.jobs.job import Job
from core.samples.drafts import Task
from core.samples.unusable import note_unusable
from ui.page.view import View
from ui.samples import try_out_panel


@pytest.fixture
def tried(services, project):
    """What is shown after a try with this result."""

    def make(**result) -> str:
        project.set("sft", {"provider": "ollama", "model": "qwen"})
        known = {"messages": [{"role": "user", "content": "Frag <b>!"}], "answer": "<script>", "pairs": []}
        known |= {"problem": "", "seconds": 1.25, "tokens": 500, "cost_usd": None, **result}
        job = services.runner.start(Job("sft_test", project.name, lambda _: known))
        services.runner.wait(job.id, 10)
        return try_out_panel.result_html(View(services, "de", "Physik"))

    return make


def test_a_good_answer_shows_its_samples(tried):
    pair = {"instruction": "Was ist <i>?", "output": "Etwas.", "follow_ups": [["Und dann?", "Nichts."]]}
    shown = tried(pairs=[pair], cost_usd=0.0004)
    assert "Brauchbare Beispiele: 1" in shown
    assert "Was ist &lt;i&gt;?" in shown
    assert "Und dann?" in shown
    assert "1,2 s · 500 Token · 0,0004 $" in shown


def test_a_bad_answer_says_why_and_shows_it_word_for_word(tried):
    shown = tried(problem="cut_off")
    for words in ("brach ab", "weniger Beispiele je Anfrage", "&lt;script&gt;", "Frag &lt;b&gt;!"):
        assert words in shown
    assert "<script>" not in shown
    assert "kein brauchbares Beispiel" in tried(problem="something new")  # of tomorrow


def test_answers_that_could_not_be_used_are_shown_word_for_word_with_the_reason(services, project):
    assert try_out_panel.unusable_html(View(services, "de", "Physik")) == ""
    note_unusable(project, "qwen", Task(Chunk(1, "a <b>.pdf", 0, "Text.", {"page": 3}), 0), "<script>", "no_json")
    note_unusable(project, "qwen", Task(None, 0), "Nein", "cut_off")
    shown = try_out_panel.unusable_html(View(services, "de", "Physik"))
    assert "(die letzten 2)" in shown and "a &lt;b&gt;.pdf, Seite 3" in shown and "&lt;script&gt;" in shown
    assert "<script>" not in shown and shown.index("Nein") < shown.index("script")
    assert "abgeschnitten" in shown or "brach ab" in shown
