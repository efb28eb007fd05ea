"""Step 3: training samples. Lays the tab out; each section has a module of its own."""

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import sft_generator
from core.jobs.kinds import of_step
from core.jobs.services import Services
from core.project_manager import Project
from ui.page import html
from ui.page.frame import PageFrame
from ui.page.job_panel import job_panel
from ui.page.view import View
from ui.samples import (
    checks_panel,
    estimate_panel,
    exchange_panel,
    helper_panel,
    prompt_panel,
    review_panel,
    try_out_panel,
    wishes_panel,
)
from ui.samples.sample_list import ReviewPosition, counts_of, has_samples, refusal

Start = Callable[[Services, Project], object]


def build(frame: PageFrame) -> None:
    t = frame.t
    position = gr.State(ReviewPosition())
    gr.HTML(html.muted(t("samples.about")))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=2):
            helper = helper_panel.build(frame)
            wishes = wishes_panel.build(frame)
            test = try_out_panel.build(frame)
            generate = gr.Button(t("samples.generate"), variant="primary", elem_id="generate")
            why_not = gr.HTML()
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=3):
            frame.live.show(gr.HTML(), counter_html)
            frame.live.show(gr.HTML(elem_id="estimate"), estimate_panel.before_html)
            frame.live.show(gr.HTML(elem_id="try-out"), try_out_panel.result_html)
            frame.live.show(gr.HTML(elem_id="after"), estimate_panel.after_html)
            frame.live.show(gr.HTML(elem_id="unusable"), try_out_panel.unusable_html)
            checks_panel.build(frame, position)
    prompts = prompt_panel.build(frame, wishes["language"])
    job_panel(frame, "samples")
    # Without samples there is nothing to review: all of it would only be in the way.
    with gr.Column(visible=False, min_width=0) as reviewed:
        gr.HTML(f'<h2 class="section">{escape(t("review.title"))}</h2>')
        review_panel.build(frame, position)
    with gr.Accordion(t("exchange.title"), open=False, elem_id="exchange"):
        exchange_panel.build(frame)

    frame.live.show(reviewed, lambda view: gr.update(visible=has_samples(view)))
    frame.live.show(generate, lambda view: gr.update(interactive=not blocked(view), value=generate_label(view)))
    frame.live.show(why_not, lambda view: html.muted(blocked(view)))
    form = {**helper, **wishes, **prompts}
    frame.act(generate.click, partial(begin, frame, sft_generator.start_samples), notice, form)
    frame.act(test.click, partial(begin, frame, sft_generator.start_test), notice, form)


def begin(frame: PageFrame, start: Start, project: Project, values: dict[str, Any]) -> None:
    """Starts with what stands in the form: whoever typed something and clicked at once means that."""
    texts = {name: values[name] or "" for name in ("model", "base_url", "topic")}
    prompts = {name: prompt_panel.own_words(name, values[name]) for name in prompt_panel.DEFAULTS}
    project.set("sft", {**values, **texts, **prompts})
    start(frame.services, project)


def blocked(view: View) -> str:
    """Why no samples can be written now; empty if they can."""
    if view.project is None or view.config is None:
        return view.t("blocked.no_project")
    if view.active(of_step("samples")):
        return view.t("blocked.samples_running")
    if why_not := refusal(view):
        return why_not
    settings, count = view.config.sft, usable_count(view)
    provider = helper_panel.provider(view)
    if 0 < settings.samples <= count:
        return view.t("blocked.samples_complete", count=count)
    if not (view.status and view.status.chunks):
        if "topic" not in provider.settings:
            return view.t("blocked.no_chunks")
        if not settings.topic.strip():
            return view.t("blocked.no_chunks_no_topic")
    if not settings.model and not provider.writes_by_rules:
        return view.t("blocked.no_file" if provider.takes_file else "blocked.no_helper_model")
    if provider.needs_key and not settings.base_url and not helper_panel.has_key(view):
        return view.t("blocked.no_key")
    return ""


def usable_count(view: View) -> int:
    """The samples that count: all that nobody rejected."""
    counts = counts_of(view)
    return counts.total - counts.by_status.get("rejected", 0)


def generate_label(view: View) -> str:
    some = view.config and 0 < usable_count(view) < view.config.sft.samples
    return view.t("samples.continue" if some else "samples.generate")


def counter_html(view: View) -> str:
    if view.status is None or view.config is None:
        return html.muted(view.t("samples.none"))
    if why_not := refusal(view):
        return html.box("bad", why_not)
    count, wanted = usable_count(view), view.config.sft.samples
    words = view.t("samples.counter", count=count, wanted=wanted)
    return f'<div class="counter"><strong>{escape(words)}</strong>{html.bar(min(count / wanted, 1.0), words)}</div>'
