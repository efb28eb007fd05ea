"""Settings as widgets and back. Label, bounds and kind come from the pydantic field, so they are declared once."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal, get_args, get_origin

import gradio as gr
from pydantic import BaseModel

from core.project_manager import Project
from ui.page.frame import Component, PageFrame
from ui.texts import KEYS, text
from utils import config

# Steps of sliders; whole numbers go by one.
STEPS = {"learning_rate": 1e-5}
FRACTION_STEP = 0.01


def widget(kind: type[BaseModel], name: str, language: str, *, slider: bool = False) -> Component:
    """The widget of one setting, with its label and explanation.

    Number boxes get no bounds on purpose: Gradio would refuse a value in English words, ours come from the check.
    """
    setting = kind.model_fields[name]
    label, about = text(f"field.{name}", language), explanation(name, language)
    default = setting.get_default(call_default_factory=True)
    if setting.annotation is bool:
        return gr.Checkbox(default, label=label, info=about, interactive=True)
    if get_origin(setting.annotation) is Literal:
        choices = [(choice_label(name, choice, language), choice) for choice in get_args(setting.annotation)]
        return gr.Dropdown(choices, value=default, label=label, info=about, filterable=False, interactive=True)
    if several := choices_of_several(setting.annotation):
        choices = [(choice_label(name, choice, language), choice) for choice in several]
        return gr.CheckboxGroup(
            choices, value=list(default), label=label, info=about, elem_classes="wide", interactive=True
        )
    if setting.annotation in (int, float):
        low, high = config.bounds(kind, name)
        if slider and low is not None and high is not None:
            step = STEPS.get(name, 1 if setting.annotation is int else FRACTION_STEP)
            return gr.Slider(low, high, default, step=step, label=label, info=about, buttons=[], interactive=True)
        return gr.Number(default, label=label, info=with_bounds(about, low, high, language), interactive=True)
    return gr.Textbox(default, label=label, info=about, interactive=True)


def choices_of_several(annotation: Any) -> tuple[Any, ...]:
    """What a setting that is a tuple of choices is chosen from; empty for any other setting."""
    inner = get_args(annotation)[0] if get_origin(annotation) is tuple else None
    return get_args(inner) if get_origin(inner) is Literal else ()


def widgets(
    kind: type[BaseModel],
    names: Iterable[str],
    language: str,
    *,
    slider: bool = False,
    offered: Mapping[str, Sequence[int]] | None = None,
) -> dict[str, Component]:
    """The widgets of several settings, by name; those in `offered` give a choice of these values."""
    return {
        name: choice(name, offered[name], language)
        if offered and name in offered
        else widget(kind, name, language, slider=slider)
        for name in names
    }


def choice(name: str, values: Sequence[int], language: str) -> Component:
    """A choice of a few numbers for a setting that could take more; `autosave` adds one that is set by hand."""
    return gr.Radio(
        list(values), label=text(f"field.{name}", language), info=explanation(name, language), interactive=True
    )


def choice_label(name: str, choice: object, language: str) -> str:
    """How a choice reads; a choice without a text of its own is its own name."""
    key = f"choice.{name}.{choice}"
    return text(key, language) if key in KEYS else str(choice)


def explanation(name: str, language: str) -> str | None:
    """What a setting does, in a sentence; None where its label says it all."""
    key = f"about.{name}"
    return text(key, language) if key in KEYS else None


def with_bounds(about: str | None, low: Any, high: Any, language: str) -> str | None:
    """The explanation with the range of values behind it."""
    if low is None or high is None or high > 2**30:
        return about
    limits = text("form.bounds", language, low=low, high=high)
    return f"{about} {limits}" if about else limits


def autosave(frame: PageFrame, section: str, fields: dict[str, Component], notice: gr.HTML) -> None:
    """Keep each value as soon as it is set, so that a reload or a lost connection loses nothing."""

    def keep(project: Project, values: dict[str, Any]) -> None:
        project.set(section, values)

    for name, field in fields.items():
        frame.fill(field, partial(shown, section, name, field))
        # A box is done when it is left: half of a number is not worth an error.
        trigger = field.blur if isinstance(field, (gr.Number, gr.Textbox)) else field.input  # type: ignore[attr-defined]
        frame.act(trigger, keep, notice, {name: field}, trigger_mode="always_last")


def shown(section: str, name: str, field: Component, settings: config.ProjectConfig) -> Any:
    """A setting as its widget takes it; a choice of a few numbers then also offers the one that is set."""
    value = getattr(getattr(settings, section), name)
    if isinstance(field, gr.Radio) and isinstance(value, int):
        offered = [choice for _, choice in field.choices]
        return gr.update(choices=sorted({*offered, value}), value=value)
    return list(value) if isinstance(value, tuple) else value


def all_shown(section: str, fields: Mapping[str, Component], settings: config.ProjectConfig) -> dict[str, Any]:
    """Several settings as their widgets take them, by name."""
    return {name: shown(section, name, field, settings) for name, field in fields.items()}
