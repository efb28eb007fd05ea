"""One language's page: the frame around the steps, and the screens of the four tabs. Knows what stands where."""

from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr

from core.jobs.services import Services
from ui import glossary, project_bar, settings, steps, tab_model, tab_rag, tab_sft, tab_training, welcome
from ui.page import fields, html
from ui.page.parts import Part
from ui.texts import LANGUAGES, text

UPLOADS_KEPT_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Screen:
    """What one screen shows and does, and how it is laid out, given the services and the language."""

    part: Part
    build: Callable[[Services, str], None]


FRAME = project_bar.PART | settings.PART | steps.PART | welcome.PART | Part(actions={"set": fields.keep})
# The last tab has three views, each a screen of its own.
SCREENS: dict[str, Screen] = {
    "documents": Screen(tab_rag.PART, tab_rag.build),
    "model": Screen(tab_model.PART, tab_model.build),
    "samples": Screen(tab_sft.PART, tab_sft.build),
    **{name: Screen(view.part, view.build) for name, view in tab_training.VIEWS.items()},
}


def build(services: Services, language: str) -> gr.Blocks:
    """The page of one language. Holds no state of its own: what it shows comes from `ui/server/live.py`."""
    with gr.Blocks(
        analytics_enabled=False,
        title=text("app.name", language),
        delete_cache=(UPLOADS_KEPT_SECONDS, UPLOADS_KEPT_SECONDS),
        fill_width=True,
    ) as page:
        gr.HTML(header_html(language), elem_id="header", padding=False)
        with gr.Row(elem_id="body"):
            with gr.Column(elem_id="sidebar", min_width=260):
                gr.HTML(project_bar.layout_html())
                gr.HTML(html.place("hardware") + settings.layout_html(), elem_id="machine")
            with gr.Column(elem_id="main", min_width=300):
                gr.HTML(main_html(language))
                for name, screen in SCREENS.items():
                    with gr.Column(elem_id=f"screen-{name}", elem_classes="screen", min_width=0):
                        screen.build(services, language)
    return page


def main_html(language: str) -> str:
    """Above each screen: where it stands among the steps, and one place for what came of the last action."""
    lost = html.box("warn", text("page.disconnected", language), text("page.disconnected_hint", language))
    return (
        f'{html.place("steps")}<div id="disconnected">{lost}</div>{html.place("problem")}'
        '<div id="notice" role="status" aria-live="polite"></div>'
        '<div id="announced" class="unseen" role="status" aria-live="polite"></div>'
        f"{html.place('welcome')}{html.place('example')}"
    )


def header_html(language: str) -> str:
    """The app's name, the glossary, the switch between light and dark, and the one between languages."""
    links = "".join(
        f'<a href="/language/{other}" lang="{other}" title="{text("app.this_language", other)}"'
        f" onclick=\"location.href='/language/{other}' + location.search; return false\""
        f"{' aria-current=true' if other == language else ''}>{other.upper()}</a>"
        for other in LANGUAGES
    )
    shade = text("page.shade", language)
    shades = f'<button type="button" id="shade" aria-label="{shade}" title="{shade}">◐</button>'
    return (
        f"<header><div><h1>{text('app.name', language)}</h1><p>{text('app.purpose', language)}</p></div>"
        f"<div>{glossary.opener_html(language)}{shades}"
        f'<nav aria-label="{text("app.language", language)}">{links}</nav></div></header>'
        f"{glossary.glossary_html(language)}"
    )
