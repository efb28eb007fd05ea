"""Beside a training that broke off: one button with which it goes on, where there is a way. Knows the widgets."""

import gradio as gr

from core import trainer
from core.trainer import SuggestedFix
from ui.page import html
from ui.page.frame import PageFrame
from ui.page.view import View

Offer = tuple[SuggestedFix, int]


def build(frame: PageFrame) -> None:
    """What would help, and the button that does it; nothing where nothing broke off."""
    about = gr.HTML()
    button = gr.Button("", visible=False, elem_id="suggested-fix")
    notice = gr.HTML()
    frame.live.show(about, lambda view: about_html(view, current(view)))
    frame.live.show(button, lambda view: button_of(view, current(view)))

    frame.act(button.click, lambda project, _: trainer.take_fix(frame.services, project), notice)


def current(view: View) -> Offer | None:
    """What would help the project's newest training, and the step from which it would go on."""
    return trainer.suggested_fix(view.project, view.job(["train"])) if view.project else None


def about_html(view: View, offer: Offer | None) -> str:
    """Why this helps, and what it costs."""
    if offer is None:
        return ""
    fix, step = offer
    where = view.t("fix.from_step" if step else "fix.from_start", step=step)
    return html.muted(f"{view.t(f'fix.{fix.name}.why')} {where}")


def button_of(view: View, offer: Offer | None) -> dict[str, object]:
    if offer is None:
        return gr.update(visible=False)
    fix, _ = offer
    return gr.update(visible=True, value=view.t(f"fix.{fix.name}", **fix.changes))
