"""Deleting a training run: what is lost is told before, and nothing is deleted by accident."""

import time

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
