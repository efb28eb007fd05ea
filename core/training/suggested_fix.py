"""What to change so that a training that broke off can go on. Pure: an error and settings in, changes out."""

from dataclasses import dataclass
from typing import Any

from utils.config import TrainingSettings

OUT_OF_MEMORY = frozenset({"training_out_of_memory", "child_out_of_memory", "child_probably_out_of_memory"})
DIVERGED = "training_diverged"
RATE_DIVISOR = 5
SMALLEST_RATE = TrainingSettings.model_fields["learning_rate"].metadata[0].ge
MOST_ACCUMULATION = TrainingSettings.model_fields["gradient_accumulation"].metadata[1].le


@dataclass(frozen=True)
class SuggestedFix:
    """A way to go on as a branch of the run: `name` says which, `changes` are the settings that differ."""

    name: str
    changes: dict[str, Any]


def fix_for(code: str, settings: TrainingSettings) -> SuggestedFix | None:
    """The one thing to try after an error; None where nothing that a branch may change would help."""
    if code in OUT_OF_MEMORY:
        return smaller_batch(settings) or _computing_again(settings)
    return _lower_rate(settings) if code == DIVERGED else None


def smaller_batch(settings: TrainingSettings) -> SuggestedFix | None:
    """The largest smaller batch with which each step still learns from as many samples: half, for odd sizes less."""
    for batch in range(settings.batch_size // 2, 0, -1):
        factor, rest = divmod(settings.batch_size, batch)
        accumulation = settings.gradient_accumulation * factor
        if not rest and accumulation <= MOST_ACCUMULATION:
            return SuggestedFix("smaller_batch", {"batch_size": batch, "gradient_accumulation": accumulation})
    return None


def _computing_again(settings: TrainingSettings) -> SuggestedFix | None:
    if settings.gradient_checkpointing:
        return None
    return SuggestedFix("gradient_checkpointing", {"gradient_checkpointing": True})


def _lower_rate(settings: TrainingSettings) -> SuggestedFix | None:
    rate = max(SMALLEST_RATE, round(settings.learning_rate / RATE_DIVISOR, 12))
    return SuggestedFix("lower_rate", {"learning_rate": rate}) if rate < settings.learning_rate else None
