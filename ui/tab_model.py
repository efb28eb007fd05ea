"""Step 2: which model training starts from, and what it is written as in the end."""

from html import escape
from typing import Any

import gradio as gr

from core import base_models
from core.jobs.kinds import of_tab
from core.project_manager import Project
from ui.model import hub_panel, ollama_panel
from ui.page import forms, html
from ui.page.figures import model_words
from ui.page.frame import QUIET, PageFrame
from ui.page.job_panel import job_panel
from ui.page.view import View
from utils.config import BaseChoice, OutputSettings, ProjectConfig
from utils.errors import AppError
from utils.validators import checked

PRACTICE = "practice"
SOURCES = (PRACTICE, "ollama", "path", "hf")
FIELDS = {"ollama": "base_ollama", "path": "base_path", "hf": "base_hf"}


def build(frame: PageFrame) -> None:
    t = frame.t
    gr.HTML(html.muted(t("model.about")))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=3):
            source = gr.Radio(
                [(t(f"model.source.{name}"), name) for name in SOURCES], value=PRACTICE, label=t("field.source")
            )
            about = gr.HTML(about_html(frame, PRACTICE))
            folder = gr.Textbox(label=t("field.base_path"), info=t("about.base_path"), visible=False, max_lines=1)
            hub, repository = hub_panel.build(frame)
            ollama, ollama_model = ollama_panel.build(frame)
            create = gr.Button(t("model.create"), variant="primary", elem_id="create-practice")
            choose = gr.Button(t("model.choose"), variant="primary", visible=False)
            why_not, choosing_why_not = gr.HTML(), gr.HTML(visible=False)
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=2):
            frame.live.show(gr.HTML(), base_html)
            output = forms.widgets(OutputSettings, ("format", "quantization"), frame.language)
            saved = gr.HTML()
    job_panel(frame, "model")

    def create_practice(project: Project, _: object) -> None:
        base_models.choose_base(project, BaseChoice(source=PRACTICE, name=PRACTICE))
        base_models.start_practice_base(frame.services, project)

    def choose_other(project: Project, values: dict[str, Any]) -> dict[str, Any]:
        field = FIELDS[values["source"]]
        name = (values[field] or "").strip()
        if not name:
            raise AppError("field_empty", field=field)
        choice = checked(BaseChoice, {"source": values["source"], "name": name})
        base_models.take_base(frame.services, project, choice)
        return {"notice": html.box("good", t("model.chosen", name=name))}

    source.change(
        lambda name: [
            about_html(frame, name),
            gr.update(visible=name == "path"),
            gr.update(visible=name == "hf"),
            gr.update(visible=name == "ollama"),
            *(gr.update(visible=name == PRACTICE) for _ in range(2)),
            *(gr.update(visible=name != PRACTICE) for _ in range(2)),
        ],
        [source],
        [about, folder, hub, ollama, create, why_not, choose, choosing_why_not],
        **{**QUIET, "preprocess": False},
    )
    frame.fill(source, lambda config: config.base.source if config.base else PRACTICE)
    frame.fill(folder, lambda config: name_of(config, "path"))
    frame.fill(repository, lambda config: name_of(config, "hf") or None)
    frame.fill(ollama_model, lambda config: name_of(config, "ollama") or None)
    forms.autosave(frame, "output", output, saved)
    frame.live.show(create, lambda view: gr.update(interactive=not blocked(view), value=create_label(view)))
    frame.live.show(choose, lambda view: gr.update(interactive=not choosing_blocked(view)))
    frame.live.show(why_not, lambda view: html.muted(blocked(view)))
    frame.live.show(choosing_why_not, lambda view: html.muted(choosing_blocked(view)))
    frame.act(create.click, create_practice, notice)
    fields = {"base_path": folder, "base_hf": repository, "base_ollama": ollama_model}
    frame.act(choose.click, choose_other, notice, {"source": source, **fields})


def about_html(frame: PageFrame, source: str) -> str:
    return html.muted(frame.t(f"model.about.{source}")) if source in SOURCES else ""


def name_of(config: ProjectConfig, source: str) -> str:
    return config.base.name if config.base and config.base.source == source else ""


def create_label(view: View) -> str:
    practice = view.config and view.config.base and view.config.base.source == PRACTICE
    return view.t("model.create_again" if practice and view.status and view.status.base_ready else "model.create")


def blocked(view: View) -> str:
    """Why the practice model cannot be made now; empty if it can."""
    if view.project is None:
        return view.t("blocked.no_project")
    if view.active(of_tab("model")):
        return view.t("blocked.base_running")
    return "" if view.status and view.status.chunks else view.t("blocked.no_chunks")


def choosing_blocked(view: View) -> str:
    """Why no other model can be chosen now; empty if it can."""
    if view.project is None:
        return view.t("blocked.no_project")
    busy = view.unfinished("download") or view.unfinished("unpack_base")
    return view.t("blocked.base_running") if busy else ""


def base_html(view: View) -> str:
    """The model that is chosen, and whether it is there."""
    base = view.config.base if view.config else None
    if base is None or view.status is None:
        return html.muted(view.t("model.none"))
    ready = view.status.base_ready
    name = model_words(base.source, base.name, view.language)
    state = html.badge("good" if ready else "warn", view.t("model.ready" if ready else "model.not_ready"))
    folder = view.base_folder if base.source == "ollama" else None
    agreement = ollama_panel.agreement_html(view, base_models.read_note(folder)) if folder else ""
    return (
        f'<div class="chosen"><small>{escape(view.t("model.current"))}</small>'
        f"<div><strong>{escape(name)}</strong> {state}</div>{agreement}</div>"
    )
