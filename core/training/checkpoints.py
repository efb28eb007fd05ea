"""Training checkpoints on disk: which are complete, which are torn, which are published. Knows files, no model.

The trainer library writes straight into `checkpoint-N`, so a process that is killed while it saves leaves a
folder that looks like a checkpoint and is none. Only a folder with a mark that was written last counts.
"""

import os
import re
import shutil
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.files import publish_folder, read_json, require_disk, sync_folder, write_json

MARK = "complete.json"
TRAINER_STATE = "trainer_state.json"
ADAPTER = "adapter_model.safetensors"
TRAINING_ARGS = "training_args.bin"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_FILES = (ADAPTER, ADAPTER_CONFIG, TRAINING_ARGS)
CHAT_TEMPLATE = "chat_template.jinja"
PUBLISHED_NOTE = "checkpoint.json"
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


def remove_torn(trainer_folder: Path) -> int:
    """Remove what an interrupted save left behind. Returns how many folders that were."""
    complete = {checkpoint.folder for checkpoint in complete_checkpoints(trainer_folder)}
    torn = [path for path in _subfolders(trainer_folder) if _is_checkpoint(path) and path not in complete]
    for path in torn:
        shutil.rmtree(path)
    return len(torn)


def keep_only(trainer_folder: Path, steps: Collection[int]) -> None:
    """Remove all other complete checkpoints. The mark goes first, so that a half-removed one never counts."""
    for checkpoint in complete_checkpoints(trainer_folder):
        if checkpoint.step not in steps:
            (checkpoint.folder / MARK).unlink()
            shutil.rmtree(checkpoint.folder)


def share(checkpoint: Checkpoint, trainer_folder: Path) -> None:
    """Give another run a checkpoint as its own. Nothing ever writes into one, so both may hold the same files.

    Where the file system cannot do that they are copied. Raises AppError `disk_full` where there is no room for that.
    """
    target = trainer_folder / checkpoint.folder.name
    try:
        shutil.copytree(checkpoint.folder, target, copy_function=os.link)
    except OSError:
        shutil.rmtree(target, ignore_errors=True)
        files = [path for path in checkpoint.folder.rglob("*") if path.is_file()]
        require_room(trainer_folder, sum(path.stat().st_size for path in files) / 2**30)
        shutil.copytree(checkpoint.folder, target)


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
    for folder in (published / "best", *epochs):
        note = published_note(folder)
        if note is not None and note.get("run") == run_id:
            return folder
    return None


def require_room(folder: Path, needed_gib: float) -> None:
    """Raises AppError `disk_full` where a save would not fit; what was saved before stays whole."""
    require_disk(folder, needed_gib + DISK_RESERVE_GIB)


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if path.is_dir()] if folder.is_dir() else []


def _is_checkpoint(path: Path) -> bool:
    return CHECKPOINT_NAME.fullmatch(path.name) is not None


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
