"""All training runs of a project, read from their folders: what they were asked, their curves, what they hold.

Knows files; loads no torch. A folder that is damaged, or that this app never wrote, is passed over or shown with what
can be told of it.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from core.jobs.job import JobState
from core.jobs.runs import Run, list_runs
from core.project_manager import Project
from core.training import checkpoints
from utils.errors import AppError, Message
from utils.files import file_stamp, parse_json, read_json, read_lines
from utils.validators import number

SMOOTHED_STEPS = 10
"""The first and the last loss are means over so many steps, in the trainer's own result too."""


@dataclass(frozen=True)
class Point:
    """A checkpoint that a run can be continued from; `epoch` and `eval_loss` are None where nothing was measured."""

    step: int
    epoch: float | None = None
    eval_loss: float | None = None


@dataclass(frozen=True)
class Entry:
    """One training run. What cannot be told of it is None.

    `parent` is the run that it branched off, at `parent_step` (None: from the start); `repeats` the one that it
    repeats. `loss` is at its end, `eval_loss` the best one, in `best_epoch`. `published` says that it is the one that
    is compared and exported where no other one is named.
    """

    run: Run
    created: str
    state: JobState
    error: Message | None
    request: Mapping[str, Any]
    samples: int | None
    held_out: int | None
    first_loss: float | None
    loss: float | None
    eval_loss: float | None
    best_epoch: int | None
    steps: int
    seconds: float | None
    memory_gib: float | None
    size_bytes: int
    points: tuple[Point, ...]
    parent: str
    parent_step: int | None
    repeats: str
    adapter_sha256: str
    published: bool

    @property
    def id(self) -> str:
        return self.run.id

    @property
    def base_source(self) -> str:
        return _text(_part(self.request, "base").get("source"))

    @property
    def base_name(self) -> str:
        """The model's name; of a folder only the last part."""
        base = _part(self.request, "base")
        name = _text(base.get("name"))
        return PureWindowsPath(name).name if base.get("source") == "path" else name

    @property
    def training(self) -> Mapping[str, Any]:
        """Its settings as they were frozen."""
        return _part(self.request, "training")


def runs_of(project: Project) -> list[Run]:
    """A project's training runs, newest first, without folders that tell nothing."""
    return [run for run in reversed(list_runs(project, "train")) if run.is_whole]


def history(project: Project) -> list[Entry]:
    """All training runs of a project, newest first."""
    trained = trained_run(project)
    entries = (read(run, run == trained) for run in runs_of(project))
    return [entry for entry in entries if entry is not None]


def trained_run(project: Project) -> Run | None:
    """The run that is compared and exported where no other one is named, whatever was started since.

    That is the newest finished one; where none has finished, the newest one with a complete checkpoint.
    """
    runs = list_runs(project, "train")[::-1]

    def newest(*conditions: Callable[[Run], object]) -> Run | None:
        return next((run for run in runs if all(is_so(run) for is_so in conditions) and run.is_whole), None)

    def is_done(run: Run) -> bool:
        return run.read_state().state == JobState.DONE

    # A finished one whose files are gone is named last, so that it can be said what lacks.
    return newest(is_done, checkpoints.adapters) or newest(checkpoints.adapters) or newest(is_done)


def stamp(run: Run) -> tuple[Any, ...]:
    """Changes whenever something is written that `read` tells; cheap enough to ask of each run every second."""
    files = (run.folder, run.folder / "state.json", run.metrics_file, run.memory_file, run.trainer_folder)
    return (str(run.folder), *map(file_stamp, files))


def read(run: Run, published: bool = False) -> Entry | None:
    """What a run's folder tells; None where not even what was asked for can be read."""
    try:
        request = run.request
    except (OSError, ValueError):
        return None
    if not isinstance(request, dict) or not isinstance(request.get("kind"), str):
        return None
    state = run.read_state()
    result = state.result if isinstance(state.result, dict) else {}
    held = checkpoints.complete_checkpoints(run.trainer_folder)
    first_losses, last_losses, metrics = skimmed(run.metrics_file, [checkpoint.step for checkpoint in held])
    checks = [point for point in metrics if "eval_loss" in point]
    best = min(checks, key=lambda point: point["eval_loss"], default=None)
    branch = _part(request, "branch")
    return Entry(
        run=run,
        created=_text(request.get("created")),
        state=state.state,
        error=state.error,
        request=request,
        samples=result.get("samples"),
        held_out=result.get("held_out"),
        first_loss=number(result.get("first_loss"), _mean(first_losses)),
        loss=number(result.get("loss"), _mean(last_losses)),
        eval_loss=best["eval_loss"] if best else number(result.get("eval_loss")),
        best_epoch=round(best["epoch"]) if best and "epoch" in best else None,
        steps=int(metrics[-1]["step"]) if metrics else 0,
        seconds=number(result.get("seconds"), metrics[-1].get("seconds") if metrics else None),
        memory_gib=_memory_gib(run),
        size_bytes=size_of(run.folder),
        points=tuple(_point(checkpoint.step, metrics) for checkpoint in held),
        parent=_text(branch.get("run")),
        parent_step=branch["step"] if isinstance(branch.get("step"), int) else None,
        repeats=_text(request.get("repeats")),
        adapter_sha256=_text(result.get("adapter_sha256")),
        published=published,
    )


