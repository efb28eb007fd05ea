"""What the tests of core share: services on an empty folder, a project, and a model to start from."""

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


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """A Llama with random weights, for all tests; nobody changes it."""
    from tests.core.training.training_material import make_base  # brings torch along, which not every test here needs

    return make_base(tmp_path_factory.mktemp("base"))
