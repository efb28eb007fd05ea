"""How texts are cut: the settings, what they mean, and cutting again. Knows the widgets."""

from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import rag_processor
from core.project_manager import Project
from core.rag_processor import LOCAL_NAME
from ui.documents.documents_list import busy
from ui.page import forms, html
from ui.page.frame import Answer, PageFrame
from ui.page.view import View
from utils.config import ChunkSettings

FIELDS = ("chunk_tokens", "overlap_tokens")


def build(frame: PageFrame) -> None:
    """The whole section."""
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=2):
            fields = forms.widgets(ChunkSettings, FIELDS, frame.language)
            frame.live.show(gr.HTML(), counted_html)
            with gr.Row(elem_classes="tight"):
                again = gr.Button(frame.t("cutting.again"), size="sm", min_width=110, elem_id="cut-again")
            why = gr.HTML()
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=3):
            gr.HTML(about_html(frame))
    forms.autosave(frame, "documents", fields, notice)
    frame.live.show(again, lambda view: gr.update(interactive=bool(reason(view)) and not blocked(view)))
    frame.live.show(why, lambda view: html.muted(blocked(view) or reason(view) or view.t("cutting.up_to_date")))
    frame.act(again.click, partial(cut_again, frame), notice, fields)


def about_html(frame: PageFrame) -> str:
    """What a chunk, a token and an overlap are."""
    names = ("chunk", "token", "overlap")
    return html.terms(
        (escape(frame.t(f"cutting.{name}")), escape(frame.t(f"cutting.{name}_about"))) for name in names
    )


def has_chunks(view: View) -> bool:
    return bool(view.status and view.status.chunks)


def blocked(view: View) -> str:
    """Why nothing can be cut now; empty if it can."""
    if view.project is None or not has_chunks(view):
        return view.t("cutting.nothing_yet")
    return busy(view)


def reason(view: View) -> str:
    """Why the chunks should be cut again; empty where they fit the settings and the model."""
    if view.project is None or view.config is None or not has_chunks(view):
        return ""
    wanted = rag_processor.wanted_cut(view.project)
    different = differences(view, wanted)
    if "chunk_tokens" in different or "overlap_tokens" in different:
        return view.t("cutting.settings_changed")
    if "tokenizer" in different:
        names = {"stored": different["tokenizer"], "wanted": wanted["tokenizer"]}
        return view.t(
            "cutting.tokenizer_changed", **{key: tokenizer_words(view, name) for key, name in names.items()}
        )
    return ""


def differences(view: View, wanted: dict[str, Any]) -> dict[str, Any]:
    """How stored chunks were made otherwise than they would be now: name and stored value, one for each name."""
    return {
        name: source.params.get(name)
        for source in view.documents
        if source.chunks
        for name, value in wanted.items()
        if source.params.get(name) != value
    }


def tokenizer_words(view: View, name: object) -> str:
    """A tokenizer's name for people: the model's, without what tells its versions apart."""
    if name in (None, LOCAL_NAME):
        return view.t("cutting.local_vocabulary")
    return str(name).partition("#")[0]


def counted_html(view: View) -> str:
    """Whose tokens the stored chunks were counted in."""
    names = {source.params.get("tokenizer") for source in view.documents if source.chunks}
    words = ", ".join(sorted(tokenizer_words(view, name) for name in names))
    return html.muted(view.t("cutting.counted_with", tokenizer=words)) if words else ""


def cut_again(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    project.set("documents", values)
    rag_processor.start_rechunk(frame.services, project)
    return None
