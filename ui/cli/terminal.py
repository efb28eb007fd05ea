"""A job in a terminal: a bar that moves where there is one, plain lines where the output goes to a file."""

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from core.jobs.job import ACTIVE, JobSnapshot
from core.jobs.runner import JobRunner
from ui import texts
from utils.errors import Message

BAR_WIDTH = 24
REFRESH_SECONDS = 0.2
PLAIN_LINE_EVERY_SECONDS = 5.0


@contextmanager
def noted_interrupts() -> Iterator[list[int]]:
    """Ctrl-C and a polite kill are noted instead of raised: of several quick ones none may end the command while its
    work goes on."""
    noted: list[int] = []
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda number, _: noted.append(number)) for number in signals]
    try:
        yield noted
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)


def follow(
    runner: JobRunner, job_id: str, language: str, output: TextIO | None = None, interrupts: Sequence[int] = ()
) -> JobSnapshot:
    """Show a job on stderr until it neither runs nor is queued; returns its last snapshot.

    What comes to stand in `interrupts` pauses it, which may take as long as the work needs to save its state.
    """
    output = output or sys.stderr
    show = _Bar(output, language) if output.isatty() else _Lines(output, language)
    answered = 0
    while True:
        if len(interrupts) > answered:
            show.say(Message("cli.still_stopping" if answered else "cli.stopping"))
            answered = len(interrupts)
            runner.pause(job_id)
        snapshot = runner.get(job_id)
        show.update(snapshot)
        if snapshot.state not in ACTIVE:
            show.close(snapshot)
            return snapshot
        runner.wait_for_change(snapshot.version, timeout=1.0)
        time.sleep(REFRESH_SECONDS)


def status_line(snapshot: JobSnapshot, language: str) -> str:
    """Kind, percent, count, rate, time left and what happens right now."""
    parts = [texts.text(f"job.kind.{snapshot.kind}", language)]
    if snapshot.fraction is not None:
        parts.append(f"{snapshot.fraction:.0%} · {snapshot.done:g}/{snapshot.total:g}")
    if snapshot.rate:
        parts.append(f"{snapshot.rate:.1f}/s")
    if snapshot.eta_seconds is not None:
        parts.append(texts.text("cli.time_left", language, seconds=round(snapshot.eta_seconds)))
    if snapshot.message:
        parts.append(texts.message_text(snapshot.message.key, snapshot.message.params, language))
    return " · ".join(parts)


class _Lines:
    """Log lines as they come, and where the job stands every few seconds."""

    def __init__(self, output: TextIO, language: str) -> None:
        self._output = output
        self._language = language
        self._logged = 0
        self._last = time.monotonic()

    def update(self, snapshot: JobSnapshot) -> None:
        # The log is a tail: where lines fell out at its front, at most the whole tail is new.
        for message in snapshot.log[min(self._logged, len(snapshot.log)) :]:
            self.say(message)
        self._logged = len(snapshot.log)
        if time.monotonic() - self._last >= PLAIN_LINE_EVERY_SECONDS:
            self._print(status_line(snapshot, self._language))

    def close(self, snapshot: JobSnapshot) -> None:
        state = texts.text(f"job.state.{snapshot.state}", self._language)
        kind = texts.text(f"job.kind.{snapshot.kind}", self._language)
        self._print(f"{kind}: {state} ({snapshot.seconds:.1f} s)")

    def say(self, message: Message) -> None:
        self._print(texts.message_text(message.key, message.params, self._language))

    def _print(self, line: str) -> None:
        self._last = time.monotonic()
        print(line, file=self._output, flush=True)


class _Bar(_Lines):
    """One line that is drawn again and again, below the log lines."""

    def update(self, snapshot: JobSnapshot) -> None:
        self._last = time.monotonic()
        super().update(snapshot)
        filled = round((snapshot.fraction or 0) * BAR_WIDTH)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        self._output.write(f"\r\x1b[K{bar} {status_line(snapshot, self._language)}"[:200])
        self._output.flush()

    def _print(self, line: str) -> None:
        self._output.write("\r\x1b[K")
        super()._print(line)
