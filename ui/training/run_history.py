"""The history of training runs in step 4: compare, continue, repeat, take along, delete. Knows the widgets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from core import exporter, trainer
from core.jobs.job import ACTIVE, JobState
from core.project_manager import Project
from core.trainer import Chosen, Entry
from ui.page import forms, html
from ui.page.clickable import Click, clickable
from ui.page.figures import size_words
from ui.page.frame import Answer, Component, PageFrame
from ui.page.view import View
from ui.texts import error_text
from ui.training import run_list as runs
from ui.training.bundle_readme import readme_in
from ui.training.run_list import HistoryPosition
from utils.config import TrainingSettings
from utils.errors import AppError

Blocked = Callable[[View, Entry], str]


def build(frame: PageFrame, fields: Mapping[str, Component]) -> None:
    """The table, the run that was opened, and the comparison below. `fields` show the project's training settings."""
    t = frame.t
    gr.HTML(f'<h3 class="section">{t("history.title")}</h3>{html.muted(t("history.about"))}')
    position = gr.State(HistoryPosition())
    listed, notice = clickable("run-history"), gr.HTML()
    frame.live.show_own(listed, runs.list_html, position, runs.list_depends)
    details(frame, position, notice, fields)
    compared = gr.HTML(elem_id="compared-runs")
    frame.live.show_own(compared, runs.compared_html, position, runs.compared_depends)
    states = {"position": position}
    frame.act_on_click(listed, clicked, notice, states, states)


def clicked(project: Project, values: dict[str, Any]) -> Answer:
    """Answers a button of the table."""
    click: Click = values["click"]
    position: HistoryPosition = values["position"].of(project.name)
    known = [run.id for run in trainer.runs_of(project)]
    if click.do == "page":
        return {"position": replace(position, page=click.number)}
    if click.do == "open" and click.of in known:
        return {"position": replace(position, chosen="" if position.chosen == click.of else click.of)}
    if click.do == "compare":
        ticked = click.chosen(known)
        if not runs.LEAST_COMPARED <= len(ticked) <= runs.MOST_COMPARED:
            raise AppError("compare_count", least=runs.LEAST_COMPARED, most=runs.MOST_COMPARED, count=len(ticked))
        return {"position": replace(position, compared=tuple(ticked), round=position.round + 1)}
    return None


def details(frame: PageFrame, position: gr.State, gone: gr.HTML, fields: Mapping[str, Component]) -> None:
    """One run: what is known of it, and what can be done with it. `gone` tells what came of deleting it."""
    t = frame.t

    def own(component: Component, render: Callable[[View, HistoryPosition], Any]) -> None:
        frame.live.show_own(component, render, position, runs.chosen_depends)

    def allowed(words: str, elem_id: str, blocked: Blocked, **looks: Any) -> gr.Button:
        """A button, with the reason below it while it is off."""

        def reason(view: View, at: HistoryPosition) -> str:
            entry = runs.chosen(view, at)
            return blocked(view, entry) if entry else view.t("history.choose_first")

        button = gr.Button(t(f"history.{words}"), size="sm", elem_id=elem_id, **looks)
        own(button, lambda view, at: gr.update(interactive=not reason(view, at)))
        own(gr.HTML(), lambda view, at: html.muted(reason(view, at)))
        return button

    with gr.Column(visible=False, min_width=0, elem_classes="card", elem_id="run-details") as panel:
        own(gr.HTML(), runs.details_html)
        with gr.Row(elem_classes="two-columns"):
            with gr.Column(min_width=260):
                point = gr.Dropdown([], label=t("history.point"), elem_id="checkpoint", filterable=False)
                own(point, dropdown_of)
                adopt = allowed("adopt", "adopt-settings", adopt_blocked)
                go_on = allowed("continue", "continue-run", continue_blocked)
                evaluate = allowed("evaluate", "evaluate-run", partial(use_blocked, "evaluate"))
                export = allowed("export", "export-run", partial(use_blocked, "export"))
            with gr.Column(min_width=260):
                repeat = allowed("repeat", "repeat-run", repeat_blocked)
                pack = allowed("bundle", "bundle-run", bundle_blocked)
                delete = allowed("delete", "delete-run", delete_blocked, variant="stop")
        notice = gr.HTML()
        asks = question(frame, position, gone)
    own(panel, lambda view, at: gr.update(visible=runs.chosen(view, at) is not None))
    where = {"position": position}
    frame.act(adopt.click, partial(adopt_settings, frame, fields), notice, where, fields)
    frame.act(go_on.click, partial(continue_run, frame), notice, {**where, "point": point})
    for button, start in ((evaluate, exporter.start_evaluation), (export, exporter.start_export)):
        frame.act(button.click, partial(use_run, frame, start), notice, {**where, "point": point})
    frame.act(repeat.click, partial(repeat_run, frame), notice, where)
    frame.act(pack.click, partial(pack_run, frame), notice, where)
    frame.act(delete.click, partial(ask_to_delete, frame), notice, where, asks)


def question(frame: PageFrame, position: gr.State, notice: gr.HTML) -> dict[str, Component]:
    """Asks before a run is gone; `asked` is (project, run, whether it was asked twice)."""
    asked = gr.State(("", "", False))
    with gr.Column(visible=False, min_width=0, elem_classes="card question") as panel:
        words = gr.HTML()
        with gr.Row(elem_classes="tight"):
            delete = gr.Button(frame.t("history.delete_now"), variant="stop", size="sm", min_width=120)
            cancel = gr.Button(frame.t("app.cancel"), size="sm", min_width=90)
    asks: dict[str, Component] = {"asked": asked, "panel": panel, "question": words}
    states = {"asked": asked, "position": position}
    frame.act(delete.click, partial(delete_asked, frame), notice, states, {**asks, "position": position})
    frame.act(cancel.click, lambda *_: {"panel": gr.update(visible=False)}, notice, {}, {"panel": panel})
    return asks


