"""What the tests of the pipelines share: services on an empty folder, and a project."""

import pytest

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
