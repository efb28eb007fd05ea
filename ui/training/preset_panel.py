"""Three buttons that fill the training settings to suit model, data and machine; and which of them holds, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from core import trainer
from core.project_manager import Project
from core.sft_generator import MINIMUM_SAMPLES
from core.trainer import PRESETS, Preset
from ui.page import forms, html
from ui.page.frame import Answer, Component, PageFrame
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment
from ui.page.view import View

CHECK = "✓ "
SITUATIONS = Remembered(16)
CHOSEN = Remembered(16)
EQUAL = Remembered(8)  # by view: every field of the page asks for it


@dataclass(frozen=True)
class Panel:
    """The buttons by the name of their preset, and where an error is told."""

    buttons: Mapping[str, gr.Button]
    notice: gr.HTML


def build(frame: PageFrame) -> Panel:
    """The panel; `connect` joins it with the fields that it fills."""
    gr.HTML(f"<h4>{escape(frame.t('preset.title'))}</h4>{html.muted(frame.t('preset.about'))}")
    looks: dict[str, Any] = {"size": "sm", "min_width": 80, "interactive": False}
    with gr.Row(elem_classes="tight"):
        buttons = {name: gr.Button(frame.t(f"preset.{name}"), elem_id=f"preset-{name}", **looks) for name in PRESETS}
    frame.live.show(gr.HTML(elem_id="preset"), preset_html)
    return Panel(buttons, gr.HTML())


def connect(frame: PageFrame, panel: Panel, fields: Mapping[str, Component]) -> None:
    """A click fills the fields here and in every other browser that shows the project."""

    def fill(name: str, project: Project, _values: object) -> Answer:
        trainer.apply_preset(project, name, frame.services.hardware())
        return forms.all_shown("training", fields, project.load_config())

    for name, button in panel.buttons.items():
        frame.live.show(button, partial(button_update, name))
        frame.act(button.click, partial(fill, name), panel.notice, outputs=fields)
    for name, field in fields.items():
        frame.live.show(field, partial(followed, name, field))


def followed(name: str, field: Component, view: View) -> Any:
    """A field follows what is saved where that is a preset's; else it is left to whoever sets it."""
    if view.config is None or equal_preset(view) is None:
        return gr.update()
    value = forms.shown("training", name, field, view.config)
    return value if isinstance(value, dict) else gr.update(value=value)


def button_update(name: str, view: View) -> Any:
    equal = equal_preset(view)
    mark = CHECK if equal and equal.name == name else ""
    return gr.update(value=mark + view.t(f"preset.{name}"), interactive=not blocked(view))


def blocked(view: View) -> str:
    """Why no preset can be chosen now; empty if one can."""
    if view.project is None:
        return view.t("blocked.no_project")
    enough = view.status is not None and view.status.samples >= MINIMUM_SAMPLES
    return "" if enough else view.t("blocked.no_samples", minimum=MINIMUM_SAMPLES)


def preset_html(view: View) -> str:
    """Which preset holds, what it amounts to and why; or that none does; or why none can be chosen."""
    if why_not := blocked(view):
        return html.muted(why_not)
    equal = equal_preset(view)
    if equal is None or view.config is None:
        return html.muted(view.t("preset.own"))
    chosen = view.t("preset.chosen", name=view.t(f"preset.{equal.name}"))
    as_set = equal.fits(view.config.training)
    why = " ".join(view.message(message) for message in (equal.words if as_set else (equal.plan, *equal.reasons)))
    if not as_set and not view.unfinished("train"):  # which takes memory that else were free
        why = f"{why} {view.t('preset.refit')}"
    return f'<p class="muted"><strong>{escape(chosen)}</strong> {escape(why)}</p>'


def equal_preset(view: View) -> Preset | None:
    """The preset that the saved settings equal, if any."""

    def find() -> Preset | None:
        if view.config is None or blocked(view):
            return None
        settings = view.config.training
        return next((preset for preset in current(view) if preset.equals(settings)), None)

    return EQUAL.get(view, find)


def current(view: View) -> list[Preset]:
    """All presets for the project as it is. What is read from disk is read once for all viewers."""
    project, settings = view.project, view.config
    assert project is not None and settings is not None
    training = settings.training
    facts = (view.training_data, str(settings.base), training.held_out_share, training.seed)

    def choose() -> list[Preset]:
        hardware = view.services.hardware()
        situation = SITUATIONS.get(facts, lambda: trainer.situation_of(project, hardware))
        now = replace(situation, hardware=hardware)
        return [trainer.choose_preset(name, now, training) for name in PRESETS]

    return CHOSEN.get((facts, training.model_dump_json(), moment(FREE_LASTS_SECONDS)), choose)
