"""Deleting a training run by no accident, and going on with the one that a repeated command began."""

import time

import pytest

from core import trainer
from core.jobs.job import Job, JobState
from core.jobs.runs import this_process
from core.training import history
from tests.core.training.history_material import add_checkpoint, make_run, publish
from tests.refusals import code_of
from tests.ui import runs_material


def test_deleting_frees_the_disk_and_says_before_how_much(services, project):
    run, other = make_run(project), make_run(project)
    add_checkpoint(run, 4)
    add_checkpoint(other, 4)  # the newest one's is the model that is in use
    lost = trainer.loss_of_deleting(project, run.id)
    assert (lost.checkpoints, lost.adapter) == (1, False)
    assert trainer.delete_run(services, project, run.id) == lost.size_bytes > 1000
    assert not run.folder.exists()
    assert [entry.id for entry in history.history(project)] == [other.id]


def test_the_run_whose_adapter_is_published_is_deleted_only_by_who_is_sure(services, project):
    run = make_run(project)
    publish(project, run)
    assert code_of(lambda: trainer.delete_run(services, project, run.id)) == "run_is_published"
    assert run.folder.is_dir()
    trainer.delete_run(services, project, run.id, sure=True)
    assert not run.folder.exists()
    assert not (project.checkpoints_folder / "best").exists()


def test_the_finished_run_is_not_lost_by_accident_when_an_aborted_one_has_published_since(services, project):
    finished = runs_material.make_run(project)
    aborted = runs_material.make_run(project, JobState.CANCELLED)
    publish(project, aborted)
    assert code_of(lambda: trainer.delete_run(services, project, finished.id)) == "run_is_published"
    trainer.delete_run(services, project, aborted.id)
    assert not (project.checkpoints_folder / "best").exists()


def test_a_run_that_is_at_work_or_waits_or_may_be_read_is_not_deleted_by_anyone(services, project):
    worked_on, waiting, read = (make_run(project) for _ in range(3))

    def refused(run):
        return code_of(lambda: trainer.delete_run(services, project, run.id, sure=True)) == "run_is_busy"

    worked_on.write_state(JobState.RUNNING, process=this_process())
    assert refused(worked_on) and worked_on.folder.is_dir()
    services.runner.start(Job("practice_base", project.name, wait_for_stop, "accelerator"))
    services.runner.start(Job("train", project.name, lambda _: {}, "accelerator", id=waiting.id))
    assert refused(waiting)
    services.runner.start(Job("export", project.name, wait_for_stop))
    assert refused(read)


def test_a_deleted_run_is_no_result_any_more(services, project):
    run = make_run(project)
    job = services.runner.start(Job("train", project.name, lambda _: {"run": run.id}, id=run.id))
    services.runner.wait(job.id, 10)
    trainer.delete_run(services, project, run.id)
    assert services.runner.jobs(project.name) == []


def wait_for_stop(context):
    while True:
        context.checkpoint()
        time.sleep(0.01)


@pytest.fixture
def launched(monkeypatch):
    """Stands in for torchrun: begin or repeat its command."""

    def as_torchrun(run_id, restarts=0, errors=""):
        monkeypatch.setenv("TORCHELASTIC_RUN_ID", run_id)
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", str(restarts))
        monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", errors)

    return as_torchrun


def gone_on_with(services, project, monkeypatch):
    monkeypatch.setattr(services.runner, "start", lambda job: job.id)
    return trainer.go_on_with_launch(services, project)


@pytest.mark.parametrize("state", JobState)
def test_a_command_that_torchrun_repeats_goes_on_with_the_run_it_began_however_that_stopped(
    services, project, monkeypatch, launched, state
):
    launched("job-1")
    run = make_run(project)
    run.write_state(state)
    launched("another job")
    make_run(project).write_state(JobState.INTERRUPTED)
    launched("job-1", restarts=1)
    assert gone_on_with(services, project, monkeypatch) == run.id


@pytest.mark.parametrize("state", JobState)
def test_a_job_that_a_cluster_starts_again_goes_on_with_what_was_paused_or_lost_and_with_nothing_else(
    services, project, monkeypatch, launched, state
):
    launched("job-1")
    run = make_run(project)
    run.write_state(state)
    # A state file that says "running" while nobody works on the run is that of a process that was killed.
    goes_on = state in (JobState.PAUSED, JobState.INTERRUPTED, JobState.RUNNING)
    assert gone_on_with(services, project, monkeypatch) == (run.id if goes_on else None)


@pytest.mark.parametrize("restarts", [0, 1])
@pytest.mark.parametrize(
    ("began", "now"), [("", ""), ("none", "none"), ("", "job"), ("job", "other"), ("job", "none")]
)
def test_a_run_of_no_launch_or_of_another_one_is_nobodys_to_go_on_with(
    services, project, monkeypatch, launched, began, now, restarts
):
    launched(began, errors="/tmp/elastic/none_one/attempt_0/0/error.json")
    make_run(project).write_state(JobState.INTERRUPTED)
    launched(now, restarts, errors=f"/tmp/elastic/none_two/attempt_{restarts}/0/error.json")
    assert gone_on_with(services, project, monkeypatch) is None


def test_launches_without_an_id_are_told_apart_by_the_folder_that_each_torchrun_makes(
    services, project, monkeypatch, launched
):
    launched("none", errors="/tmp/elastic/none_one/attempt_0/0/error.json")
    run = make_run(project)
    launched("none", 1, errors="/tmp/elastic/none_one/attempt_1/0/error.json")
    assert gone_on_with(services, project, monkeypatch) == run.id


def test_a_resumed_run_belongs_to_the_launch_that_resumed_it(services, project, monkeypatch, launched):
    run = make_run(project)
    run.write_state(JobState.PAUSED)
    launched("job-1")
    monkeypatch.setattr(services.runner, "start", lambda job: job.id)
    assert trainer.resume_training(services, project) == run.id
    launched("job-1", restarts=1)
    assert trainer.go_on_with_launch(services, project) == run.id