def training_blocked(view: View) -> str:
    """Why no training can be started now; empty if one can."""
    if view.project is None:
        return view.t("blocked.no_project")
    job = view.unfinished("train")
    return view.t("blocked.training_running" if job.state in ACTIVE else "blocked.training_paused") if job else ""


def continue_blocked(view: View, entry: Entry) -> str:
    """A run that is paused may be continued: the new run takes its place."""
    job = view.unfinished("train")
    if job and (job.state in ACTIVE or job.id != entry.id):
        return training_blocked(view)
    if not entry.points:
        return view.t("history.no_points")
    before, now = settings_of(entry), view.config
    if before is None or now is None:
        return view.t("history.unknown_settings")
    try:
        trainer.changed_settings(before, None, now.training.model_dump())
    except AppError as error:
        return " ".join((*error_text(error.code, view.language, error.params), view.t("history.adopt_first")))
    return ""


def use_blocked(kind: str, view: View, entry: Entry) -> str:
    return view.blocked(kind) or ("" if trainer.adapters(entry.run) else view.t("history.no_points"))


def adopt_blocked(view: View, entry: Entry) -> str:
    return "" if settings_of(entry) else view.t("history.unknown_settings")


def repeat_blocked(view: View, entry: Entry) -> str:
    return training_blocked(view)


def bundle_blocked(view: View, entry: Entry) -> str:
    return view.blocked("bundle") or ("" if entry.state == JobState.DONE else view.t("history.bundle_when_done"))


def delete_blocked(view: View, entry: Entry) -> str:
    busy = entry.state in ACTIVE or trainer.is_busy(view.services, entry.run)
    return view.t("history.delete_when_done") if busy else ""


def settings_of(entry: Entry) -> TrainingSettings | None:
    """A run's settings; None where another version of the app wrote them."""
    try:
        return trainer.settings_of(entry.request)
    except AppError:
        return None


def dropdown_of(view: View, position: HistoryPosition) -> Any:
    choices = runs.point_choices(view, runs.chosen(view, position))
    return gr.update(choices=choices, value=choices[0][1] if choices else None, interactive=bool(choices))


def continue_run(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Start a branch at the chosen checkpoint with the settings as they are set now."""
    entry = shown(frame, project, values)
    changes = project.load_config().training.model_dump()
    trainer.continue_from_checkpoint(frame.services, project, entry.id, step_of(values), changes)
    return {"notice": html.box("good", frame.t("history.continue_started"))}


def use_run(frame: PageFrame, start: Callable[..., object], project: Project, values: dict[str, Any]) -> Answer:
    """Compare or export the chosen run at the chosen checkpoint, whatever stands above is about."""
    chosen = Chosen(shown(frame, project, values).run, step_of(values))
    start(frame.services, project, chosen=chosen)
    return {"notice": html.box("good", frame.t("history.work_started"))}


def step_of(values: dict[str, Any]) -> int | None:
    point = str(values["point"] or "")
    return int(point) if point.isdecimal() else None


def adopt_settings(
    frame: PageFrame, fields: Mapping[str, Component], project: Project, values: dict[str, Any]
) -> Answer:
    """Set the project's training settings as the chosen run had them."""
    settings = trainer.settings_of(shown(frame, project, values).request)
    project.set("training", settings.model_dump())
    told = {"notice": html.box("good", frame.t("history.adopted"))}
    return {**told, **forms.all_shown("training", fields, project.load_config())}


def repeat_run(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    trainer.reproduce_training(frame.services, project, shown(frame, project, values).id)
    return {"notice": html.box("good", frame.t("history.repeat_started"))}


def pack_run(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    run_id = shown(frame, project, values).id
    trainer.start_bundle(frame.services, project, run_id, readme_in(frame.language))
    return None


def ask_to_delete(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    entry = shown(frame, project, values)
    lost = trainer.loss_of_deleting(project, entry.id)
    return {
        "asked": (project.name, entry.id, False),
        "panel": gr.update(visible=True),
        "question": runs.question_html(frame.language, lost),
    }


def delete_asked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Deletes what the question named; where the adapter in use would go with it, it asks once more."""
    name, run_id, sure = values["asked"]
    if name != project.name:
        return {"panel": gr.update(visible=False)}
    try:
        freed = trainer.delete_run(frame.services, project, run_id, sure=sure)
    except AppError as error:
        if error.code != "run_is_published":
            raise
        return {"asked": (name, run_id, True), "question": frame.error_box(error)}
    position: HistoryPosition = values["position"].of(project.name)
    left = tuple(one for one in position.compared if one != run_id)
    return {
        "panel": gr.update(visible=False),
        "position": replace(position, chosen="", compared=left, round=position.round + 1),
        "notice": html.box("good", frame.t("history.deleted", size=size_words(freed, frame.language))),
    }


def shown(frame: PageFrame, project: Project, values: dict[str, Any]) -> Entry:
    """The run that the person sees. Raises AppError `run_missing`."""
    position: HistoryPosition = values["position"].of(project.name)
    entry = runs.chosen(View(frame.services, frame.language, project.name), position)
    if entry is None:
        raise AppError("run_missing", run=position.chosen)
    return entry
