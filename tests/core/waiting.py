"""Waiting for another thread or process, with an end to it."""

import time
from collections.abc import Callable


def wait_for(
    condition: Callable[[], object], seconds: float = 20.0, every_seconds: float = 0.02, what: str = ""
) -> None:
    """Wait until the condition holds. Fails after `seconds`, with the words for what did not come about."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited too long: {what}"
        time.sleep(every_seconds)
