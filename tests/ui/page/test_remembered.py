"""Results are made once, few are kept, and a failure is not one of them."""

import pytest

from ui.page import remembered
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment


def test_a_result_is_made_once():
    made = []
    kept = Remembered(2)
    for _ in range(3):
        assert kept.get("a", lambda: made.append(1) or "A") == "A"
    assert made == [1]


def test_the_oldest_results_go_first_and_a_look_counts_as_new():
    kept = Remembered(2)
    kept.get("a", lambda: 1)
    kept.get("b", lambda: 1)
    kept.get("a", lambda: 1)
    kept.get("c", lambda: 1)
    assert kept.get("a", lambda: "made anew") == 1
    assert kept.get("b", lambda: "made anew") == "made anew"


def test_a_failure_is_not_kept():
    kept = Remembered(2)
    with pytest.raises(ZeroDivisionError):
        kept.get("a", lambda: 1 // 0)
    assert kept.get("a", lambda: 7) == 7


def test_what_is_free_is_asked_for_again_after_some_seconds_and_not_before(monkeypatch):
    moments = []
    for now in (1000.0, 1009.9, 1010.0):
        monkeypatch.setattr(remembered.time, "monotonic", lambda now=now: now)
        moments.append(moment(FREE_LASTS_SECONDS))
    first, soon, later = moments
    assert first == soon != later
