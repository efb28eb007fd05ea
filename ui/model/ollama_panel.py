"""The models in Ollama's store to choose a base model from, what fits, and how an unpacked one compares.

Knows the widgets.
"""

from html import escape
from typing import Any

import gradio as gr

from core import base_models
from core.base_models import Note, OllamaModel, Original, original_of
from core.project_manager import Project
from ui.model.hub_panel import fit_html
from ui.page import html
from ui.page.clickable import Click, clickable
from ui.page.figures import size_words
from ui.page.frame import Answer, Component, PageFrame
from ui.page.remembered import Remembered
from ui.page.view import View
from ui.texts import error_text, text
from utils.config import BaseChoice
from utils.errors import AppError

LISTS = Remembered(1)  # as the store was when somebody last looked


def build(frame: PageFrame) -> tuple[gr.Column, Component]:
    """The panel, which is hidden at first, and its field."""
    with gr.Column(visible=False, min_width=0) as panel:
        table = clickable("ollama-bases")
        model = gr.Dropdown([], label=frame.t("field.base_ollama"), elem_id="base-ollama")
        refresh = gr.Button(frame.t("ollama_bases.refresh"), size="sm", elem_id="refresh-ollama-bases")
        notice = gr.HTML()
    frame.live.show(table, table_html)
    frame.live.show(model, lambda _: gr.update(choices=choices()))

    def look_again(project: Project, _values: object) -> Answer:
        LISTS.forget()
        view = View(frame.services, frame.language, project.name)
        return {"table": table_html(view), "model": gr.update(choices=choices())}

    def switch(project: Project, values: dict[str, Any]) -> Answer:
        """Take the original weights of a model; what lacks of them is downloaded."""
        click: Click = values["click"]
        known = {original.name for model in models() if (original := original_of(model))}
        if click.do != "original" or click.of not in known:
            raise AppError("ollama_missing", name=click.of)
        base_models.take_base(frame.services, project, BaseChoice(source="hf", name=click.of))
        return {"notice": html.box("good", frame.t("model.chosen", name=click.of))}

    frame.act_on_click(table, switch, notice, {}, {})
    frame.act(refresh.click, look_again, notice, outputs={"table": table, "model": model})
    return panel, model


def models() -> list[OllamaModel]:
    """The models of the store, as it was when somebody last looked."""
    return LISTS.get("", base_models.list_models)


def choices() -> list[tuple[str, str]]:
    """Only what can be trained; the table says why the others cannot."""
    return [(model.name, model.name) for model in models() if not model.problem]


def table_html(view: View) -> str:
    """All models, with the reason at those that cannot be trained, and what fits of the others."""
    language = view.language
    heads = [view.t("hub.model"), view.t("ollama_bases.state")]
    rows = ([model_html(model, language), state_html(view, model)] for model in models())
    folders = ", ".join(str(folder) for folder in base_models.store_folders())
    return html.table(heads, rows, view.t("ollama_bases.none", folders=folders))


def model_html(model: OllamaModel, language: str) -> str:
    """Its name, and below it what it is: `qwen3 · 0.6B · Q8_0 · 0.64 GB`."""
    kind = [model.family, model.parameters, model.quantization]
    if model.file:  # one in the cloud has no size here
        kind.append(size_words(model.size_bytes, language))
    return f"<strong>{escape(model.name)}</strong><br><small>{escape(' · '.join(filter(None, kind)))}</small>"


def state_html(view: View, model: OllamaModel) -> str:
    """Whether it can be trained and fits, else why not; and its original weights, where they are known."""
    language = view.language
    if model.problem:
        why, _ = error_text(model.problem, language, model.named)
        state = f"{html.badge('warn', text('ollama_bases.impossible', language))}<br>{escape(why)}"
    else:
        there = base_models.is_unpacked(model)
        state = html.badge("good", text("ollama_bases.unpacked" if there else "ollama_bases.possible", language))
        state += fit_html(view, base_models.shape_of_ollama(model))
    original = original_of(model)
    return state + (original_html(original, language) if original else "")


def original_html(original: Original, language: str) -> str:
    """A button that takes the original weights instead, and what that means."""
    here = base_models.is_downloaded(original.name)
    facts = [original.licence, size_words(original.download_bytes, language)]
    facts.append(text("hub.here" if here else "ollama_bases.is_download", language))
    if original.is_gated and not here:
        facts.append(text("hub.gated", language))
    about = text("ollama_bases.original_about", language, name=original.name)
    button = html.small_button("original", original.name, text("ollama_bases.original", language), about=about)
    return f"<p>{button}<br><small>{escape(original.name)}: {escape(' · '.join(facts))}</small></p>"


def agreement_html(view: View, note: Note | None) -> str:
    """How the chosen model compares with the file that it was unpacked from."""
    if note is None:
        return ""
    words = view.t("ollama_bases.agreement", **note.figures)
    return html.box("warn", words, view.t("ollama_bases.doubtful")) if note.is_doubtful else html.muted(words)
