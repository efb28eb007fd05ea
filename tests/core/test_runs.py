from pathlib import Path

import pytest

from core.jobs import JobState
from core.project_manager import Project, ProjectStore
from core.runs import create_run, latest_run
from core.services import Services, reattach

DAMAGED = ["", "{", "[]", "null", '{"state": "dancing"}', '{"state": "failed", "error": 7}', "\x00\x00\x00"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ProjectStore(tmp_path).create("p")


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_state_file_means_interrupted_and_stops_no_app(project: Project, content: str) -> None:
    run = create_run(project, "rag", {})
    (run.folder / "state.json").write_text(content)
    assert run.read_state().state == JobState.INTERRUPTED
    reattach(Services(ProjectStore(project.root.parent)))


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}"])
def test_a_run_whose_request_is_damaged_is_passed_over_and_stops_no_app(project: Project, content: str) -> None:
    whole = create_run(project, "rag", {})
    damaged = create_run(project, "rag", {})
    (damaged.folder / "run.json").write_text(content)
    assert latest_run(project, "rag") == whole
    reattach(Services(ProjectStore(project.root.parent)))
