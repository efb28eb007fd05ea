"""What keeps a page up to date: one timer, and for each place on the page a function that says what it shows."""

import logging
import time
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core import access
from core.jobs.services import Services, join_running
from ui.page.remembered import Remembered
from ui.page.view import View
from utils.errors import AppError, system_error

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
SHARED_SECONDS = 0.6  # what was shown to one viewer is good enough for the timers of all others this long
OWN_KEPT = 400  # what viewers at the same position of a list share; a run's details are a dozen places
Render = Callable[[View], Any]


@dataclass(frozen=True)
class Shown:
    """What all places showed at one moment; `prints` tell cheaply whether a value is another one."""

    stamp: tuple[Any, ...]
    made: float
    values: list[Any]
    prints: list[int]


@dataclass(frozen=True)
class OwnPlace:
    """A place that each viewer sees at a position of their own, such as a page of a long list."""

    component: Any
    render: Callable[[View, Any], Any]
    position: gr.State
    depends: Callable[[View, Any], Hashable]


class Live:
    """The places of a page that follow the truth. All viewers read it; nobody's page drives anything."""

    def __init__(self, services: Services, language: str) -> None:
        self.services = services
        self.language = language
        self._places: list[tuple[Any, Render]] = []
        self._own: list[OwnPlace] = []
        self._last: dict[tuple[str, str], Shown] = {}  # by visitor and project: a guest may see less
        self._own_values = Remembered(OWN_KEPT)

    def show(self, component: Any, render: Render) -> None:
        """`render` gives the component's value, or a gr.update(…), for what is true now."""
        self._places.append((component, render))

    def show_own(
        self,
        component: Any,
        render: Callable[[View, Any], Any],
        position: gr.State,
        depends: Callable[[View, Any], Hashable],
    ) -> None:
        """The same for a place that each viewer sees at their own `position`, a frozen record.

        It is rendered anew only where `depends(view, position)`, which is cheap, gives something new.
        """
        self._own.append(OwnPlace(component, render, position, depends))

    @property
    def inputs(self) -> list[Any]:
        """What `refresh` wants to know of a viewer besides project and what was seen."""
        return [place.position for place in self._own]

    @property
    def outputs(self) -> list[Any]:
        return [*(component for component, _ in self._places), *(place.component for place in self._own)]

    def refresh(
        self, project_name: str | None, seen: dict[str, Any], *positions: Any, at_once: bool = True
    ) -> list[Any]:
        """What has changed since this page was `seen`; everything else is left out of the answer.

        A timer need not know it `at_once`: viewers of the same project then share the work.
        """
        shown = self._shown(project_name or "", at_once)
        same_project = seen.get("project") == project_name
        if same_project and seen.get("made") == shown.made and seen.get("positions") == positions:
            return [gr.skip() for _ in range(len(self._places) + len(self._own) + 1)]
        own = [
            self._own_value(number, project_name or "", position)
            for number, position in enumerate(positions[: len(self._own)])
        ]
        values = [*shown.values, *(value for value, _ in own)]
        prints = [*shown.prints, *(mark for _, mark in own)]
        known = (seen.get("prints") if same_project else None) or [None] * len(prints)
        answers = [
            gr.skip() if before == now else copied(value)
            for before, now, value in zip(known, prints, values, strict=True)
        ]
        return [
            *answers,
            {"project": project_name, "made": shown.made, "prints": prints, "positions": positions},
        ]

    def _shown(self, project_name: str, at_once: bool) -> Shown:
        key = (access.asking().id, project_name)
        last = self._last.get(key)
        now = time.monotonic()
        view = View(self.services, self.language, project_name)
        if view.project:
            with suppress(AppError):  # an app that closes shows nothing new
                join_running(self.services, view.project)
        stamp = view.stamp()
        if last and not view.moving and last.stamp == stamp:
            return last
        # Only while more is to come: after the last change nobody asks again, so that one must be shown.
        if last and not at_once and view.moving and now - last.made < SHARED_SECONDS:
            return last
        values = [value_of(component, render, view) for component, render in self._places]
        shown = Shown(stamp, now, values, [hash(repr(value)) for value in values])
        if view.project or not project_name:  # nobody fills the memory with names that do not exist
            self._last[key] = shown
        return shown

    def _own_value(self, number: int, project_name: str, position: Any) -> tuple[Any, int]:
        place = self._own[number]
        view = View(self.services, self.language, project_name)

        def make() -> tuple[Any, int]:
            value = value_of(place.component, lambda view: place.render(view, position), view)
            return value, hash(repr(value))

        try:
            key = (number, access.asking().id, project_name, position, place.depends(view, position))
        except AppError:
            return make()
        except Exception:
            logger.exception("it cannot be told whether a place of the page is up to date")
            return make()  # where the place itself says why
        return self._own_values.get(key, make)


def copied(value: Any) -> Any:
    """A value that Gradio may keep. It takes apart the updates that it is given, and others are to get them whole."""
    return dict(value) if isinstance(value, dict) else value


def value_of(component: Any, render: Render, view: View) -> Any:
    """What a place shows. One that cannot be read says why, and the others stay alive."""
    try:
        return render(view)
    except AppError as known:
        error = known
    except Exception as bug:  # one place's last resort: a page that stands still helps nobody
        refused = system_error(bug) if isinstance(bug, OSError) else None
        if refused is None:
            logger.exception("a place of the page cannot be shown")
        error = refused or AppError("internal", kind=type(bug).__name__)
    return view.error_box(error) if isinstance(component, gr.HTML) else gr.skip()
