"""What keeps a page up to date: one timer, and for each place on the page a function that says what it shows."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from core.pipeline import Services
from ui.view import View

INTERVAL_SECONDS = 1.0
Render = Callable[[View], Any]


class Live:
    """The places of a page that follow the truth. All viewers read it; nobody's page drives anything."""

    def __init__(self, services: Services, language: str) -> None:
        self.services = services
        self.language = language
        self._places: list[tuple[gr.blocks.Block, Render]] = []

    def show(self, component: gr.blocks.Block, render: Render) -> None:
        """`render` gives the component's value, or a gr.update(…), for what is true now."""
        self._places.append((component, render))

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        return [component for component, _ in self._places]

    def refresh(self, project_name: str | None, seen: dict[str, Any]) -> list[Any]:
        """What has changed since this page was `seen`; everything else is left out of the answer."""
        view = View(self.services, self.language, project_name or "")
        stamp = view.stamp()
        if seen.get("stamp") == stamp and not view.moving:
            return [gr.skip() for _ in range(len(self._places) + 1)]
        sent = seen.get("sent", {}) if seen.get("project") == project_name else {}
        answers = []
        now: dict[int, int] = {}
        for number, (_, render) in enumerate(self._places):
            value = render(view)
            now[number] = hash(repr(value))
            answers.append(gr.skip() if sent.get(number) == now[number] else value)
        return [*answers, {"stamp": stamp, "sent": now, "project": project_name}]
