"""What earlier runs on this machine needed beside what was estimated, and what that teaches the next estimate.

Kept in the user's config folder, a line per run. Loads no torch.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from core.runs import Run
from core.training.memory_estimate import CONTEXT_GIB
from utils import config
from utils.files import append_line, parse_json, read_lines

RATIOS_REMEMBERED = 9
CORRECTION_BOUNDS = (0.7, 1.6)
FILE_NAME = "memory.jsonl"


@dataclass(frozen=True)
class Needed:
    """What a run needed beside what was estimated; a line of the machine-wide memory.jsonl.

    `formula_gib` is the estimate before earlier runs corrected it: later corrections are learned from that.
    """

    at: float
    device: str
    formula_gib: float
    estimated_gib: float
    measured_gib: float

    @property
    def error(self) -> float:
        """How far the estimate was off, as a share of what was needed; positive where it was too high."""
        return self.estimated_gib / self.measured_gib - 1


def correction(kind: str) -> float:
    """What to multiply formulas with on this machine: the median of the last runs' ratios, within bounds.

    The formula itself has one vote, so that a single odd run does not decide.
    """
    ratios = [run.measured_gib / run.formula_gib for run in noted_runs() if run.device == kind]
    low, high = CORRECTION_BOUNDS
    return min(high, max(low, median([1.0, *ratios[-RATIOS_REMEMBERED:]])))


def compare(request: Mapping[str, Any], memory: Mapping[str, Any]) -> Needed | None:
    """What a run needed beside its estimate; None where it computed elsewhere than was expected, or had none."""
    before = request.get("memory")
    if not before or before["device"] != memory["device"]:
        return None
    measured = memory["ram_gib"]
    if memory["device"] == "cuda":
        measured = memory["device_reserved_gib"] + CONTEXT_GIB
    return Needed(
        at=round(time.time(), 3),
        device=memory["device"],
        formula_gib=before["formula_gib"],
        estimated_gib=before["estimated_gib"],
        measured_gib=round(measured, 3),
    )


def note_run(run: Run, memory: Mapping[str, Any]) -> None:
    """Keep what a run needed, for later estimates on this machine."""
    needed = compare(run.request, memory)
    if needed and needed.measured_gib > 0:
        append_line(log_file(), json.dumps(vars(needed)))


def noted_runs() -> list[Needed]:
    """What earlier runs on this machine needed, in their order."""
    found = []
    for text in read_lines(log_file()):
        try:
            needed = Needed(**parse_json(text))
            if min(needed.formula_gib, needed.estimated_gib, needed.measured_gib) > 0:
                found.append(needed)
        except (ValueError, TypeError):
            continue  # half a line, or one of another version
    return found


def log_file() -> Path:
    """Where it is kept what runs on this machine needed."""
    return config.config_folder() / FILE_NAME
