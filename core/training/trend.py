"""What the losses of a training say about how it goes: a rule on figures, which claims no more than they show."""

from collections.abc import Mapping, Sequence
from statistics import fmean, variance

from utils.errors import Message

FEWEST_STEPS = 24
SURE = 3.0
"""So many standard errors lie between two means before one is called lower: of 100 courses without any trend, one."""
LARGEST = 1e6
"""What is more is no loss but a file that somebody wrote, with which means cannot be computed."""
CLEAR_SHARE, CLEAR_NATS = 0.01, 0.005
"""By less, the loss on the same held-out samples says nothing from one epoch to the next."""


def trend(points: Sequence[Mapping[str, float]]) -> Message:
    """`trend.<what>` for the points of a training so far: of its held-out loss where that was measured twice, else of
    the loss of its steps."""
    checks = [(each["epoch"], each["eval_loss"]) for each in points if {"epoch", "eval_loss"} <= each.keys()]
    if len(checks) > 1:
        return _of_checks(checks)
    return Message(f"trend.{_of_steps([min(each['loss'], LARGEST) for each in points if 'loss' in each])}")


def _of_checks(checks: Sequence[tuple[float, float]]) -> Message:
    *earlier, (_, last) = checks
    epoch, best = min(earlier, key=lambda check: check[1])
    before, clear = earlier[-1][1], max(CLEAR_NATS, CLEAR_SHARE * best)
    if last < best - clear:
        return Message("trend.falling")
    if last > best + clear and last >= before - clear:
        return Message("trend.rising", {"epoch": round(epoch)})
    return Message("trend.flat" if abs(last - before) <= clear else "trend.unclear")


def _of_steps(losses: Sequence[float]) -> str:
    """The first third of the steps against the last one."""
    if len(losses) < FEWEST_STEPS:
        return "early"
    third = len(losses) // 3
    first, last = losses[:third], losses[-third:]
    fall, error = fmean(first) - fmean(last), ((variance(first) + variance(last)) / third) ** 0.5
    if abs(fall) <= SURE * error:
        return "steps_unclear"
    return "steps_falling" if fall > 0 else "steps_rising"
