import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import runs
from core.jobs import JobState
from core.project_manager import Project, ProjectStore
from core.runs import Run, create_run, latest_run, list_runs
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


SINGLE = st.none() | st.booleans() | st.floats() | st.integers() | st.just(10**400) | st.text(max_size=5)
ANY = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["code", "pid", "a"]), inner),
    max_leaves=6,
)
STATES = st.fixed_dictionaries(
    {"state": st.sampled_from(JobState) | ANY},
    optional={
        "process": st.fixed_dictionaries({"pid": SINGLE, "created": SINGLE}) | ANY,
        "error": st.fixed_dictionaries({"code": SINGLE, "params": ANY}) | ANY,
        "memory_kills": st.dictionaries(st.sampled_from(["at", "vmstat", "other"]), SINGLE) | ANY,
        "result": ANY,
    },
)


@settings(max_examples=200, deadline=None)
@given(content=STATES | ANY)
@example(content={"state": "running", "process": {"pid": 10**400, "created": 0.0}})
@example(content={"state": "done", "process": {"pid": 1, "created": None}})
def test_whatever_stands_in_a_state_file_no_process_is_made_up(
    tmp_path_factory: pytest.TempPathFactory, content: object
) -> None:
    run = Run(tmp_path_factory.mktemp("run"))
    (run.folder / "state.json").write_text(json.dumps(content))
    found = run.read_state()
    assert found.process is None
    assert found.state in JobState
    assert isinstance(found.result, dict | None)
    assert found.error is None or isinstance(found.error.params, dict)


KILLED_WHILE_MADE = """
import os, signal, sys
from pathlib import Path
from core import runs
from core.project_manager import Project
def prepare(run):
    (run.folder / "half").write_text("a copy that is not finished")
    if sys.argv[2] == "while copying":
        die()
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
runs.publish_folder = die
runs.create_run(Project(Path(sys.argv[1])), "train", {}, prepare)
"""


@pytest.mark.parametrize("moment", ["while copying", "before it counts"])
def test_a_run_whose_making_is_killed_does_not_exist_and_is_cleaned_up_later(
    project: Project, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_MADE, str(project.root), moment], cwd=Path(__file__).resolve().parents[2]
    )
    assert ended.returncode == -signal.SIGKILL
    assert list_runs(project) == list_runs(project, "train") == []
    create_run(project, "train", {})
    assert len(list(project.runs_folder.iterdir())) == 2  # whoever made the other one may still be at work
    monkeypatch.setattr(runs, "LEFTOVER_SECONDS", -1)
    create_run(project, "train", {})
    assert [path.name for path in sorted(project.runs_folder.iterdir())] == [run.id for run in list_runs(project)]


def test_a_run_whose_making_fails_leaves_nothing(project: Project) -> None:
    def fail(run: Run) -> None:
        raise OSError("no room")

    with pytest.raises(OSError):
        create_run(project, "train", {}, fail)
    assert list(project.runs_folder.iterdir()) == []
