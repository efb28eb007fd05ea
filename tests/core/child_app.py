"""Stands in for app.py where a test needs a child process with a stage of its own."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]

from child_stages import ROW  # noqa: E402 - the path comes first

from core.jobs import kinds, worker  # noqa: E402

kinds.KINDS.update(dict.fromkeys(("count", "train", "fail", "bug", "die", "deaf", "full"), ROW))

if __name__ == "__main__":
    sys.exit(worker.work_on(Path(sys.argv[2])))
