"""Repeating a run: bit-identical where nothing changed, and told where something did."""

import shutil

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import create_run, list_runs
from core.training import derived_runs, provenance, train
from tests.core.training.training_material import TrainingContext, curve, make_base, make_project
from tests.refusals import code_of
from utils.config import BaseChoice, change_app_settings, changed
from utils.files import append_line, read_json, sha256_of, write_json

QUICK = {"epochs": 2, "batch_size": 4, "held_out_share": 0.2, "max_length": 64}


class Stage:
    """A project whose jobs the test does itself, in its own process."""

    def __init__(self, services, folder, monkeypatch):
        self.services = services
        self.project = make_project(folder)
        self.base = make_base(folder / "base")
        self.choose(self.base)
        self.project.set("training", QUICK)
        change_app_settings(force_cpu=True)
        monkeypatch.setattr(services.runner, "start", lambda job: job)

    def choose(self, folder):
        choice = BaseChoice(source="path", name=str(folder))
        self.project.save_config(changed(self.project.load_config(), base=choice.model_dump()))

    def train(self, start):
        start()
        run = list_runs(self.project, "train")[-1]
        result = train.run(TrainingContext(), run)
        run.write_state(JobState.DONE, result=result)
        return run

    def repeat(self, run):
        return self.train(lambda: trainer.reproduce_training(self.services, self.project, run.id))


@pytest.fixture
def stage(services, tmp_path, monkeypatch):
    return Stage(services, tmp_path / "here", monkeypatch)


def test_a_repeated_run_ends_with_the_same_adapter_to_the_last_bit(stage):
    first = stage.train(lambda: trainer.start_training(stage.services, stage.project))
    append_line(stage.project.samples_file, '{"instruction": "Neu?", "output": "Ja."}')
    stage.project.set("training", {"epochs": 1, "lora_rank": 8})
    second = stage.repeat(first)
    assert curve(second) == curve(first)
    assert second.request["repeats"] == first.id
    assert second.samples_file.read_bytes() == first.samples_file.read_bytes()
    found = derived_runs.outcome(second)
    assert (found.of, found.identical, found.differences, found.first_step) == (first.id, True, (), None)
    assert found.losses == len([point for point in curve(first) if {"loss", "eval_loss"} & point.keys()])
    assert found.largest == 0


def test_all_that_a_repetition_needs_is_noted(stage):
    trainer.start_training(stage.services, stage.project)
    (run,) = list_runs(stage.project, "train")
    noted = run.request
    names = {"training", "seed", "engine", "force_cpu", "processes", "samples_sha256", "versions", "machine", "app"}
    assert names <= noted.keys()
    assert {"fingerprint", "revision", "source", "name"} <= noted["base"].keys()
    assert noted["samples_sha256"] == sha256_of(run.samples_file)
    assert noted["app"]["source_sha256"]


def finished(stage):
    trainer.start_training(stage.services, stage.project)
    run = list_runs(stage.project, "train")[-1]
    run.write_state(JobState.DONE, result={"adapter_sha256": "a" * 64})
    return run


def test_other_versions_are_named_with_both_numbers(stage, monkeypatch):
    run = finished(stage)
    monkeypatch.setattr(provenance, "installed_versions", lambda: {**run.request["versions"], "torch": "9.9"})
    trainer.reproduce_training(stage.services, stage.project, run.id)
    again = list_runs(stage.project, "train")[-1]
    (difference,) = derived_runs.outcome(again).differences
    assert (difference.name, difference.values) == ("versions.torch", (run.request["versions"]["torch"], "9.9"))
    assert derived_runs.outcome(again).identical is None  # nobody can tell yet


def test_a_different_end_is_told_with_the_step_where_it_began(stage):
    run = finished(stage)
    append_line(run.metrics_file, '{"step": 1, "loss": 2.0}')
    append_line(run.metrics_file, '{"step": 2, "loss": 1.5}')
    trainer.reproduce_training(stage.services, stage.project, run.id)
    again = list_runs(stage.project, "train")[-1]
    append_line(again.metrics_file, '{"step": 1, "loss": 2.0}')
    append_line(again.metrics_file, '{"step": 2, "loss": 1.25}')
    again.write_state(JobState.DONE, result={"adapter_sha256": "b" * 64})
    found = derived_runs.outcome(again)
    assert (found.identical, found.losses, found.first_step, found.largest) == (False, 2, 2, 0.25)


def test_the_original_may_be_deleted_and_the_comparison_stays(stage):
    run = finished(stage)
    trainer.reproduce_training(stage.services, stage.project, run.id)
    shutil.rmtree(run.folder)
    (again,) = list_runs(stage.project, "train")
    assert derived_runs.outcome(again).of == run.id


def test_a_model_that_was_made_anew_is_refused(stage):
    run = finished(stage)
    write_json(stage.base / "config.json", {**read_json(stage.base / "config.json"), "changed": True})
    assert code_of(lambda: stage.repeat(run)) == "repeat_base_changed"
    assert list_runs(stage.project, "train") == [run]


def test_a_model_that_moved_is_found_where_the_project_has_it_now(stage, tmp_path):
    run = finished(stage)
    moved = stage.base.rename(tmp_path / "elsewhere")
    assert code_of(lambda: stage.repeat(run)) == "repeat_base_missing"
    stage.choose(moved)
    trainer.reproduce_training(stage.services, stage.project, run.id)
    assert list_runs(stage.project, "train")[-1].base_folder == moved


def test_the_version_of_a_model_that_was_used_is_found_beside_the_newest(stage, tmp_path):
    snapshots = tmp_path / "models--a--b" / "snapshots"
    snapshots.mkdir(parents=True)
    old = stage.base.rename(snapshots / ("1" * 40))
    stage.choose(old)
    run = finished(stage)
    assert run.request["base"]["revision"] == "1" * 40
    new = shutil.copytree(old, snapshots / ("2" * 40))
    write_json(new / "config.json", {**read_json(new / "config.json"), "newer": True})
    request = {**run.request, "base": {**run.request["base"], "folder": "gone", "name": str(new)}}
    stage.choose(new)
    assert derived_runs.find_base(stage.project, request) == old


def test_samples_that_were_changed_in_the_runs_folder_are_refused(stage):
    run = finished(stage)
    append_line(run.samples_file, '{"instruction": "a", "output": "b"}')
    assert code_of(lambda: stage.repeat(run)) == "repeat_samples_changed"


@pytest.mark.parametrize(
    ("part", "value", "code"),
    [
        ("base", {"source": "path", "name": "x"}, "repeat_incomplete"),
        ("base", {"source": "path", "name": "x", "fingerprint": "../../etc"}, "repeat_incomplete"),
        ("training", None, "repeat_incomplete"),
        ("training", {"epochs": 2, "from_the_future": 1}, "repeat_settings_unknown"),
        ("training", {"epochs": 0}, "repeat_settings_unknown"),
        ("processes", 1_000_000, "repeat_incomplete"),
        ("processes", "2", "repeat_incomplete"),
        ("engine", 5, "repeat_incomplete"),
    ],
)
def test_a_request_that_lacks_something_or_lies_is_refused(stage, part, value, code):
    run = finished(stage)
    write_json(run.folder / "run.json", {**run.request, part: value})
    assert code_of(lambda: stage.repeat(run)) == code


def test_a_run_that_repeats_none_has_no_outcome(project):
    assert derived_runs.outcome(create_run(project, "train", {})) is None
