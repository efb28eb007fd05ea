"""Work in child processes: relayed live, stopped, killed, lost and found again. Real processes throughout."""

import errno
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
from core.jobs.runs import Run, RunState, create_run, this_process
from tests.core.waiting import wait_for
from tests.refusals import code_of
from utils.errors import AppError
from utils.files import read_json, read_lines, write_json

ALL = [str(number) for number in range(1, 101)]

pytestmark = pytest.mark.usefixtures("child_app")


@pytest.fixture
def runner(services):
    return services.runner


def slow(project, to=100):
    """A run that counts slowly."""
    return create_run(project, "count", {"to": to, "seconds_each": 0.1})


def start(runner, run):
    work = ChildWork(run)
    return runner.start(Job(run.kind, run.project.name, work, id=run.id, abandon=work.abandon))


def counting(runner, run, least=1):
    """The job of this run, once its child has counted so far."""
    job = start(runner, run)
    wait_for(lambda: len(numbers(run)) >= least)
    return job


def ended(runner, job):
    return runner.wait(job.id, timeout=20)


def kill(run, how=signal.SIGKILL):
    """Kill the run's child."""
    os.kill(int(run.read_state().process["pid"]), how)


def numbers(run):
    return list(read_lines(run.folder / "numbers"))


def test_a_childs_progress_log_metrics_and_result_reach_the_job(project, runner):
    end = ended(runner, start(runner, create_run(project, "count", {"to": 5})))
    assert (end.state, end.result) == (JobState.DONE, {"counted": 5})
    assert [line.params["number"] for line in end.log] == [1, 2, 3, 4, 5]
    assert [point["step"] for point in end.metrics] == [1, 2, 3, 4, 5]
    assert (end.done, end.total) == (5, 5)


@pytest.mark.parametrize("how", ["pause", "polite kill", "kill"])
def test_a_child_that_was_paused_or_killed_counts_on_where_it_was(project, runner, how):
    run = slow(project)
    job = counting(runner, run, 2)
    if how == "pause":
        runner.pause(job.id)
    else:
        kill(run, signal.SIGKILL if how == "kill" else signal.SIGTERM)
    end = ended(runner, job)
    if how == "kill":
        assert (end.state, end.error.key) == (JobState.INTERRUPTED, "child_killed")
    else:
        assert end.state == run.read_state().state == JobState.PAUSED
    assert len(numbers(run)) < 100
    hurry(run)
    runner.resume(job.id)
    end = ended(runner, job)
    assert (end.state, numbers(run)) == (JobState.DONE, ALL)
    if how != "kill":  # which may come between a number and its point
        assert [point["step"] for point in end.metrics] == list(range(1, 101))


def test_a_child_that_the_system_killed_for_memory_is_told_from_one_that_a_person_killed(
    project, runner, monkeypatch, tmp_path
):
    counter = tmp_path / "vmstat"
    counter.write_text("oom_kill 3\n")
    monkeypatch.setattr(memory_kills, "_group_files", lambda: [counter])
    run = slow(project)
    job = counting(runner, run)
    # The child has noted the real counters of this machine; what it would have noted of this one is put beside them.
    noted = read_json(run.folder / "state.json")
    noted["memory_kills"] |= {str(counter): 3}
    write_json(run.folder / "state.json", noted)
    counter.write_text("oom_kill 4\n")
    kill(run)
    end = ended(runner, job)
    assert (end.state, end.error.key) == (JobState.INTERRUPTED, "child_out_of_memory")
    assert run.read_state().error == end.error
    runner.resume(job.id)
    wait_for(lambda: len(numbers(run)) >= 3)
    runner.cancel(job.id)
    assert ended(runner, job).error is None


def test_a_run_that_is_given_up_stays_given_up_and_keeps_its_error(project, runner):
    failed = create_run(project, "count", {"to": 1})
    failed.write_state(JobState.FAILED, error={"code": "disk_full", "params": {"free_gib": 1, "needed_gib": 2}})
    ChildWork(failed).abandon()
    found = failed.read_state()
    assert (found.state, found.error.key) == (JobState.CANCELLED, "disk_full")
    paused = slow(project)
    job = counting(runner, paused)
    runner.pause(job.id)
    ended(runner, job)
    runner.cancel(job.id)
    assert paused.read_state().state == JobState.CANCELLED


