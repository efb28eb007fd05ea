"""What is printed above and below the text of every page, and is no part of it. Knows lines; knows no file format."""

import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from itertools import count, islice
from typing import NamedTuple

from core.documents.formats.page_text import PAGE_NUMBER

_NUMBER = (
    r"(?:(?P<word>seite|page|s\.|p\.)\s*)?[-–—|]?\s*(?P<number>\d{1,5})\s*[-–—|]?(?:\s*(?P<of>/|von|of)\s*\d{1,5})?"
)
NUMBER_BEFORE = re.compile(rf"{_NUMBER}(?:[\s|–—-]+(?P<rest>.*))?", re.IGNORECASE)
NUMBER_BEHIND = re.compile(rf"(?:(?P<rest>.*?)[\s|–—-]+)?{_NUMBER}", re.IGNORECASE)
DIGITS = re.compile(r"\d")
LEAST_LINES = 6  # of a page whose running lines are left out
MOST_LEFT_OUT = 1 / 3  # of a page's characters
NUMBER_WITHIN = 24  # characters from a line's end, with the words around it


def without_running_lines(pages: Iterable[list[str]], around: int = 8, least: int = 3) -> Iterator[list[str]]:
    """Pages without the lines that are printed on every page: titles above, names and numbers below.

    A first or last line goes where it says nothing new: where it is the page's number, or where `least` of the pages
    `around` this one have the same text there and it has been read once. Another number is content, and so is one
    that counts like the pages in what may be a title ("Aufgabe 3"). Slides and cards of a few lines are left alone.
    Looks only a few pages ahead, so a document of any length passes through.
    """
    window: deque[_EdgedPage] = deque()
    behind: deque[_EdgedPage] = deque()
    edges: Counter[_Edge] = Counter()
    said: set[str] = set()
    source = map(_edged, count(), pages)
    while True:
        for page in islice(source, around + 1 - len(window)):
            window.append(page)
            edges.update({edge for readings in page.readings.values() for edge in readings})
        if not window:
            return
        current = window.popleft()
        behind.append(current)
        if len(behind) > around:
            edges.subtract({edge for readings in behind.popleft().readings.values() for edge in readings})
            if len(edges) > 40 * around:
                edges = +edges  # forget what no page of the window has any more
        yield _without_edges(current, edges, said, least)


class _Edge(NamedTuple):
    """One reading of a line at the top or bottom of a page: a text, and on which side of it the page's number stands.

    `shift` is the number less the page's index. `is_sure`: it says itself that it is the number of a page.
    """

    place: str
    text: str
    side: str = ""
    shift: int = 0
    is_sure: bool = False


class _EdgedPage(NamedTuple):
    """A page's lines, and what its first and last two may be, by their place among the lines."""

    lines: list[str]
    readings: dict[int, list[_Edge]]


def _edged(index: int, lines: list[str]) -> _EdgedPage:
    last = len(lines) - 1
    places = {
        **dict.fromkeys(range(min(2, len(lines))), "top"),
        **dict.fromkeys(range(last, max(1, last - 2), -1), "end"),
    }
    return _EdgedPage(lines, {at: _readings(place, lines[at], index) for at, place in places.items()})


def _readings(place: str, line: str, index: int) -> list[_Edge]:
    found = [_Edge(place, line.casefold())]
    if len(line) < NUMBER_WITHIN and PAGE_NUMBER.fullmatch(line) and not DIGITS.search(line):
        found.append(_Edge(place, "", "roman"))
    for side, pattern, edge in (
        ("before", NUMBER_BEFORE, line[:NUMBER_WITHIN]),
        ("behind", NUMBER_BEHIND, line[-NUMBER_WITHIN:]),
    ):
        if DIGITS.search(edge) and (match := pattern.fullmatch(line)):
            is_sure = bool(match["word"] or match["of"])
            found.append(_Edge(place, (match["rest"] or "").casefold(), side, int(match["number"]) - index, is_sure))
    return found


def _without_edges(page: _EdgedPage, edges: Counter[_Edge], said: set[str], least: int) -> list[str]:
    lines = page.lines
    if len(lines) < LEAST_LINES:
        return lines
    dropped, done = set(), set()
    for at, readings in page.readings.items():
        running = next((edge for edge in readings if edges[edge] >= least and _is_no_title(edge, edges)), None)
        if running is None or running.place in done:
            done.add(readings[0].place)  # what stands further in belongs to the text
        elif not running.text or running.text in said:
            dropped.add(at)
        else:
            said.add(running.text)
    left_out = sum(len(lines[at]) for at in dropped)
    too_much = left_out > MOST_LEFT_OUT * sum(map(len, lines))
    return lines if too_much else [line for at, line in enumerate(lines) if at not in dropped]


def _is_no_title(edge: _Edge, edges: Counter[_Edge]) -> bool:
    """Whether a number beside a text is the page's: as it says so, stands below, comes after front matter, or changes
    sides. A title above may count like the pages of a document that begins with 1."""
    if not edge.side or not edge.text or edge.is_sure or edge.place == "end" or edge.shift <= 0:
        return True
    return edges[edge._replace(side="behind" if edge.side == "before" else "before")] > 0
