"""Beside a training that broke off: one button with which it goes on, where there is a way. Knows the widgets."""

from dataclasses import dataclass

import gradio as gr

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import open_run
from core.jobs.services import Services
from core.project_manager import Project
from core.training import checkpoints, readiness
from core.training.readiness import SuggestedFix
from ui.page import html
from ui.page.frame import PageFrame
from ui.page.view import View
from ui.texts import LANGUAGES
from utils.config import TrainingSettings
from utils.errors import AppError

BROKEN_OFF = (JobState.FAILED, JobState.INTERRUPTED)


@dataclass(frozen=True)
class Offer:
    """A suggested fix for one run, and the step of the checkpoint from which it would go on; 0 is its beginning."""

    run: str
    step: int
    fix: SuggestedFix


def build(frame: PageFrame) -> None:
    """What would help, and the button that does it; nothing where nothing broke off."""
    about = gr.HTML()
    button = gr.Button("", visible=False, elem_id="suggested-fix")
    notice = gr.HTML()
    frame.live.show(about, lambda view: about_html(view, current(view)))
    frame.live.show(button, lambda view: button_of(view, current(view)))

    frame.act(button.click, lambda project, _: go_on(frame.services, project), notice)


def go_on(services: Services, project: Project) -> None:
    """Start what is offered. Raises what `continue_from_checkpoint` raises.

    Where the project's settings are still those that failed, they change too: the next training would fail as well.
    """
    if offer := current(View(services, LANGUAGES[0], project.name)):
        changes = offer.fix.changes
        trainer.continue_from_checkpoint(services, project, offer.run, None, changes)
        failed = TrainingSettings(**open_run(project, offer.run).request["training"])
        now = project.load_config().training
        if all(getattr(now, name) == getattr(failed, name) for name in changes):
            project.set("training", changes)


def current(view: View) -> Offer | None:
    """What would help the project's newest training; None where it did not break off, or nothing would."""
    job = view.job(["train"])
    if view.project is None or job is None or job.state not in BROKEN_OFF or job.error is None:
        return None
    try:
        run = open_run(view.project, job.id)
        settings = TrainingSettings.model_validate(run.request["training"])
    except (AppError, FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    fix = readiness.fix_for(job.error.key, settings)
    complete = checkpoints.complete_checkpoints(run.trainer_folder)
    return Offer(run.id, complete[-1].step if complete else 0, fix) if fix else None


def about_html(view: View, offer: Offer | None) -> str:
    """Why this helps, and what it costs."""
    if offer is None:
        return ""
    where = view.t("fix.from_step" if offer.step else "fix.from_start", step=offer.step)
    return html.muted(f"{view.t(f'fix.{offer.fix.name}.why')} {where}")


def button_of(view: View, offer: Offer | None) -> dict[str, object]:
    if offer is None:
        return gr.update(visible=False)
    return gr.update(visible=True, value=view.t(f"fix.{offer.fix.name}", **offer.fix.changes))
