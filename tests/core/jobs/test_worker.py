"""Work in child processes: relayed live, stopped, killed, lost and found again. Real processes throughout."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from child_stages import hurry

from core.jobs import child_process, child_work, memory_kills, worker
from core.jobs.child_work import ChildWork, EventReader
from core.jobs.job import Job, JobState
from core.jobs.runner import JobRunner
from core.jobs.runs import Run, RunState, create_run, is_alive, this_process
from core.project_manager import ProjectStore
from tests.core.waiting import wait_for
from utils.errors import AppError
from utils.files import read_json, read_lines, write_json

CHILD_APP = str(Path(__file__).parents[1] / "child_app.py")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(child_process, "own_command", lambda: [sys.executable, CHILD_APP])
    return ProjectStore(tmp_path).create("p")


@pytest.fixture
def runner():
    runner = JobRunner()
    yield runner
    runner.shutdown(timeout=10)


def start(runner, run):
    work = ChildWork(run)
    return runner.start(Job(run.kind, run.project.name, work, id=run.id, abandon=work.abandon))


def numbers(run):
    return list(read_lines(run.folder / "numbers"))


def test_a_childs_progress_log_metrics_and_result_reach_the_job(project, runner):
    run = create_run(project, "count", {"to": 5})
    end = runner.wait(start(runner, run).id, timeout=20)
    assert end.state == JobState.DONE
    assert end.result == {"counted": 5}
    assert [line.params["number"] for line in end.log] == [1, 2, 3, 4, 5]
    assert [point["step"] for point in end.metrics] == [1, 2, 3, 4, 5]
    assert (end.done, end.total) == (5, 5)


def test_pause_lets_the_child_end_and_resume_counts_on(project, runner):
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, run)
    wait_for(lambda: len(numbers(run)) >= 2)
    runner.pause(job.id)
    assert runner.wait(job.id, timeout=20).state == JobState.PAUSED
    assert run.read_state().state == JobState.PAUSED
    assert len(numbers(run)) < 100
    hurry(run)
    runner.resume(job.id)
    end = runner.wait(job.id, timeout=20)
    assert end.state == JobState.DONE
    assert numbers(run) == [str(number) for number in range(1, 101)]
    assert [point["step"] for point in end.metrics] == list(range(1, 101))


def test_a_killed_child_is_interrupted_with_a_hint_and_resumes_where_it_was(project, runner):
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, run)
    wait_for(lambda: len(numbers(run)) >= 2)
    os.kill(int(run.read_state().process["pid"]), signal.SIGKILL)
    end = runner.wait(job.id, timeout=20)
    assert (end.state, end.error.key) == (JobState.INTERRUPTED, "child_killed")
    hurry(run)
    runner.resume(job.id)
    assert runner.wait(job.id, timeout=20).state == JobState.DONE
    assert numbers(run) == [str(number) for number in range(1, 101)]


def test_why_a_child_was_lost_is_still_known_to_the_next_app(project, runner):
    run = create_run(project, "die", {})
    end = runner.wait(start(runner, run).id, timeout=20)
    found = run.read_state()
    assert (found.state, found.error) == (JobState.INTERRUPTED, end.error)


def test_a_child_that_the_system_killed_for_memory_is_told_from_one_that_a_person_killed(
    project, runner, monkeypatch, tmp_path
):
    counter = tmp_path / "vmstat"
    counter.write_text("oom_kill 3\n")
    monkeypatch.setattr(memory_kills, "_group_files", lambda: [counter])
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, run)
    wait_for(lambda: len(numbers(run)) >= 1)
    # The child has noted the real counters of this machine; what it would have noted of this one is put beside them.
    noted = read_json(run.folder / "state.json")
    noted["memory_kills"] |= {str(counter): 3}
    write_json(run.folder / "state.json", noted)
    counter.write_text("oom_kill 4\n")
    os.kill(int(noted["process"]["pid"]), signal.SIGKILL)
    end = runner.wait(job.id, timeout=20)
    assert (end.state, end.error.key) == (JobState.INTERRUPTED, "child_out_of_memory")
    assert run.read_state().error == end.error
    runner.resume(job.id)
    wait_for(lambda: len(numbers(run)) >= 3)
    runner.cancel(job.id)
    assert runner.wait(job.id, timeout=20).error is None


def test_a_run_that_is_given_up_keeps_its_error(project):
    run = create_run(project, "count", {"to": 1})
    run.write_state(JobState.FAILED, error={"code": "disk_full", "params": {"free_gib": 1, "needed_gib": 2}})
    ChildWork(run).abandon()
    found = run.read_state()
    assert (found.state, found.error.key) == (JobState.CANCELLED, "disk_full")


def test_a_child_that_kills_itself_keeps_its_last_words(project, runner):
    end = runner.wait(start(runner, create_run(project, "die", {})).id, timeout=20)
    assert end.state == JobState.INTERRUPTED
    assert [line.key for line in end.log] == ["test.before_death"]


def test_a_childs_error_reaches_the_job_as_it_was_raised(project, runner):
    end = runner.wait(start(runner, create_run(project, "fail", {})).id, timeout=20)
    assert (end.state, end.error.key) == (JobState.FAILED, "disk_full")
    assert end.error.params == {"free_gib": 0, "needed_gib": 1}


def test_a_bug_in_a_child_is_called_one_and_its_traceback_stays_in_the_runs_folder(project, runner):
    run = create_run(project, "bug", {})
    end = runner.wait(start(runner, run).id, timeout=20)
    assert (end.state, end.error.key) == (JobState.FAILED, "internal")
    assert "ZeroDivisionError: a bug" in run.output_file.read_text()


def test_a_full_disk_is_called_one_however_deep_a_library_hides_it(project, runner):
    end = runner.wait(start(runner, create_run(project, "full", {})).id, timeout=20)
    assert (end.state, end.error.key) == (JobState.FAILED, "disk_is_full")


def test_a_disk_too_full_for_the_reason_is_told_by_the_exit_code(project, monkeypatch):
    run = create_run(project, "full", {})

    def no_room(self, state, **more):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Run, "write_state", no_room)
    assert worker.note_failure(run, AppError("disk_is_full")) == worker.EXIT_DISK_FULL


def test_cancelling_ends_a_child_that_does_not_listen(project, runner, monkeypatch):
    monkeypatch.setattr(child_work, "CANCEL_GRACE_SECONDS", 0.3)
    run = create_run(project, "deaf", {})
    job = start(runner, run)
    wait_for((run.folder / "started").exists)
    pid = int(run.read_state().process["pid"])
    runner.cancel(job.id)
    assert runner.wait(job.id, timeout=20).state == JobState.CANCELLED
    wait_for(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)


def test_cancelling_a_found_child_that_ends_at_that_moment_kills_nobody(project, monkeypatch):
    run = create_run(project, "count", {"to": 1})
    alive, gone = RunState(JobState.RUNNING, process=this_process()), RunState(JobState.INTERRUPTED)
    states = iter([alive, gone, gone])
    killed = []
    monkeypatch.setattr(child_work, "CANCEL_GRACE_SECONDS", -1.0)
    monkeypatch.setattr(child_work, "kill_tree", killed.append)
    monkeypatch.setattr(Run, "read_state", lambda self: next(states))

    class Cancelled:
        stop_request = "cancel"
        watch = staticmethod(lambda: None)

    ChildWork(run)._relay(Cancelled(), EventReader(run.events_file), None)
    assert killed == []


def test_a_polite_kill_of_the_child_is_a_pause(project, runner):
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, run)
    wait_for(lambda: len(numbers(run)) >= 1)
    os.kill(int(run.read_state().process["pid"]), signal.SIGTERM)
    assert runner.wait(job.id, timeout=20).state == JobState.PAUSED


def test_a_second_child_of_the_same_kind_is_refused_while_the_first_works(project, runner):
    first = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, first)
    wait_for(lambda: len(numbers(first)) >= 1)
    second = create_run(project, "count", {"to": 1})
    other_app = JobRunner()
    end = other_app.wait(start(other_app, second).id, timeout=20)
    assert (end.state, end.error.key) == (JobState.FAILED, "job_already_running")
    assert not second.folder.exists(), "a run that never began would count as the newest one"
    other_app.cancel(second.id)
    assert not second.folder.exists()
    assert runner.get(job.id).state == JobState.RUNNING
    runner.cancel(job.id)
    runner.wait(job.id, timeout=20)


def test_a_run_that_had_begun_stays_when_it_cannot_go_on_because_another_one_runs(project, runner):
    begun = create_run(project, "count", {"to": 3})
    begun.write_state(JobState.PAUSED)
    job = start(runner, create_run(project, "count", {"to": 100, "seconds_each": 0.1}))
    wait_for(lambda: runner.get(job.id).done >= 1)
    other_app = JobRunner()
    assert other_app.wait(start(other_app, begun).id, timeout=20).error.key == "job_already_running"
    assert begun.is_whole
    runner.cancel(job.id)
    runner.wait(job.id, timeout=20)


def test_a_live_run_is_seen_from_another_machine_where_its_number_means_another_process(project, runner, monkeypatch):
    run = create_run(project, "deaf", {})
    job = start(runner, run)
    wait_for((run.folder / "started").exists)
    child, bystander = run.read_state().process, subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
    write_json(
        run.folder / "state.json", {"state": "running", "process": {**child, "pid": bystander.pid, "boot": "x"}}
    )
    assert run.read_state().state == JobState.RUNNING
    monkeypatch.setattr(child_work, "CANCEL_GRACE_SECONDS", 0.0)
    other_app = JobRunner()
    other_app.join(Job(run.kind, project.name, ChildWork(run), id=run.id))
    other_app.cancel(job.id)
    assert other_app.wait(job.id, timeout=1).state == JobState.RUNNING  # it does not listen, and is not ours to end
    assert bystander.poll() is None
    os.kill(int(child["pid"]), signal.SIGKILL)
    assert other_app.wait(job.id, timeout=20).state == JobState.INTERRUPTED
    runner.wait(job.id, timeout=20)
    bystander.communicate(b"\n")


def test_giving_up_what_another_process_went_on_with_stops_that_one(project, runner):
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, run)
    wait_for(lambda: runner.get(job.id).done >= 1)
    ChildWork(run).abandon()
    assert runner.wait(job.id, timeout=20).state == JobState.CANCELLED


def test_another_app_finds_a_child_at_work_and_shows_it_from_its_beginning_to_its_end(project):
    # The first app is a process of its own that starts the child and is killed without a word.
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    first_app = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os, sys; from pathlib import Path; from core.jobs import child_process;"
            "from core.jobs.runs import Run;"
            f"child_process.own_command = lambda: [sys.executable, {CHILD_APP!r}];"
            f"child_process.start_child(Run(Path({str(run.folder)!r}))); os.kill(os.getpid(), 9)",
        ],
        cwd=Path(__file__).resolve().parents[3],
    )
    assert first_app.returncode == -signal.SIGKILL
    wait_for(lambda: len(numbers(run)) >= 2)
    runner = JobRunner()
    job = start(runner, run)
    wait_for(lambda: runner.get(job.id).done >= 2)
    assert run.read_state().process  # it is that very child which goes on
    hurry(run)
    end = runner.wait(job.id, timeout=20)
    assert end.state == JobState.DONE
    assert numbers(run) == [str(number) for number in range(1, 101)]
    assert [point["step"] for point in end.metrics] == list(range(1, 101))


def test_a_half_written_last_event_is_passed_over_and_the_next_one_is_whole(project, runner):
    run = create_run(project, "count", {"to": 3})
    run.events_file.write_text(
        json.dumps({"type": "log", "key": "test.old", "params": {}}) + '\n{"type": "log", "ke', encoding="utf-8"
    )
    end = runner.wait(start(runner, run).id, timeout=20)
    assert end.state == JobState.DONE
    assert [line.key for line in end.log] == ["test.old"] + ["test.counted"] * 3


def test_a_process_is_not_mistaken_for_another_one_with_its_number():
    me = this_process()
    assert is_alive(me)
    assert not is_alive({**me, "created": me["created"] - 100})


def test_a_paused_run_that_is_given_up_stays_given_up(project, runner):
    run = create_run(project, "count", {"to": 100, "seconds_each": 0.1})
    job = start(runner, run)
    wait_for(lambda: len(numbers(run)) >= 1)
    runner.pause(job.id)
    runner.wait(job.id, timeout=20)
    runner.cancel(job.id)
    assert run.read_state().state == JobState.CANCELLED


def test_the_speed_of_a_found_job_is_not_that_of_its_replay(project):
    run = create_run(project, "count", {"to": 10_000, "seconds_each": 0.1})
    child = child_process.start_child(run)
    wait_for(lambda: len(numbers(run)) >= 20)
    runner = JobRunner()
    job = start(runner, run)
    # Several events may come at once, and the first of them begins the clock: so it takes some more to tell a rate.
    wait_for(lambda: runner.get(job.id).rate and runner.get(job.id).done > 40)
    found = runner.get(job.id)
    assert found.rate < 30
    assert found.seconds > 1.5
    runner.cancel(job.id)
    child.wait(timeout=20)
    assert runner.wait(job.id, timeout=20).state == JobState.CANCELLED
