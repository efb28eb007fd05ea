"""Whether Linux ended a process because memory ran out. Knows its counters; on other systems nobody tells.

A process that is killed leaves no word. What can be compared is how often the system had killed for memory when it
began, and how often it has when it is gone.
"""

import time
from pathlib import Path

import psutil

PROC, CONTROL_GROUPS = Path("/proc"), Path("/sys/fs/cgroup")
MACHINE = "vmstat"

OWN_GROUP_RAN_OUT = "child_out_of_memory"
PROBABLY_RAN_OUT = "child_probably_out_of_memory"


def counts() -> dict[str, float]:
    """How often the system has killed for memory until now: by the file of the counter, and `at`, when that was.

    One file counts for this process's control group, which its children share; `vmstat` for the whole machine.
    """
    files = {str(path): path for path in _group_files()} | {MACHINE: PROC / "vmstat"}
    found = {name: _count(path) for name, path in files.items()}
    return {"at": time.time(), **{name: count for name, count in found.items() if count is not None}}


def verdict(before: dict[str, float]) -> str | None:
    """What has become of a process that is gone, with the `counts` of its beginning: an error's code, or None.

    None means that memory did not run out, or that the machine was started anew.
    """
    if before["at"] < psutil.boot_time():
        return None
    now = counts()
    grown = {name for name, count in before.items() if name != "at" and now.get(name, 0) > count}
    if grown - {MACHINE}:
        return OWN_GROUP_RAN_OUT
    # The machine's counter may mean another process; a group that is gone, or no counter at all, says nothing.
    can_tell = before.keys() <= now.keys() and len(before) > 1
    return None if can_tell and not grown else PROBABLY_RAN_OUT


def _group_files() -> list[Path]:
    """The counter of this process's control group, where it is in one of the second version."""
    try:
        lines = (PROC / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    return [CONTROL_GROUPS / line[4:] / "memory.events" for line in lines if line.startswith("0::/")]


def _count(file: Path) -> int | None:
    """The number behind `oom_kill`, or None where the file, or the line, is not there."""
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
