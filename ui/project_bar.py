"""The sidebar: which project, what to do next, what runs now, what this machine is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape

from core import example, hardware_detector, projects
from core.jobs.job import ACTIVE, UNFINISHED, JobSnapshot, JobState
from core.jobs.kinds import of_step
from ui.page import html
from ui.page.fields import Field
from ui.page.job_panel import state_words
from ui.page.parts import Act, Answer, Part
from ui.page.view import Position, View
from ui.texts import message_text
from utils.errors import AppError
from utils.validators import composed

PLACES = ("project", "next", "running")
PURPOSES = ("create", "rename", "delete")


@dataclass(frozen=True)
class BarPosition(Position):
    """Which of the bar's small forms is open: create, rename, delete or none."""

    purpose: str = ""


def project_html(view: View) -> str:
    """The list of projects, the buttons around it, and the form that one of them has opened."""
    t = view.t
    choices = [(name, name) for name in view.projects]
    if view.project_name not in view.projects:
        choices.insert(0, (t("project.none"), view.project_name))
    listed = Field("project", t("project.label"), action="project.open").select(choices, view.project_name)
    buttons = html.button("project.ask", t("project.new"), of="create", key="project-new")
    if view.project:
        buttons += "".join(
            html.button("project.ask", t(f"project.{purpose}"), of=purpose, key=f"project-{purpose}")
            for purpose in ("rename", "delete")
        )
    return f'<div class="card">{listed}<div class="buttons tight">{buttons}</div>{form_html(view)}</div>'


def form_html(view: View) -> str:
    """The small form that was opened; that for a new project, where there is none yet."""
    purpose = view.at(BarPosition).purpose
    if not purpose:
        return ""
    t = view.t
    question = html.box("warn", t("project.delete_question", name=view.project_name)) if purpose == "delete" else ""
    name = Field("name", t("project.name"), kept=False).text(
        view.project_name if purpose == "rename" else "", longest=200
    )
    words = "project.delete_now" if purpose == "delete" else f"project.{purpose}"
    send = html.button(
        f"project.{purpose}", t(words), tone="stop" if purpose == "delete" else "primary", main=True, key="project-do"
    )
    cancel = html.button("project.ask", t("app.cancel"), key="project-cancel")
    return html.form(f'{question}{name}<div class="buttons tight">{send}{cancel}</div>', f"key-{purpose}")


def ask(act: Act) -> Answer:
    """Opens the small form for one purpose; an empty purpose closes it."""
    purpose = act.of if act.of in PURPOSES else ""
    act.move(replace(act.at(BarPosition), purpose=purpose))
    return Answer(empty=("name",), focus="#field-name" if purpose else "#project-new")


def open_project(act: Act) -> Answer:
    return Answer(project=act.of)


def create_project(act: Act) -> Answer:
    made = projects.create_project(act.services, act.text("name"))
    act.move(BarPosition(act.project_name))
    return Answer(project=made.name, tab="documents", empty=("name",), focus="#step-documents")


def rename_project(act: Act) -> Answer:
    now = projects.rename_project(act.services, act.project_name, act.text("name")).name
    act.move(BarPosition(now))
    return Answer(project=now, renamed=(act.project_name, now), empty=("name",))


def delete_project(act: Act) -> Answer:
    """Deletes only if the project's name was typed, because nothing brings it back."""
    if composed(act.text("name")) != composed(act.project_name):
        raise AppError("delete_not_confirmed", name=act.project_name)
    gone = act.view.project
    projects.delete_project(act.services, act.project_name)
    if gone:
        example.put_aside(gone)  # another project may get its name
    act.move(BarPosition())
    return Answer(project="", empty=("name",))


def problem_html(view: View) -> str:
    """Why the project cannot be shown; empty where it can."""
    return view.error_box(view.problem) if view.problem else ""


def next_html(view: View) -> str:
    """The one thing to do next, as a link to its screen."""
    if view.status is None:
        return ""
    step = view.status.next_step
    job = view.job(of_step(step))
    at_work = job is not None and job.state in ACTIVE
    words = "running" if at_work else "paused" if job and job.state == JobState.PAUSED else step
    tab = next_tab(step, job)
    return (
        f'<div class="card next"><span>{view.html("next.label")}</span>'
        f'<a href="?tab={tab}" data-tab="{tab}">{view.html(f"next.{words}")} →</a></div>'
    )


def next_tab(step: str, job: JobSnapshot | None) -> str:
    """The screen on which a step is done: that of what runs, where it does."""
    at_work = job is not None and job.state in UNFINISHED
    tabs: Mapping[str, str] = {"training": "running" if at_work else "training", "export": "result", "try": "result"}
    return tabs.get(step, step)


def running_html(view: View) -> str:
    """All jobs that run or wait, of every project on this machine."""
    jobs = [job for job in view.all_jobs if job.state in UNFINISHED]
    if not jobs:
        return ""
    rows = "".join(running_row(view, job) for job in jobs)
    return f'<div class="card running"><span>{view.html("running.label")}</span>{rows}</div>'


def running_row(view: View, job: JobSnapshot) -> str:
    name = message_text(f"job.kind.{job.kind}", {}, view.language)  # a later version may know other kinds
    project = job.project if job.project in view.projects else view.t("running.of_others")
    percent = view.t("job.percent", percent=round(job.fraction * 100)) if job.fraction is not None else ""
    return (
        f'<div data-job="{escape(job.id)}" id="running-{escape(job.id)}"><strong>{escape(name)}</strong> '
        f"<small>{escape(project)} · {escape(state_words(view, job))} "
        f'<span data-part="percent_words">{escape(percent)}</span></small>'
        f"{html.bar(job.fraction if job.state != JobState.QUEUED else 0.0, name)}</div>"
    )


def hardware_html(view: View) -> str:
    """What this machine trains on, and what to know about it."""
    machine = view.hardware
    memory = machine.accelerator.memory_gib if machine.has_gpu else machine.ram_gib
    figures = [view.t("hardware.memory_gib", memory=memory)] if memory else []
    if machine.has_gpu:
        figures.append(view.t("hardware.ram_gib", memory=machine.ram_gib))
    figures += [
        view.t("hardware.cores", cores=machine.cores),
        view.t("hardware.disk_gib", disk=machine.free_disk_gib),
    ]
    kind = "good" if machine.has_gpu else "info"
    label = view.t("hardware.gpu" if machine.has_gpu else "hardware.cpu")
    notes = "".join(f"<li>{escape(view.message(note))}</li>" for note in hardware_detector.warnings(machine))
    return (
        f'<div class="card hardware" id="hardware"><div>{html.badge(kind, label)} '
        f"<strong>{escape(machine.accelerator.name)}</strong></div>"
        f"<small>{escape(' · '.join(figures))}</small>{f'<ul>{notes}</ul>' if notes else ''}</div>"
    )


PART = Part(
    {
        "project": project_html,
        "next": next_html,
        "running": running_html,
        "hardware": hardware_html,
        "problem": problem_html,
    },
    {
        "project.open": open_project,
        "project.ask": ask,
        "project.create": create_project,
        "project.rename": rename_project,
        "project.delete": delete_project,
    },
)
