"""What browsers hold, in memory and on the disk, and how much room is left for more. Knows no HTTP."""

import asyncio
import threading
from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from core import access
from utils.files import free_disk_gib

BROWSERS = 2_000
LOOK_AT_DISK_BYTES = 16 * 2**20


class Holdings:
    """Which sessions and uploads belong to which browser. Forgets the oldest; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._of: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()  # browser → what it holds, oldest first

    def hold(self, browser: str, thing: str, most: int) -> None:
        """Note that a browser holds this, perhaps beside others: two may upload the same file."""
        with self._lock:
            mine = self._of.setdefault(browser, OrderedDict())
            self._of.move_to_end(browser)
            mine[thing] = None
            mine.move_to_end(thing)
            if len(mine) > most:
                mine.popitem(last=False)
            if len(self._of) > BROWSERS:
                self._of.popitem(last=False)

    def holds(self, browser: str, thing: str) -> bool:
        return thing in self.held(browser)

    def claim(self, browser: str, thing: str, most: int) -> bool:
        """Hold what nobody holds yet. False where it is another browser's."""
        with self._lock:
            if any(thing in theirs for other, theirs in self._of.items() if other != browser):
                return False
            self.hold(browser, thing, most)
            return True

    def held(self, browser: str) -> list[str]:
        with self._lock:
            return list(self._of.get(browser, ()))


@dataclass
class Traffic:
    """What browsers have uploaded and are about to do, in all languages together; uploads lie in `folder`."""

    folder: Path
    uploads: Holdings = field(default_factory=Holdings)
    clicks: Counter[str] = field(default_factory=Counter)  # that are being answered, by browser
    turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))  # by guest


class NoRoom(Exception):
    """An upload is larger than what there is room for."""


@dataclass
class Room:
    """What is left for one upload: of a visitor's share, in bytes, and on the disk that holds `folder`."""

    left: float
    folder: Path
    is_full: bool = False
    _until_look: float = 0.0

    def require(self, size: int) -> None:
        """Raises NoRoom where there is none for so many bytes."""
        free = (free_disk_gib(self.folder) - access.FREE_DISK_GIB) * 2**30
        self.is_full = self.is_full or min(self.left, free) < size
        if self.is_full:
            raise NoRoom

    def take(self, size: int) -> None:
        """So many bytes came. Raises NoRoom where they were too many."""
        self.left -= size
        self._until_look -= size
        if self.left < 0 or self._until_look <= 0:
            self._until_look = LOOK_AT_DISK_BYTES
            self.require(0)
