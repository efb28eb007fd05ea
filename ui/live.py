"""What keeps a page up to date: one timer, and for each place on the page a function that says what it shows."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core.pipeline import Services
from ui.view import View
from utils.errors import AppError

INTERVAL_SECONDS = 1.0
SHARED_SECONDS = 0.6  # what was shown to one viewer is good enough for the timers of all others this long
Render = Callable[[View], Any]


@dataclass(frozen=True)
class Shown:
    """What all places showed at one moment; `prints` tell cheaply whether a value is another one."""

    stamp: tuple[Any, ...]
    made: float
    values: list[Any]
    prints: list[int]


class Live:
    """The places of a page that follow the truth. All viewers read it; nobody's page drives anything."""

    def __init__(self, services: Services, language: str) -> None:
        self.services = services
        self.language = language
        self._places: list[tuple[Any, Render]] = []
        self._last: dict[str, Shown] = {}

    def show(self, component: Any, render: Render) -> None:
        """`render` gives the component's value, or a gr.update(…), for what is true now."""
        self._places.append((component, render))

    @property
    def outputs(self) -> list[Any]:
        return [component for component, _ in self._places]

    def refresh(self, project_name: str | None, seen: dict[str, Any], *, at_once: bool = True) -> list[Any]:
        """What has changed since this page was `seen`; everything else is left out of the answer.

        A timer need not know it `at_once`: viewers of the same project then share the work.
        """
        shown = self._shown(project_name or "", at_once)
        if seen.get("made") == shown.made and seen.get("project") == project_name:
            return [gr.skip() for _ in range(len(self._places) + 1)]
        known = seen.get("prints") if seen.get("project") == project_name else None
        known = known or [None] * len(shown.prints)
        answers = [
            gr.skip() if before == now else value
            for before, now, value in zip(known, shown.prints, shown.values, strict=True)
        ]
        return [*answers, {"project": project_name, "made": shown.made, "prints": shown.prints}]

    def _shown(self, project_name: str, at_once: bool) -> Shown:
        last = self._last.get(project_name)
        now = time.monotonic()
        if last and not at_once and now - last.made < SHARED_SECONDS:
            return last
        view = View(self.services, self.language, project_name)
        stamp = view.stamp()
        if last and last.stamp == stamp and not view.moving:
            return last
        values = [value_of(component, render, view) for component, render in self._places]
        shown = Shown(stamp, now, values, [hash(repr(value)) for value in values])
        if view.project or not project_name:  # nobody fills the memory with names that do not exist
            self._last[project_name] = shown
        return shown


def value_of(component: Any, render: Render, view: View) -> Any:
    """What a place shows. One that cannot be read says why, and the others stay alive."""
    try:
        return render(view)
    except AppError as error:
        return view.error_box(error) if isinstance(component, gr.HTML) else gr.skip()
