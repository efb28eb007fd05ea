"""Runs that are made from another one: continued from one of its checkpoints, or repeated exactly. Loads no torch.

A continued run ("branch") is a run like any other: complete or absent, resumable, and its own settings rule. What
its parent's checkpoint brings of old settings is replaced when it is loaded (`reporter.apply_rates`). A repeated run
keeps in its folder what the original was, so that both can be compared even where the original is deleted later.
"""

import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.jobs.runs import Run
from core.models import bases
from core.project_manager import Project
from core.training import checkpoints, history, provenance
from core.training.checkpoints import Checkpoint
from core.training.provenance import Fact
from utils import config
from utils.config import MAY_CHANGE, BaseChoice, TrainingSettings, settings_with
from utils.errors import AppError
from utils.files import read_json, sha256_of, write_json
from utils.validators import first_problem

START = "start"
"""The folder in a continued run with the checkpoints it began with, so that it can be repeated without its parent."""
OF_ONE_RUN = ("id", "kind", "created", "branch", "repeats", "memory", "time")
ORIGINAL = "original"
"""The folder in a repeated run that says what the original was: its run.json and result.json."""
REPEATED = ("training", "engine", "force_cpu", "processes", "samples_sha256")
"""What of a request a repetition takes as it is."""


@dataclass(frozen=True)
class Beginning:
    """What a run takes over at `step`: the checkpoint of that step, the best one until then, and the curve."""

    step: int
    checkpoints: tuple[Checkpoint, ...]
    metrics_file: Path


@dataclass(frozen=True)
class Outcome:
    """How a repeated run compares with its original.

    `differences` are those of versions, machine and app, each with the value then and now. `identical` says whether
    both adapters are the same to the last bit; None while that cannot be told.
    """

    of: str
    differences: tuple[Fact, ...]
    identical: bool | None


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
    """The settings of a continued run.

    Raises AppError `branch_fixed`, `branch_batch`, `branch_nothing_left`, or where a value is out of bounds.
    """
    after = config.changed(before, **changes)
    for name in TrainingSettings.model_fields:
        if name not in settings_with(MAY_CHANGE) and getattr(before, name) != getattr(after, name):
            raise AppError("branch_fixed", field=name)
    was, now = (settings.batch_size * settings.gradient_accumulation for settings in (before, after))
    if was != now:
        raise AppError("branch_batch", was=was, now=now)
    if start and (progress := checkpoints.progress_of(start.trainer_state, after, start.step)).is_over:
        raise AppError("branch_nothing_left", done=progress.epoch, epochs=after.epochs)
    return after


def continued_request(parent: Run, start: Checkpoint | None, settings: TrainingSettings) -> dict[str, Any]:
    """The request of a continued run: its parent's, but for its settings and where it comes from."""
    inherited = {name: value for name, value in parent.request.items() if name not in OF_ONE_RUN}
    branch = {"run": parent.id, "step": start.step if start else 0}
    return {**inherited, "training": settings.model_dump(mode="json"), "branch": branch}


def branched_at(request: Mapping[str, Any]) -> int:
    """The step at which a run took over from its parent; 0 where it began at its own beginning."""
    return request.get("branch", {}).get("step", 0)


def seed(parent: Run, start: Checkpoint | None, branch: Run) -> None:
    """Put into a new run's folder what its parent had at that step: samples, checkpoint and curves.

    Raises AppError `disk_full`.
    """
    shutil.copy2(parent.samples_file, branch.samples_file)
    if start is not None:
        begin(branch, beginning_of(parent, start))


def beginning_of(parent: Run, start: Checkpoint) -> Beginning:
    """What a continued run takes along: its parent's checkpoint, and the best epoch until then, to publish it."""
    ends = [end for end in checkpoints.held(parent) if end.checkpoint.step <= start.step and end.checkpoint.is_intact]
    top = checkpoints.best(ends)
    return Beginning(start.step, tuple({start, top.checkpoint} if top else {start}), parent.metrics_file)


def begin(run: Run, beginning: Beginning) -> None:
    """Put checkpoints and curves into a new run's folder, and keep the checkpoints. Raises AppError `disk_full`."""
    for checkpoint in beginning.checkpoints:
        _share(checkpoint, run.folder / START)
        _share(checkpoint, run.trainer_folder)
    lived = [point for point in history.points_of(beginning.metrics_file) if point["step"] <= beginning.step]
    run.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in lived), encoding="utf-8")
    # Whoever watches the run live sees its curves from their beginning.
    events = ({"at": time.time(), "type": "metric", "values": point} for point in lived)
    run.events_file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")


