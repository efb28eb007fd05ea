"""A training that stops early decides by its record alone: resumed, killed or shared, it stops at the same epoch."""

import pytest

from core.jobs.child_work import ChildWork
from core.jobs.job import Job, JobState
from core.jobs.runner import JobRunner
from core.training import train
from core.training.checkpoints import is_exhausted, progress_of
from tests.core.training.training_material import (
    TrainingContext,
    curve,
    make_project,
    make_run,
    pause,
    published,
)
from utils.config import TrainingSettings
from utils.files import write_json

# Far too much for twenty sentences: after a few epochs they are known by heart, and the held-out loss rises.
TOO_MUCH = {"epochs": 20, "learning_rate": 1e-3, "lora_rank": 64, "lora_alpha": 128, "scheduler": "constant"}
PATIENT = {**TOO_MUCH, "batch_size": 1, "early_stopping": 2}
STEPS_PER_EPOCH = 20


@pytest.fixture(scope="module")
def stopped(tmp_path_factory, base):
    run, context = make_run(make_project(tmp_path_factory.mktemp("projects")), base, **PATIENT), TrainingContext()
    return run, train.run(context, run), context


def record(*eval_losses, step=None, epochs=9):
    """A trainer's record of epochs with ten steps each."""
    history = []
    for number, loss in enumerate(eval_losses, 1):
        history += [{"step": 10 * number, "loss": 1.0}, *([{"step": 10 * number, "eval_loss": loss}] if loss else [])]
    done = 10 * len(eval_losses) if step is None else step
    return {"global_step": done, "max_steps": 10 * epochs, "num_train_epochs": epochs, "log_history": history}


@pytest.mark.parametrize(
    ("losses", "patience", "over"),
    [
        ((3.0, 2.0, 2.5), 1, True),
        ((3.0, 2.0, 2.5), 2, False),
        ((3.0, 2.0, 2.5, 2.0), 2, True),  # as good as before is no improvement
        ((3.0, 2.0, 2.5, 1.9), 2, False),
        ((3.0, 2.0, 2.5, 2.6), 0, False),
        ((None, None, None), 1, False),
    ],
)
def test_training_ends_when_the_held_out_loss_has_not_fallen_for_so_many_epochs(losses, patience, over):
    progress = progress_of(record(*losses), TrainingSettings(epochs=9, early_stopping=patience))
    assert (progress.is_over, progress.stopped_early, progress.epoch) == (over, over, len(losses))


@pytest.mark.parametrize(
    ("more_losses", "branched_at", "over"),
    [
        ((2.6,), 40, False),  # the parent's patience is used up, the branch's is whole
        ((2.6, 2.7), 40, False),
        ((2.6, 2.7, 2.1), 40, True),  # better than its first epoch, but not than the best so far
        ((2.6, 1.9, 2.1), 40, False),
        ((2.6, 1.9, 2.1, 2.0), 40, True),
        ((2.6,), 25, True),  # an epoch that the branch ended is the branch's, wherever it began
        ((), 25, False),
    ],
)
def test_after_a_branch_only_its_own_epochs_are_counted_and_the_best_loss_so_far_is_to_be_beaten(
    more_losses, branched_at, over
):
    settings = TrainingSettings(epochs=9, early_stopping=2)
    assert progress_of(record(3.0, 2.0, 2.5, *more_losses), settings, branched_at).stopped_early is over


def test_the_last_epoch_is_no_early_stop_and_in_the_middle_of_one_nothing_is_decided():
    progress = progress_of(record(3.0, 2.0, 2.5, epochs=3), TrainingSettings(epochs=3, early_stopping=1))
    assert (progress.is_over, progress.stopped_early, progress.best) == (True, False, 2)
    assert not progress_of(record(3.0, 2.5, step=25), TrainingSettings(epochs=9, early_stopping=1)).is_over
    assert not is_exhausted([], 1)


def test_a_run_stops_after_the_epochs_it_waits_for_says_so_and_called_again_trains_nothing(stopped):
    run, result, context = stopped
    assert result["stopped_early"] and result["state"] == "done"
    assert result["epochs"] == result["best_epoch"] + 2 < 20
    assert result["steps"] == result["epochs"] * STEPS_PER_EPOCH
    assert "training.stopped_early" in context.keys and "training.stopped" not in context.keys
    best = published(run.project)
    assert f"epoch_{result['epochs']}" in best and best["best"] == best[f"epoch_{result['best_epoch']}"]
    again = TrainingContext()
    assert (train.run(again, run), again.points) == (result, [])


@pytest.mark.parametrize("before_the_end", [3, 0])
def test_a_paused_run_stops_at_the_same_epoch(stopped, home, base, before_the_end):
    whole, result, _ = stopped
    run = make_run(home, base, **PATIENT)
    pause(run, at=result["steps"] - STEPS_PER_EPOCH - before_the_end)
    # A pause that comes with the last step changes nothing.
    again = train.run(TrainingContext(stop_at=result["steps"]), run)
    assert (again["state"], again["steps"], again["best_epoch"]) == ("done", result["steps"], result["best_epoch"])
    assert curve(run) == curve(whole)
    assert published(home) == published(whole.project)


@pytest.mark.slow
def test_several_processes_stop_together(home, base):
    run = make_run(home, base, **PATIENT)
    write_json(run.folder / "run.json", {**run.request, "processes": 2})
    runner = JobRunner()
    end = runner.wait(runner.start(Job("train", home.name, ChildWork(run), id=run.id)).id)
    runner.shutdown()
    assert (end.state, end.done) == (JobState.DONE, end.total)
    assert end.result["stopped_early"] and end.result["epochs"] == end.result["best_epoch"] + 2
