"""The lines of files of samples, held in memory: each is read once, whoever asks. Knows lines; knows no sample.

The file is the truth. Each look compares inode, size and time of change: of a file that only grew the new lines are
read, any other one is read again, and of that only lines that were not there before are parsed.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar

from utils.files import open_file

MOST_HELD_BYTES = 192 * 1024 * 1024  # of lines that nobody looks at just now
BYTES_BESIDE_A_LINE = 350

Made = TypeVar("Made")
Stamp = tuple[int, int, int]
"""A file's inode, size and time of change."""


class Line(NamedTuple):
    """A line as it stands in the file, with its end, and what its sample is found by; without `id` it holds none.

    `content` is a hash of what the sample says, `group` what a split keeps together, `turns` how many answers it has,
    `characters` how long it is.
    """

    data: bytes
    id: str = ""
    status: str = ""
    document: str = ""
    chunk_id: int | None = None
    content: int = 0
    group: str = ""
    turns: int = 0
    characters: int = 0


@dataclass
class Held:
    """A file as it was at one look; nobody changes it. `places` of samples in `lines`, and their `ids`, are in order.

    Ids are unique, also where those in the file are not: a second "x" is "x-2" here. `others` hold something that is
    no sample. `kept` is what `once` has made.
    """

    stamp: Stamp | None = None
    lines: list[Line] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    others: list[bytes] = field(default_factory=list)
    size: int = 0
    used: float = 0.0
    kept: dict[str, tuple[object, Any]] = field(default_factory=dict)
    _times: dict[str, int] = field(default_factory=dict)  # how often an id was met; shared with what follows

    def __len__(self) -> int:
        return len(self.places)

    @cached_property
    def samples(self) -> list[Line]:
        """The lines that hold samples, as `ids` names them."""
        return [self.lines[place] for place in self.places]

    def once(self, what: str, of: object, make: Callable[[], Made]) -> Made:
        """What follows from the lines and from `of`, made once for all who ask for it."""
        known = self.kept.get(what)
        if known is None or known[0] != of:
            known = self.kept[what] = of, make()
        made: Made = known[1]
        return made

    def more(self) -> "Held":
        """The same, to be added to."""
        return Held(None, [*self.lines], [*self.places], [*self.ids], [*self.others], self.size, _times=self._times)

    def add(self, line: Line) -> None:
        if line.id:
            self.places.append(len(self.lines))
            self.ids.append(self._unique(line.id))
        elif line.data.strip():
            self.others.append(line.data)
        self.lines.append(line)
        self.size += len(line.data)

    def _unique(self, own: str) -> str:
        times = self._times.get(own, 0) + 1
        unique = own if times == 1 else f"{own}-{times}"
        while times > 1 and unique in self._times:
            times += 1
            unique = f"{own}-{times}"
        self._times[own] = times
        if unique != own:
            self._times[unique] = 1
        return unique


class HeldFiles:
    """Files of samples as they are now. `parse` gives the line for bytes, which may be the first of the file.

    What nobody has looked at for longest goes where all would need too much. Any thread may ask.
    """

    def __init__(self, parse: Callable[[bytes, bool], Line]) -> None:
        self._parse = parse
        self._held: dict[Path, Held] = {}
        self._lock = threading.Lock()

    def of(self, path: Path) -> Held:
        """The file as it is now; of one that is not there, nothing. Raises NotAFile, OSError."""
        known = self._held.get(path)
        if known is None or known.stamp != stamp_at(path):
            with self._lock:
                known = self._look(path, self._held.get(path), read_all=False)
        known.used = time.monotonic()
        return known

    def read_again(self, path: Path) -> Held:
        """The same for one who holds the file's lock to write it anew: nothing that was read before is believed."""
        with self._lock:
            return self._look(path, self._held.get(path), read_all=True)

    def parsed(self, data: bytes) -> Line:
        """A line that is to be written behind others."""
        return self._parse(data, False)

    def was_written(self, path: Path, lines: Iterable[Line], found: os.stat_result) -> Held:
        """The file was just replaced by these lines, by one who still holds its lock."""
        held = Held()
        for line in lines:
            held.add(line)
        held.stamp = _stamp(found)
        with self._lock:
            self._keep(path, held)
        return held

    def _look(self, path: Path, known: Held | None, read_all: bool) -> Held:
        try:
            file = open_file(path)
        except FileNotFoundError:
            self._held.pop(path, None)
            return Held()
        with file:
            stamp = _stamp(os.fstat(file.fileno()))
            if known is not None and known.stamp == stamp and not read_all:
                return known
            if known is not None and not read_all and _has_grown(known, stamp, file):
                held, there = known.more(), {}
            else:
                # A line that is first may begin with a byte order mark, which is none elsewhere.
                held, there = Held(), {line.data: line for line in known.lines[1:]} if known else {}
            file.seek(held.size)
            for data in file:
                held.add((held.lines and there.get(data)) or self._parse(data, not held.lines))
            held.stamp = stamp
        self._keep(path, held)
        return held

    def _keep(self, path: Path, held: Held) -> None:
        held.used = time.monotonic()
        self._held[path] = held
        total = 0
        for other, each in sorted(self._held.items(), key=lambda item: -item[1].used):
            total += each.size + BYTES_BESIDE_A_LINE * len(each.lines)
            if total > MOST_HELD_BYTES and other != path:
                del self._held[other]


def _has_grown(known: Held, stamp: Stamp, file: BinaryIO) -> bool:
    """Whether lines were appended to what is known, as its first and its last one tell."""
    if known.stamp is None or stamp[0] != known.stamp[0] or stamp[1] <= known.stamp[1] or not known.lines:
        return False
    first, last = known.lines[0].data, known.lines[-1].data
    if not last.endswith(b"\n") or file.read(len(first)) != first:
        return False
    file.seek(known.size - len(last))
    return file.read(len(last)) == last


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_size, found.st_mtime_ns


def stamp_at(path: Path) -> Stamp | None:
    """What tells a file from the one that was there before; None where there is none."""
    try:
        return _stamp(os.stat(path))
    except OSError:
        return None
