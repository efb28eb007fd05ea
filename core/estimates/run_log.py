"""What finished runs on this machine really needed: memory, and the seconds that they computed. Loads no torch.

Kept in the user's config folder, a line per run; later estimates are learned from it. Seconds are those of a CPU or a
device, not of a clock: what else the machine did meanwhile says nothing of the next run.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from core.estimates.memory import CONTEXT_GIB, CPU
from core.jobs.runs import Run, seconds_alive, this_process
from core.training import derived_runs, history
from utils import config
from utils.files import append_line, parse_json, read_lines

FILE_NAME = "runs.jsonl"
RUNS_REMEMBERED = 9
CORRECTION_BOUNDS = (0.7, 1.6)


@dataclass(frozen=True)
class Kind:
    """What decides how fast a run computes; only runs of the same kind are compared."""

    device: str
    engine: str
    precision: str
    four_bit: bool
    processes: int
    parameters: int


@dataclass(frozen=True)
class Needed:
    """What a finished run needed; a line of the machine-wide runs.jsonl.

    `formula_gib` is the estimate before earlier runs corrected it: later corrections are learned from that. `work` is
    in operations, as `run_time.work_of` counts them.
    """

    kind: Kind
    formula_gib: float
    measured_gib: float
    work: float
    setup_seconds: float
    training_seconds: float


@dataclass(frozen=True)
class Session:
    """What a process computed of a run: from which step on, and in how many seconds of its main thread's CPU time.

    On a CPU that thread takes part in every operation, so its time is the run's on a machine with nothing else to do.
    """

    from_step: int
    setup_seconds: float
    training_seconds: float


def memory_correction(device: str) -> float:
    """What to multiply formulas with on this machine: the median of the last runs' ratios, within bounds.

    The formula itself has one vote, so that a single odd run does not decide.
    """
    ratios = [run.measured_gib / run.formula_gib for run in noted_runs() if run.kind.device == device]
    low, high = CORRECTION_BOUNDS
    return min(high, max(low, median([1.0, *ratios[-RUNS_REMEMBERED:]])))


def runs_like(kind: Kind) -> list[Needed]:
    """The last runs of the same kind on this machine, oldest first."""
    return [run for run in noted_runs() if run.kind == kind][-RUNS_REMEMBERED:]


def needed_gib(memory: Mapping[str, Any]) -> float:
    """The peak that an estimate is compared with: of what `peak_memory.note` found, what counts on that device."""
    if memory["device"] == "cuda":
        return memory["device_reserved_gib"] + CONTEXT_GIB
    return memory["ram_gib"]


def note_run(run: Run, memory: Mapping[str, Any], session: Session, last_step: int) -> dict[str, float] | None:
    """Keep what a finished run needed, for later estimates on this machine.

    Returns the seconds that it was estimated to take, computed, and took; None where there was no estimate, or where
    the session did less than half of the steps, which says too little of the whole.
    """
    before, expected = run.request.get("memory") or {}, run.request.get("time") or {}
    began = derived_runs.branched_at(run.request)
    steps, own_steps = last_step - session.from_step, last_step - began
    if "work" not in expected or before.get("device") != memory["device"] or 2 * steps < own_steps:
        return None
    points = [point for point in history.points_of(run.metrics_file) if "seconds" in point]
    seconds = session.training_seconds
    if memory["device"] != CPU:
        seconds = steps * _seconds_of_a_step([point for point in points if point["step"] > session.from_step])
    needed = Needed(
        kind=Kind(**expected["kind"]),
        formula_gib=before["formula_gib"],
        measured_gib=round(needed_gib(memory), 3),
        work=expected["work"] * steps / expected["steps"],
        setup_seconds=round(session.setup_seconds, 3),
        training_seconds=round(seconds, 3),
    )
    if _is_sound(needed):
        append_line(log_file(), json.dumps(asdict(needed)))
    passed = {point["step"]: point["seconds"] for point in points}
    earlier_sessions = passed.get(session.from_step, 0.0) - passed.get(began, 0.0)
    return {
        "about_seconds": expected["about_seconds"],
        "computed_seconds": round(session.setup_seconds + seconds * own_steps / steps, 1),
        "seconds": round(earlier_sessions + seconds_alive(this_process()), 1),
    }


def _seconds_of_a_step(points: Sequence[Mapping[str, float]]) -> float:
    """The median time between two steps, which leaves out what comes between some: checks, saves, other programs."""
    steps = [point["seconds"] for point in points if "loss" in point]
    return median([later - earlier for earlier, later in pairwise(steps)] or [0.0])


def noted_runs() -> list[Needed]:
    """What earlier runs on this machine needed, in their order."""
    found = []
    for text in read_lines(log_file()):
        try:
            fields = parse_json(text)
            needed = Needed(**{**fields, "kind": Kind(**fields["kind"])})
            if _is_sound(needed):
                found.append(needed)
        except (ValueError, TypeError, KeyError):
            continue  # half a line, or one of another version
    return found


def _is_sound(needed: Needed) -> bool:
    return min(value for name, value in vars(needed).items() if name != "kind") > 0


def log_file() -> Path:
    """Where it is kept what runs on this machine needed."""
    return config.config_folder() / FILE_NAME
