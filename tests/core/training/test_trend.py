"""What the losses of a training say: falling, rising, neither; and no more than they show."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.training.trend import trend
from ui.texts import KEYS


def checked(*losses: float) -> list[dict[str, float]]:
    """The points of a training that was tested after each epoch, with a step before each test."""
    points = []
    for epoch, loss in enumerate(losses, 1):
        points += [
            {"step": epoch, "epoch": epoch - 0.5, "loss": 1.0},
            {"step": epoch, "epoch": epoch, "eval_loss": loss},
        ]
    return points


def stepped(losses: list[float]) -> list[dict[str, float]]:
    return [{"step": step, "epoch": step / 10, "loss": loss} for step, loss in enumerate(losses, 1)]


@pytest.mark.parametrize(
    ("losses", "says"),
    [
        ((2.0, 1.8), "falling"),
        ((2.0, 1.8, 1.7, 1.65), "falling"),
        ((0.10, 0.09), "falling"),
        ((2.0, 1.995), "flat"),
        ((2.0, 1.5, 1.505), "flat"),
        ((0.002, 0.003), "flat"),  # a share of next to nothing is nothing
        ((1.5, 1.6), "rising"),
        ((2.0, 1.5, 1.6, 1.7), "rising"),
        ((2.0, 1.5, 1.8, 1.79), "rising"),
        ((2.0, 1.5, 1.8, 1.6), "unclear"),
        ((2.0, 1.5, 1.8, 1.5), "unclear"),
    ],
)
def test_the_held_out_loss_says_whether_it_still_gets_better(losses, says):
    assert trend(checked(*losses)).key == f"trend.{says}"


def test_a_rising_loss_names_the_epoch_that_was_best():
    assert trend(checked(2.0, 1.5, 1.6, 1.7)).params == {"epoch": 2}


@pytest.mark.parametrize("steps", [0, 1, 5, 23])
def test_few_steps_say_nothing(steps):
    assert trend(stepped([3.0 - 0.1 * step for step in range(steps)])).key == "trend.early"


@pytest.mark.parametrize(("slope", "says"), [(-0.01, "steps_falling"), (0.01, "steps_rising")])
@pytest.mark.parametrize("steps", [30, 100, 3000])
def test_the_loss_of_the_steps_counts_until_two_tests_were_made(steps, slope, says):
    chance = random.Random(steps)
    points = stepped([3.0 + slope * step + chance.gauss(0, 0.02) for step in range(steps)])
    assert trend(points).key == trend([*points, checked(2.0)[-1]]).key == f"trend.{says}"


@pytest.mark.parametrize("steps", [24, 60, 400])
def test_noise_is_called_no_trend(steps):
    def course(seed: int) -> str:
        chance = random.Random(seed)
        return trend(stepped([2.0 + chance.gauss(0, 0.3) for _ in range(steps)])).key

    called = sum(course(seed) != "trend.steps_unclear" for seed in range(300))
    assert called <= 9  # three of a hundred


WILD = st.floats(0, allow_infinity=False)


@given(st.lists(WILD, max_size=60), st.lists(WILD, max_size=8))
def test_any_course_is_told_in_words(losses, checks):
    key = trend([*stepped(losses), *checked(*checks)]).key
    assert {key, key.replace("trend.", "trained.")} <= KEYS
