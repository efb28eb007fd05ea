import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.jobs import runs
from core.jobs.job import JobState
from core.jobs.runs import Run, create_run, is_alive, latest_run, list_runs, seconds_alive, this_process
from core.jobs.services import Services, reattach
from core.project_manager import ProjectStore
from utils.files import write_json

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def project(tmp_path):
    return ProjectStore(tmp_path).create("p")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "{}", '{"state": "failed", "error": 7}', "\0\0"])
def test_a_damaged_state_means_interrupted_and_a_damaged_request_no_run_and_neither_stops_the_app(project, content):
    whole, damaged = create_run(project, "rag", {}), create_run(project, "rag", {})
    (whole.folder / "state.json").write_text(content)
    (damaged.folder / "run.json").write_text(content)
    assert whole.read_state().state == JobState.INTERRUPTED
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
def test_whatever_stands_in_a_state_file_no_process_is_made_up(tmp_path_factory, content):
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
from core.jobs import runs
from core.project_manager import Project, ProjectStore
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
def test_a_run_whose_making_is_killed_does_not_exist_and_is_cleaned_up_later(project, moment, monkeypatch):
    ended = subprocess.run([sys.executable, "-c", KILLED_WHILE_MADE, str(project.root), moment], cwd=ROOT)
    assert ended.returncode == -signal.SIGKILL
    assert list_runs(project) == list_runs(project, "train") == []
    create_run(project, "train", {})
    assert len(list(project.runs_folder.iterdir())) == 2  # whoever made the other one may still be at work
    monkeypatch.setattr(runs, "LEFTOVER_SECONDS", -1)
    create_run(project, "train", {})
    assert [path.name for path in sorted(project.runs_folder.iterdir())] == [run.id for run in list_runs(project)]


class Clock:
    """A wall clock that says what it is told: the end of summer time, a journey, a correction."""

    def __init__(self, *times: str) -> None:
        self._times = [datetime.fromisoformat(one) for one in times]

    def now(self) -> datetime:
        return self._times.pop(0)


def test_after_the_clock_went_back_the_newest_run_is_still_the_one_that_was_made_last(project, monkeypatch):
    times = ("2026-10-25T02:59:59", "2026-10-25T02:00:01", "2026-10-25T02:00:01", "2019-01-01T00:00:00")
    monkeypatch.setattr(runs, "datetime", Clock(*times))
    made = [create_run(project, "train", {}) for _ in times]
    assert list_runs(project) == made
    assert latest_run(project, "train") == made[-1]


def test_runs_of_an_early_version_are_older_than_new_ones_and_keep_their_order(project):
    early = [project.runs_folder / f"2999010{day}-120000-007-train" for day in (1, 2)]
    for folder in reversed(early):
        folder.mkdir()
        write_json(folder / "run.json", {"kind": "train"})
    new = create_run(project, "train", {})
    assert [run.folder for run in list_runs(project)] == [*early, new.folder]
    assert latest_run(project, "train") == new


MAKES_TEN = """
import sys
from pathlib import Path
from core.project_manager import Project, ProjectStore
from core.jobs.runs import create_run
for _ in range(10):
    create_run(Project(Path(sys.argv[1])), "ask", {})
"""


def test_runs_that_several_processes_make_at_once_have_numbers_of_their_own(project):
    command = [sys.executable, "-c", MAKES_TEN, str(project.root)]
    started = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    numbers = [run.order[0] for run in list_runs(project)]  # one that two had tried to take may stay free
    assert len(numbers) == len(set(numbers)) == 30 and numbers == sorted(numbers)


def test_a_corrected_clock_turns_no_live_run_into_an_interrupted_one(project, monkeypatch):
    run = create_run(project, "train", {})
    run.write_state(JobState.RUNNING, process=this_process())
    created, before = psutil.Process().create_time(), seconds_alive(this_process())
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: created + 3600)
    monkeypatch.setattr(time, "time", lambda: created + 7200)
    assert run.read_state().state == JobState.RUNNING
    assert seconds_alive(this_process()) - before < 1800
    # As an early version noted its process:
    run.write_state(JobState.RUNNING, process={"pid": os.getpid(), "created": created + 3600})
    assert run.read_state().state == JobState.RUNNING


def test_a_process_is_not_mistaken_for_another_one_with_its_number_here_or_on_another_machine():
    me = this_process()
    assert is_alive(me)
    assert not is_alive({**me, "created": me["created"] - 100})
    assert not is_alive({**me, "boot": "of another machine"})
    assert seconds_alive({"pid": 1, "created": -1e9, "boot": "of another machine"}) == 0


def test_runs_that_begin_in_several_projects_at_the_same_moment_have_ids_of_their_own(tmp_path):
    store = ProjectStore(tmp_path / "room")
    ids = {create_run(store.create(f"p{number}"), "train", {}).id for number in range(30)}
    assert len(ids) == 30
