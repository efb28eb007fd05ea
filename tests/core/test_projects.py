"""The pipeline: what it refuses and why, and what it finds after the app was gone."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from core import base_models, exporter, projects, rag_processor, sft_generator, trainer
from core.hardware_detector import Accelerator
from core.jobs import child_process
from core.jobs.job import JobState
from core.jobs.runs import create_run, list_runs, this_process
from core.jobs.services import Services, child_job, join_running, reattach, start_child_job
from core.jobs.worker import alone_with
from core.training.history import Chosen
from tests.core.waiting import wait_for
from tests.refusals import code_of
from tests.ui.runs_material import add_checkpoint, make_run, publish
from utils import config
from utils.errors import AppError
from utils.files import append_line, write_json


def child_of(run):
    """A process of a terminal or an earlier app that works on the run."""
    child = child_process.start_child(run)
    wait_for(lambda: run.read_state().process)
    return child


def refused_code(start, *arguments, **options):
    return code_of(lambda: start(*arguments, **options))


def test_each_stage_names_what_is_missing_before_anything_starts(services, project):
    for code, start, *arguments in (
        ("no_files", rag_processor.start_documents, []),
        ("file_missing", rag_processor.start_documents, [Path("/nowhere/a.pdf")]),
        ("no_chunks", sft_generator.start_samples),
        ("no_chunks", base_models.start_practice_base),
        ("too_few_samples", trainer.start_training),
        ("not_trained", exporter.start_evaluation),
        ("not_trained", exporter.start_export),
        ("not_exported", exporter.start_question, "Wer?"),
        ("no_question", exporter.start_question, "  "),
        ("nothing_to_resume", trainer.resume_training),
    ):
        assert refused_code(start, services, project, *arguments) == code
    assert list_runs(project) == []


def test_training_asks_for_a_base_model_and_then_for_its_files(services, project, tmp_path):
    for number in range(8):
        append_line(project.samples_file, f'{{"instruction": "q{number}", "output": "a{number}"}}')
    assert refused_code(trainer.start_training, services, project) == "no_base"
    settings = config.changed(project.load_config(), base={"source": "practice", "name": "practice"})
    project.save_config(settings)
    with pytest.raises(AppError):
        trainer.start_training(services, project)
    assert list_runs(project) == []


def test_a_start_that_is_refused_leaves_no_run_that_counts_as_newest(services, project, monkeypatch):
    for kind in ("train", "rag", "rechunk"):
        with alone_with(project, kind):  # as another app or terminal
            assert refused_code(start_child_job, services, project, kind, {}) == "job_already_running"

    def refuse(job):
        raise AppError("job_is_paused")

    monkeypatch.setattr(services.runner, "start", refuse)
    with pytest.raises(AppError, match="job_is_paused"):
        start_child_job(services, project, "rag", {"files": []})
    assert list_runs(project) == services.runner.jobs() == []


def test_resume_joins_the_live_training_of_a_closed_terminal_also_if_it_is_not_the_newest_run(
    services, project, child_app
):
    live = create_run(project, "train", {"to": 100, "seconds_each": 0.1})
    create_run(project, "train", {"to": 1})
    child = child_of(live)
    job = trainer.resume_training(services, project)
    assert (job.id, job.state) == (live.id, JobState.RUNNING)
    assert trainer.resume_training(services, project).id == live.id
    services.runner.pause(job.id)
    child.wait(timeout=20)
    assert services.runner.wait(job.id, timeout=20).state == JobState.PAUSED


def test_a_training_that_a_terminal_began_is_joined_and_stopped_by_the_app_whatever_is_paused_or_busy_there(
    services, project, child_app
):
    other = services.projects.create("other")
    services.runner.start(child_job(services, create_run(other, "train", {"to": 1000, "seconds_each": 0.1})))
    paused = create_run(project, "train", {"to": 1})
    services.runner.adopt(child_job(services, paused), JobState.PAUSED)
    live = create_run(project, "train", {"to": 1000, "seconds_each": 0.1})
    child = child_of(live)
    for _ in range(2):
        join_running(services, project)
    assert [job.id for job in services.runner.jobs("p")] == [paused.id, live.id]
    assert services.runner.get(live.id).state == JobState.RUNNING
    services.runner.cancel(live.id)
    child.wait(timeout=20)
    assert services.runner.wait(live.id, timeout=20).state == live.read_state().state == JobState.CANCELLED


def taken(project):
    request = exporter.tuned_model(project, None)
    return request["train_run"], request["step"]


def test_what_was_started_or_aborted_since_does_not_hide_the_finished_training(project):
    finished = make_run(project)
    add_checkpoint(finished, 2)
    publish(project, make_run(project, JobState.CANCELLED))
    create_run(project, "train", {}).write_state(JobState.CANCELLED)  # aborted at step 0
    create_run(project, "train", {}).write_state(JobState.RUNNING, process=this_process())
    assert taken(project) == (finished.id, 2)


def test_without_a_finished_training_the_newest_one_with_a_complete_checkpoint_is_taken(project):
    make_run(project, JobState.CANCELLED)
    aborted = make_run(project, JobState.INTERRUPTED)
    create_run(project, "train", {}).write_state(JobState.FAILED)
    assert taken(project) == (aborted.id, 4)


def test_any_run_and_any_complete_checkpoint_of_it_can_be_named(project):
    run, _ = make_run(project, JobState.CANCELLED), make_run(project)
    add_checkpoint(run, 2)
    for step in (2, 4):
        assert exporter.tuned_model(project, Chosen(run, step)) == {"train_run": run.id, "step": step}
    assert code_of(lambda: exporter.tuned_model(project, Chosen(run, 3))) == "branch_no_checkpoint"
    empty = create_run(project, "train", {})
    assert code_of(lambda: exporter.tuned_model(project, Chosen(empty))) == "adapter_missing"


def exported(project, **report):
    folder = project.final_folder / "gguf"
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(("p-f16.gguf", "p-q4_k_m.gguf")):
        (folder / name).touch()
        os.utime(folder / name, (9000 - number, 9000 - number))  # the clock was corrected while they were written
    write_json(folder / "verification.json", {"files": [{"file": "p-f16.gguf"}, {"file": "p-q4_k_m.gguf"}], **report})


@pytest.mark.parametrize("damage", ["", "[]", '{"files": 7}', '{"files": [7, {}]}'])
def test_the_file_that_was_written_last_answers_and_a_damaged_report_hides_no_file(project, damage):
    exported(project)
    assert [file.name for file in exporter.exported_files(project)] == ["p-q4_k_m.gguf", "p-f16.gguf"]
    (project.final_folder / "gguf" / "verification.json").write_text(damage)
    assert len(exporter.exported_files(project)) == 2


def test_an_export_of_another_run_does_not_answer_for_the_one_that_was_named(services, project):
    run, other = make_run(project), make_run(project)
    exported(project, run=other.id, step=4)
    for chosen in (Chosen(run), Chosen(other, 2)):
        code = code_of(lambda chosen=chosen: exporter.start_question(services, project, "Wer?", chosen=chosen))
        assert code == "run_not_exported"


def test_an_app_that_closes_leaves_a_terminals_training_running(services, project, child_app):
    live = create_run(project, "train", {"to": 1000, "seconds_each": 0.1})
    child = child_of(live)
    app = Services(services.projects)
    join_running(app, project)
    app.runner.shutdown(timeout=0.5)
    assert live.asked() is None
    live.ask("cancel")
    child.wait(timeout=20)
    assert app.runner.wait(live.id, timeout=20).state == JobState.CANCELLED


def test_the_practice_model_brings_its_learning_rate_and_takes_it_away_again(project, tmp_path):
    base_models.choose_base(project, config.BaseChoice(source="practice", name="practice"))
    practice_rate = project.load_config().training.learning_rate
    assert practice_rate > config.TrainingSettings().learning_rate
    project.save_config(
        config.changed(project.load_config(), training=config.TrainingSettings(learning_rate=5e-5).model_dump())
    )
    base_models.choose_base(project, config.BaseChoice(source="practice", name="practice"))
    assert project.load_config().training.learning_rate == 5e-5


def test_a_restarted_app_shows_a_training_that_failed_with_its_error_and_no_other_run_that_ended(services, project):
    run = create_run(project, "train", {})
    run.write_state(JobState.FAILED, error={"code": "disk_full", "params": {"free_gib": 0.1, "needed_gib": 2}})
    create_run(project, "rag", {}).write_state(JobState.FAILED, error={"code": "disk_full", "params": {}})
    create_run(project, "export", {}).write_state(JobState.DONE, result={})
    reattach(services)
    (job,) = services.runner.jobs()
    assert (job.id, job.state, job.error.key) == (run.id, JobState.FAILED, "disk_full")
    assert job.error.params == {"free_gib": 0.1, "needed_gib": 2}
    assert trainer.resume_training(services, project).state in (JobState.QUEUED, JobState.RUNNING)
    services.runner.cancel(run.id)
    services.runner.wait(run.id, timeout=60)


def test_a_full_disk_is_said_before_anything_is_written(services, project, monkeypatch, tmp_path):
    (tmp_path / "a.txt").write_text("Text")
    monkeypatch.setattr("utils.files.free_disk_gib", lambda folder: 0.1)
    assert refused_code(rag_processor.start_documents, services, project, [tmp_path / "a.txt"]) == "disk_full"


def test_a_new_projects_settings_suit_the_machine_and_what_a_person_set_for_all_stands_above(services, monkeypatch):
    gpu = replace(services.hardware(), accelerator=Accelerator("cuda", "RTX 4070", 12, 11))
    monkeypatch.setattr(Services, "hardware", lambda self: gpu)
    training = projects.create_project(services, "gpu").load_config().training
    assert (training.four_bit, training.batch_size, training.gradient_checkpointing) == (True, 4, True)
    config.save_app_settings(config.AppSettings(training=config.TrainingSettings(batch_size=1, epochs=7)))
    training = projects.create_project(services, "mine").load_config().training
    assert (training.batch_size, training.epochs, training.four_bit) == (1, 7, True)