@pytest.mark.parametrize(
    ("kind", "state", "code", "params"),
    [
        ("fail", JobState.FAILED, "disk_full", {"free_gib": 0, "needed_gib": 1}),
        ("bug", JobState.FAILED, "internal", {"kind": "ZeroDivisionError"}),
        ("full", JobState.FAILED, "disk_is_full", {}),  # however deep a library hides it
        ("die", JobState.INTERRUPTED, "child_killed", {}),
    ],
)
def test_a_childs_error_reaches_the_job_and_the_next_app_as_it_was_raised(project, runner, kind, state, code, params):
    run = create_run(project, kind, {})
    end = ended(runner, start(runner, run))
    assert (end.state, end.error.key, end.error.params) == (state, code, params)
    assert (run.read_state().state, run.read_state().error) == (end.state, end.error)
    assert [line.key for line in end.log] == ["test.before_death"] * (kind == "die"), "its last words are kept"
    assert ("ZeroDivisionError: a bug" in run.output_file.read_text()) is (kind == "bug")


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
    assert ended(runner, job).state == JobState.CANCELLED
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


@pytest.mark.parametrize(("kind", "left"), [("count", JobState.PAUSED), ("deaf", JobState.INTERRUPTED)])
def test_a_child_that_another_shall_follow_pauses_or_is_killed_and_is_gone_then(project, monkeypatch, kind, left):
    monkeypatch.setattr(child_process, "PAUSE_SECONDS", 15.0 if kind == "count" else 0.0)
    run = create_run(project, kind, {"to": 1000, "seconds_each": 0.05})
    child = child_process.start_child(run)
    wait_for(lambda: run.read_state().process)
    child_process.end_child(run)
    assert (run.read_state().state, run.read_state().process) == (left, None)
    child.wait(timeout=20)


def test_a_child_on_another_machine_that_goes_on_is_not_followed(project, monkeypatch):
    monkeypatch.setattr(child_process, "ELSEWHERE_SECONDS", 0.0)
    monkeypatch.setattr(child_process, "is_alive", lambda process: False)
    run = create_run(project, "count", {"to": 1})
    with worker.held_alone(run.alive_file):
        run.write_state(JobState.RUNNING, process=this_process())
        assert code_of(lambda: child_process.end_child(run)) == "job_already_running"
    assert run.asked() == "pause"


def test_a_second_child_of_the_same_kind_is_refused_while_the_first_works(project, runner):
    begun, second = create_run(project, "count", {"to": 3}), create_run(project, "count", {"to": 1})
    begun.write_state(JobState.PAUSED)
    job = counting(runner, slow(project))
    other_app = JobRunner()
    for run in (begun, second):
        end = ended(other_app, start(other_app, run))
        assert (end.state, end.error.key) == (JobState.FAILED, "job_already_running")
        other_app.cancel(run.id)
    assert begun.is_whole
    assert not second.folder.exists(), "a run that never began would count as the newest one"
    assert runner.get(job.id).state == JobState.RUNNING
    runner.cancel(job.id)
    ended(runner, job)


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
    assert ended(other_app, job).state == JobState.INTERRUPTED
    ended(runner, job)
    bystander.communicate(b"\n")


def test_giving_up_what_another_process_went_on_with_stops_that_one(project, runner):
    run = slow(project)
    job = counting(runner, run)
    ChildWork(run).abandon()
    assert ended(runner, job).state == JobState.CANCELLED


def test_another_app_finds_a_child_at_work_and_shows_it_from_its_beginning_to_its_end(project, child_app):
    # The first app is a process of its own that starts the child and is killed without a word.
    run = slow(project)
    program = (
        "import os, sys; from pathlib import Path; from core.jobs import child_process, runs;"
        f"child_process.own_command = lambda: {child_app};"
        f"child_process.start_child(runs.Run(Path({str(run.folder)!r}))); os.kill(os.getpid(), 9)"
    )
    first_app = subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).resolve().parents[3])
    assert first_app.returncode == -signal.SIGKILL
    wait_for(lambda: len(numbers(run)) >= 2)
    runner = JobRunner()
    job = start(runner, run)
    wait_for(lambda: runner.get(job.id).done >= 2)
    assert run.read_state().process  # it is that very child which goes on
    hurry(run)
    end = ended(runner, job)
    assert (end.state, numbers(run)) == (JobState.DONE, ALL)
    assert [point["step"] for point in end.metrics] == list(range(1, 101))


def test_a_half_written_last_event_is_passed_over_and_the_next_one_is_whole(project, runner):
    run = create_run(project, "count", {"to": 3})
    run.events_file.write_text('{"type": "log", "key": "test.old", "params": {}}\n{"type": "log", "ke')
    end = ended(runner, start(runner, run))
    assert end.state == JobState.DONE
    assert [line.key for line in end.log] == ["test.old"] + ["test.counted"] * 3


def test_the_speed_of_a_found_job_is_not_that_of_its_replay(project):
    run = slow(project, 10_000)
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
    assert ended(runner, job).state == JobState.CANCELLED
