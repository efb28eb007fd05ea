"""Results are made once, few are kept, and a failure is not one of them."""

import pytest

from ui.page import remembered
from ui.page.remembered import FREE_LASTS_SECONDS, Remembered, moment


def test_a_result_is_made_once_the_oldest_go_first_and_a_look_counts_as_new():
    made, kept = [], Remembered(2)
    for key in ("a", "a", "b", "a", "c"):
        kept.get(key, lambda key=key: made.append(key) or key)
    assert made == ["a", "b", "c"]
    assert kept.get("a", lambda: "made anew") == "a"
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
