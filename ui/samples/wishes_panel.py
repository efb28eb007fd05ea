"""How many samples, about what, and of which kinds; rarely needed settings behind a fold. Knows the widgets."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from ui.page import forms, html
from ui.page.frame import Component, PageFrame
from ui.page.view import View
from ui.samples.helper_panel import provider
from utils.config import SftSettings

ADVANCED = ("temperature", "per_request", "turns", "concurrency", "timeout_seconds", "context_tokens", "budget_usd")


def build(frame: PageFrame) -> dict[str, Component]:
    """The whole section. Answers the fields by name; the language is saved by the prompts, which follow it."""
    t = frame.t
    main = forms.widgets(SftSettings, ("samples", "language"), frame.language)
    styles = forms.widget(SftSettings, "styles", frame.language)
    styles.visible = False  # until the page knows who writes
    topic = gr.Textbox(
        label=t("field.topic"),
        info=t("about.topic"),
        placeholder=t("wishes.topic_example"),
        max_lines=1,
        visible=False,
        elem_id="topic",
    )
    with gr.Accordion(t("form.advanced"), open=False, elem_classes="advanced"):
        advanced = forms.widgets(SftSettings, ("seed",), frame.language)
        advanced |= {"temperature": forms.widget(SftSettings, "temperature", frame.language, slider=True)}
        advanced |= forms.widgets(SftSettings, ADVANCED[1:], frame.language)
        gr.HTML(html.muted(t("wishes.more_by_command")))
    notice = gr.HTML()
    for name in ADVANCED:
        frame.live.show(advanced[name], where_it_counts(name))
    for name, field in (("styles", styles), ("topic", topic)):
        frame.live.show(field, where_it_counts(name))
    typed = {"samples": main["samples"], "styles": styles, "topic": topic, **advanced}
    forms.autosave(frame, "sft", typed, notice)
    frame.fill(main["language"], lambda config: config.sft.language)
    return {**typed, "language": main["language"]}


def where_it_counts(name: str) -> Callable[[View], Any]:
    """A field that is there only where it means something to the chosen provider."""
    return lambda view: gr.update(visible=name in provider(view).settings)
