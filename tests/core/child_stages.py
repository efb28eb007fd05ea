"""Small stages for the tests of worker and runner: they count, and go wrong in every way a stage can.

A test that looks at a child in the middle asks for a long count, and lets it `hurry` when it has seen enough.
"""

import errno
import os
import signal
import time

from core.jobs.kinds import Kind
from core.jobs.runs import Run
from utils.errors import AppError
from utils.files import append_line, read_lines

ROW = Kind("documents", stage="child_stages")
"""The row of all these kinds."""


def hurry(run: Run) -> None:
    """Let a run that counts slowly count as quickly as it can."""
    (run.folder / "hurry").touch()


def run(context, run):
    """Count to `request["to"]`, a line on disk for each number, or go wrong as the kind says."""
    match run.kind:
        case "fail":
            raise AppError("disk_full", free_gib=0, needed_gib=1)
        case "full":
            raise RuntimeError("a library's own words") from OSError(errno.ENOSPC, "No space left on device")
        case "bug":
            raise ZeroDivisionError("a bug")
        case "die":
            context.log("test.before_death")
            os.kill(os.getpid(), signal.SIGKILL)
        case "deaf":
            append_line(run.folder / "started", "yes")
            time.sleep(600)
    numbers = run.folder / "numbers"
    done = len(list(read_lines(numbers)))
    total = run.request["to"]
    while done < total:
        context.checkpoint()
        if not (run.folder / "hurry").exists():
            time.sleep(run.request.get("seconds_each", 0.02))
        done += 1
        append_line(numbers, str(done))
        context.log("test.counted", number=done)
        context.metric(step=done, loss=1 / done)
        context.progress(done, total, "test.counting", number=done)
    return {"counted": done}
