"""What helps a training that broke off, and that it leaves the effective batch as it was."""

import pytest

from core.training.suggested_fix import fix_for, smaller_batch
from utils.config import TrainingSettings


@pytest.mark.parametrize(("batch", "accumulation"), [(2, 1), (3, 2), (4, 3), (6, 1), (9, 5), (15, 1), (16, 4)])
def test_a_smaller_batch_keeps_what_a_step_learns_from(batch: int, accumulation: int) -> None:
    fix = smaller_batch(TrainingSettings(batch_size=batch, gradient_accumulation=accumulation))
    assert fix is not None
    now = fix.changes
    assert now["batch_size"] * now["gradient_accumulation"] == batch * accumulation
    assert now["batch_size"] == {2: 1, 3: 1, 4: 2, 6: 3, 9: 3, 15: 5, 16: 8}[batch]


def test_too_little_memory_halves_the_batch_and_then_computes_again_instead_of_keeping() -> None:
    first = fix_for("training_out_of_memory", TrainingSettings(batch_size=2))
    assert first is not None and first.name == "smaller_batch"
    single = TrainingSettings(batch_size=1)
    second = fix_for("child_probably_out_of_memory", single)
    assert second is not None and second.changes == {"gradient_checkpointing": True}
    saving = single.model_copy(update={"gradient_checkpointing": True})
    assert fix_for("child_out_of_memory", saving) is None


def test_a_batch_that_accumulation_cannot_make_up_for_is_left() -> None:
    assert smaller_batch(TrainingSettings(batch_size=2, gradient_accumulation=64)) is None


def test_a_training_that_went_off_the_rails_gets_a_fifth_of_its_rate_within_bounds() -> None:
    def rate(before: float) -> float | None:
        found = fix_for("training_diverged", TrainingSettings(learning_rate=before))
        return found.changes["learning_rate"] if found else None

    assert rate(1e-3) == 2e-4
    assert rate(3e-5) == 1e-5
    assert rate(1e-5) is None


def test_other_errors_have_no_suggested_fix() -> None:
    assert fix_for("disk_full", TrainingSettings(batch_size=8)) is None
    assert fix_for("child_killed", TrainingSettings(batch_size=8)) is None
