"""Progress, state, log and buttons of a job, the same on every tab. Reads snapshots, so every browser agrees."""

from collections.abc import Callable
from html import escape

import gradio as gr

from core.jobs.job import ACTIVE, RESUMABLE, JobSnapshot, JobState
from core.jobs.kinds import Tab, of_tab
from core.project_manager import Project
from ui.page import html
from ui.page.figures import duration_words
from ui.page.frame import PageFrame, Work
from ui.page.view import View

LOG_LINES_SHOWN = 200
STATE_TONES = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "info",
    JobState.PAUSED: "warn",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "warn",
    JobState.INTERRUPTED: "warn",
}


def job_panel(frame: PageFrame, tab: Tab) -> None:
    """The panel of the newest job in the page's project that this tab shows."""
    t, kinds = frame.t, of_tab(tab)
    with gr.Column(elem_classes="job-panel", min_width=0):
        frame.live.show(gr.HTML(elem_classes="job-progress"), lambda view: progress_html(view, view.job(kinds)))
        with gr.Row(elem_classes="job-buttons"):
            pause = gr.Button(t("job.pause"), size="sm", visible=False, min_width=90)
            resume = gr.Button(t("job.resume"), size="sm", visible=False, min_width=90)
            stop = gr.Button(t("job.stop"), size="sm", visible=False, min_width=90, variant="stop")
        with gr.Accordion(t("job.log"), open=False, visible=False) as log_box:
            log = gr.HTML()
        notice = gr.HTML()
    frame.live.show(pause, lambda view: gr.update(visible=can_pause(view.job(kinds))))
    frame.live.show(resume, lambda view: gr.update(visible=can_resume(view.job(kinds))))
    frame.live.show(stop, lambda view: gr.update(visible=can_stop(view.job(kinds))))
    frame.live.show(log_box, lambda view: gr.update(visible=has_log(view.job(kinds))))
    frame.live.show(log, lambda view: log_html(view, view.job(kinds)))

    runner = frame.services.runner

    def on_newest(act: Callable[[str], object], may: Callable[[JobSnapshot | None], bool]) -> Work:
        def work(project: Project, _: object) -> None:
            job = View(frame.services, frame.language, project.name).job(kinds)
            if job and may(job):
                act(job.id)

        return work

    frame.act(pause.click, on_newest(runner.pause, can_pause), notice)
    frame.act(resume.click, on_newest(runner.resume, can_resume), notice)
    frame.act(stop.click, on_newest(runner.cancel, can_stop), notice)


def can_pause(job: JobSnapshot | None) -> bool:
    return bool(job and job.state in ACTIVE and not job.stopping)


def can_resume(job: JobSnapshot | None) -> bool:
    return bool(job and job.state in RESUMABLE)


def can_stop(job: JobSnapshot | None) -> bool:
    unfinished = job and (job.state in ACTIVE or job.state in {JobState.PAUSED, JobState.INTERRUPTED})
    return bool(job and unfinished and job.stopping != "cancel")


def has_log(job: JobSnapshot | None) -> bool:
    return bool(job and job.log)


def progress_html(view: View, job: JobSnapshot | None) -> str:
    """The state in words, the bar and its figures, and why it failed if it did."""
    if job is None:
        return html.muted(view.t("job.none"))
    name = view.t(f"job.kind.{job.kind}")
    doing = view.message(job.message) if job.message and job.state in ACTIVE else ""
    parts = [
        f'<div class="job-head">{html.badge(STATE_TONES[job.state], state_words(view, job))}'
        f"<strong>{escape(name)}</strong><span>{escape(doing)}</span></div>"
    ]
    if job.state != JobState.DONE:
        fraction = job.fraction
        moving = job.state == JobState.RUNNING
        parts.append(html.bar(fraction if fraction is not None or moving else 0.0, name))
    parts.append(f'<div class="job-figures" aria-live="off">{escape(figures(view, job))}</div>')
    if job.error:
        parts.append(html.box("bad", *view.error(job.error)))
    return "".join(parts)


def state_words(view: View, job: JobSnapshot) -> str:
    if job.state == JobState.RUNNING and job.stopping:
        return view.t("job.state.stopping" if job.stopping == "cancel" else "job.state.pausing")
    if job.state == JobState.QUEUED and job.queue_position:
        return view.t("job.state.waiting", position=job.queue_position)
    return view.t(f"job.state.{job.state}")


def figures(view: View, job: JobSnapshot) -> str:
    """`62 % · 42/100 · 3.1/s · 2 min left`, as far as it is known."""
    found = []
    if job.fraction is not None and job.state != JobState.DONE:
        found.append(view.t("job.percent", percent=round(job.fraction * 100)))
    if job.total and job.total > 1:
        found.append(view.t("job.count", done=round(job.done), total=round(job.total)))
    if job.rate and job.total and job.total > 1 and job.state == JobState.RUNNING:
        found.append(view.t("job.rate", rate=job.rate) if job.rate >= 1 else view.t("job.pace", pace=1 / job.rate))
    if job.eta_seconds is not None and job.state == JobState.RUNNING:
        found.append(view.t("job.left", time=duration(view, job.eta_seconds)))
    if job.seconds >= 1:
        found.append(view.t("job.elapsed", time=duration(view, job.seconds)))
    return " · ".join(found)


def duration(view: View, seconds: float) -> str:
    """A length of time in the two units that matter."""
    return duration_words(seconds, view.language)


def log_html(view: View, job: JobSnapshot | None) -> str:
    """The log, newest line first."""
    if job is None or not job.log:
        return ""
    lines = "".join(f"<li>{escape(view.message(line))}</li>" for line in reversed(job.log[-LOG_LINES_SHOWN:]))
    return f'<ol class="log" reversed start="{len(job.log)}">{lines}</ol>'
