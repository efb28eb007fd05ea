"""What a page consists of: places that show what is true, and actions that somebody asks for. Knows no transport."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from core.jobs.services import Services
from core.project_manager import Project
from ui.page import html
from ui.page.view import At, Position, View
from utils.errors import AppError, system_error

logger = logging.getLogger(__name__)

EVERY = "*"


@dataclass(frozen=True)
class Answer:
    """What came of an action.

    `notice` is HTML; `empty` names the fields that lose what was typed into them; `project` and `tab` are where to go
    on, if elsewhere; `renamed` is a project's old and new name; `focus` is a selector; `download` the address of a
    file that the browser fetches.
    """

    notice: str = ""
    empty: tuple[str, ...] = ()
    project: str | None = None
    tab: str = ""
    renamed: tuple[str, str] | None = None
    focus: str = ""
    download: str = ""


@dataclass(frozen=True)
class Act:
    """What somebody asks for: a click, a setting, a form that was sent. All of it comes from outside: check it.

    `of` is what was clicked, `ticked` the rows with a tick, `values` the fields of the form around it by name, and
    `uploads` the files that were sent with it, where they lie now;
    `positions` is where this viewer is in each list, and is changed by `move`.
    """

    services: Services
    language: str
    project_name: str
    positions: dict[type[Position], Position]
    of: str = ""
    ticked: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    uploads: tuple[Path, ...] = ()

    @cached_property
    def project(self) -> Project:
        """Raises AppError where there is none of this name, or where it is not open to whoever asks."""
        if not self.project_name:
            raise AppError("no_project")
        return self.services.projects.open(self.project_name)

    @property
    def view(self) -> View:
        """What is true now, at this viewer's positions."""
        return View(self.services, self.language, self.project_name, self.positions)

    @property
    def number(self) -> int:
        """The number that was clicked; 0 where it is none."""
        return int(self.of) if self.of.isdecimal() and len(self.of) < 19 else 0

    def at(self, kind: type[At]) -> At:
        """Where this viewer is in a list."""
        return self.view.at(kind)

    def move(self, position: Position) -> None:
        """This viewer is there now."""
        self.positions[type(position)] = position

    def text(self, name: str) -> str:
        """What was typed into a field; empty where there is no such field."""
        value = self.values.get(name)
        return value if isinstance(value, str) else ""

    def chosen(self, rows: Iterable[str]) -> list[str]:
        """Which of these rows are ticked. Where all were ticked, those are named that were unticked again."""
        every, named = self.ticked[:1] == (EVERY,), set(self.ticked)
        return [row for row in rows if (row in named) != every]

    def t(self, key: str, /, **params: object) -> str:
        return self.view.t(key, **params)


Render = Callable[[View], str]
Work = Callable[[Act], Answer | None]


@dataclass(frozen=True)
class Part:
    """A part of the page: what each of its places shows, and what each of its buttons does, all by name.

    The names of `slow` actions are those that may wait for a network: others of the same page do not wait for them.
    """

    places: Mapping[str, Render] = field(default_factory=dict)
    actions: Mapping[str, Work] = field(default_factory=dict)
    slow: frozenset[str] = frozenset()

    def __or__(self, other: "Part") -> "Part":
        """Both together. Raises ValueError where they share a name."""
        if doubled := (self.places.keys() & other.places.keys()) | (self.actions.keys() & other.actions.keys()):
            raise ValueError(f"twice on the page: {sorted(doubled)}")
        return Part({**self.places, **other.places}, {**self.actions, **other.actions}, self.slow | other.slow)


def shown(render: Render, view: View) -> str:
    """What a place shows. One that cannot be read says why, and the others stay alive."""
    try:
        return render(view)
    except Exception as error:  # noqa: BLE001 - one place's last resort, and `reason` logs it
        return view.error_box(reason(error))


def done(work: Work, act: Act) -> tuple[Answer, bool]:
    """What came of an action, and whether it was refused; the notice then says why."""
    try:
        return work(act) or Answer(), False
    except Exception as error:  # noqa: BLE001 - one action's last resort, and `reason` logs it
        return Answer(notice=act.view.error_box(reason(error))), True


def reason(error: Exception) -> AppError:
    """Why something cannot be shown or done, for people. A bug's trace goes to the log, and the page lives on."""
    known = error if isinstance(error, AppError) else system_error(error)
    if known is None:
        logger.error("a part of the page failed", exc_info=error)
    return known or AppError("internal", kind=type(error).__name__)


def starting(start: Callable[[Services, Project], object]) -> Work:
    """An action that begins some work of core for the project, and no more."""

    def begin(act: Act) -> None:
        start(act.services, act.project)

    return begin


def good(act: Act, key: str, /, **params: object) -> Answer:
    """Says that something was done."""
    return Answer(notice=html.box("good", act.t(key, **params)))
