"""Repeat a training run: the same settings, samples and model once more, and how both came out. Loads no torch.

What the original was is kept in the repeated run's own folder, so that both can be compared even where the original
is deleted later.
"""

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core import base_models
from core.hardware_detector import Hardware
from core.project_manager import Project
from core.runs import Run, open_run
from core.training import branching, launcher, provenance, run_curves, run_estimate
from core.training.branching import Beginning
from core.training.provenance import Fact
from utils.config import BaseChoice, TrainingSettings
from utils.errors import AppError
from utils.files import read_json, sha256_of, write_json
from utils.validators import first_problem

ORIGINAL = "original"
"""The folder in a repeated run that says what the original was: its run.json, result.json and metrics.jsonl."""
HASH = re.compile(r"[0-9a-f]{64}")
MOST_PROCESSES = 16
SAME_LOSS = 1e-6
"""Losses are logged with rounding; smaller differences than this are none."""


@dataclass(frozen=True)
class Outcome:
    """How a repeated run compares with its original.

    `differences` are those of versions, machine and app, each with the value then and now. `identical` says whether
    both adapters are the same to the last bit; None while that cannot be told. Of the `losses` that both logged,
    `first_step` is the first step where they differ, `largest` the largest difference.
    """

    of: str
    differences: tuple[Fact, ...]
    identical: bool | None
    losses: int
    first_step: int | None
    largest: float | None


def request_of(original: Run, hardware: Hardware) -> dict[str, Any]:
    """The frozen request of a run that repeats `original`.

    Raises AppError `repeat_incomplete` where something was not noted, `repeat_settings_unknown` where this version of
    the app does not know one of its settings, and what `require_samples` and `find_base` raise.
    """
    project, then = original.project, original.request
    settings = _settings(then)
    require_samples(original.samples_file, then)
    folder = find_base(project, then)
    base = {name: then["base"].get(name) for name in ("source", "name", "fingerprint")}
    expected = run_estimate.of_files(folder, original.samples_file, settings, hardware)
    request = {
        "base": {
            **base,
            "folder": provenance.portable_path(project, folder),
            "revision": provenance.revision_of(folder),
        },
        "training": dict(then["training"]),
        "seed": settings.seed,
        "processes": _processes(then),
        "engine": _noted(then, "engine", str),
        "force_cpu": _noted(then, "force_cpu", bool),
        "samples_sha256": then["samples_sha256"],
        **run_estimate.for_request(expected),
        "versions": provenance.installed_versions(),
        "machine": provenance.machine_facts(hardware),
        "app": provenance.app_facts(),
        "repeats": _noted(then, "id", str),
    }
    branch = branching.branch_of(then)
    return {**request, "branch": {"run": branch[0], "step": branch[1]}} if branch else request


def beginning_of(original: Run) -> Beginning | None:
    """What a run that branched off began with; None where a run began at its own beginning.

    Raises AppError `repeat_needs_parent` where the run did not keep it and its parent no longer has it.
    """
    branch = branching.branch_of(original.request)
    if branch is None or branch[1] == 0:
        return None
    parent, step = branch
    if kept := branching.kept_beginning(original, step):
        return kept
    try:
        run = open_run(original.project, parent)
        start = branching.start_point(run, step)
    except AppError:
        start = None
    if start is None:
        raise AppError("repeat_needs_parent", parent=parent, step=step)
    return branching.beginning_of(run, start)


def find_base(project: Project, request: Mapping[str, Any]) -> Path:
    """The folder of the model that the original started from, wherever it lies here now.

    Raises AppError `repeat_base_missing`, or `repeat_base_changed` where only other versions of it are here.
    """
    wanted, base = fingerprint_of(request), request["base"]
    folders = [folder for folder in _candidates(project, base) if (folder / "config.json").is_file()]
    for folder in folders:
        if base_models.fingerprint(folder) == wanted:
            return base_models.require_model(folder)
    code = "repeat_base_changed" if folders else "repeat_base_missing"
    raise AppError(code, source=str(base.get("source")), name=str(base.get("name")))


