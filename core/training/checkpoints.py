"""Training checkpoints on disk: which are complete, torn or published, and how good their epochs are. Knows no model.

The trainer library writes straight into `checkpoint-N`, so a process that is killed while it saves leaves a
folder that looks like a checkpoint and is none. Only a folder with a mark that was written last counts.

How far a run is follows from the trainer's record in its checkpoint alone, so that a run that was resumed decides as
one that never stopped. A run that was continued from another one has lived through epochs whose weights it never had:
what can be kept, published and exported are always the checkpoints that are there.
"""

import math
import os
import re
import shutil
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.jobs.runs import Run
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import publish_folder, read_json, require_disk, sync_folder, write_json

MARK = "complete.json"
TRAINER_STATE = "trainer_state.json"
ADAPTER = "adapter_model.safetensors"
TRAINING_ARGS = "training_args.bin"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_FILES = (ADAPTER, ADAPTER_CONFIG, TRAINING_ARGS)
CHAT_TEMPLATE = "chat_template.jinja"
PUBLISHED_NOTE = "checkpoint.json"
BEST = "best"
DISK_RESERVE_GIB = 0.1
READ_AT_ONCE = 1 << 20
ADAPTER_COPIES = 8
"""A saved checkpoint takes about this many times the adapter: weights, two moments, its publications, and room
for the tokenizer that the library adds each time."""

CHECKPOINT_NAME = re.compile(r"checkpoint-(\d+)")
_PUBLISHED_NAME = re.compile(r"\.?(best|epoch_\d+)(\.new|\.old)?")


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint of a run: all that is needed to go on exactly where it was written."""

    folder: Path
    step: int

    @property
    def trainer_state(self) -> dict[str, Any]:
        """The trainer library's own record: step, number of steps, every logged value."""
        return read_json(self.folder / TRAINER_STATE)

    @property
    def is_intact(self) -> bool:
        """Whether every file still holds what it held when it was written. Reads them all."""
        sums = read_json(self.folder / MARK).get("crc32", {})
        return all(_crc32(self.folder / name) == noted for name, noted in sums.items())


