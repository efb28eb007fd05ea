"""Settings as fields of the page. Label, bounds and kind come from the pydantic field, so they are declared once.

A field keeps its value as soon as it is set (`keep`); one that belongs to a form is sent with the form's button.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Literal, get_args, get_origin

from ui.page.html import tooltip
from ui.page.parts import Act, Answer
from ui.page.view import View
from ui.texts import optional_text
from utils import config
from utils.errors import AppError

# Steps of sliders; whole numbers go by one.
STEPS = {"learning_rate": 1e-5}
FRACTION_STEP = 0.01
LARGEST_TOLD = 2**30  # of the bounds of a number
NUMBER = re.compile(r"[+-]?\d+,\d+")
SECTIONS = ("documents", "output", "sft", "training")


def setting(
    view: View,
    section: str,
    name: str,
    *,
    slider: bool = False,
    offered: Sequence[int] = (),
    label: str = "",
    about: str | None = None,
    suggestions: Iterable[tuple[str, str]] | None = None,
    key: str = "",
) -> str:
    """The field of one of the project's settings, as it is saved; `offered` are the numbers to choose from, beside
    the one that is set. `suggestions` are (words, value) for a text that may also be typed; `key` tells the field
    from that of the same setting on another screen."""
    settings = getattr(view.config or config.ProjectConfig(), section)
    kind, value = type(settings).model_fields[name], getattr(settings, name)
    about = optional_text(f"about.{name}", view.language) if about is None else about
    low = high = None
    if kind.annotation in (int, float):
        low, high = config.bounds(type(settings), name)
        if low is not None and high is not None and high <= LARGEST_TOLD and not offered:
            about = f"{about} {view.t('form.bounds', low=low, high=high)}".strip()
    where = Field(f"{section}.{name}", label or view.t(f"field.{name}"), about, key=key)
    if kind.annotation is bool:
        return where.checkbox(value)
    if get_origin(kind.annotation) is Literal:
        return where.select(
            [(choice_label(name, one, view.language), one) for one in get_args(kind.annotation)], value
        )
    if several := choices_of_several(kind.annotation):
        return where.boxes([(choice_label(name, one, view.language), one) for one in several], value)
    if offered:
        return where.radios([(str(one), one) for one in sorted({*offered, value})], value)
    if kind.annotation in (int, float):
        step = STEPS.get(name, 1 if kind.annotation is int else FRACTION_STEP)
        return where.slider(value, low, high, step) if slider else where.number(value)
    return where.text(value, suggestions)


def settings(view: View, section: str, names: Iterable[str], **looks: Any) -> str:
    """The fields of several settings, one after the other."""
    return "".join(setting(view, section, name, **looks) for name in names)


class Field:
    """One field: its name, label and explanation. Each method draws it as another kind of input.

    With `kept` the value goes to `action` when it is set; else it belongs to the form around it.
    """

    def __init__(
        self, name: str, label: str, about: str = "", *, kept: bool = True, action: str = "set", key: str = ""
    ) -> None:
        self.name, self.label, self.about, self.kept, self.action = name, label, about, kept, action
        self.key = key or name.replace(".", "-")
        self._id = f"field-{self.key}"

    @property
    def _naming(self) -> str:
        return (
            f'data-set="{escape(self.name)}" data-do="{escape(self.action)}"'
            if self.kept
            else f'name="{escape(self.name)}"'
        )

    @property
    def _attributes(self) -> str:
        about = f' aria-describedby="{self._id}-about"' if self.about else ""
        return f'id="{self._id}" {self._naming}{about}'

    def _field(self, inner: str, kind: str = "", *, group: bool = False) -> str:
        about = tooltip(f"{self._id}-about", self.about)
        if group:
            described = f' aria-describedby="{self._id}-about"' if self.about else ""
            legend = f"<legend>{escape(self.label)}{about.mark}</legend>"
            return f'<fieldset class="field {kind}" id="{self._id}"{described}>{legend}{inner}{about.text}</fieldset>'
        label = f'<label for="{self._id}">{escape(self.label)}{about.mark}</label>'
        return f'<div class="field {kind}">{label}{inner}{about.text}</div>'

    def checkbox(self, value: bool) -> str:
        about = tooltip(f"{self._id}-about", self.about)
        return (
            f'<div class="field check"><input type="checkbox" {self._attributes}{" checked" if value else ""}>'
            f'<label for="{self._id}">{escape(self.label)}{about.mark}</label>{about.text}</div>'
        )

    def select(self, choices: Iterable[tuple[str, object]], value: object) -> str:
        """`choices` are (words, value)."""
        options = "".join(
            f'<option value="{escape(str(one))}"{" selected" if one == value else ""}>{escape(words)}</option>'
            for words, one in choices
        )
        return self._field(f'<select {self._attributes} value="{escape(str(value))}">{options}</select>')

    def radios(self, choices: Iterable[tuple[str, object]], value: object) -> str:
        inner = "".join(
            f'<label><input type="radio" {self._naming if self.kept else ""} '
            f'name="{escape(self.name)}" value="{escape(str(one))}"{" checked" if one == value else ""}> '
            f"{escape(words)}</label>"
            for words, one in choices
        )
        return self._field(f'<div class="choices">{inner}</div>', group=True)

    def boxes(self, choices: Iterable[tuple[str, object]], value: Iterable[object]) -> str:
        chosen = set(value)
        inner = "".join(
            f'<label><input type="checkbox" data-many {self._naming} value="{escape(str(one))}"'
            f"{' checked' if one in chosen else ''}> {escape(words)}</label>"
            for words, one in choices
        )
        return self._field(f'<div class="choices">{inner}</div>', "wide", group=True)

    def number(self, value: float) -> str:
        return self._field(f'<input type="text" inputmode="decimal" {self._attributes} value="{written(value)}">')

    def slider(self, value: float, low: Any, high: Any, step: float) -> str:
        """A slider and a box for the exact number, which know of each other."""
        span = f'min="{written(low)}" max="{written(high)}" step="{written(step)}"'
        return self._field(
            f'<div class="slider" data-pair><input type="range" {self._attributes} {span} value="{written(value)}">'
            f'<input type="text" inputmode="decimal" {self._naming} tabindex="-1" aria-label="{escape(self.label)}" '
            f'value="{written(value)}"></div>'
        )

    def text(
        self,
        value: str,
        suggestions: Iterable[tuple[str, str]] | None = None,
        *,
        lines: int = 1,
        secret: bool = False,
        placeholder: str = "",
        longest: int = 0,
        enter: bool = False,
    ) -> str:
        """With `enter`, Enter sends the form also from several lines; Shift+Enter begins another one."""
        hint = f' placeholder="{escape(placeholder)}"' if placeholder else ""
        hint += f' maxlength="{longest}"' if longest else ""
        hint += " data-enter" if enter else ""
        if lines > 1:
            return self._field(f'<textarea rows="{lines}" {self._attributes}{hint}>\n{escape(value)}</textarea>')
        listed = ""
        if suggestions is not None:
            hint += f' list="{self._id}-list"'
            options = "".join(f'<option value="{escape(one)}">{escape(words)}</option>' for words, one in suggestions)
            listed = f'<datalist id="{self._id}-list">{options}</datalist>'
        kind = 'type="password" autocomplete="off"' if secret else 'type="text"'
        return self._field(f'<input {kind} {self._attributes} value="{escape(value)}"{hint}>{listed}')


def written(value: Any) -> str:
    """A number as a field takes it: 0.0002, never 2e-04."""
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def choices_of_several(annotation: Any) -> tuple[Any, ...]:
    """What a setting that is a tuple of choices is chosen from; empty for any other setting."""
    inner = get_args(annotation)[0] if get_origin(annotation) is tuple else None
    return get_args(inner) if get_origin(inner) is Literal else ()


def choice_label(name: str, choice: object, language: str) -> str:
    """How a choice reads; a choice without a text of its own is its own name."""
    return optional_text(f"choice.{name}.{choice}", language, str(choice))


def keep(act: Act) -> Answer | None:
    """Save one setting: `of` is `section.name`. Raises AppError that names the field that does not fit."""
    section, _, name = act.of.partition(".")
    if section not in SECTIONS:
        raise AppError("internal", kind="setting")
    act.project.set(section, {name: typed_number(act.values.get("value"))})
    return None


def typed_number(value: Any) -> Any:
    """A number as people write it, with a comma in German; whatever is no number stays as it is."""
    return value.strip().replace(",", ".") if isinstance(value, str) and NUMBER.fullmatch(value.strip()) else value
