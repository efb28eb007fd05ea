"""The loss curve: readable axes, few enough points, no surprises with odd data."""

import pytest
from ui.page.plot import POINTS_DRAWN, averaged, line_plot, ticks


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (1.37, 8.9), (2.0, 2.0), (0.0, 0.0), (-3.0, 4.5), (1e-7, 3e-7)]
)
def test_ticks_enclose_the_values_and_are_few(low, high):
    found = ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8


def test_nothing_draws_nothing_one_point_is_visible_and_names_are_escaped():
    assert line_plot([("a", [])], "x", "y") == ""
    drawn = line_plot([("<b>", [(1.0, 2.0)])], "<b>", "<b>")
    assert "<circle" in drawn and "<b>" not in drawn


def test_numbered_lines_are_told_apart_without_colours():
    lines = [(f"run {number}", [(x, number + 1 / (x + 1)) for x in range(3000)]) for number in range(4)]
    drawn = line_plot(lines, "x", "y", numbered=True)
    for number in range(4):
        assert f"stroke-{number}" in drawn
        assert f"<b>{number + 1}</b> run {number}" in drawn
        assert f">{number + 1}</text>" in drawn


def test_averaging_keeps_a_curve_light_and_its_course():
    points = [(float(step), 2.0 + (-1) ** step) for step in range(5000)]
    kept = averaged(points)
    assert len(kept) <= POINTS_DRAWN
    assert all(abs(y - 2.0) < 0.1 for _, y in kept)
