"""Run a command and watch all its processes together: how long they take and how much memory they hold at most."""

import os
import subprocess
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import psutil

LOOK_EVERY_SECONDS = 0.1  # looking takes time of the same cores
FULL_LOOK_EVERY_LOOKS = 5  # which processes there are, and PSS, for which the kernel walks all pages


@dataclass
class Watched:
    """How a command went. PSS shares out memory that several processes have in common; RSS counts it for each."""

    seconds: float
    code: int
    output: str
    peak_rss_mib: float
    peak_pss_mib: float

    @property
    def last_line(self) -> str:
        return self.output.strip().rpartition("\n")[2]


def watched(command: Sequence[str], cores: Iterable[int] | None = None) -> Watched:
    """Run a command to its end, on these cores or all of them; children inherit where they may run."""
    affinity = None if cores is None else set(cores)
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        preexec_fn=None if affinity is None else lambda: os.sched_setaffinity(0, affinity),
    )
    memory = _MemoryWatch(process.pid)
    memory.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - started
    memory.ended.set()
    memory.join()
    return Watched(seconds, process.returncode, output, memory.peak_rss / 2**20, memory.peak_pss / 2**20)


class _MemoryWatch(threading.Thread):
    """Adds up the memory of a process and all below it, again and again."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.ended = threading.Event()
        self.peak_rss = 0
        self.peak_pss = 0

    def run(self) -> None:
        tree: list[psutil.Process] = []
        looks = 0
        while not self.ended.wait(LOOK_EVERY_SECONDS):
            if looks % FULL_LOOK_EVERY_LOOKS == 0:
                try:
                    root = psutil.Process(self.pid)
                    tree = [root, *root.children(recursive=True)]
                except psutil.NoSuchProcess:
                    return
                self.peak_pss = max(self.peak_pss, _total(tree, full=True))
            self.peak_rss = max(self.peak_rss, _total(tree, full=False))
            looks += 1


def _total(tree: Iterable[psutil.Process], *, full: bool) -> int:
    total = 0
    for process in tree:
        try:
            total += process.memory_full_info().pss if full else process.memory_info().rss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total
