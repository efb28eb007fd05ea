"""Real services on an empty folder, and jobs that do what a test tells them."""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.jobs.job import Job, JobSnapshot
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
from ui import layout
from ui.page.parts import Act, Answer
from ui.page.view import Position, View


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))
    made = Services(ProjectStore(tmp_path / "projects"))
    yield made
    made.runner.shutdown()


@pytest.fixture
def project(services: Services) -> Project:
    return services.projects.create("Physik")


class Clicks:
    """What somebody does on the page of the project, in German; `positions` is where they are in its lists."""

    def __init__(self, services: Services, project: Project) -> None:
        self._services, self._project = services, project
        self.positions: dict[type[Position], Position] = {}
        self._actions = {**layout.FRAME.actions}
        for screen in layout.SCREENS.values():
            self._actions |= screen.actions

    def __call__(
        self, name: str, /, of: str = "", *, ticked: Iterable[str] = (), uploads: Iterable[Path] = (), **values: Any
    ) -> Answer:
        """Press the button of an action, with these values in the fields around it. Raises what it raises."""
        where = (self._services, "de", self._project.name, self.positions)
        act = Act(*where, of, tuple(ticked), values, tuple(uploads))
        return self._actions[name](act) or Answer()

    def view(self) -> View:
        """What is true now, at where they are."""
        return View(self._services, "de", self._project.name, self.positions)


@pytest.fixture
def act(services: Services, project: Project) -> Clicks:
    return Clicks(services, project)


class Puppet:
    """A job whose work waits for the test: `report` what it shall say, `finish` to let it end."""

    def __init__(self, services: Services, project: str, kind: str) -> None:
        self._done = threading.Event()
        self._context: Any = None
        self._running = threading.Event()
        self._services = services
        self.snapshot: JobSnapshot = services.runner.start(Job(kind, project, self._work))
        self._running.wait(10)

    def report(self, tell: Callable[[Any], None]) -> None:
        tell(self._context)

    def finish(self) -> JobSnapshot:
        self._done.set()
        return self._services.runner.wait(self.snapshot.id, 10)

    def _work(self, context: Any) -> dict[str, Any]:
        self._context = context
        self._running.set()
        while not self._done.wait(0.01):
            context.checkpoint()
        return {}


@pytest.fixture
def puppet(services: Services, project: Project) -> Iterator[Callable[[str], Puppet]]:
    made: list[Puppet] = []

    def make(kind: str) -> Puppet:
        made.append(Puppet(services, project.name, kind))
        return made[-1]

    yield make
    for one in made:
        one.finish()


@pytest.fixture
def view(services, project):
    """What a page sees at the moment of the call."""
    return lambda language="de": View(services, language, project.name)
