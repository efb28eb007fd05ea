"""What is gathered from all lines of a file, kept up to date while the file grows: no line is read twice."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from core.samples.sample_file import Mark, mark_of, since
from utils.files import open_file

MAX_FILES = 64

Gathered = TypeVar("Gathered")
Line = tuple[bytes, bool]
"""A line as it stands in the file, and whether it is the first one."""


@dataclass(frozen=True)
class _Known(Generic[Gathered]):
    """What was gathered up to a mark: from the ended lines, and with a last one that is not."""

    mark: Mark
    ended: Gathered
    all: Gathered


class Followed(Generic[Gathered]):
    """`add` gives what was gathered so far together with what more lines bring; it changes nothing that it is given.

    A page asks once a second, and samples are appended all the while. Any thread may ask.
    """

    def __init__(self, start: Gathered, add: Callable[[Gathered, Iterable[Line]], Gathered]) -> None:
        self._start = start
        self._add = add
        self._known: dict[Path, _Known[Gathered]] = {}  # only ever replaced entry by entry, so any thread may look

    def of(self, path: Path) -> Gathered:
        """What the file holds now; of one that is not there, what there was at the start."""
        try:
            file = open_file(path)
        except FileNotFoundError:
            return self._start
        with file:
            known = self._known.get(path)
            news = since(file, known.mark if known else None)
            if known is not None and news == "same":
                return known.all
            found = os.fstat(file.fileno())
            place, before = (known.mark.place, known.ended) if known and news == "more" else (0, self._start)
            lines = _EndedLines(file, place)
            ended = self._add(before, lines)
            whole = self._add(ended, [lines.unended]) if lines.unended else ended
            while len(self._known) >= MAX_FILES:
                self._known.pop(next(iter(self._known)), None)
            self._known[path] = _Known(mark_of(file, lines.place, found), ended, whole)
            return whole


class _EndedLines:
    """The lines from `place` on, which moves along; a last one without its end is left in `unended`."""

    def __init__(self, file: BinaryIO, place: int) -> None:
        self._file = file
        self.place = place
        self.unended: Line | None = None

    def __iter__(self) -> Iterator[Line]:
        self._file.seek(self.place)
        for line in self._file:
            told = line, self.place == 0
            if not line.endswith(b"\n"):
                self.unended = told
                return
            self.place += len(line)
            yield told
