"""How far a training is, by its trainer's own record: losses of its epochs, the best one, whether it is over.

All of it follows from that record alone, so that a run that was resumed decides as one that never stopped. Knows
numbers; knows no library.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from utils.config import TrainingSettings


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `epoch` counts finished epochs; `best`, from 1, is the one with the lowest loss."""

    epoch: int
    best: int
    is_over: bool
    stopped_early: bool


def progress_of(state: Mapping[str, Any], settings: TrainingSettings, branched_at: int = 0) -> Progress:
    """What the trainer's record says: `global_step`, `log_history` with an entry for each loss, `max_steps` in
    `num_train_epochs`; the settings may ask for other epochs than the record was written for.

    `branched_at` is the step where the run branched off another one: patience begins anew there.
    """
    steps = steps_per_epoch(state)
    epoch = state["global_step"] // steps
    losses = epoch_losses(state["log_history"], steps)[:epoch]
    all_done = state["global_step"] >= steps * settings.epochs
    at_end = state["global_step"] % steps == 0
    stopped = not all_done and at_end and is_exhausted(losses, settings.early_stopping, branched_at // steps)
    return Progress(epoch, best_epoch(losses) if losses else 0, all_done or stopped, stopped)


def steps_per_epoch(state: Mapping[str, Any]) -> int:
    """As the trainer's record of any moment of a run has it."""
    return state["max_steps"] // int(state["num_train_epochs"])


def is_exhausted(losses: list[dict[str, float]], patience: int, inherited: int = 0) -> bool:
    """Whether the held-out loss has not improved for `patience` epochs; never with 0, or where it is not measured.

    The first `inherited` epochs are another run's, from which this one branched off. Their best loss is still the
    one to beat, but that they came no closer to it says nothing about what was changed since.
    """
    measured = bool(losses) and all("eval_loss" in epoch for epoch in losses)
    return measured and 0 < patience <= len(losses) - max(best_epoch(losses), inherited)


def epoch_losses(log_history: list[dict[str, float]], steps: int) -> list[dict[str, float]]:
    """For each epoch of so many steps its mean training loss and, where measured, its `eval_loss`."""
    by_epoch: dict[int, list[float]] = {}
    measured: dict[int, float] = {}
    for entry in log_history:
        epoch = math.ceil(entry["step"] / steps)
        if "loss" in entry:
            by_epoch.setdefault(epoch, []).append(entry["loss"])
        elif "eval_loss" in entry:
            measured[epoch] = entry["eval_loss"]
    return [
        {"loss": sum(losses) / len(losses), **({"eval_loss": measured[epoch]} if epoch in measured else {})}
        for epoch, losses in sorted(by_epoch.items())
    ]


def best_epoch(losses: list[dict[str, float]]) -> int:
    """The number, from 1, of the epoch with the lowest loss: on held-out samples, or in training without any."""
    values = [epoch.get("eval_loss", epoch["loss"]) for epoch in losses]
    return values.index(min(values)) + 1
