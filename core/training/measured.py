"""What a training run really needed: memory at its peak, beside what was estimated, and the seconds it computed."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import psutil
import torch

from core.estimates import run_log
from core.estimates.memory import CPU
from core.jobs.runs import Run
from core.training import derived_runs, history
from core.training.engines import Device
from utils.files import read_json, write_json
from utils.validators import number


def note(run: Run, device: Device) -> dict[str, Any]:
    """Keep the most memory that the run ever needed in its folder: of all its sessions, if it was resumed.

    Returns it with the kind of `device`: `ram_gib`, and where the device has its own memory `device_gib`, which is
    what tensors took, and `device_reserved_gib`, what torch asked the driver for to hold them; else both are 0.
    """
    before, on_cuda = _noted(run), device.kind == "cuda"
    sizes = {
        "ram_gib": _peak_ram_bytes(),
        "device_gib": torch.cuda.max_memory_allocated() if on_cuda else 0,
        "device_reserved_gib": torch.cuda.max_memory_reserved() if on_cuda else 0,
    }
    most = {name: max(number(before.get(name)) or 0.0, round(size / 2**30, 3)) for name, size in sizes.items()}
    memory = {"device": device.kind, **most}
    write_json(run.memory_file, memory)
    return memory


def result(run: Run) -> dict[str, Any] | None:
    """What the run needed, beside what was estimated where that can be compared."""
    memory = _noted(run)
    if not memory:
        return None
    expected = run.request.get("memory") or {}
    if expected.get("device") != memory["device"]:
        return memory
    return {**memory, "estimated_gib": expected["estimated_gib"], "needed_gib": round(run_log.needed_gib(memory), 3)}


def _noted(run: Run) -> dict[str, Any]:
    try:
        noted = read_json(run.memory_file)
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def memory_now_gib() -> float:
    """What the run holds at this moment: on a GPU there, else in main memory."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.memory_reserved() / 2**30
    return psutil.Process().memory_info().rss / 2**30


def _peak_ram_bytes() -> int:
    """The most main memory that this process held."""
    status = Path("/proc/self/status")
    if status.is_file():
        # Not ru_maxrss: that of a child begins with what its parent held when it started the child.
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    on_windows = getattr(psutil.Process().memory_info(), "peak_wset", 0)
    if on_windows:
        return on_windows
    import resource

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if os.uname().sysname == "Darwin" else used * 1024


@dataclass(frozen=True)
class Session:
    """What a process computed of a run: from which step on, and in how many seconds of its main thread's CPU time.

    On a CPU that thread takes part in every operation, so its time is the run's on a machine with nothing else to do.
    """

    from_step: int
    setup_seconds: float
    training_seconds: float


def note_run(run: Run, memory: Mapping[str, Any], session: Session, last_step: int) -> None:
    """Keep what a finished run needed, for later estimates on this machine; nothing where there was no estimate, or
    where the session did less than half of the steps, which says too little of the whole."""
    before, expected = run.request.get("memory") or {}, run.request.get("time") or {}
    steps, own_steps = last_step - session.from_step, last_step - derived_runs.branched_at(run.request)
    if "work" not in expected or before.get("device") != memory["device"] or 2 * steps < own_steps:
        return
    seconds = session.training_seconds
    if memory["device"] != CPU:
        seconds = steps * _seconds_of_a_step(history.points_of(run.metrics_file), session.from_step)
    needed = run_log.Needed(
        kind=run_log.Kind(**expected["kind"]),
        formula_gib=before["formula_gib"],
        measured_gib=round(run_log.needed_gib(memory), 3),
        work=expected["work"] * steps / expected["steps"],
        setup_seconds=round(session.setup_seconds, 3),
        training_seconds=round(seconds, 3),
    )
    run_log.note(needed)


def _seconds_of_a_step(points: Sequence[Mapping[str, float]], from_step: int) -> float:
    """The median time between two steps, which leaves out what comes between some: checks, saves, other programs."""
    steps = [
        point["seconds"] for point in points if {"loss", "seconds"} <= point.keys() and point["step"] > from_step
    ]
    return median([later - earlier for earlier, later in pairwise(steps)] or [0.0])
