"""Repeating a run: bit-identical where nothing changed, and told where something did."""

import json
import shutil

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import list_runs
from core.training import derived_runs, provenance, train
from tests.core.training.training_material import TrainingContext, curve, make_base, make_project
from tests.refusals import code_of
from utils.config import change_app_settings, changed
from utils.files import append_line, read_json, sha256_of, write_json

QUICK = {"epochs": 2, "batch_size": 4, "held_out_share": 0.2, "max_length": 64}


class Stage:
    """A project whose jobs the test does itself, in its own process."""

    def __init__(self, services, folder):
        self.services = services
        self.project = make_project(folder)
        self.base = make_base(folder / "base")
        self.choose(self.base)
        self.project.set("training", QUICK)

    def choose(self, folder):
        choice = {"source": "path", "name": str(folder)}
        self.project.save_config(changed(self.project.load_config(), base=choice))

    def start(self):
        trainer.start_training(self.services, self.project)
        return list_runs(self.project, "train")[-1]

    def repeat(self, run):
        trainer.reproduce_training(self.services, self.project, run.id)
        return list_runs(self.project, "train")[-1]

    def finished(self):
        run = self.start()
        run.write_state(JobState.DONE, result={"adapter_sha256": "a" * 64})
        return run


def do(run):
    """What the job of a run does."""
    run.write_state(JobState.DONE, result=train.run(TrainingContext(), run))
    return run


@pytest.fixture
def stage(services, tmp_path, monkeypatch):
    change_app_settings(force_cpu=True)
    monkeypatch.setattr(services.runner, "start", lambda job: job)
    return Stage(services, tmp_path / "here")


def test_a_repeated_run_ends_with_the_same_adapter_to_the_last_bit(stage):
    first = do(stage.start())
    append_line(stage.project.samples_file, '{"instruction": "Neu?", "output": "Ja."}')
    stage.project.set("training", {"epochs": 1, "lora_rank": 8})
    second = do(stage.repeat(first))
    assert curve(second) == curve(first)
    assert second.request["repeats"] == first.id
    assert second.samples_file.read_bytes() == first.samples_file.read_bytes()
    found = derived_runs.outcome(second)
    losses = len([point for point in curve(first) if {"loss", "eval_loss"} & point.keys()])
    assert found == derived_runs.Outcome(first.id, (), True, losses, None, 0)
    assert derived_runs.outcome(first) is None  # which repeats none


def test_all_that_a_repetition_needs_is_noted(stage):
    noted = stage.start().request
    names = {"training", "seed", "engine", "force_cpu", "processes", "samples_sha256", "versions", "machine", "app"}
    assert names <= noted.keys()
    assert {"fingerprint", "revision", "source", "name"} <= noted["base"].keys()
    assert noted["samples_sha256"] == sha256_of(stage.project.samples_file)
    assert noted["app"]["source_sha256"]


def test_other_versions_are_named_with_both_numbers(stage, monkeypatch):
    run = stage.finished()
    monkeypatch.setattr(provenance, "installed_versions", lambda: {**run.request["versions"], "torch": "9.9"})
    found = derived_runs.outcome(stage.repeat(run))
    (difference,) = found.differences
    assert (difference.name, difference.values) == ("versions.torch", (run.request["versions"]["torch"], "9.9"))
    assert found.identical is None  # nobody can tell yet


def test_a_different_end_is_told_with_the_step_where_it_began_also_when_the_original_was_deleted(stage):
    run = stage.finished()
    for step, loss in ((1, 2.0), (2, 1.5)):
        append_line(run.metrics_file, json.dumps({"step": step, "loss": loss}))
    again = stage.repeat(run)
    for step, loss in ((1, 2.0), (2, 1.25)):
        append_line(again.metrics_file, json.dumps({"step": step, "loss": loss}))
    again.write_state(JobState.DONE, result={"adapter_sha256": "b" * 64})
    shutil.rmtree(run.folder)
    assert derived_runs.outcome(again) == derived_runs.Outcome(run.id, (), False, 2, 2, 0.25)


def test_a_model_that_was_made_anew_is_refused(stage):
    run = stage.finished()
    write_json(stage.base / "config.json", {**read_json(stage.base / "config.json"), "changed": True})
    assert code_of(lambda: stage.repeat(run)) == "repeat_base_changed"
    assert list_runs(stage.project, "train") == [run]


def test_a_model_that_moved_is_found_where_the_project_has_it_now(stage, tmp_path):
    run = stage.finished()
    moved = stage.base.rename(tmp_path / "elsewhere")
    assert code_of(lambda: stage.repeat(run)) == "repeat_base_missing"
    stage.choose(moved)
    assert stage.repeat(run).base_folder == moved


def test_the_version_of_a_model_that_was_used_is_found_beside_the_newest(stage, tmp_path):
    snapshots = tmp_path / "models--a--b" / "snapshots"
    snapshots.mkdir(parents=True)
    old = stage.base.rename(snapshots / ("1" * 40))
    stage.choose(old)
    run = stage.finished()
    assert run.request["base"]["revision"] == "1" * 40
    new = shutil.copytree(old, snapshots / ("2" * 40))
    write_json(new / "config.json", {**read_json(new / "config.json"), "newer": True})
    request = {**run.request, "base": {**run.request["base"], "folder": "gone", "name": str(new)}}
    stage.choose(new)
    assert derived_runs.find_base(stage.project, request) == old


def test_samples_that_were_changed_in_the_runs_folder_are_refused(stage):
    run = stage.finished()
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
    run = stage.finished()
    write_json(run.folder / "run.json", {**run.request, part: value})
    assert code_of(lambda: stage.repeat(run)) == code
