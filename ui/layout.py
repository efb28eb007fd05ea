"""One language's page: the frame around the steps, and the screens of the four tabs. Knows what stands where."""

from collections.abc import Callable
from functools import partial

import gradio as gr

from ui import project_bar, settings, steps, tab_model, tab_rag, tab_sft, tab_training, welcome
from ui.page import fields, html
from ui.page.parts import Part
from ui.texts import LANGUAGES, text

FRAME = project_bar.PART | settings.PART | steps.PART | welcome.PART | Part(actions={"set": fields.keep})
SCREENS: dict[str, Part] = {
    "documents": tab_rag.PART,
    "model": tab_model.PART,
    "samples": tab_sft.PART,
    **tab_training.VIEWS,  # the last tab has three views, each a screen of its own
}
LAYOUTS: dict[str, Callable[[str], str]] = {
    "documents": tab_rag.layout_html,
    "model": tab_model.layout_html,
    "samples": tab_sft.layout_html,
    **{view: partial(tab_training.layout_html, view) for view in tab_training.VIEWS},
}


def build(language: str) -> gr.Blocks:
    """The page of one language. Holds no state of its own: what it shows comes from `ui/server/live.py`."""
    with gr.Blocks(analytics_enabled=False, title=text("app.name", language), fill_width=True) as page:
        gr.HTML(header_html(language), elem_id="header", padding=False)
        with gr.Row(elem_id="body"):
            with gr.Column(elem_id="sidebar", min_width=260):
                gr.HTML(html.places(*project_bar.PLACES, "settings"))
            with gr.Column(elem_id="main", min_width=300):
                gr.HTML(main_html(language))
                for name, layout_html in LAYOUTS.items():
                    with gr.Column(elem_id=f"screen-{name}", elem_classes="screen", min_width=0):
                        gr.HTML(layout_html(language))
    return page


def main_html(language: str) -> str:
    """Above each screen: where it stands among the steps, and one place for what came of the last action."""
    lost = html.box("warn", text("page.disconnected", language), text("page.disconnected_hint", language))
    refused = html.box("bad", text("page.not_taken", language), text("page.not_taken_hint", language))
    failed = html.box("bad", text("upload.failed", language), text("upload.failed_hint", language))
    return (
        f'<template id="not-taken">{refused}</template><template id="upload-failed">{failed}</template>'
        f'{html.place("steps")}<div id="disconnected">{lost}</div>{html.place("problem")}'
        '<div id="notice" role="status" aria-live="polite"></div>'
        '<div id="announced" class="unseen" role="status" aria-live="polite"></div>'
        f"{html.place('welcome')}{html.place('example')}"
    )


def header_html(language: str) -> str:
    """The app's name, the switch between light and dark, and the one between languages."""
    links = "".join(
        f'<a href="/language/{other}" lang="{other}" title="{text("app.this_language", other)}"'
        f" onclick=\"location.href='/language/{other}' + location.search; return false\""
        f"{' aria-current=true' if other == language else ''}>{other.upper()}</a>"
        for other in LANGUAGES
    )
    shade = text("page.shade", language)
    return (
        f"<header><div><h1>{text('app.name', language)}</h1><p>{text('app.purpose', language)}</p></div>"
        f'<div><button type="button" id="shade" aria-label="{shade}" title="{shade}">◐</button>'
        f'<nav aria-label="{text("app.language", language)}">{links}</nav></div></header>'
    )
