"""Beside a training that broke off: one button with which it goes on, where there is a way. Knows the widgets."""

import gradio as gr

from core import trainer
from core.trainer import SuggestedFix
from ui.page import html
from ui.page.frame import PageFrame
from ui.page.view import View


def build(frame: PageFrame) -> None:
    """What would help, and the button that does it; nothing where nothing broke off."""
    about = gr.HTML()
    button = gr.Button("", visible=False, elem_id="suggested-fix")
    notice = gr.HTML()
    frame.live.show(about, lambda view: about_html(view, current(view)))
    frame.live.show(button, lambda view: button_of(view, current(view)))

    frame.act(button.click, lambda project, _: trainer.take_fix(frame.services, project), notice)


def current(view: View) -> SuggestedFix | None:
    """What would help the project's newest training."""
    return trainer.suggested_fix(view.project, view.job(["train"])) if view.project else None


def about_html(view: View, fix: SuggestedFix | None) -> str:
    """Why this helps, and what it costs."""
    if fix is None:
        return ""
    where = view.t("fix.from_step" if fix.step else "fix.from_start", step=fix.step)
    return html.muted(f"{view.t(f'fix.{fix.name}.why')} {where}")


def button_of(view: View, fix: SuggestedFix | None) -> dict[str, object]:
    if fix is None:
        return gr.update(visible=False)
    return gr.update(visible=True, value=view.t(f"fix.{fix.name}", **fix.changes))