def mark_complete(folder: Path) -> None:
    """Declare a checkpoint folder complete, after everything in it has reached the disk."""
    sizes, sums = {}, {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            name = path.relative_to(folder).as_posix()
            sizes[name], sums[name] = path.stat().st_size, _crc32(path)
    write_json(folder / MARK, {"files": sizes, "crc32": sums})
    sync_folder(folder.parent)


def complete_checkpoints(trainer_folder: Path) -> list[Checkpoint]:
    """The checkpoints that a run can go on from, oldest first."""
    found = [
        Checkpoint(path, int(match[1]))
        for path in _subfolders(trainer_folder)
        if (match := CHECKPOINT_NAME.fullmatch(path.name)) and _is_complete(path)
    ]
    return sorted(found, key=lambda checkpoint: checkpoint.step)


def newest_complete(trainer_folder: Path) -> Checkpoint | None:
    """Where a run goes on, or None where it starts afresh. One whose files were damaged is passed over."""
    return next((found for found in reversed(complete_checkpoints(trainer_folder)) if found.is_intact), None)


def of_step(trainer_folder: Path, step: int) -> Checkpoint:
    """The checkpoint that was written after `step`, which another process has found to be complete."""
    return Checkpoint(trainer_folder / f"checkpoint-{step}", step)


def remove_torn(trainer_folder: Path) -> None:
    """Remove what an interrupted save left behind."""
    for path in _subfolders(trainer_folder):
        if CHECKPOINT_NAME.fullmatch(path.name) and not _is_complete(path):
            shutil.rmtree(path)


def keep_only(trainer_folder: Path, steps: Collection[int]) -> None:
    """Remove all other complete checkpoints. The mark goes first, so that a half-removed one never counts."""
    for checkpoint in complete_checkpoints(trainer_folder):
        if checkpoint.step not in steps:
            (checkpoint.folder / MARK).unlink()
            shutil.rmtree(checkpoint.folder)


def publish_adapter(checkpoint_folder: Path, final: Path, note: dict[str, Any], more: tuple[str, ...] = ()) -> None:
    """Put a checkpoint's adapter, and `more` of its files, where evaluation and export read it, whole or not at all.

    `note` says which run and step it is, for readers that must not mistake one run's adapter for another's.
    """
    prepared = final.with_name(f".{final.name}.new")
    shutil.rmtree(prepared, ignore_errors=True)
    final.parent.mkdir(exist_ok=True)
    prepared.mkdir()
    for name in ADAPTER_FILES + more:
        shutil.copyfile(checkpoint_folder / name, prepared / name)
    write_json(prepared / PUBLISHED_NOTE, note)
    publish_folder(prepared, final)


def clear_published(checkpoints_folder: Path, keep: Collection[str] = ()) -> None:
    """Remove every `epoch_N` and `best` that is not in `keep`, and what an interrupted publication left."""
    for path in _subfolders(checkpoints_folder):
        if _PUBLISHED_NAME.fullmatch(path.name) and path.name not in keep:
            shutil.rmtree(path)


def published_note(folder: Path) -> dict[str, Any] | None:
    """What `publish_adapter` noted, or None where nothing whole is published."""
    try:
        note = read_json(folder / PUBLISHED_NOTE)
    except (FileNotFoundError, ValueError):
        return None
    return note if isinstance(note, dict) else None


def adapter_of(published: Path, run_id: str) -> Path | None:
    """The adapter that a run published: its best one, else its last; None where another run's took their place."""
    epochs = sorted(published.glob("epoch_*"), key=lambda path: int(path.name.removeprefix("epoch_")), reverse=True)
    for folder in (published / BEST, *epochs):
        note = published_note(folder)
        if note is not None and note.get("run") == run_id:
            return folder
    return None


def require_room(folder: Path, needed_gib: float) -> None:
    """Raises AppError `disk_full` where a save would not fit; what was saved before stays whole."""
    require_disk(folder, needed_gib + DISK_RESERVE_GIB)


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


def deciding_loss(losses: Mapping[str, float]) -> float:
    """What decides which epoch is best: the loss on held-out samples, or in training without any."""
    return losses.get("eval_loss", losses["loss"])


def best_epoch(losses: list[dict[str, float]]) -> int:
    """The number, from 1, of the epoch with the lowest loss, of equal ones the first."""
    values = [deciding_loss(epoch) for epoch in losses]
    return values.index(min(values)) + 1


@dataclass(frozen=True)
class EpochEnd:
    """A checkpoint that was written at the end of an epoch, counted from 1, with that epoch's mean losses."""

    checkpoint: Checkpoint
    epoch: int
    losses: dict[str, float]


def epoch_ends(found: Iterable[Checkpoint]) -> list[EpochEnd]:
    """Those of the checkpoints that were written at the end of an epoch, in their order."""
    ends = []
    for checkpoint in found:
        state = checkpoint.trainer_state
        steps = steps_per_epoch(state)
        epoch, within = divmod(checkpoint.step, steps)
        if not within:
            ends.append(EpochEnd(checkpoint, epoch, epoch_losses(state["log_history"], steps)[-1]))
    return ends


def held(run: Run) -> list[EpochEnd]:
    """The epochs that a run has a complete checkpoint of, oldest first."""
    return epoch_ends(complete_checkpoints(run.trainer_folder))


def best(ends: list[EpochEnd]) -> EpochEnd | None:
    """The one with the lowest loss, of equal ones the first; None where there is none."""
    return min(ends, key=lambda end: deciding_loss(end.losses), default=None)


def retained(ends: list[EpochEnd], keep: int) -> list[EpochEnd]:
    """The newest `keep` ones and the best one."""
    top = best(ends)
    return [end for number, end in enumerate(ends, 1) if number > len(ends) - keep or end is top]


def adapters(run: Run) -> list[Checkpoint]:
    """What of a run can be compared and exported, oldest first: its complete checkpoints, in whatever state it is.

    What is published counts only where nothing else is left: it is the current run's, and goes when the next begins.
    """
    own = complete_checkpoints(run.trainer_folder)
    published = adapter_of(run.project.checkpoints_folder, run.id)
    if own or published is None:
        return own
    return [Checkpoint(published, (published_note(published) or {}).get("step", 0))]


def adapter(run: Run, step: int | None = None) -> Checkpoint:
    """The one of `step`; without that the best epoch's, else the newest one.

    Raises AppError `adapter_missing` where the run has none, `branch_no_checkpoint` where it has none of that step.
    """
    found = adapters(run)
    if not found:
        raise AppError("adapter_missing", run=run.id)
    if step is None:
        top = best(epoch_ends(one for one in found if (one.folder / TRAINER_STATE).is_file()))
        return top.checkpoint if top else found[-1]
    for one in found:
        if one.step == step:
            return one
    raise AppError("branch_no_checkpoint", step=step)


def whole_adapter(run: Run, step: int | None) -> Checkpoint:
    """As `adapter`, after every byte of it was read. Raises also AppError `adapter_damaged`."""
    found = adapter(run, step)
    if (found.folder / MARK).is_file() and not found.is_intact:
        raise AppError("adapter_damaged", reason=found.folder.name)
    return found


def publish(run: Run, ends: list[EpochEnd], more_files: tuple[str, ...] = ()) -> None:
    """Make `epoch_N` and `best` of the project exactly what `ends` are; what is published already stays."""
    published = run.project.checkpoints_folder
    wanted = {f"epoch_{end.epoch}": end for end in ends}
    if top := best(ends):
        wanted[BEST] = top
    clear_published(published, wanted)
    for name, end in wanted.items():
        note = {"run": run.id, "step": end.checkpoint.step, "epoch": end.epoch, **end.losses}
        if published_note(published / name) != note:
            publish_adapter(end.checkpoint.folder, published / name, note, more_files)


def prune(run: Run, ends: list[EpochEnd]) -> None:
    """Remove a run's checkpoints but `ends`, and the newest one that was written in the middle of an epoch."""
    complete = complete_checkpoints(run.trainer_folder)
    at_ends = {end.checkpoint.step for end in epoch_ends(complete)}
    between = [checkpoint.step for checkpoint in complete if checkpoint.step not in at_ends]
    keep_only(run.trainer_folder, {*(end.checkpoint.step for end in ends), *between[-1:]})


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []


def _is_complete(folder: Path) -> bool:
    """Marked, and every file that was there at that time is still there at its full size."""
    try:
        sizes = dict(read_json(folder / MARK)["files"])
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False
    return all((folder / name).is_file() and (folder / name).stat().st_size == size for name, size in sizes.items())


def _crc32(file: Path) -> int:
    """A checksum against damage, not against malice: quick enough to take with every save."""
    found = 0
    with file.open("rb") as content:
        while block := content.read(READ_AT_ONCE):
            found = zlib.crc32(block, found)
    return found
