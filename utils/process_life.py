"""How a process of the app's own ends."""

import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn

logger = logging.getLogger(__name__)


def live(work: Callable[[], int]) -> NoReturn:
    """A child's whole life: do `work`, which returns the exit code, and end at once, without Python's own farewell.

    Threads of a library may let go of something while the interpreter already goes, and then wait for ever: torch's
    gloo and autograd threads do (pytorch issue 190489). All that a child had to keep is in files by then.
    """
    try:
        code = work()
    except Exception:
        logger.exception("a process of the app failed")
        code = 1
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream:  # a program without a console has none
            stream.flush()
    os._exit(code)
