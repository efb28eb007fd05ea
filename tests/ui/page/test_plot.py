"""The loss curve: readable axes, few enough points, no surprises with odd data."""

import re
from itertools import pairwise

import pytest

from ui.page.plot import POINTS_DRAWN, averaged, bar_plot, line_plot, ticks


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 1.0), (1.37, 8.9), (2.0, 2.0), (0.0, 0.0), (-3.0, 4.5), (1e-7, 3e-7)]
)
def test_ticks_enclose_the_values_and_are_few(low, high):
    found = ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert 2 <= len(found) <= 8


def test_nothing_draws_nothing_one_point_is_visible_and_names_are_escaped():
    assert line_plot([("a", [])], "x", "y") == bar_plot([], "x", "y", str) == ""
    drawn = line_plot([("<b>", [(1.0, 2.0)])], "<b>", "<b>")
    assert "<circle" in drawn and "<b>" not in drawn


def test_each_bar_says_what_it_is_and_the_tallest_fills_the_plot():
    drawn = bar_plot([(0, 32, 1), (32, 64, 0), (64, 96, 1000)], "<Title>", "tokens", lambda bar: f"{bar[2]} <there>")
    assert drawn.count("<rect") == 3
    assert "1000 &lt;there&gt;" in drawn
    assert "<Title>" not in drawn
    heights = [float(part.split('"')[0]) for part in drawn.split('height="')[1:]]
    assert max(heights) > 100
    assert heights[0] >= 1.5, "one among a thousand is still seen"
    assert heights[1] == 0


def test_numbered_lines_are_told_apart_without_colours():
    lines = [(f"run {number}", [(x, number + 1 / (x + 1)) for x in range(3000)]) for number in range(4)]
    drawn = line_plot(lines, "x", "y", numbered=True)
    for number in range(4):
        assert f"stroke-{number}" in drawn
        assert f"<b>{number + 1}</b> run {number}" in drawn
        assert f">{number + 1}</text>" in drawn


def test_a_line_without_points_leaves_no_gap_in_the_colours_and_a_run_keeps_its_number():
    lines = [("a", []), ("b", [(1.0, 2.0), (2.0, 3.0)])]
    drawn = line_plot(lines, "x", "y")
    assert '<span class="line-0">b</span>' in drawn and 'class="line line-0"' in drawn
    numbered = line_plot(lines, "x", "y", numbered=True)
    assert "<b>2</b> b" in numbered and "stroke-1" in numbered


def test_the_numbers_of_lines_that_end_together_do_not_cover_each_other():
    lines = [(str(number), [(0.0, 1.0), (10.0, 2.0)]) for number in range(4)]
    drawn = line_plot(lines, "x", "y", numbered=True)
    heights = sorted(float(height) for height in re.findall(r'class="number[^>]* y="([0-9.]+)"', drawn))
    assert len(heights) == 4
    assert all(later - earlier >= 12 for earlier, later in pairwise(heights))


def test_averaging_keeps_a_curve_light_and_its_course():
    points = [(float(step), 2.0 + (-1) ** step) for step in range(5000)]
    kept = averaged(points)
    assert len(kept) <= POINTS_DRAWN
    assert all(abs(y - 2.0) < 0.1 for _, y in kept)
