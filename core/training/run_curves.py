"""The curves of a training run, read from its `metrics.jsonl`: whole, or only what a list of runs tells of them.

Knows files; loads no torch. A line that cannot be read is passed over.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from utils.files import parse_json, read_lines

SMOOTHED_STEPS = 10
"""The first and the last loss are means over so many steps, in the trainer's own result too."""


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
    first, last = ([point["loss"] for point in _parsed(part) if "loss" in point] for part in _ends(losses, window))
    marks = ('"eval_loss"', *(f'"step": {step},' for step in steps))
    telling = [line for line in lines[:-1] if any(mark in line for mark in marks)]
    return first, last, _parsed([*telling, *lines[-1:]])


def _ends(lines: list[str], count: int) -> tuple[list[str], list[str]]:
    return lines[:count], lines[-count:]


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


def number(value: object, otherwise: float | None = None) -> float | None:
    """A number that a curve can show, or what stands in for it: JSON also knows NaN, and integers of any length."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return value if good else otherwise  # type: ignore[return-value]
