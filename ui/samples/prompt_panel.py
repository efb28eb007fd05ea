"""What the helper is told: the prompts, checked as they are typed, and the real messages of one chunk."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import sft_generator
from core.project_manager import Project
from core.sft_generator import DEFAULT_PROMPTS as DEFAULTS
from core.sft_generator import PROMPT_VARIABLES, prompt_problems
from ui.page import html
from ui.page.frame import Answer, Component, PageFrame
from ui.page.view import View
from ui.samples.helper_panel import provider
from ui.texts import LANGUAGES, error_text
from utils.config import ProjectConfig


def build(frame: PageFrame, language: Component) -> dict[str, Component]:
    """The whole section, folded. `language` is the field that the default prompts follow; it is saved here.

    Answers the fields by name.
    """
    t = frame.t
    folded = gr.Accordion(t("prompts.title"), open=False, visible=False, elem_id="prompts")
    with folded, gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280):
            fields = {
                name: gr.Textbox(label=t(f"field.{name}"), lines=lines, max_lines=16, elem_id=name.replace("_", "-"))
                for name, lines in (("system_prompt", 3), ("user_template", 8))
            }
            problems = gr.HTML(elem_id="prompt-problems")
            with gr.Row(elem_classes="tight"):
                reset = gr.Button(t("prompts.reset"), size="sm", min_width=110, elem_id="reset-prompts")
                look = gr.Button(t("prompts.preview"), size="sm", min_width=110, elem_id="preview-prompts")
            notice = gr.HTML()
        with gr.Column(min_width=280):
            gr.HTML(variables_html(frame))
            preview = gr.HTML(elem_id="prompt-preview")
    frame.live.show(folded, lambda view: gr.update(visible=not provider(view).writes_by_rules))
    frame.live.show(problems, stored_problems)
    frame.live.show(look, lambda view: gr.update(interactive=view.project is not None))
    for name, field in fields.items():
        frame.fill(field, partial(written, frame.language, name))
        frame.act(field.blur, partial(keep, frame), notice, {name: field}, trigger_mode="always_last")
        frame.act(field.input, partial(check, frame), problems, fields, trigger_mode="always_last")
    frame.act(reset.click, partial(reset_both, frame), notice, {}, {**fields, "problems": problems})
    frame.act(language.input, partial(speak, frame), notice, {"language": language}, fields)  # type: ignore[attr-defined]
    frame.act(look.click, partial(show_preview, frame), notice, fields, {"preview": preview})
    return dict(fields)


def variables_html(frame: PageFrame) -> str:
    """What each variable stands for."""
    meanings = {f"<code>{{{name}}}</code>": escape(frame.t(f"prompts.variable.{name}")) for name in PROMPT_VARIABLES}
    return html.muted(frame.t("prompts.about")) + html.terms(meanings.items(), "variables")


def spoken(config: ProjectConfig, page_language: str) -> str:
    """The language that the default prompts are shown in; where each document has its own, that of the page."""
    return page_language if config.sft.language == "auto" else config.sft.language


def written(page_language: str, name: str, config: ProjectConfig) -> str:
    """The prompt that stands in the form: a person's own, or the default one."""
    return getattr(config.sft, name) or DEFAULTS[name](spoken(config, page_language))


def own_words(name: str, typed: str | None) -> str:
    """What is saved: nothing where the default stands in the form, so that it can follow each document's language."""
    words = (typed or "").strip()
    return "" if words in {DEFAULTS[name](language).strip() for language in LANGUAGES} else words


def keep(frame: PageFrame, project: Project, values: dict[str, Any]) -> None:
    project.set("sft", {name: own_words(name, typed) for name, typed in values.items()})


def check(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """What is wrong with the prompts as they stand in the form, while they are typed."""
    return {"notice": problems_html(frame.language, values["system_prompt"] or "", values["user_template"] or "")}


def stored_problems(view: View) -> str:
    """What is wrong with the prompts that are saved."""
    settings = view.config.sft if view.config else None
    return problems_html(view.language, settings.system_prompt, settings.user_template) if settings else ""


def problems_html(page_language: str, system_prompt: str, user_template: str) -> str:
    found = prompt_problems(system_prompt, user_template)
    return "".join(html.box("warn", *error_text(each.code, page_language, each.params)) for each in found)


def reset_both(frame: PageFrame, project: Project, _: dict[str, Any]) -> Answer:
    project.set("sft", dict.fromkeys(DEFAULTS, ""))
    return {**filled(frame, project), "problems": ""}


def speak(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Another language of the samples brings its own default prompts; a person's own ones stay."""
    project.set("sft", values)
    return filled(frame, project)


def filled(frame: PageFrame, project: Project) -> dict[str, Any]:
    config = project.load_config()
    return {name: written(frame.language, name, config) for name in DEFAULTS}


def show_preview(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """The messages as the helper would get them for one chunk, with what stands in the form now."""
    keep(frame, project, values)
    return {"preview": messages_html(frame.t, sft_generator.prompt_preview(project, project.load_config().sft))}


def messages_html(t: Callable[[str], str], messages: Sequence[Mapping[str, str]]) -> str:
    """Messages with who says them; all of their text comes from documents and people."""
    return "".join(message_html(t(f"prompts.role.{message['role']}"), message["content"]) for message in messages)


def message_html(who: str, words: str) -> str:
    return (
        f'<article class="message"><header>{escape(who)}</header>'
        f'<div class="message-text" tabindex="0">{escape(words)}</div></article>'
    )
