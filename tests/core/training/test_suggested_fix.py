"""What helps a training that broke off, and that it leaves the effective batch as it was."""

import pytest

from core.training.readiness import fix_for, smaller_batch
from utils.config import TrainingSettings


@pytest.mark.parametrize(
    ("batch", "accumulation", "smaller"),
    [(2, 1, 1), (3, 2, 1), (4, 3, 2), (6, 1, 3), (9, 5, 3), (15, 1, 5), (16, 4, 8)],
)
def test_a_smaller_batch_keeps_what_a_step_learns_from(batch, accumulation, smaller):
    found = smaller_batch(TrainingSettings(batch_size=batch, gradient_accumulation=accumulation))
    assert found == {"batch_size": smaller, "gradient_accumulation": batch * accumulation // smaller}


@pytest.mark.parametrize(
    ("code", "settings", "expected"),
    [
        ("training_out_of_memory", {"batch_size": 2}, "smaller_batch"),
        ("child_probably_out_of_memory", {"batch_size": 1}, "gradient_checkpointing"),
        ("child_out_of_memory", {"batch_size": 1, "gradient_checkpointing": True}, None),
        # A batch that accumulation cannot make up for is left.
        ("training_out_of_memory", {"batch_size": 2, "gradient_accumulation": 64}, "gradient_checkpointing"),
        ("disk_full", {"batch_size": 8}, None),
        ("child_killed", {"batch_size": 8}, None),
    ],
)
def test_what_is_tried_when_memory_is_short_and_that_other_errors_have_no_fix(code, settings, expected):
    assert getattr(fix_for(code, TrainingSettings(**settings)), "name", None) == expected


@pytest.mark.parametrize(("rate", "lower"), [(1e-3, 2e-4), (3e-5, 1e-5), (1e-5, None)])
def test_a_training_that_went_off_the_rails_gets_a_fifth_of_its_rate_within_bounds(rate, lower):
    found = fix_for("training_diverged", TrainingSettings(learning_rate=rate))
    assert (found.changes["learning_rate"] if found else None) == lower
