"""Step 4: train, compare with the base model, export, and ask the finished model."""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import exporter, hardware_detector, trainer
from core.project_manager import Project
from ui.page import forms, html
from ui.page.frame import Component, PageFrame, Work
from ui.page.job_panel import job_panel
from ui.page.run_estimate_panel import estimate_html
from ui.page.view import View
from ui.training import preflight_panel, preset_panel, run_history, suggested_fix_panel, training_results
from utils.config import QUANTIZED, Group, TrainingSettings, settings_with

OFFERED = {"lora_rank": (8, 16, 32, 64), "lora_alpha": (16, 32, 64)}


def build(frame: PageFrame) -> None:
    t = frame.t
    gr.HTML(html.muted(t("training.about")))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=1):
            presets = preset_panel.build(frame)
            fields = setting_fields(frame)
            start = gr.Button(t("training.start"), variant="primary", elem_id="train")
            why_not = gr.HTML()
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=1):
            frame.live.show(gr.HTML(), training_results.figures_html)
            frame.live.show(gr.HTML(), training_results.loss_html)
            frame.live.show(gr.HTML(elem_id="run-estimate"), estimate_html)
            preflight_panel.build(frame)
    job_panel(frame, "training")
    suggested_fix_panel.build(frame)
    after_training(frame)

    def train(project: Project, values: dict[str, Any]) -> None:
        project.set("training", values)
        trainer.start_training(frame.services, project)

    forms.autosave(frame, "training", fields, notice)
    preset_panel.connect(frame, presets, fields)
    frame.allow(start, why_not, blocked)
    frame.act(start.click, train, notice, fields)
    run_history.build(frame, fields)


def setting_fields(frame: PageFrame) -> dict[str, Component]:
    """A widget for each training setting; those that are rarely needed behind a fold, in groups."""
    offered = {**OFFERED, "batch_size": hardware_detector.batch_size_choices(frame.services.hardware())}
    main, *folded = Group
    fields = forms.widgets(TrainingSettings, settings_with(main), frame.language, slider=True, offered=offered)
    with gr.Accordion(frame.t("form.advanced"), open=False, elem_classes="advanced"):
        for group in folded:
            gr.HTML(f"<h4>{escape(frame.t(f'settings.group.{group}'))}</h4>")
            fields |= forms.widgets(TrainingSettings, settings_with(group), frame.language)
    return fields


def after_training(frame: PageFrame) -> None:
    """Compare, export and ask: three cards that open up as soon as there is a checkpoint."""
    t, services = frame.t, frame.services

    def put(project: Project, values: dict[str, Any]) -> object:
        return exporter.start_question(services, project, values["question"] or "")

    with gr.Row(elem_classes="cards"):
        with gr.Column(min_width=230, elem_classes="card"):
            gr.HTML(f"<h3>{escape(t('evaluation.title'))}</h3>{html.muted(t('evaluation.about'))}")
            frame.live.show(gr.HTML(), training_results.taken_html)
            button = gr.Button(t("evaluation.start"), elem_id="evaluate")
            compare = partial(after_blocked, "evaluate")
            action(frame, button, compare, lambda project, _: exporter.start_evaluation(services, project))
            frame.live.show(gr.HTML(), training_results.evaluation_html)
        with gr.Column(min_width=230, elem_classes="card"):
            gr.HTML(f"<h3>{escape(t('export.title'))}</h3>")
            frame.live.show(gr.HTML(), lambda view: html.muted(export_plan(view)))
            frame.live.show(gr.HTML(), training_results.taken_html)
            button = gr.Button(t("export.title"), elem_id="export")
            write = partial(after_blocked, "export")
            action(frame, button, write, lambda project, _: exporter.start_export(services, project))
            frame.live.show(gr.HTML(), training_results.export_html)
        with gr.Column(min_width=230, elem_classes="card"):
            gr.HTML(f"<h3>{escape(t('ask.title'))}</h3>{html.muted(t('ask.about'))}")
            question = gr.Textbox(label=t("ask.question"), elem_id="question", lines=2, max_length=2000)
            button = gr.Button(t("ask.start"), elem_id="ask")
            notice = action(frame, button, ask_blocked, put, {"question": question})
            frame.act(question.submit, put, notice, {"question": question})
            frame.live.show(gr.HTML(elem_id="answer"), training_results.answer_html)
    frame.live.show(gr.HTML(), training_results.answers_html)


def action(
    frame: PageFrame,
    button: gr.Button,
    blocked: Callable[[View], str],
    work: Work,
    inputs: dict[str, Component] | None = None,
) -> gr.HTML:
    """What a button does, and below it why it is off and a place for errors, which is returned."""
    why_not, notice = gr.HTML(), gr.HTML()
    frame.allow(button, why_not, blocked)
    frame.act(button.click, work, notice, inputs)
    return notice


def blocked(view: View) -> str:
    """Why no training can start now; empty if it can."""
    if why_not := run_history.training_blocked(view):
        return why_not
    return preflight_panel.refusal(view) if view.status else ""


def after_blocked(kind: str, view: View) -> str:
    return view.blocked(kind) or ("" if view.trained else view.t("error.not_trained"))


def ask_blocked(view: View) -> str:
    return view.blocked("ask") or ("" if view.status and view.status.exported else view.t("error.not_exported"))


def export_plan(view: View) -> str:
    """What an export will write, as set in step 2."""
    if view.config is None:
        return ""
    output = view.config.output
    quantization = f" · {output.quantization}" if output.format in QUANTIZED else ""
    chosen = f"{forms.choice_label('format', output.format, view.language)}{quantization}"
    return view.t("export.plan", chosen=chosen)