def _share(checkpoint: Checkpoint, trainer_folder: Path) -> None:
    """Give another run a checkpoint as its own. Nothing ever writes into one, so both may hold the same files.

    Where the file system cannot do that they are copied. Raises AppError `disk_full` where there is no room for that.
    """
    target = trainer_folder / checkpoint.folder.name
    try:
        shutil.copytree(checkpoint.folder, target, copy_function=os.link)
    except OSError:
        shutil.rmtree(target, ignore_errors=True)
        files = [path for path in checkpoint.folder.rglob("*") if path.is_file()]
        checkpoints.require_room(trainer_folder, sum(path.stat().st_size for path in files) / 2**30)
        shutil.copytree(checkpoint.folder, target)


def repeated_request(original: Run) -> dict[str, Any]:
    """The request of a run that repeats `original`, but for what is true of the machine now.

    Raises AppError `repeat_incomplete` where an early version did not note something, `repeat_settings_unknown` where
    this version does not know one of its settings, and what `require_samples` and `find_base` raise.
    """
    project, then = original.project, original.request
    settings = settings_of(then)
    if missing := next((name for name in REPEATED if name not in then), None):
        raise AppError("repeat_incomplete", part=missing)
    require_samples(original.samples_file, then)
    folder, choice = find_base(project, then)
    return {
        **{name: then[name] for name in (*REPEATED, "branch") if name in then},
        "base": provenance.base_facts(project, choice, folder, fingerprint_of(then)),
        "seed": settings.seed,
        "repeats": original.id,
    }


def original_beginning(original: Run) -> Beginning | None:
    """What a continued run began with; None where a run began at its own beginning.

    Raises AppError `repeat_needs_parent` where it is damaged, or an early version did not keep it.
    """
    step = branched_at(original.request)
    if step == 0:
        return None
    found = [one for one in checkpoints.complete_checkpoints(original.folder / START) if one.is_intact]
    if step not in {one.step for one in found}:
        raise AppError("repeat_needs_parent", parent=original.request["branch"]["run"], step=step)
    return Beginning(step, tuple(found), original.metrics_file)


def find_base(project: Project, request: Mapping[str, Any]) -> tuple[Path, BaseChoice]:
    """The model that the original started from, in the folder where it lay, where its name leads, or that is chosen.

    Raises AppError `repeat_base_missing`, or `repeat_base_changed` where only other versions of it are here.
    """
    wanted, base = fingerprint_of(request), request["base"]
    choice = BaseChoice(source=base["source"], name=base["name"])
    places = (bases.local_folder(project, one) for one in (choice, project.load_config().base) if one)
    # Which folders of this machine somebody may name is asked for each: a path is not taken from where it once lay.
    noted = [] if choice.source == "path" else [project.root / base["folder"]]
    folders = [*noted, *filter(None, places)]
    there = [folder for folder in folders if (folder / "config.json").is_file()]
    for folder in there:
        if bases.fingerprint(folder) == wanted:
            return bases.require_model(folder), choice
    code = "repeat_base_changed" if there else "repeat_base_missing"
    raise AppError(code, source=choice.source, name=choice.name)


def fingerprint_of(request: Mapping[str, Any]) -> str:
    """The fingerprint of the model that a run started from. Raises AppError `repeat_incomplete`."""
    if "fingerprint" not in request.get("base", {}):  # as early versions have it
        raise AppError("repeat_incomplete", part="base")
    return request["base"]["fingerprint"]


def require_samples(file: Path, request: Mapping[str, Any]) -> None:
    """Raises AppError `repeat_samples_changed` where `file` does not hold what the run learned from."""
    if not file.is_file() or sha256_of(file) != request.get("samples_sha256"):
        raise AppError("repeat_samples_changed")


def keep_original(run: Run, original: Run) -> None:
    """Put into a repeated run's folder its samples, and what the original was and came to."""
    folder = run.folder / ORIGINAL
    folder.mkdir()
    write_json(folder / "run.json", original.request)
    write_json(folder / "result.json", original.read_state().result or {})
    shutil.copyfile(original.samples_file, run.samples_file)


def outcome(run: Run) -> Outcome | None:
    """How a repeated run compares with its original so far; None where the run repeats none."""
    folder = run.folder / ORIGINAL
    try:
        then, result = read_json(folder / "run.json"), read_json(folder / "result.json")
    except (OSError, ValueError):
        return None
    differences = tuple(provenance.environment_differences(then, run.request))
    sums = [content.get("adapter_sha256") for content in (result, run.read_state().result or {})]
    return Outcome(then["id"], differences, sums[0] == sums[1] if all(sums) else None)


def settings_of(request: Mapping[str, Any]) -> TrainingSettings:
    """A run's settings as this version of the app reads them.

    Raises AppError `repeat_settings_unknown`.
    """
    try:
        return TrainingSettings.model_validate(request.get("training"))
    except ValidationError as error:
        raise AppError("repeat_settings_unknown", setting=first_problem(error)) from None
