"""What has to be there for a training, and how the model will read the samples. Knows the widgets; checks nothing."""

from collections.abc import Iterable
from dataclasses import asdict
from html import escape
from typing import Any

import gradio as gr

from core import trainer
from core.jobs.job import ACTIVE, JobState
from core.project_manager import Project
from core.trainer import Check
from ui.page import html, run_estimate_panel
from ui.page.figures import SIGNS, check_words, refusal_words
from ui.page.frame import PageFrame
from ui.page.job_panel import can_stop, progress_html
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View
from ui.training.example_view import examples_html

KIND = trainer.PREFLIGHT
ENDED_WITHOUT_RESULT = (JobState.FAILED, JobState.INTERRUPTED, JobState.CANCELLED)
CHECKED = Remembered(16)


def build(frame: PageFrame) -> None:
    """Checks, and the button that looks at the samples."""
    t = frame.t
    frame.live.show(gr.HTML(elem_id="checks"), checks_html)
    with gr.Row(elem_classes="job-buttons"):
        check = gr.Button(t("preflight.start"), size="sm", elem_id="preflight")
        stop = gr.Button(t("preflight.stop"), size="sm", visible=False, variant="stop", elem_id="stop-preflight")
    why_not, notice = gr.HTML(), gr.HTML()
    frame.live.show(stop, lambda view: gr.update(visible=can_stop(view.unfinished(KIND))))
    frame.live.show(gr.HTML(elem_id="preflight-result"), result_html)

    def stop_looking(project: Project, _: object) -> None:
        if job := View(frame.services, frame.language, project.name).unfinished(KIND):
            frame.services.runner.cancel(job.id)

    frame.allow(check, why_not, look_blocked)
    frame.act(check.click, lambda project, _: trainer.start_preflight(frame.services, project), notice)
    frame.act(stop.click, stop_looking, notice)


def current(view: View) -> list[Check]:
    """What core says of the project as it is saved; empty where there is no project that can be read."""
    project, settings = view.project, view.config
    if project is None or settings is None:
        return []
    key = (view.training_data, settings.model_dump_json(), moment(FREE_LASTS_SECONDS))
    expected = run_estimate_panel.current(view)
    return CHECKED.get(key, lambda: trainer.look(project, settings, view.services.hardware(), expected))


def refusal(view: View, *names: str) -> str:
    """Why no training can start, in words; empty if one can. With `names` only these checks count."""
    refused = next((check for check in current(view) if check.refusal and (not names or check.name in names)), None)
    return refusal_words(refused.refusal or "", refused.params, view.language) if refused else ""


def look_blocked(view: View) -> str:
    """Why the samples cannot be looked at now; empty if they can."""
    return view.blocked(KIND) or refusal(view, "samples", "base")


def checks_html(view: View) -> str:
    """The list; while a training holds memory and disk itself, it would say nothing."""
    if view.project is None:
        return ""
    if view.active(["train"]):
        return html.muted(view.t("preflight.running"))
    found = current(view)
    if not found:
        return ""
    title = f"<h4>{escape(view.t('preflight.title'))}</h4>"
    return title + list_html(view, map(asdict, found))


def list_html(view: View, checks: Iterable[dict[str, Any]]) -> str:
    """A line per check with a sign, which screen readers are told in words."""
    items = ""
    for check in checks:
        state = check["state"]
        told = escape(view.t(f"check.state.{state}"))
        sign = f'<span role="img" aria-label="{told}">{SIGNS[state]}</span>'
        items += f'<li class="{state}">{sign}<span>{escape(check_words(check, view.language))}</span></li>'
    return f'<ul class="checklist">{items}</ul>'


def result_html(view: View) -> str:
    """What the newest look at the samples found, or how far it is."""
    job = view.job([KIND])
    if job and job.state in ACTIVE:
        return progress_html(view, job)
    failed = progress_html(view, job) if job and job.state in ENDED_WITHOUT_RESULT else ""
    result = view.result(KIND)
    if result is None or not trainer.is_preflight_readable(result):
        return failed or html.muted(view.t("preflight.about"))
    outdated = html.box("warn", view.t("preflight.outdated")) if is_outdated(view, result) else ""
    took = html.muted(view.t("preflight.took", seconds=result["seconds"]))
    wrong = list_html(view, (check for check in result["checks"] if check["state"] != "ok"))
    fine = [check for check in result["checks"] if check["state"] == "ok"]
    fold = html.more(view.t("preflight.fine", count=len(fine)), list_html(view, fine))
    parts = (failed, outdated, figures_html(view, result), wrong, fold, suggestion_html(view, result))
    return f"{''.join(parts)}{examples_html(view, result['examples'])}{took}"


def figures_html(view: View, result: dict[str, Any]) -> str:
    return html.tiles(
        (
            (view.t("preflight.rows"), view.number(result["rows"])),
            (view.t("preflight.held_out"), view.number(result["held_out_rows"])),
            (view.t("preflight.longest"), view.t("preflight.tokens", tokens=result["longest"])),
            (view.t("preflight.median"), view.t("preflight.tokens", tokens=round(result["median"]))),
            (view.t("preflight.learned"), view.t("preflight.tokens", tokens=result["learned_tokens"])),
        )
    )


def suggestion_html(view: View, result: dict[str, Any]) -> str:
    """A maximum length that cuts less, and what it costs."""
    length = result["suggestion"]
    return html.box("info", view.t("preflight.suggestion", max_length=length)) if length else ""


def is_outdated(view: View, result: dict[str, Any]) -> bool:
    """Whether what the result rests on has changed since."""
    project, settings = view.project, view.config
    folder = view.base_folder
    if project is None or settings is None or folder is None or not project.samples_file.is_file():
        return True
    return trainer.preflight_basis(project.samples_file, folder, settings.training) != result["basis"]
