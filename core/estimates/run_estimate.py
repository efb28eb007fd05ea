"""What one training run will need, memory and time, before it starts. Loads no torch.

The list of checks, the page and the request of a run all tell the same estimate.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.estimates import memory, run_log, run_time
from core.estimates.memory import MemoryEstimate
from core.estimates.row_lengths import Rows, read_rows
from core.estimates.run_time import TimeEstimate
from core.hardware_detector import Hardware
from core.models.model_shape import Shape, read_shape
from utils.config import TrainingSettings


@dataclass(frozen=True)
class RunEstimate:
    """`longest_tokens` is what memory was computed with; `time` is None where there is nothing to learn from."""

    shape: Shape
    memory: MemoryEstimate
    longest_tokens: int
    time: TimeEstimate | None


def of_files(folder: Path, samples_file: Path, settings: TrainingSettings, hardware: Hardware) -> RunEstimate | None:
    """For training the model in `folder`; None where it cannot be told from its config."""
    return estimate(folder, settings, hardware, read_rows(samples_file, folder, settings))


def estimate(folder: Path, settings: TrainingSettings, hardware: Hardware, rows: Rows | None) -> RunEstimate | None:
    """The same for rows that were read before; without any, samples count as long as they may be."""
    shape = read_shape(folder)
    if shape is None:
        return None
    longest = rows.longest if rows else settings.max_length
    correction = run_log.memory_correction(memory.device_of(hardware))
    return RunEstimate(
        shape,
        memory.estimate(shape, settings, hardware, longest, correction),
        longest,
        run_time.estimate(shape, settings, rows, hardware) if rows else None,
    )


def for_request(found: RunEstimate | None) -> dict[str, Any]:
    """What a run's request notes of an estimate: what its end is compared with, to learn for later ones."""
    if found is None:
        return {"memory": None, "time": None}
    needed, lasting = found.memory, found.time
    frozen = {
        "device": needed.device,
        "formula_gib": round(needed.formula_gib, 3),
        "estimated_gib": round(needed.total_gib, 3),
        "free_gib": None if needed.free_gib is None else round(needed.free_gib, 3),
        "light": needed.light,
    }
    time = {"kind": asdict(lasting.kind), "steps": lasting.steps, "work": lasting.work} if lasting else None
    return {"memory": frozen, "time": time}
