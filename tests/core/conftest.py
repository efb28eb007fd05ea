"""What the tests of the pipelines share: services on an empty folder, a project, and stages of the tests' own."""

import sys
from pathlib import Path

import pytest

from core.jobs import child_process
from core.jobs.services import Services
from core.project_manager import ProjectStore


@pytest.fixture
def services(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "config"))
    services = Services(ProjectStore(tmp_path / "projects"))
    yield services
    services.runner.shutdown(timeout=10)


@pytest.fixture
def project(services):
    return services.projects.create("p")


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A Llama with random weights, for all tests; nobody changes it."""
    from tests.core.training.training_material import make_base  # brings torch along, which not every test here needs

    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture
def child_app(monkeypatch):
    """Child processes do the stages of `child_stages`; what stands in for app.py there."""
    command = [sys.executable, str(Path(__file__).with_name("child_app.py"))]
    monkeypatch.setattr(child_process, "own_command", lambda: command)
    return command
