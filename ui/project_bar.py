"""The sidebar: which project, what this machine is, what runs now, what to do next."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from core import hardware_detector, projects
from core.jobs.job import ACTIVE, JobSnapshot, JobState
from core.jobs.kinds import of_step
from core.jobs.services import Services
from ui.page import html
from ui.page.frame import QUIET, PageFrame
from ui.page.job_panel import state_words
from ui.page.view import View
from ui.texts import message_text
from utils.errors import AppError, readable
from utils.validators import composed

STEP_TABS = {"documents": "documents", "model": "model", "samples": "samples"}  # all others are on the last tab


@dataclass
class ProjectBar:
    """What the page needs of the bar: `changes` are the events after which another project may be open."""

    selector: gr.Dropdown
    changes: Sequence[Callable[..., Any]]


def build(frame: PageFrame) -> ProjectBar:
    """Project list with new, rename and delete; below it hardware, running jobs and the next step."""
    t = frame.t
    with gr.Column(elem_classes="card", min_width=0):
        selector = gr.Dropdown([], label=t("project.label"), elem_id="project", filterable=False, interactive=True)
        with gr.Row(elem_classes="tight"):
            new = gr.Button(t("project.new"), size="sm", min_width=60, elem_id="project-new")
            rename = gr.Button(t("project.rename"), size="sm", min_width=60)
            delete = gr.Button(t("project.delete"), size="sm", min_width=60)
        with gr.Column(visible=False, min_width=0) as panel:
            question = gr.HTML()
            name = gr.Textbox(label=t("project.name"), elem_id="project-name", max_lines=1, max_length=2000)
            with gr.Row(elem_classes="tight"):
                create = gr.Button(t("project.create"), size="sm", variant="primary", visible=False)
                save = gr.Button(t("project.rename"), size="sm", variant="primary", visible=False)
                remove = gr.Button(t("project.delete_now"), size="sm", variant="stop", visible=False)
                cancel = gr.Button(t("app.cancel"), size="sm", min_width=60)
        notice = gr.HTML()
    for place, render in ((gr.HTML(), next_step_html), (gr.HTML(), running_html)):
        frame.live.show(place, render)
    gr.HTML(hardware_html(frame.services, frame.language), elem_id="hardware")
    frame.live.show(rename, lambda view: gr.update(interactive=view.project is not None))
    frame.live.show(delete, lambda view: gr.update(interactive=view.project is not None))
    frame.live.show(selector, lambda view: gr.update(choices=view.projects))

    panels = [panel, question, name, create, save, remove, notice]
    for button, purpose in ((new, "create"), (rename, "rename"), (delete, "delete"), (cancel, "")):
        button.click(opener(frame, purpose), [frame.project], panels, **{**QUIET, "preprocess": False})
    forms = {"create": (create, create_project), "rename": (save, rename_project), "delete": (remove, delete_project)}
    changes = []
    for button, work in forms.values():
        done = button.click(changer(frame, work), [frame.project, name], [frame.project, panel, notice], **QUIET)
        changes.append(done.then)
    return ProjectBar(selector, changes)


def opener(frame: PageFrame, purpose: str) -> Callable[[str], list[Any]]:
    """Shows the small form for one purpose; an empty purpose closes it."""

    def show(project_name: str) -> list[Any]:
        question = frame.t("project.delete_question", name=project_name) if purpose == "delete" else ""
        return [
            gr.update(visible=bool(purpose)),
            html.box("warn", question) if question else "",
            gr.update(value=project_name if purpose == "rename" else ""),
            *(gr.update(visible=purpose == each) for each in ("create", "rename", "delete")),
            "",
        ]

    return show


def changer(frame: PageFrame, work: Callable[[Services, str, str], str]) -> Callable[[str, str], list[Any]]:
    """Runs `work(services, project, typed name)`; it answers the project to show afterwards."""

    def change(project_name: str, typed: str) -> list[Any]:
        try:
            return [work(frame.services, project_name, typed), gr.update(visible=False), ""]
        except (AppError, OSError) as error:
            return [gr.skip(), gr.skip(), frame.error_box(readable(error))]

    return change


def create_project(services: Services, _: str, typed: str) -> str:
    return projects.create_project(services, typed).name


def rename_project(services: Services, current: str, typed: str) -> str:
    return projects.rename_project(services, current, typed).name


def delete_project(services: Services, current: str, typed: str) -> str:
    """Deletes only if the project's name was typed, because nothing brings it back."""
    if composed(typed) != composed(current):
        raise AppError("delete_not_confirmed", name=current)
    projects.delete_project(services, current)
    return next(iter(services.projects.names()), "")


def problem_html(view: View) -> str:
    """Why the project cannot be shown; empty where it can."""
    if view.problem:
        return view.error_box(view.problem)
    return ""


def next_step_html(view: View) -> str:
    """The one thing to do next, as a link to its tab."""
    if view.project is None:
        return html.box("info", view.t("next.project"))
    if view.status is None:
        return ""
    step = view.status.next_step
    tab = STEP_TABS.get(step, "training")
    job = view.job(of_step(step))
    words = step
    if job and job.state in ACTIVE:
        words = "running"
    elif job and job.state == JobState.PAUSED:
        words = "paused"
    return (
        f'<div class="card next"><span>{escape(view.t("next.label"))}</span>'
        f"<a href='#steps' onclick=\"document.getElementById('tab-{tab}-button').click(); return false\">"
        f"{escape(view.t(f'next.{words}'))} →</a></div>"
    )


def running_html(view: View) -> str:
    """All jobs that run or wait, of every project on this machine."""
    jobs = [job for job in view.all_jobs if job.state in ACTIVE or job.state == JobState.PAUSED]
    if not jobs:
        return ""
    rows = "".join(running_row(view, job) for job in jobs)
    return f'<div class="card running"><span>{escape(view.t("running.label"))}</span>{rows}</div>'


def running_row(view: View, job: JobSnapshot) -> str:
    name = message_text(f"job.kind.{job.kind}", {}, view.language)  # a later version may know other kinds
    project = job.project if job.project in view.projects else view.t("running.of_others")
    percent = f" · {round(job.fraction * 100)} %" if job.fraction is not None else ""
    return (
        f"<div><strong>{escape(name)}</strong> <small>{escape(project)} · {escape(state_words(view, job))}"
        f"{percent}</small>{html.bar(job.fraction if job.state != JobState.QUEUED else 0.0, name)}</div>"
    )


def hardware_html(services: Services, language: str) -> str:
    """What this machine trains on, and what to know about it."""
    view = View(services, language, "")
    machine = services.hardware()
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
    notes = "".join(
        f"<li>{escape(message_text(note.key, note.params, language))}</li>"
        for note in hardware_detector.warnings(machine)
    )
    return (
        f'<div class="card hardware"><div>{html.badge(kind, label)} '
        f"<strong>{escape(machine.accelerator.name)}</strong></div>"
        f"<small>{escape(' · '.join(figures))}</small>{f'<ul>{notes}</ul>' if notes else ''}</div>"
    )
