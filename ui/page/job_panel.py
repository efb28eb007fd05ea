"""Progress, state, log and buttons of a job, the same on every screen. What moves in it comes from `moving`."""

from collections.abc import Iterable
from functools import partial
from html import escape

from core.jobs.job import ACTIVE, RESUMABLE, JobSnapshot, JobState
from core.jobs.kinds import Tab, of_tab
from ui.page import html
from ui.page.moving import LOG_LINES_SHOWN, figures
from ui.page.parts import Act, Part
from ui.page.view import View

STATE_TONES = {
    JobState.QUEUED: "info",
    JobState.RUNNING: "info",
    JobState.PAUSED: "warn",
    JobState.DONE: "good",
    JobState.FAILED: "bad",
    JobState.CANCELLED: "warn",
    JobState.INTERRUPTED: "warn",
}
AT_REST = {JobState.PAUSED, JobState.INTERRUPTED}
ASKS = {"pause": "pause", "resume": "resume", "stop": "cancel"}  # what each button asks of the runner


def job_part(tab: Tab) -> Part:
    """The panel of the newest job in the page's project that this tab shows."""
    return part_of(tab, of_tab(tab))


def part_of(tab: str, kinds: Iterable[str]) -> Part:
    """The panel of the newest job of these kinds; its place is called `job.<tab>`."""
    return Part(
        {f"job.{tab}": partial(panel_html, kinds=kinds, tab=tab)},
        {f"job.{tab}.{name}": partial(on_newest, kinds, name) for name in ASKS},
    )


def on_newest(kinds: Iterable[str], name: str, act: Act) -> None:
    """Pause, resume or cancel the job that the panel shows."""
    act.project  # noqa: B018 - raises where it is not open to whoever asks
    job = act.view.job(kinds)
    if job and name in possible(job):
        getattr(act.services.runner, ASKS[name])(job.id)


def panel_html(view: View, kinds: Iterable[str], tab: str) -> str:
    """The state in words, the bar and its figures, why it failed if it did, the buttons, and the log."""
    job = view.job(kinds)
    if job is None:
        return ""
    tones = {"resume": "primary" if job.state in AT_REST else "", "stop": "stop"}
    buttons = [
        html.button(f"job.{tab}.{name}", view.t(f"job.{name}"), tone=tones.get(name, "")) for name in possible(job)
    ]
    log = html.fold(f"log-{tab}", view.t("job.log"), log_html(view, job)) if job.log or job.state in ACTIVE else ""
    row = f'<div class="buttons">{"".join(buttons)}</div>' if buttons else ""
    return (
        f'<section class="job" data-job="{escape(job.id)}" id="panel-{escape(job.id)}">'
        f"{progress_html(view, job)}{row}{log}</section>"
    )


def possible(job: JobSnapshot) -> list[str]:
    """What can be done with a job now."""
    found = {
        "pause": job.state in ACTIVE and not job.stopping,
        "resume": job.state in RESUMABLE,
        "stop": job.state in ACTIVE | AT_REST and job.stopping != "cancel",
    }
    return [name for name, so in found.items() if so]


def progress_html(view: View, job: JobSnapshot) -> str:
    """The state in words, the bar and its figures, and why it failed if it did."""
    name = view.t(f"job.kind.{job.kind}")
    doing = view.message(job.message) if job.message and job.state in ACTIVE else ""
    parts = [
        f'<div class="job-head">{html.badge(STATE_TONES[job.state], state_words(view, job))}'
        f'<strong>{escape(name)}</strong><span data-part="doing">{escape(doing)}</span></div>'
    ]
    if job.state != JobState.DONE:
        fraction = job.fraction
        running = job.state == JobState.RUNNING
        parts.append(html.bar(fraction if fraction is not None or running else 0.0, name))
    parts.append(f'<div class="job-figures" data-part="words">{escape(figures(view, job))}</div>')
    if job.error:
        parts.append(html.box("bad", *view.error(job.error)))
    return "".join(parts)


def state_words(view: View, job: JobSnapshot) -> str:
    if job.state == JobState.RUNNING and job.stopping:
        return view.t("job.state.stopping" if job.stopping == "cancel" else "job.state.pausing")
    if job.state == JobState.QUEUED and job.queue_position:
        return view.t("job.state.waiting", position=job.queue_position)
    return view.t(f"job.state.{job.state}")


def log_html(view: View, job: JobSnapshot) -> str:
    """The log, newest line first. Lines that come later are added by the page's script."""
    lines = "".join(f"<li>{escape(view.message(line))}</li>" for line in reversed(job.log[-LOG_LINES_SHOWN:]))
    return f'<ol class="log" data-own data-last="{len(job.log)}" id="log-{escape(job.id)}">{lines}</ol>'
