"""One training run in detail: what is known of it, and what can be done with it: go on, repeat, take along, delete.

What cannot be done now is refused with its reason by core, when it is asked for.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from html import escape

from core import exporter, trainer
from core.jobs.job import JobState
from core.trainer import Entry
from ui.page import html
from ui.page.downloads import address_of, link_html
from ui.page.fields import Field
from ui.page.figures import size_words
from ui.page.parts import Act, Answer, Part, good
from ui.page.view import View
from ui.training import history_words as words
from ui.training.bundle_readme import readme
from ui.training.result_downloads import BUNDLE
from ui.training.run_list import HistoryPosition, entry_of, figures_of, state_html
from utils.errors import AppError

LONGEST_STEP = 18  # digits; what is longer comes from no page of this app
SHOWN_FIGURES = ("samples", "held_out", "steps", "memory_gib")


def details_html(view: View) -> str:
    """State, figures, where it comes from, how it compares with the run that it repeats, its bundle, the buttons."""
    position = view.at(HistoryPosition)
    entry = entry_of(view, position.chosen)
    if entry is None:
        return ""
    title = view.html("history.details", when=words.when_words(entry, view.language))
    figures = (
        (words.fact_label(fact.name, view.language), words.value_words(fact.name, fact.values[0], view.language))
        for fact in figures_of([entry], SHOWN_FIGURES)
    )
    parts = (
        f"<h3>{title} {state_html(view, entry.state)}</h3><small>{escape(entry.id)}</small>",
        html.box("bad", *view.error(entry.error)) if entry.error else "",
        html.tiles(figures),
        html.muted(words.origin_words(entry, view.language)),
        outcome_html(view, entry),
        bundle_html(view, entry),
        buttons_html(view, entry),
        question_html(view, entry, position.asked) if position.asked else "",
    )
    return f'<section class="card flow" id="run-details" tabindex="-1">{"".join(parts)}</section>'


def outcome_html(view: View, entry: Entry) -> str:
    found = trainer.outcome(entry.run) if entry.repeats else None
    if found is None:
        return ""
    tone = "info" if found.identical is None else "good" if found.identical else "warn"
    return html.box(tone, view.t("history.repeat_title"), " ".join(words.outcome_words(found, view.language)))


def bundle_html(view: View, entry: Entry) -> str:
    """The bundle that was written of this run, to download."""
    file = trainer.bundle_file(entry.run.project, entry.id)
    if not file.is_file():
        return ""
    about = view.t("history.bundle_there", size=size_words(file.stat().st_size, view.language))
    link = link_html(address_of(BUNDLE, view.project_name, run=entry.id), view.t("documents.download"))
    return f"<p>{escape(about)} {link}</p>"


def buttons_html(view: View, entry: Entry) -> str:
    """The checkpoint to use, and what can be done with it and with the run."""
    points = words.point_choices(entry, view.language)
    lacking = {"continue": not points, "bundle": entry.state != JobState.DONE}
    buttons = "".join(
        html.button(f"run.{name}", view.t(f"history.{name}"), of=entry.id, tone=tone, key=f"{name}-run")
        for name, tone in BUTTONS.items()
        if not lacking.get(name)
    )
    point = Field("point", view.t("history.point"), kept=False).select(points, points[0][1]) if points else ""
    form = html.form(f'{point}<div class="buttons">{buttons}</div>')
    return f'<div id="run-{escape(entry.id)}">{form}</div>'  # the checkpoint chosen for one run is not another's


def question_html(view: View, entry: Entry, asked: str) -> str:
    """What would be lost with a run, before it is; once more where the adapter in use would go with it."""
    if asked == "sure":
        question = view.error_box(AppError("run_is_published"))
    else:
        lost = trainer.loss_of_deleting(entry.run.project, entry.id)
        size = size_words(lost.size_bytes, view.language)
        told = [view.t("history.lost", size=size, checkpoints=lost.checkpoints)]
        told += [view.t("history.lost_adapter")] if lost.adapter else []
        question = html.box("warn", view.t("history.delete_question"), " ".join(told))
    delete = html.button("run.delete_now", view.t("history.delete_now"), of=entry.id, tone="stop")
    keep = html.button("run.delete", view.t("app.cancel"), key="keep-run")
    return f'<div class="card question">{question}<div class="buttons tight">{delete}{keep}</div></div>'


def continue_run(act: Act) -> Answer:
    """Start a branch at the chosen checkpoint with the settings as they are set now."""
    changes = act.project.load_config().training.model_dump()
    step = trainer.choose(act.project, named(act)).step
    trainer.continue_from_checkpoint(act.services, act.project, act.of, step, changes)
    return replace(good(act, "history.continue_started"), tab="running")


def use_run(start: Callable[..., object], act: Act) -> Answer:
    """Compare or export the chosen run at the chosen checkpoint, whatever stands above is about."""
    start(act.services, act.project, chosen=trainer.choose(act.project, named(act)))
    return good(act, "history.work_started")


def named(act: Act) -> str:
    """The run that was clicked, and the checkpoint that was chosen with it."""
    return f"{act.of}:{act.text('point')[:LONGEST_STEP]}"


def adopt_settings(act: Act) -> Answer:
    """Set the project's training settings as the run had them."""
    run = trainer.find(act.project, act.of)
    act.project.set("training", trainer.settings_of(run.request).model_dump())
    return good(act, "history.adopted")


def repeat_run(act: Act) -> Answer:
    trainer.reproduce_training(act.services, act.project, act.of)
    return replace(good(act, "history.repeat_started"), tab="running")


def pack_run(act: Act) -> None:
    trainer.start_bundle(act.services, act.project, act.of, partial(readme, act.language))


def ask_to_delete(act: Act) -> None:
    """Asks about a run, or, where none is named, takes the question back."""
    position, entry = act.at(HistoryPosition), entry_of(act.view, act.of)
    act.move(replace(position, chosen=entry.id if entry else position.chosen, asked="once" if entry else ""))


def delete_asked(act: Act) -> Answer | None:
    """Deletes what the question named; where the adapter in use would go with it, it asks once more."""
    position = act.at(HistoryPosition)
    if not position.asked or position.chosen != act.of:
        return None
    try:
        freed = trainer.delete_run(act.services, act.project, act.of, sure=position.asked == "sure")
    except AppError as error:
        if error.code != "run_is_published":
            raise
        act.move(replace(position, asked="sure"))
        return None
    act.move(replace(position, chosen="", asked="", round=position.round + 1))
    return good(act, "history.deleted", size=size_words(freed, act.language))


BUTTONS = dict.fromkeys(("continue", "adopt", "evaluate", "export", "repeat", "bundle"), "") | {"delete": "stop"}
PART = Part(
    {"run": details_html},
    {
        "run.continue": continue_run,
        "run.adopt": adopt_settings,
        "run.evaluate": partial(use_run, exporter.start_evaluation),
        "run.export": partial(use_run, exporter.start_export),
        "run.repeat": repeat_run,
        "run.bundle": pack_run,
        "run.delete": ask_to_delete,
        "run.delete_now": delete_asked,
    },
)
