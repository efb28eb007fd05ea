"""Step 3: question-answer pairs from the documents."""

from html import escape
from itertools import islice
from typing import Any

import gradio as gr

from core import pipeline
from core.jobs import ACTIVE
from core.project_manager import Project
from core.samples.sft_dataset import Sample, parse_sample
from ui import forms, html
from ui.job_panel import job_panel
from ui.page_frame import PageFrame
from ui.view import View
from utils.config import SftSettings
from utils.files import read_lines

KINDS = ("sft",)
PREVIEWED_SAMPLES = 10


def build(frame: PageFrame) -> None:
    t = frame.t
    gr.HTML(html.muted(t("samples.about")))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=2):
            provider = forms.widget(SftSettings, "provider", frame.language)
            gr.HTML(html.box("info", t("samples.practice"), t("samples.practice_about")))
            main = forms.widgets(SftSettings, ("samples", "language"), frame.language)
            with gr.Accordion(t("form.advanced"), open=False, elem_classes="advanced"):
                advanced = forms.widgets(SftSettings, ("seed",), frame.language)
            generate = gr.Button(t("samples.generate"), variant="primary", elem_id="generate")
            why_not = gr.HTML()
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=3):
            frame.live.show(gr.HTML(), counter_html)
            frame.live.show(gr.HTML(), preview_html)
    job_panel(frame, KINDS)
    fields = {"provider": provider, **main, **advanced}

    def start(project: Project, values: dict[str, Any]) -> None:
        project.set("sft", values)
        pipeline.start_samples(frame.services, project)

    forms.autosave(frame, "sft", fields, notice)
    frame.live.show(generate, lambda view: gr.update(interactive=not blocked(view), value=generate_label(view)))
    frame.live.show(why_not, lambda view: html.muted(blocked(view)))
    frame.act(generate.click, start, notice, fields)


def blocked(view: View) -> str:
    """Why no samples can be written now; empty if they can."""
    if view.project is None:
        return view.t("blocked.no_project")
    job = view.job(KINDS)
    if job and job.state in ACTIVE:
        return view.t("blocked.samples_running")
    if view.status and view.config and 0 < view.config.sft.samples <= view.status.samples:
        return view.t("blocked.samples_complete", count=view.status.samples)
    return "" if view.status and view.status.chunks else view.t("blocked.no_chunks")


def generate_label(view: View) -> str:
    some = view.status and view.config and 0 < view.status.samples < view.config.sft.samples
    return view.t("samples.continue" if some else "samples.generate")


def counter_html(view: View) -> str:
    if view.status is None or view.config is None:
        return html.muted(view.t("samples.none"))
    count, wanted = view.status.samples, view.config.sft.samples
    words = view.t("samples.counter", count=count, wanted=wanted)
    return f'<div class="counter"><strong>{escape(words)}</strong>{html.bar(min(count / wanted, 1.0), words)}</div>'


def preview_html(view: View) -> str:
    """The first samples, each with the place it comes from."""
    if view.project is None or not view.project.samples_file.is_file():
        return html.muted(view.t("samples.none"))
    lines = islice(read_lines(view.project.samples_file), PREVIEWED_SAMPLES)
    samples = [sample for line in lines if (sample := parse_sample(line))]
    heads = [view.t(f"samples.head_{name}") for name in ("instruction", "output", "source")]
    return html.table(heads, (sample_row(view, sample) for sample in samples), view.t("samples.none"))


def sample_row(view: View, sample: Sample) -> list[str]:
    source = "–"
    if sample.source:
        source = f'<span class="file">{escape(sample.source.document)}</span>'
        if sample.source.page:
            source += f"<br><small>{escape(view.t('documents.page', page=sample.source.page))}</small>"
    return [html.shortened(sample.instruction), html.shortened(sample.output), source]
