"""How long finished runs took on this machine beside their formula, and what that says of the next one.

Kept in the user's config folder, a line per run. Loads no torch.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.runs import Run, seconds_alive, this_process
from core.training.memory_estimate import CPU
from utils import config
from utils.files import append_line, parse_json, read_json, read_lines, write_json

FILE_NAME = "speed.jsonl"
TIME_FILE = "time.json"
PRIOR_FACTOR = {CPU: 4.0}
PRIOR_FACTOR_ELSEWHERE = 6.0
"""Before anything is known, nine of ten machines are at most so many times faster or slower than usual."""
SCATTER = 0.3
"""Two runs of the same kind differ by about so much, in natural logarithms: by their batches and lengths, which the
formula tells only so well, and by what else the machine does."""
OF_NINE_IN_TEN = 1.645
SIZES_APART = math.log(4)
"""A run with a model four times as large tells e^-0.5 as much as one with the same model."""
OTHER_KIND = 1.5  # and another engine, precision or 4-bit puts it so much further away
RUNS_LOOKED_AT = 9


@dataclass(frozen=True)
class Range:
    """Between two amounts, in nine of ten cases."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Kind:
    """What decides how fast operations are done: runs are compared by this."""

    device: str
    engine: str
    precision: str
    four_bit: bool
    parameters: int


@dataclass(frozen=True)
class Taken:
    """What a finished run took beside its formula; a line of the machine-wide speed.jsonl."""

    at: float
    kind: Kind
    formula_setup: float
    formula_training: float
    setup_seconds: float
    training_seconds: float


def learned(kind: Kind, known: Sequence[tuple[Kind, float]]) -> Range:
    """What to multiply a formula with: (kind, seconds per second of the formula) of earlier runs, oldest first.

    The nearer runs have more weight; the prior has one too, as an observation so uncertain as machines differ. Each
    run makes the range narrower, unless they contradict each other.
    """
    prior = math.log(PRIOR_FACTOR.get(kind.device, PRIOR_FACTOR_ELSEWHERE)) / OF_NINE_IN_TEN
    newest_first = [(other, ratio) for other, ratio in reversed(known) if other.device == kind.device]
    here = [(distance(kind, other), math.log(ratio)) for other, ratio in newest_first]
    nearest = sorted(here, key=lambda run: run[0])[:RUNS_LOOKED_AT]
    weights = [math.exp(-(apart**2) / 2) for apart, _ in nearest]
    precision = 1 / prior**2 + sum(weights) / SCATTER**2
    middle = sum(weight * ratio for weight, (_, ratio) in zip(weights, nearest, strict=True)) / SCATTER**2 / precision
    spread = sum(weight * (ratio - middle) ** 2 for weight, (_, ratio) in zip(weights, nearest, strict=True))
    scatter = max(SCATTER**2, spread / sum(weights)) if sum(weights) > 1 else SCATTER**2
    width = OF_NINE_IN_TEN * math.sqrt(scatter + 1 / precision)
    return Range(math.exp(middle - width), math.exp(middle + width))


def distance(one: Kind, other: Kind) -> float:
    """How little a run of one kind says about one of another, from 0. Lengths and batches do not count, so that more
    tokens always take longer."""
    sizes = abs(math.log(max(1, one.parameters) / max(1, other.parameters))) / SIZES_APART
    same = (one.engine, one.precision, one.four_bit) == (other.engine, other.precision, other.four_bit)
    return sizes + (0.0 if same else OTHER_KIND)


def note_setup(run: Run) -> None:
    """Keep how long this process took until the first step, which no curve tells. A run's first session counts."""
    if not (run.folder / TIME_FILE).is_file():
        seconds = seconds_alive(this_process())
        write_json(run.folder / TIME_FILE, {"setup_seconds": round(seconds, 3)})


def note_run(run: Run, device: str, steps: int) -> None:
    """Keep how long a finished run took, for later estimates on this machine."""
    before, taken = _estimated(run), seconds_of(run)
    if not before or taken is None or before["kind"]["device"] != device or not before["steps"]:
        return
    setup, training = taken
    done = Taken(
        at=round(time.time(), 3),
        kind=Kind(**before["kind"]),
        formula_setup=before["formula_setup"],
        formula_training=before["formula_training"] * min(1.0, steps / before["steps"]),
        setup_seconds=setup,
        training_seconds=training,
    )
    append_line(log_file(), json.dumps(asdict(done)))


def seconds_of(run: Run) -> tuple[float, float] | None:
    """How long a run prepared and how long it trained, in all its sessions; None where that is not known."""
    last = None
    for line in read_lines(run.metrics_file):
        last = line
    if last is None or not (run.folder / TIME_FILE).is_file():
        return None
    return read_json(run.folder / TIME_FILE)["setup_seconds"], parse_json(last)["seconds"]


def _estimated(run: Run) -> dict[str, Any] | None:
    """The estimate frozen in a run's request. None for a branch, whose curves tell its parent's seconds too."""
    return None if "branch" in run.request else run.request.get("time")


def result(run: Run) -> dict[str, Any] | None:
    """What a run took beside its estimate; None where there was none."""
    before, taken = _estimated(run), seconds_of(run)
    if not before or taken is None:
        return None
    return {"estimated_seconds": before["seconds"], "seconds": round(sum(taken), 1)}


def noted_runs() -> list[Taken]:
    """What earlier runs on this machine took, in their order."""
    found = []
    for text in read_lines(log_file()):
        try:
            fields: Mapping[str, Any] = parse_json(text)
            run = Taken(**{**fields, "kind": Kind(**fields["kind"])})
            if min(run.formula_setup, run.formula_training, run.setup_seconds, run.training_seconds) > 0:
                found.append(run)
        except (ValueError, TypeError, KeyError):
            continue  # half a line, or one of another version
    return found


def log_file() -> Path:
    """Where it is kept how long runs on this machine took."""
    return config.config_folder() / FILE_NAME
