"""Whether a training fits here: what it will need beside what is free, and what would save some. Loads no torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.hardware_detector import Hardware
from core.training.memory_estimate import CPU, Estimate, Place, estimate, place_of
from core.training.memory_log import correction
from core.training.model_shape import read_shape
from core.training.row_lengths import longest_tokens
from utils import config
from utils.config import TrainingSettings

TIGHT_SHARE = 0.8  # above this share of what is free, other programs may make it fail


def free_gib(hardware: Hardware) -> float | None:
    """What is free where the run will compute; None where no tool tells."""
    if hardware.accelerator.kind in (CPU, "mps"):
        return hardware.free_ram_gib
    return hardware.accelerator.free_memory_gib


@dataclass(frozen=True)
class Way:
    """A setting with a value that takes less memory."""

    name: str
    value: Any
    saved_gib: float


@dataclass(frozen=True)
class Outlook:
    """What a training with the project's present settings will need, and what is free for it."""

    estimate: Estimate
    place: Place
    free_gib: float | None
    longest_tokens: int
    savings: tuple[Way, ...]

    @property
    def light(self) -> str:
        """green, amber or red; unknown where nobody tells what is free."""
        return light_of(self.estimate.total_gib, self.free_gib)


def light_of(needed_gib: float, free_gib: float | None) -> str:
    """green, amber or red; unknown where nobody tells what is free."""
    if free_gib is None:
        return "unknown"
    share = needed_gib / max(free_gib, 1e-9)
    return "green" if share <= TIGHT_SHARE else "amber" if share <= 1 else "red"


def outlook(
    folder: Path, samples_file: Path, settings: TrainingSettings, hardware: Hardware, longest: int | None = None
) -> Outlook | None:
    """What training the model in `folder` will need here. None where the model cannot be told from its config."""
    shape = read_shape(folder)
    if shape is None:
        return None
    place = place_of(hardware)
    longest = longest or longest_tokens(samples_file, folder, settings.max_length)
    corrected = correction(place.kind)
    found = estimate(shape, settings, place, longest, corrected)
    ways = []
    for name, value in _ways_to_save(settings, place, longest):
        changed = config.changed(settings, **{name: value})
        saved = found.total_gib - estimate(shape, changed, place, longest, corrected).total_gib
        if saved > 0:
            ways.append(Way(name, value, saved))
    savings = tuple(sorted(ways, key=lambda way: -way.saved_gib))
    return Outlook(found, place, free_for_each(hardware, place, settings.processes), longest, savings)


def free_for_each(hardware: Hardware, place: Place, processes: int) -> float | None:
    """What is free for each of the processes: main memory is shared, while every one has a GPU of its own."""
    free = free_gib(hardware)
    return free / processes if free is not None and place.kind in (CPU, "mps") else free


def _ways_to_save(settings: TrainingSettings, place: Place, longest: int) -> list[tuple[str, Any]]:
    """Settings that would take less memory, each with the value to try: (name, value)."""
    ways: list[tuple[str, Any]] = []
    if settings.batch_size > 1:
        ways.append(("batch_size", settings.batch_size // 2))
    if not settings.gradient_checkpointing:
        ways.append(("gradient_checkpointing", True))
    if not settings.four_bit and place.kind != "mps":
        ways.append(("four_bit", True))
    shorter = min(longest, settings.max_length) // 2
    if shorter >= config.TrainingSettings.model_fields["max_length"].metadata[0].ge:
        ways.append(("max_length", shorter))
    return ways


def for_request(found: Outlook) -> dict[str, Any]:
    """An outlook as it is frozen in a run's request."""
    return {
        "device": found.place.kind,
        "formula_gib": round(found.estimate.formula_gib, 3),
        "estimated_gib": round(found.estimate.total_gib, 3),
        "free_gib": None if found.free_gib is None else round(found.free_gib, 3),
        "light": found.light,
        "longest_tokens": found.longest_tokens,
        "terms_mib": {name: round(size / 2**20) for name, size in found.estimate.terms.items()},
    }
