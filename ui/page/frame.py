"""What every part of a page needs: its language, its project, its live places, and how a click is answered."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from core.jobs.services import Services
from core.project_manager import Project
from ui.page import html
from ui.page.clickable import as_click
from ui.page.live import Live
from ui.page.view import View
from ui.texts import error_text, text
from utils.config import ProjectConfig
from utils.errors import AppError, readable

logger = logging.getLogger(__name__)

Component = gr.blocks.Block
Answer = dict[str, Any] | None
Work = Callable[[Project, dict[str, Any]], object]
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


@dataclass
class Action:
    """A click and what answers it; see `PageFrame.act` and `PageFrame.act_on_click`."""

    trigger: Callable[..., Any]
    work: Work
    notice: gr.HTML
    inputs: Mapping[str, Component]
    outputs: Mapping[str, Component]
    options: dict[str, Any] = field(default_factory=dict)
    then: str = ""
    tells_click: bool = False


@dataclass
class PageFrame:
    """One page while it is being built. `project` is a hidden field that holds the chosen project's name."""

    services: Services
    language: str
    project: gr.Textbox
    live: Live
    fields: list[tuple[Component, Callable[[ProjectConfig], Any]]] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    def t(self, key: str, /, **params: object) -> str:
        return text(key, self.language, **params)

    def fill(self, component: Component, read: Callable[[ProjectConfig], Any]) -> None:
        """A field that is filled from the project's settings whenever a project is opened."""
        self.fields.append((component, read))

    def allow(self, button: gr.Button, why_not: gr.HTML, blocked: Callable[[View], str]) -> None:
        """`button` can be pressed unless `blocked` gives a reason, which `why_not` then shows."""
        button.interactive = False  # until the page knows its project
        self.live.show(button, lambda view: gr.update(interactive=not blocked(view)))
        self.live.show(why_not, lambda view: html.muted(blocked(view)))

    def act(
        self,
        trigger: Callable[..., Any],
        work: Work,
        notice: gr.HTML,
        inputs: Mapping[str, Component] | None = None,
        outputs: Mapping[str, Component] | None = None,
        then: str = "",
        **options: Any,
    ) -> None:
        """On `trigger`, `work(project, values)` with the inputs' values by name; a dict that it answers has outputs
        by name.

        An AppError is shown in `notice` with its hint; after success `notice` is empty or what `work` answers for it.
        `then` is JavaScript that gets the outputs after success and failure alike.
        """
        self.actions.append(Action(trigger, work, notice, inputs or {}, outputs or {}, options, then))

    def act_on_click(
        self,
        place: gr.HTML,
        work: Work,
        notice: gr.HTML,
        inputs: Mapping[str, Component],
        outputs: Mapping[str, Component],
    ) -> None:
        """The same for the buttons of a `clickable`: `work` finds a Click in `values`."""
        self.actions.append(Action(place.click, work, notice, inputs, outputs, tells_click=True))

    def connect(self, refresh: Callable[..., Any], live: dict[str, Any]) -> None:
        """Wire all actions; each one is followed by a refresh, so that nobody waits for the timer.

        `live` holds the inputs, the outputs and the options of a refresh.
        """
        for action in self.actions:
            answered = action.trigger(
                self._handler(action),
                [self.project, *action.inputs.values()],
                [action.notice, *action.outputs.values()],
                **{**QUIET, "preprocess": False, **action.options},
            )
            if action.then:
                answered = answered.then(None, list(action.outputs.values()), js=action.then, **QUIET)
            answered.then(refresh, **live)

    def error_box(self, error: AppError) -> str:
        return html.box("bad", *error_text(error.code, self.language, error.params))

    def _handler(self, action: Action) -> Callable[..., list[Any]]:
        def answer(project_name: str | None, values: dict[str, Any]) -> list[Any]:
            try:
                project = self.services.projects.open(project_name or "")
                told = action.work(project, values)
            except (AppError, OSError) as error:
                return [self.error_box(readable(error)), *(gr.skip() for _ in action.outputs)]
            answer = told if isinstance(told, dict) else {}
            return [answer.get("notice", ""), *(answer.get(name, gr.skip()) for name in action.outputs)]

        def named(values: tuple[Any, ...]) -> dict[str, Any]:
            return dict(zip(action.inputs, values, strict=True))

        # Gradio reads these annotations to know what else it shall pass.
        def handle(project_name: str | None, *values: Any) -> list[Any]:
            return answer(project_name, named(values))

        def handle_click(click: gr.EventData, project_name: str | None, *values: Any) -> list[Any]:
            return answer(project_name, {**named(values), "click": as_click(click)})

        return handle_click if action.tells_click else handle
