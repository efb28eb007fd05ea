"""Prompts are shown as they hold, kept only where they differ from the default ones, and checked.

A try shows what was asked, what came back, and what could be used of it, all of it as text.
"""

from html import escape, unescape

import pytest
from documents_material import store_document

from core.documents.store.chunk_store import Chunk
from core.jobs.job import Job
from core.samples import prompts
from core.samples.drafts import Task
from core.samples.unusable import note_unusable
from ui.page.view import View
from ui.samples import prompt_panel
from utils.config import SftSettings


@pytest.fixture
def look(act, project):
    def make(**settings) -> str:
        project.set("sft", {"provider": "ollama", **settings})
        return prompt_panel.prompts_html(act.view())

    return make


def test_the_default_prompts_are_shown_in_the_language_of_the_samples():
    def shown(page: str, **settings) -> str:
        return prompt_panel.written("user_template", SftSettings(**settings), page)

    assert shown("de") == prompts.default_template("de")
    assert shown("en") == prompts.default_template("en")
    assert shown("de", language="en") == prompts.default_template("en")
    assert shown("de", user_template="Frag {chunk}") == "Frag {chunk}"


def test_whoever_writes_by_rules_is_told_nothing(look):
    assert look(provider="practice") == ""
    assert escape(prompts.default_system("en")) in look(language="en")


def test_a_default_prompt_is_not_kept_as_a_persons_own(act, project):
    act("prompts.keep", "system_prompt", value=prompts.default_system("en") + "\n")
    assert project.load_config().sft.system_prompt == ""
    act("prompts.keep", "system_prompt", value=" Sei knapp. ")
    assert project.load_config().sft.system_prompt == "Sei knapp."
    act("prompts.reset")
    assert project.load_config().sft.system_prompt == ""


@pytest.mark.parametrize("name", ["", "model", "base_url", "samples", "sft.system_prompt"])
def test_only_prompts_are_kept_as_prompts(act, project, name):
    before = project.load_config()
    act("prompts.keep", name, value="x")
    assert project.load_config() == before


def test_unknown_variables_are_named(act, look):
    act("prompts.keep", "user_template", value="Schreibe über {thema}: {chunk}")
    assert "{thema}“ ist keine Variable" in look()
    act("prompts.keep", "user_template", value="Aus {chunk}")
    assert "ist keine Variable" not in look()


def test_the_real_messages_are_shown_as_text_and_follow_what_is_set(look, project):
    assert "box bad" in look()
    store_document(project, "a.txt", ["Ein {Satz} mit <b>Auszeichnung</b> und {chunk}."])
    shown = look(user_template="Frag: {chunk}")
    assert "Frag: Ein {Satz} mit &lt;b&gt;Auszeichnung&lt;/b&gt; und {chunk}." in shown
    assert "Auftrag (user)" in shown
    assert "Sag: Ein {Satz} mit <b>" in unescape(look(user_template="Sag: {chunk}"))


@pytest.fixture
def tried(services, project):
    """What is shown after a try with this result."""

    def make(**result) -> str:
        project.set("sft", {"provider": "ollama", "model": "qwen"})
        known = {"messages": [{"role": "user", "content": "Frag <b>!"}], "answer": "<script>", "pairs": []}
        known |= {"problem": "", "seconds": 1.25, "tokens": 500, "cost_usd": None, **result}
        job = services.runner.start(Job("sft_test", project.name, lambda _: known))
        services.runner.wait(job.id, 10)
        return prompt_panel.tried_html(View(services, "de", "Physik"))

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
    assert prompt_panel.unusable_html(View(services, "de", "Physik")) == ""
    note_unusable(project, "qwen", Task(Chunk(1, "a <b>.pdf", 0, "Text.", {"page": 3}), 0), "<script>", "no_json")
    note_unusable(project, "qwen", Task(None, 0), "Nein", "cut_off")
    shown = prompt_panel.unusable_html(View(services, "de", "Physik"))
    assert "(die letzten 2)" in shown and "a &lt;b&gt;.pdf, Seite 3" in shown and "&lt;script&gt;" in shown
    assert "<script>" not in shown and shown.index("Nein") < shown.index("script")
    assert "abgeschnitten" in shown or "brach ab" in shown
