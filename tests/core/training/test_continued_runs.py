"""A run that begins where another was: what it takes along, what takes effect, what it may publish."""

import json
import os
import shutil

import pytest
import torch

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import list_runs, open_run
from core.jobs.worker import alone_with
from core.project_manager import Project
from core.training import checkpoints, train
from tests.core.training.training_material import TrainingContext, curve, make_project, make_run, pause, published
from tests.core.training.training_material import continued as branch
from tests.refusals import code_of
from utils.files import read_json

HARD = {"epochs": 3, "batch_size": 2, "gradient_accumulation": 3, "lora_dropout": 0.1, "learning_rate": 1e-3}
STEPS_PER_EPOCH = 4


@pytest.fixture(scope="module")
def parent(tmp_path_factory, base):
    """A finished run of three epochs that kept a checkpoint of each, and one in the middle of the second."""
    run = make_run(make_project(tmp_path_factory.mktemp("projects")), base, **HARD)
    pause(run, at=6)
    train.run(TrainingContext(), run)
    return run


@pytest.fixture
def copied(parent, tmp_path):
    """The same in a copy of its project, to be spoilt."""
    return open_run(Project(shutil.copytree(parent.project.root, tmp_path / "Physik")), parent.id)


def learned(run):
    return [point for point in curve(run) if "loss" in point]


def saved(run, step, file):
    return torch.load(run.trainer_folder / f"checkpoint-{step}" / file, weights_only=True)


@pytest.mark.parametrize("step", [4, 6])
def test_a_branch_without_changes_shows_its_parents_curve_from_the_beginning_and_ends_as_that(parent, step):
    same = branch(parent, step)
    assert [point["step"] for point in learned(same)] == list(range(1, step + 1))
    told = [json.loads(line)["values"]["step"] for line in same.events_file.read_text().splitlines()]
    assert told == [point["step"] for point in curve(same)]
    assert same.samples_file.read_bytes() == parent.samples_file.read_bytes()
    assert same.request["branch"] == {"run": parent.id, "step": step}
    result = train.run(TrainingContext(), same)
    assert curve(same) == curve(parent)
    last = [run.trainer_folder / "checkpoint-12" / checkpoints.ADAPTER for run in (same, parent)]
    assert last[0].read_bytes() == last[1].read_bytes()
    assert result["adapter_sha256"] == train.run(TrainingContext(), parent)["adapter_sha256"]


def test_the_settings_of_a_branch_are_really_its_own(parent):
    changes = {"learning_rate": 2e-4, "weight_decay": 0.5, "lora_dropout": 0.4, "gradient_checkpointing": True}
    made = branch(parent, 6, **changes)
    train.run(TrainingContext(), made)
    newest = made.trainer_folder / "checkpoint-12"
    assert read_json(newest / "adapter_config.json")["lora_dropout"] == 0.4
    assert torch.load(newest / "training_args.bin", weights_only=False).gradient_checkpointing
    assert learned(made)[6]["loss"] != learned(parent)[6]["loss"]
    rates = [{point["step"]: point["learning_rate"] for point in learned(run)} for run in (made, parent)]
    for step in range(7, 13):
        assert rates[0][step] == pytest.approx(rates[1][step] / 5)
    groups = saved(made, 12, "optimizer.pt")["param_groups"]
    assert [(group["initial_lr"], group["weight_decay"]) for group in groups] == [(2e-4, 0.5), (2e-4, 0.0)]
    assert saved(made, 12, "scheduler.pt")["base_lrs"] == [2e-4, 2e-4]
    # And it stays so when the branch itself is paused and resumed.
    again = branch(parent, 6, **changes)
    pause(again, at=9)
    train.run(TrainingContext(), again)
    assert curve(again) == curve(made)


def test_more_epochs_really_train_on_after_the_end_and_fewer_end_earlier(parent):
    made = branch(parent, None, epochs=5)
    context = TrainingContext()
    result = train.run(context, made)
    assert [point["step"] for point in context.points if "loss" in point] == list(range(13, 21))
    assert (result["steps"], result["epochs"]) == (20, 5)
    assert all(point["learning_rate"] > 0 for point in learned(made)[12:-1])
    assert checkpoints.of_step(made.trainer_folder, 20).trainer_state["max_steps"] == 20
    assert train.run(TrainingContext(), branch(parent, 4, epochs=2))["steps"] == 2 * STEPS_PER_EPOCH


