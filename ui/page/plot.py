"""Line plots as SVG: light, sharp, dark-mode aware. Knows numbers; knows nothing of training."""

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 480, 230
LEFT, RIGHT, TOP, BOTTOM = 42, 10, 10, 36
POINTS_DRAWN = 120  # curves have to be calm, above all where they lie over each other
NUMBER_HEIGHT = 12
Place = Callable[[float, float], tuple[float, float]]
Line = tuple[str, Sequence[tuple[float, float]]]


def line_plot(lines: Sequence[Line], x_title: str, y_title: str, *, numbered: bool = False) -> str:
    """Named lines of (x, y) points, averaged where there are many; of all but the first the points are visible.

    `numbered` lines are all alike: each has strokes of its own and its number, which the legend has too, so that
    nobody needs colours to tell them apart.
    """
    given = lines if numbered else [line for line in lines if line[1]]
    drawn = [(number, name, averaged(points)) for number, (name, points) in enumerate(given) if points]
    if not drawn:
        return ""
    xs = [x for *_, points in drawn for x, _ in points]
    ys = [y for *_, points in drawn for _, y in points]
    y_ticks = ticks(min(ys), max(ys))
    x_ticks = [tick for tick in ticks(min(xs), max(xs)) if tick == int(tick) and min(xs) <= tick <= max(xs)]
    x_low, x_span = min(xs), (max(xs) - min(xs)) or 1.0
    y_low, y_span = y_ticks[0], (y_ticks[-1] - y_ticks[0]) or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            round(LEFT + (x - x_low) / x_span * (WIDTH - LEFT - RIGHT), 1),
            round(HEIGHT - BOTTOM - (y - y_low) / y_span * (HEIGHT - TOP - BOTTOM), 1),
        )

    parts = [_grid(place, y_ticks, x_ticks, x_low)]
    parts += [_line(number, name, points, place, numbered) for number, name, points in drawn]
    if numbered:
        parts.append(_numbers([(number, *place(*points[-1])) for number, _, points in drawn]))
    marks = [f"<b>{number + 1}</b> " if numbered else "" for number, *_ in drawn]
    legend = "".join(
        f'<span class="line-{number}">{mark}{escape(name)}</span>'
        for mark, (number, name, _) in zip(marks, drawn, strict=True)
    )
    kind = "plot numbered" if numbered else "plot"
    return (
        f'<figure class="{kind}"><figcaption>{escape(y_title)}<span class="legend">{legend}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(y_title)}">{"".join(parts)}'
        f'<text class="axis" x="{(WIDTH + LEFT) / 2}" y="{HEIGHT - 4}" text-anchor="middle">{escape(x_title)}</text>'
        "</svg></figure>"
    )


def averaged(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most POINTS_DRAWN points, each the mean of its neighbours: the course of a curve without its noise."""
    step = max(1, ceil(len(points) / POINTS_DRAWN))
    groups = (points[start : start + step] for start in range(0, len(points), step))
    return [(sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group)) for group in groups]


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values that enclose low and high."""
    span = (high - low) or abs(high) or 1.0
    rough = span / (wanted - 1)
    magnitude = 10.0 ** floor(log10(rough))
    step = next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= rough * 0.999)
    first, last = floor(low / step), ceil(high / step)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]


def _grid(place: Place, y_ticks: list[float], x_ticks: list[float], x_low: float) -> str:
    parts = []
    for tick in y_ticks:
        _, y = place(x_low, tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text class="axis" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{tick:g}</text>')
    for tick in x_ticks:
        x, _ = place(tick, y_ticks[0])
        parts.append(f'<text class="axis" x="{x}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{tick:g}</text>')
    return "".join(parts)


def _line(number: int, name: str, points: list[tuple[float, float]], place: Place, numbered: bool) -> str:
    """A line, and where it may be a single point or has few of them, these as circles that say their values."""
    placed = [place(x, y) for x, y in points]
    path = " ".join(f"{x},{y}" for x, y in placed)
    stroke = f" stroke-{number}" if numbered else ""
    parts = [f'<polyline class="line line-{number}{stroke}" points="{path}"><title>{escape(name)}</title></polyline>']
    if len(points) == 1 or (number and not numbered):
        for (x, y), (at, value) in zip(placed, points, strict=True):
            tip = f"<title>{escape(name)} {at:g}: {value:.4g}</title>"
            parts.append(f'<circle class="line-{number}" cx="{x}" cy="{y}" r="4">{tip}</circle>')
    return "".join(parts)


def _numbers(ends: list[tuple[int, float, float]]) -> str:
    """The lines' numbers at their ends, moved apart where the ends lie close together."""
    parts, last = [], 0.0
    for number, x, y in sorted(ends, key=lambda end: end[2]):
        last = max(y, last + NUMBER_HEIGHT)
        parts.append(
            f'<text class="number line-{number}" x="{min(x + 8, WIDTH - 4)}" y="{last + 4:.1f}">{number + 1}</text>'
        )
    return "".join(parts)
