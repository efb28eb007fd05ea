"""Step 4 in three views, each a screen of its own: train, watch it run, see what came of it."""

from html import escape

from core import hardware_detector, trainer
from core.jobs.job import ACTIVE
from ui.page import fields, html
from ui.page.parts import Act, Answer, Part
from ui.page.view import View
from ui.texts import text
from ui.training import preflight_panel, preset_panel, result_screen, run_estimate, running_screen
from utils.config import Group, TrainingSettings, settings_with

OFFERED = {"lora_rank": (8, 16, 32, 64), "lora_alpha": (16, 32, 64)}


def train_html(view: View) -> str:
    """The plan in one line with all settings behind it, the button, and what is not in order."""
    at_work = view.unfinished("train")
    start = html.button(
        "train",
        view.t("training.start"),
        why_not=blocked(view),
        mend="running" if at_work else preflight_panel.mended_at(view),
        tone="" if at_work else "primary",
    )
    watch = html.link("running", view.t("training.watch"), "primary") if at_work else ""
    return (
        f'<div class="flow"><h2>{view.html("training.title")}</h2>{html.muted(view.t("training.about"))}'
        f"{preset_panel.presets_html(view)}{settings_html(view)}{watch}{start}"
        f"{preflight_panel.checks_html(view)}{preflight_panel.look_html(view)}</div>"
    )


def settings_html(view: View) -> str:
    """`Balanced: 3 epochs, about 12 min · change`, and behind it a field for each setting: those that are rarely
    needed behind a further fold, in groups."""
    epochs = (view.config.training if view.config else TrainingSettings()).epochs
    time = run_estimate.time_words(view, run_estimate.current(view))
    often = view.t("training.one_epoch" if epochs == 1 else "training.epochs", epochs=epochs)
    line = ", ".join(filter(None, (often, time)))
    summary = (
        f"<strong>{escape(preset_panel.name_of(view))}:</strong> {escape(line)} · "
        f'<span class="change">{view.html("training.change")}</span>'
    )
    offered = {**OFFERED, "batch_size": hardware_detector.batch_size_choices(view.hardware)}
    main, *folded = Group
    front = "".join(
        fields.setting(view, "training", name, slider=True, offered=offered.get(name, ()))
        for name in settings_with(main)
    )
    groups = "".join(
        f"<h3>{view.html(f'settings.group.{group}')}</h3>"
        f'<div class="fields">{fields.settings(view, "training", settings_with(group))}</div>'
        for group in folded
    )
    advanced = html.more(view.t("form.advanced"), groups)
    return (
        f'<details class="fold" id="training-settings"><summary>{summary}</summary>'
        f'{preset_panel.why_html(view)}<div class="fields">{front}</div>{advanced}</details>'
    )


def blocked(view: View) -> str:
    """Why no training can start now; empty if it can."""
    if view.project is None:
        return view.t("blocked.no_project")
    if job := view.unfinished("train"):
        return view.t("blocked.training_running" if job.state in ACTIVE else "blocked.training_paused")
    return preflight_panel.refusal(view) if view.status else ""


def start(act: Act) -> Answer:
    trainer.start_training(act.services, act.project)
    return Answer(tab="running")


PART = Part({"train-plan": train_html}, {"train": start}) | preset_panel.PART | preflight_panel.PART


VIEWS = {"training": PART, "running": running_screen.PART, "result": result_screen.PART}


def layout_html(name: str, language: str) -> str:
    """One view, below the links to all of them."""
    links = "".join(
        f'<a href="?tab={view}" data-tab="{view}"{" aria-current=page" if view == name else ""}>'
        f"{escape(text(f'training.view.{view}', language))}</a>"
        for view in VIEWS
    )
    nav = f'<nav class="views" aria-label="{escape(text("training.views", language))}">{links}</nav>'
    return nav + (result_screen.layout_html() if name == "result" else html.places(*VIEWS[name].places))
