"""Real services on an empty folder, and jobs that do what a test tells them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.jobs.job import Job, JobSnapshot
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
from ui.page.parts import Act, Answer, Part, done
from ui.page.view import View


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))
    made = Services(ProjectStore(tmp_path / "projects"))
    yield made
    made.runner.shutdown()


@pytest.fixture
def project(services: Services) -> Project:
    return services.projects.create("Physik")


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


@pytest.fixture
def act(services, project):
    """`act(PART, "name", of=…)`: what comes of an action that a page in German asks for."""

    def ask(part: Part, name: str, of: str = "", *, ticked=(), values=None, at=None, within="") -> Answer:
        positions = {} if at is None else at
        asked = Act(services, "de", within or project.name, positions, of, tuple(ticked), values or {})
        return done(part.actions[name], asked)[0]

    return ask
