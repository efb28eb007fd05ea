"""What the runner knows of one job, and how the job's work writes into that. Starts nothing and holds no lock."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from core.jobs.job import Job, JobSnapshot, JobState, raise_stop
from utils.errors import Message

LOG_LINES_KEPT = 500
METRICS_KEPT = 5_000
BURST_SECONDS = 0.02  # steps that are told this close together were not done in that time: who tells them was late


class JobRecord:
    """The runner's own record of a job; touched only while the runner's lock is held."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.created = time.time()
        self.state = JobState.QUEUED
        self.stop_request: str | None = None
        self.result: dict[str, Any] | None = None
        self.error: Message | None = None
        self.version = 0
        self.seconds_before = 0.0
        self.stays = False  # somebody else's work, which goes on when this app closes
        self.started: float | None = None
        self.queued_at = 0
        self.clear()

    def clear(self) -> None:
        """Forget how far the work was, and what it said."""
        self.done = 0.0
        self.total: float | None = None
        self.message: Message | None = None
        self.log: deque[Message] = deque(maxlen=LOG_LINES_KEPT)
        self.metrics: list[dict[str, float]] = []
        self.clear_rate()

    def clear_rate(self) -> None:
        """Measure the speed anew, from the next progress on."""
        self.first_progress: tuple[float, float] | None = None

    def add_metric(self, values: dict[str, float]) -> None:
        """Add a point to the curves, which never grow beyond `METRICS_KEPT` points."""
        # A resumed training repeats the steps after its checkpoint: the newer points replace the older ones.
        if "step" in values and self.metrics and self.metrics[-1].get("step", 0) >= values["step"]:
            self.metrics = [
                point
                for point in self.metrics
                if point.get("step", 0) < values["step"]
                or (point.get("step") == values["step"] and point.keys() != values.keys())
            ]
        self.metrics.append(values)
        if len(self.metrics) > METRICS_KEPT:
            # Every second point of the older half: the curve keeps its shape, its newest points and what was tested.
            half = len(self.metrics) // 2
            older = (p for n, p in enumerate(self.metrics[:half]) if n % 2 == 0 or "eval_loss" in p)
            self.metrics = [*older, *self.metrics[half:]]

    def seconds(self) -> float:
        """How long the work has run, in all its stretches."""
        return self.seconds_before + (time.monotonic() - self.started if self.started else 0.0)

    def begin_rate(self, done: float) -> None:
        """Count from this progress on, if it is the first, or one that had piled up together with the first."""
        now = time.monotonic()
        began, _ = self.first_progress or (now, done)
        if now - began < BURST_SECONDS:
            self.first_progress = (began, done)

    def rate(self) -> float | None:
        """Items per second since this stretch of work made its first progress; None while unknown."""
        if self.state != JobState.RUNNING or self.first_progress is None:
            return None
        at, done = self.first_progress
        elapsed = time.monotonic() - at
        return (self.done - done) / elapsed if elapsed > 0 and self.done > done else None

    def snapshot(self, queue_position: int | None) -> JobSnapshot:
        """The job as it is now, for readers."""
        rate = self.rate()
        return JobSnapshot(
            id=self.job.id,
            kind=self.job.kind,
            project=self.job.project,
            owner=self.job.owner,
            state=self.state,
            stopping=self.stop_request,
            done=self.done,
            total=self.total,
            message=self.message,
            log=tuple(self.log),
            metrics=tuple(self.metrics),
            error=self.error,
            result=self.result,
            seconds=self.seconds(),
            rate=rate,
            eta_seconds=(self.total - self.done) / rate if rate and self.total else None,
            queue_position=queue_position,
            created=self.created,
            version=self.version,
        )


class ThreadContext:
    """A JobContext for work that runs in a thread of the app; a relayed child's events arrive through it too.

    `changing` holds the runner's lock for one change of the record and tells all who wait.
    """

    def __init__(self, record: JobRecord, changing: Callable[[], AbstractContextManager[None]]) -> None:
        self._record = record
        self._changing = changing
        self.watch: Callable[[], None] = lambda: None

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        with self._changing():
            if total and self._record.total is None:
                self._record.clear_rate()  # what came before only prepared it
            self._record.done, self._record.total = done, total
            self._record.begin_rate(done)
            if key:
                self._record.message = Message(key, params)

    def log(self, key: str, /, **params: object) -> None:
        with self._changing():
            self._record.log.append(Message(key, params))

    def metric(self, **values: float) -> None:
        with self._changing():
            self._record.add_metric(values)

    def clear(self) -> None:
        """Forget log and metrics, because they are about to be replayed from disk."""
        with self._changing():
            self._record.clear()

    def restart_clock(self, started_seconds_ago: float) -> None:
        """This work has been running before anyone looked: elapsed time counts from its real start."""
        with self._changing():
            self._record.started = time.monotonic() - started_seconds_ago
            self._record.clear_rate()

    def checkpoint(self) -> None:
        self.watch()
        raise_stop(self.stop_request)

    @property
    def stop_request(self) -> str | None:
        return self._record.stop_request
