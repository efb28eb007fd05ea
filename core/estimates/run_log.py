"""What finished runs on this machine really needed: memory, and the seconds that they computed. Loads no torch.

Kept in the user's config folder, a line per run; later estimates are learned from it. Seconds are those of a CPU or a
device, not of a clock: what else the machine did meanwhile says nothing of the next run.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from core.estimates.memory import CONTEXT_GIB
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
    """The peak that an estimate is compared with: of what `measured.note` found, what counts on that device."""
    if memory["device"] == "cuda":
        return memory["device_reserved_gib"] + CONTEXT_GIB
    return memory["ram_gib"]


def note(needed: Needed) -> None:
    """Keep what a run needed, unless it says nothing."""
    if _is_sound(needed):
        append_line(log_file(), json.dumps(asdict(needed)))


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
