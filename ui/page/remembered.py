"""Results that are worth keeping for the next viewer: a few of them, the oldest go first; and how long they last."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar

Value = TypeVar("Value")

FREE_LASTS_SECONDS = 10
"""What is free in memory and on disk changes all the time, but asking a GPU's tool takes a moment, and an open page
asks every second. A light may turn ten seconds late: when a training starts, core looks for itself."""


def moment(seconds: float) -> int:
    """This moment, no more exact than so many seconds: as a part of a key, it has a result made anew in the next."""
    return int(time.monotonic() // seconds)


class Remembered:
    """At most `size` results by key. Any thread may ask; two that ask at once may both do the work."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The result for `key`, made where it is not there. An error of `make` is not kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]  # type: ignore[return-value]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value

    def forget(self) -> None:
        """Make everything anew when it is asked for next."""
        with self._lock:
            self._values.clear()
