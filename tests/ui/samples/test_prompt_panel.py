"""Prompts are shown as they hold, kept only where they differ from the default ones, and checked while typed."""

from documents_material import store_document

from core.samples import prompts
from ui.page.view import View
from ui.samples import prompt_panel
from utils.config import ProjectConfig, SftSettings


def test_the_default_prompts_are_shown_in_the_language_of_the_samples():
    def shown(page: str, **settings) -> str:
        return prompt_panel.written(page, "user_template", ProjectConfig(sft=SftSettings(**settings)))

    assert shown("de") == prompts.default_template("de")
    assert shown("en") == prompts.default_template("en")
    assert shown("de", language="en") == prompts.default_template("en")
    assert shown("de", user_template="Frag {chunk}") == "Frag {chunk}"


def test_a_default_prompt_is_not_kept_as_a_persons_own(frame, project):
    prompt_panel.keep(frame, project, {"system_prompt": prompts.default_system("en") + "\n"})
    assert project.load_config().sft.system_prompt == ""
    prompt_panel.keep(frame, project, {"system_prompt": " Sei knapp. "})
    assert project.load_config().sft.system_prompt == "Sei knapp."


def test_unknown_variables_are_named_while_they_are_typed(frame, project, services):
    typed = {"system_prompt": "", "user_template": "Schreibe über {thema}: {chunk}"}
    shown = prompt_panel.check(frame, project, typed)["notice"]
    assert "{thema}" in shown
    assert prompt_panel.check(frame, project, {**typed, "user_template": "Aus {chunk}"})["notice"] == ""
    prompt_panel.keep(frame, project, typed)
    assert "{thema}" in prompt_panel.stored_problems(View(services, "de", "Physik"))


def test_the_preview_shows_the_real_messages_as_text(frame, project):
    store_document(project, "a.txt", ["Ein {Satz} mit <b>Auszeichnung</b> und {chunk}."])
    shown = prompt_panel.show_preview(frame, project, {"system_prompt": "", "user_template": "Frag: {chunk}"})[
        "preview"
    ]
    assert "Frag: Ein {Satz} mit &lt;b&gt;Auszeichnung&lt;/b&gt; und {chunk}." in shown
    assert "Auftrag (user)" in shown
