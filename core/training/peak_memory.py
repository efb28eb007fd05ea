"""How much memory a training run really took, in all its sessions, beside what was estimated."""

import os
from pathlib import Path
from typing import Any

import psutil
import torch

from core.estimates import run_log
from core.jobs.runs import Run
from core.training.engines import Device
from utils.files import read_json, write_json
from utils.validators import number

FIGURES = ("ram_gib", "device_gib", "device_reserved_gib")


def note(run: Run, device: Device) -> dict[str, Any]:
    """Keep the most memory that the run ever needed in its folder: of all its sessions, if it was resumed.

    Returns it as `_peak_memory_gib` does.
    """
    memory = _peak_memory_gib(device)
    before = _noted(run)
    memory |= {name: max(number(before.get(name), 0.0) or 0.0, memory[name]) for name in FIGURES}
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


def _peak_memory_gib(device: Device) -> dict[str, Any]:
    """The most memory that this process held, on the device too where it has its own.

    `device_gib` is what tensors took, `device_reserved_gib` what torch asked the driver for to hold them.
    """
    peak_bytes = _peak_ram_bytes()
    on_cuda = device.kind == "cuda"
    sizes = (
        peak_bytes,
        torch.cuda.max_memory_allocated() if on_cuda else 0,
        torch.cuda.max_memory_reserved() if on_cuda else 0,
    )
    return {
        "device": device.kind,
        **{name: round(size / 2**30, 3) for name, size in zip(FIGURES, sizes, strict=True)},
    }


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