def fingerprint_of(request: Mapping[str, Any]) -> str:
    """The fingerprint of the model that a run started from. Raises AppError `repeat_incomplete`."""
    base = request.get("base")
    found = base.get("fingerprint") if isinstance(base, dict) else None
    if not isinstance(found, str) or not HASH.fullmatch(found):
        raise AppError("repeat_incomplete", part="base")
    return found


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
    if original.metrics_file.is_file():
        shutil.copyfile(original.metrics_file, folder / "metrics.jsonl")
    shutil.copyfile(original.samples_file, run.samples_file)


def outcome(run: Run) -> Outcome | None:
    """How a repeated run compares with its original so far; None where the run repeats none."""
    folder = run.folder / ORIGINAL
    try:
        then, result, now = read_json(folder / "run.json"), read_json(folder / "result.json"), run.request
    except (OSError, ValueError):
        return None
    if not all(isinstance(content, dict) for content in (then, result, now)):
        return None
    differences = tuple(provenance.environment_differences(then, now))
    sums = [content.get("adapter_sha256") for content in (result, run.read_state().result or {})]
    identical = sums[0] == sums[1] if all(isinstance(one, str) for one in sums) else None
    losses, first_step, largest = _compared(folder / "metrics.jsonl", run.metrics_file)
    return Outcome(str(then.get("id", "")), differences, identical, losses, first_step, largest)


def _compared(then: Path, now: Path) -> tuple[int, int | None, float | None]:
    """How many losses both curves have, the first step where they differ, and the largest difference."""
    before, after = (dict(_losses(run_curves.points_of(file))) for file in (then, now))
    both = [key for key in before if key in after]
    gaps = {key: abs(before[key] - after[key]) for key in both}
    apart = [step for (step, _), gap in gaps.items() if gap > SAME_LOSS]
    return len(both), min(apart, default=None), max(gaps.values(), default=None)


def _losses(points: Iterable[Mapping[str, float]]) -> Iterator[tuple[tuple[int, str], float]]:
    for point in points:
        for name in ("loss", "eval_loss"):
            if name in point:
                yield (int(point["step"]), name), point[name]


def _candidates(project: Project, base: Mapping[str, Any]) -> Iterator[Path]:
    """Where the model may lie: where it lay, where its name leads to, and what is chosen in this project."""
    if isinstance(base.get("folder"), str):
        yield project.root / base["folder"]
    chosen = project.load_config().base
    for choice in (_choice(base), chosen):
        folder = base_models.local_folder(project, choice) if choice else None
        if folder is not None:
            yield folder
            if folder.parent.name == "snapshots":  # an earlier version may lie beside the newest
                yield from sorted(path for path in folder.parent.iterdir() if path != folder)


def _choice(base: Mapping[str, Any]) -> BaseChoice | None:
    try:
        return BaseChoice(source=base["source"], name=base["name"])
    except (KeyError, ValidationError):
        return None


def _settings(request: Mapping[str, Any]) -> TrainingSettings:
    """The settings as this version of the app reads them. Raises AppError `repeat_settings_unknown`."""
    if not isinstance(request.get("training"), dict):
        raise AppError("repeat_incomplete", part="training")
    try:
        return TrainingSettings.model_validate(request["training"])
    except ValidationError as error:
        raise AppError("repeat_settings_unknown", setting=first_problem(error)) from None


def _processes(request: Mapping[str, Any]) -> int:
    """How many processes trained together. Raises AppError `repeat_incomplete` where they are more than the settings
    allow, as under a launcher, and none is there now."""
    processes = _noted(request, "processes", int)
    if not 1 <= processes <= max(MOST_PROCESSES, launcher.world()):
        raise AppError("repeat_incomplete", part="processes")
    return processes


def _noted(request: Mapping[str, Any], name: str, kind: type) -> Any:
    """What a request notes. Raises AppError `repeat_incomplete` where it does not."""
    if not isinstance(request.get(name), kind):
        raise AppError("repeat_incomplete", part=name)
    return request[name]
