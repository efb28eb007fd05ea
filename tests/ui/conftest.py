"""Real services on an empty folder, and jobs that do what a test tells them."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ui.page.frame import PageFrame
from ui.page.live import Live

from core.jobs.job import Job, JobSnapshot
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
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


@pytest.fixture
def frame(services: Services) -> PageFrame:
    """A page in German that nobody has open."""
    return PageFrame(services, "de", SimpleNamespace(), Live(services, "de"))


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
