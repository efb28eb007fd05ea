"""The models in Ollama's store to choose a base model from, and how an unpacked one compares. Knows the widgets."""

from html import escape
from typing import Any

import gradio as gr

from core.bases import ollama_store, unpacked
from core.bases.ollama_store import OllamaModel
from core.project_manager import Project
from ui import html
from ui.page_frame import Answer, Component, PageFrame
from ui.texts import error_text, text
from ui.view import View

_listed: list[OllamaModel] | None = None  # as the store was when somebody last looked


def build(frame: PageFrame) -> tuple[gr.Column, Component]:
    """The panel, which is hidden at first, and its field."""
    with gr.Column(visible=False, min_width=0) as panel:
        table = gr.HTML(elem_id="ollama-bases")
        model = gr.Dropdown([], label=frame.t("field.base_ollama"), elem_id="base-ollama")
        refresh = gr.Button(frame.t("ollama_bases.refresh"), size="sm", elem_id="refresh-ollama-bases")
        notice = gr.HTML()
    frame.live.show(table, lambda view: table_html(view.language))
    frame.live.show(model, lambda _: gr.update(choices=choices()))

    def look_again(_project: Project, _values: object) -> Answer:
        forget()
        return {"table": table_html(frame.language), "model": gr.update(choices=choices())}

    frame.act(refresh.click, look_again, notice, outputs={"table": table, "model": model})
    return panel, model


def models() -> list[OllamaModel]:
    """The models of the store, as it was when somebody last looked."""
    global _listed
    if _listed is None:
        _listed = ollama_store.list_models()
    return _listed


def forget() -> None:
    """Look again when the list is needed next."""
    global _listed
    _listed = None


def choices() -> list[tuple[str, str]]:
    """Only what can be trained; the table says why the others cannot."""
    return [(model.name, model.name) for model in models() if not model.problem]


def table_html(language: str) -> str:
    """All models, with the reason at those that cannot be trained."""
    heads = [text(f"ollama_bases.{name}", language) for name in ("name", "state")]
    rows = ([model_html(model, language), state_html(model, language)] for model in models())
    folders = ", ".join(str(folder) for folder in ollama_store.store_folders())
    return html.table(heads, rows, text("ollama_bases.none", language, folders=folders))


def model_html(model: OllamaModel, language: str) -> str:
    """Its name, and below it what it is: `qwen3 · 0.6B · Q8_0 · 0.64 GB`."""
    kind = [model.family, model.parameters, model.quantization]
    if model.file:  # one in the cloud has no size here
        kind.append(size_words(model.size_bytes, language))
    return f"<strong>{escape(model.name)}</strong><br><small>{escape(' · '.join(filter(None, kind)))}</small>"


def state_html(model: OllamaModel, language: str) -> str:
    if model.problem:
        why, _ = error_text(model.problem, language, {"name": model.name, "family": model.family})
        return f"{html.badge('warn', text('ollama_bases.impossible', language))}<br>{escape(why)}"
    there = unpacked.read_note(unpacked.folder_of(model.digest)) is not None
    return html.badge("good", text("ollama_bases.unpacked" if there else "ollama_bases.possible", language))


def size_words(size: int, language: str) -> str:
    unit, value = ("mb", size / 10**6) if size < 10**9 else ("gb", size / 10**9)
    return text(f"size.{unit}", language, value=value)


def agreement_html(view: View, note: unpacked.Note | None) -> str:
    """How the chosen model compares with the file that it was unpacked from."""
    if note is None:
        return ""
    figures: dict[str, Any] = {"percent": 100 * note.same_choice, "difference": note.difference}
    figures |= {"positions": note.positions, "same": note.same_tokens, "texts": note.texts}
    words = view.t("ollama_bases.agreement", **figures)
    return html.box("warn", words, view.t("ollama_bases.doubtful")) if note.is_doubtful else html.muted(words)
