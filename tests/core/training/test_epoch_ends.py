"""Which epochs' checkpoints are kept and published."""

from pathlib import Path

from core.training.checkpoints import Checkpoint, EpochEnd, best, epoch_losses, retained


def ends(*losses: float) -> list[EpochEnd]:
    return [
        EpochEnd(Checkpoint(Path(f"checkpoint-{epoch}"), epoch), epoch, {"loss": 9.0, "eval_loss": loss})
        for epoch, loss in enumerate(losses, 1)
    ]


def test_the_newest_are_kept_and_the_best_however_old() -> None:
    assert [end.epoch for end in retained(ends(3, 1, 2, 4, 5), 2)] == [2, 4, 5]
    assert [end.epoch for end in retained(ends(3, 2, 1), 1)] == [3]
    assert [end.epoch for end in retained(ends(1, 2), 5)] == [1, 2]
    assert retained([], 3) == []


def test_of_equally_good_epochs_the_first_is_the_best() -> None:
    top = best(ends(2, 1, 1))
    assert top is not None and top.epoch == 2
    assert best([]) is None


def test_an_epochs_losses_are_the_mean_of_its_steps_and_what_was_measured_at_its_end() -> None:
    history = [
        {"step": 1, "loss": 4.0},
        {"step": 2, "loss": 2.0},
        {"step": 2, "eval_loss": 2.5},
        {"step": 3, "loss": 1.0},
    ]
    assert epoch_losses(history, 2) == [{"loss": 3.0, "eval_loss": 2.5}, {"loss": 1.0}]