def test_half_the_batch_with_twice_the_accumulation_sees_the_same_samples_in_each_step(base, tmp_path):
    # Without dropout both compute the same but for the order of sums.
    whole = make_run(make_project(tmp_path), base, **{**HARD, "lora_dropout": 0.0})
    pause(whole, at=6)
    halved = branch(whole, 6, batch_size=1, gradient_accumulation=6)
    for run in (halved, whole):
        train.run(TrainingContext(), run)
    losses = [[point["loss"] for point in learned(run)] for run in (halved, whole)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
    assert losses[0] != losses[1]


def test_a_branch_publishes_only_adapters_that_it_has_and_the_best_of_them(parent):
    losses = {end.epoch: checkpoints.deciding_loss(end.losses) for end in checkpoints.held(parent)}
    made = branch(parent, 8, learning_rate=1e-5)
    pause(made, at=9)
    folders = {name: made.project.checkpoints_folder / name for name in published(made.project)}
    notes = {name: read_json(folder / checkpoints.PUBLISHED_NOTE) for name, folder in folders.items()}
    assert {note["run"] for note in notes.values()} == {made.id}
    best = min((1, 2), key=lambda epoch: losses[epoch])
    assert set(notes) == {"epoch_2", f"epoch_{best}", "best"}
    assert notes["best"]["epoch"] == best
    result = train.run(TrainingContext(), made)
    assert result["eval_loss"] == checkpoints.best(checkpoints.held(made)).losses["eval_loss"]


@pytest.mark.parametrize("shared", [True, False])
def test_a_branch_shares_its_parents_files_where_it_can_and_outlives_them(copied, monkeypatch, shared):
    def refuse(*_):
        raise OSError("no links here")

    if not shared:
        monkeypatch.setattr("os.link", refuse)
    made = branch(copied, 8)
    files = (one.trainer_folder / "checkpoint-8" / "optimizer.pt" for one in (copied, made))
    assert os.path.samefile(*files) == shared
    checkpoints.keep_only(copied.trainer_folder, ())
    assert train.run(TrainingContext(), made)["state"] == "done"


@pytest.mark.parametrize(
    ("step", "changes", "code"),
    [
        (5, {}, "branch_no_checkpoint"),
        (6, {"lora_rank": 32}, "branch_fixed"),
        (6, {"seed": 1}, "branch_fixed"),
        (6, {"batch_size": 4}, "branch_batch"),
        (None, {}, "branch_nothing_left"),
        (8, {"epochs": 2}, "branch_nothing_left"),
        (6, {"learning_rate": 5.0}, "field_too_large"),
    ],
)
def test_what_a_checkpoint_is_not_good_for_is_refused(parent, step, changes, code):
    before = len(list_runs(parent.project))
    assert code_of(lambda: branch(parent, step, **changes)) == code
    assert len(list_runs(parent.project)) == before


def test_a_damaged_checkpoint_is_not_branched_from(copied):
    checkpoints.keep_only(copied.trainer_folder, {6})
    file = copied.trainer_folder / "checkpoint-6" / "optimizer.pt"
    file.write_bytes(bytes(len(file.read_bytes())))
    assert code_of(lambda: branch(copied, 6)) == "branch_no_checkpoint"
    assert branch(copied, None).request["branch"]["step"] == 0


def test_a_branch_gives_up_the_run_that_stopped_and_becomes_the_newest(base, services):
    def go_on(run_id, **changes):
        return trainer.continue_from_checkpoint(services, project, run_id, None, changes)

    project = make_project(services.projects.folder)
    run = make_run(project, base, **HARD)
    run.write_state(JobState.FAILED, error={"code": "training_out_of_memory", "params": {}})
    job = go_on(run.id, batch_size=1, gradient_accumulation=6)
    state = run.read_state()
    assert (state.state, state.error.key) == (JobState.CANCELLED, "training_out_of_memory")
    assert code_of(lambda: go_on(job.id)) == "job_already_running"
    services.runner.cancel(job.id)
    services.runner.wait(job.id, timeout=60)
    with alone_with(project, "train"):
        assert code_of(lambda: go_on(job.id)) == "job_already_running"
    assert [run.id for run in list_runs(project, "train")][-1] == job.id
