"""A new training run that begins where another one was, with other settings. Knows run folders; loads no torch.

A branch is a run like any other: complete or absent, resumable, and its own settings rule. What its parent's
checkpoint brings of old settings is replaced when it is loaded (`apply_rates`).
"""

import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.runs import Run
from core.training import checkpoints, epoch_ends
from core.training.checkpoints import Checkpoint
from core.training.epochs import progress_of
from utils import config
from utils.config import MAY_CHANGE, TrainingSettings, settings_with
from utils.errors import AppError
from utils.files import parse_json, read_lines

START = "start"
"""The folder in a branch that keeps the checkpoints it began with, so that it can be repeated without its parent."""
OF_ONE_RUN = ("id", "kind", "created", "branch", "repeats", "memory", "time")


@dataclass(frozen=True)
class Beginning:
    """What a branch takes over at `step`: the checkpoint of that step, the best one until then, and the curve."""

    step: int
    checkpoints: tuple[Checkpoint, ...]
    metrics_file: Path


def start_point(parent: Run, step: int | None) -> Checkpoint | None:
    """The checkpoint to begin with: that of `step`, or the newest; None where the parent has none.

    Raises AppError `branch_no_checkpoint` where the one of `step` is not there, or not whole.
    """
    if step is None:
        return checkpoints.newest_complete(parent.trainer_folder)
    for found in checkpoints.complete_checkpoints(parent.trainer_folder):
        if found.step == step and found.is_intact:
            return found
    raise AppError("branch_no_checkpoint", step=step)


def changed_settings(before: TrainingSettings, start: Checkpoint | None, changes: dict[str, Any]) -> TrainingSettings:
    """The settings of a branch. Raises AppError `branch_fixed`, `branch_batch`, `branch_nothing_left`, or where a
    value is out of bounds."""
    after = config.changed(before, **changes)
    for name in TrainingSettings.model_fields:
        if name not in settings_with(MAY_CHANGE) and getattr(before, name) != getattr(after, name):
            raise AppError("branch_fixed", field=name)
    was, now = (settings.batch_size * settings.gradient_accumulation for settings in (before, after))
    if was != now:
        raise AppError("branch_batch", was=was, now=now)
    if start and (progress := progress_of(start.trainer_state, after, start.step)).is_over:
        raise AppError("branch_nothing_left", done=progress.epoch, epochs=after.epochs)
    return after


def request_of(parent: Run, start: Checkpoint | None, settings: TrainingSettings) -> dict[str, Any]:
    """The request of a branch: its parent's, but for its settings and where it comes from."""
    inherited = {name: value for name, value in parent.request.items() if name not in OF_ONE_RUN}
    branch = {"run": parent.id, "step": start.step if start else 0}
    return {**inherited, "training": settings.model_dump(mode="json"), "branch": branch}


def branch_of(request: Mapping[str, Any]) -> tuple[str, int] | None:
    """The run that this one branched off, and the step; None where it did not."""
    branch = request.get("branch")
    if not isinstance(branch, dict):
        return None
    run, step = branch.get("run"), branch.get("step")
    return (run, step) if isinstance(run, str) and isinstance(step, int) else None


def branched_at(request: Mapping[str, Any]) -> int:
    """The step at which a run took over from the one it branched off; 0 where it began at its own beginning."""
    branch = branch_of(request)
    return branch[1] if branch else 0


def beginning_of(parent: Run, start: Checkpoint) -> Beginning:
    """What a branch takes along of its parent: that checkpoint, and the best epoch until then, to publish it."""
    ends = [end for end in epoch_ends.held(parent) if end.checkpoint.step <= start.step and end.checkpoint.is_intact]
    top = epoch_ends.best(ends)
    found = {start, top.checkpoint} if top else {start}
    return Beginning(start.step, tuple(found), parent.metrics_file)


def kept_beginning(run: Run, step: int) -> Beginning | None:
    """What a branch once began with, from where it keeps that; None where it is not there, or not whole."""
    kept = checkpoints.complete_checkpoints(run.folder / START)
    # Earlier versions opened branches from elsewhere, whose checkpoints lack what publishing one needs.
    kept = [one for one in kept if (one.folder / checkpoints.ADAPTER_CONFIG).is_file()]
    found = [one for one in kept if one.step <= step and one.is_intact]
    return Beginning(step, tuple(found), run.metrics_file) if step in {one.step for one in found} else None


def needs_parent(run: Run) -> bool:
    """Whether a run can be repeated only where the one is that it branched off: early ones kept nothing of it."""
    return branched_at(run.request) > 0 and not (run.folder / START).is_dir()


def seed(parent: Run, start: Checkpoint | None, branch: Run) -> None:
    """Put into a new run's folder what its parent had at that step: samples, checkpoint and curves.

    Raises AppError `disk_full`.
    """
    shutil.copy2(parent.samples_file, branch.samples_file)
    if start is not None:
        begin(branch, beginning_of(parent, start))


def begin(branch: Run, beginning: Beginning) -> None:
    """Put checkpoints and curves into a new run's folder, and keep the checkpoints. Raises AppError `disk_full`."""
    for checkpoint in beginning.checkpoints:
        checkpoints.share(checkpoint, branch.folder / START)
        checkpoints.share(checkpoint, branch.trainer_folder)
    points = [parse_json(line) for line in read_lines(beginning.metrics_file)]
    lived = [point for point in points if point["step"] <= beginning.step]
    branch.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in lived), encoding="utf-8")
    # Whoever watches the branch live sees its curves from their beginning.
    events = ({"at": time.time(), "type": "metric", "values": point} for point in lived)
    branch.events_file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")


def apply_rates(args: Any, optimizer: Any, scheduler: Any) -> None:
    """Set learning rate and weight decay as this run's settings have them, after a checkpoint brought its own.

    Computes what the scheduler itself computes at each step, so that for unchanged settings not a bit changes.
    `scheduler` is a torch LambdaLR, as all the schedules of the settings are.
    """
    # The trainer library's first group; what never decays is in the second.
    optimizer.param_groups[0]["weight_decay"] = args.weight_decay
    scheduler.base_lrs = [args.learning_rate for _ in scheduler.base_lrs]
    rates = [args.learning_rate * factor(scheduler.last_epoch) for factor in scheduler.lr_lambdas]
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["initial_lr"], group["lr"] = args.learning_rate, rate
    scheduler._last_lr = rates