def find(project: Project, name: str) -> Run:
    """The training run of this id. Raises AppError `run_missing`."""
    for run in runs_of(project):
        if run.id == name:
            return run
    raise AppError("run_missing", run=name)


@dataclass(frozen=True)
class Chosen:
    """A run that somebody named, and the step of one of its checkpoints; without that the one that suits."""

    run: Run
    step: int | None = None

    @property
    def words(self) -> str:
        """`RUN[:STEP]`, as the command line takes it."""
        return self.run.id if self.step is None else f"{self.run.id}:{self.step}"


def choose(project: Project, words: str) -> Chosen:
    """What `RUN[:STEP]` names. Raises AppError as `find` does, and `field_not_a_number`."""
    name, _, step = words.partition(":")
    run = find(project, name)
    if step and not step.isdecimal():
        raise AppError("field_not_a_number", field="step")
    return Chosen(run, int(step) if step else None)


def size_of(folder: Path) -> int:
    """The bytes of all files below `folder`. What several runs share counts in parts; what vanishes, for nothing."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    total += size_of(Path(entry.path))
                else:
                    file = os.stat(entry.path, follow_symlinks=False)  # on Windows an entry itself knows no links
                    total += file.st_size // max(1, file.st_nlink)
    except OSError:
        return total
    return total


def points_of(metrics_file: Path) -> list[dict[str, float]]:
    """The points of a run's curves in order; lines that hold none, and values that are no numbers, are left out."""
    return _parsed(read_lines(metrics_file))


def smoothed(steps: int) -> int:
    """Over so many losses at either end of a run of that many steps a mean is taken."""
    return max(1, min(SMOOTHED_STEPS, steps // 4))


def curve(points: Sequence[Mapping[str, float]], name: str) -> list[tuple[float, float]]:
    """One value of the points, by step."""
    return [(point["step"], point[name]) for point in points if name in point]


def skimmed(file: Path, steps: Sequence[int]) -> tuple[list[float], list[float], list[dict[str, float]]]:
    """The first and the last losses, and the points that were measured, that belong to `steps`, or come last.

    A long run has thousands of points, and a project hundreds of runs: only lines that may be needed are parsed.
    """
    lines = list(read_lines(file))
    losses = [line for line in lines if '"loss"' in line]
    window = smoothed(len(losses))
    ends = losses[:window], losses[-window:]
    first, last = ([point["loss"] for point in _parsed(part) if "loss" in point] for part in ends)
    marks = ('"eval_loss"', *(f'"step": {step},' for step in steps))
    telling = [line for line in lines[:-1] if any(mark in line for mark in marks)]
    return first, last, _parsed([*telling, *lines[-1:]])


def _point(step: int, metrics: Sequence[Mapping[str, float]]) -> Point:
    """The checkpoint of a step, with what was measured there."""
    here = [point for point in metrics if point["step"] == step]
    epoch = next((point["epoch"] for point in here if "epoch" in point), None)
    measured = next((point["eval_loss"] for point in here if "eval_loss" in point), None)
    return Point(step, epoch, measured)


def _memory_gib(run: Run) -> float | None:
    """The most memory that it held: of the device that computed, else main memory."""
    try:
        memory = read_json(run.memory_file)
    except (OSError, ValueError):
        return None
    figures = memory if isinstance(memory, dict) else {}
    return number(figures.get("device_gib")) or number(figures.get("ram_gib"))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _part(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _parsed(lines: Iterable[str]) -> list[dict[str, float]]:
    found = []
    for line in lines:
        try:
            content = parse_json(line)
        except ValueError:
            continue
        values = content.items() if isinstance(content, dict) else ()
        point = {name: value for name, value in values if number(value) is not None}
        if "step" in point:
            found.append(point)
    return found
