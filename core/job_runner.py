"""Runs jobs: queues, lanes, pause, resume, cancel. The only threads of the app start here."""

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from core.jobs import (
    ACCELERATOR,
    ACTIVE,
    RESUMABLE,
    UNFINISHED,
    CancelRequested,
    Job,
    JobSnapshot,
    JobState,
    Message,
    PauseRequested,
    WorkInterrupted,
    error_message,
    raise_stop,
)
from utils.errors import AppError, disk_is_full

logger = logging.getLogger(__name__)

LANE_CAPACITY = {ACCELERATOR: 1}
LOG_LINES_KEPT = 500
METRICS_KEPT = 5_000


class _Entry:
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
        self.started: float | None = None
        self.queued_at = 0
        self.clear()

    def clear(self) -> None:
        self.done = 0.0
        self.total: float | None = None
        self.message: Message | None = None
        self.log: deque[Message] = deque(maxlen=LOG_LINES_KEPT)
        self.metrics: list[dict[str, float]] = []
        self.clear_rate()

    def clear_rate(self) -> None:
        self.first_progress: tuple[float, float] | None = None

    def add_metric(self, values: dict[str, float]) -> None:
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
            # Every second point of the older half: the curve keeps its shape and its newest points.
            half = len(self.metrics) // 2
            self.metrics = self.metrics[:half:2] + self.metrics[half:]

    def seconds(self) -> float:
        return self.seconds_before + (time.monotonic() - self.started if self.started else 0.0)

    def rate(self) -> float | None:
        """Items per second since this stretch of work made its first progress; None while unknown."""
        if self.state != JobState.RUNNING or self.first_progress is None:
            return None
        at, done = self.first_progress
        elapsed = time.monotonic() - at
        return (self.done - done) / elapsed if elapsed > 0 and self.done > done else None


class ThreadContext:
    """A JobContext for work that runs in a thread of the app; a relayed child's events arrive through it too."""

    def __init__(self, runner: "JobRunner", entry: _Entry) -> None:
        self._runner = runner
        self._entry = entry

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        with self._runner.change(self._entry):
            self._entry.done, self._entry.total = done, total
            if self._entry.first_progress is None:
                self._entry.first_progress = (time.monotonic(), done)
            if key:
                self._entry.message = Message(key, params)

    def log(self, key: str, /, **params: object) -> None:
        with self._runner.change(self._entry):
            self._entry.log.append(Message(key, params))

    def metric(self, **values: float) -> None:
        with self._runner.change(self._entry):
            self._entry.add_metric(values)

    def clear(self) -> None:
        """Forget log and metrics, because they are about to be replayed from disk."""
        with self._runner.change(self._entry):
            self._entry.clear()

    def restart_clock(self, started_seconds_ago: float) -> None:
        """This work has been running before anyone looked: elapsed time counts from its real start."""
        with self._runner.change(self._entry):
            self._entry.started = time.monotonic() - started_seconds_ago
            self._entry.clear_rate()

    def checkpoint(self) -> None:
        raise_stop(self.stop_request)

    @property
    def stop_request(self) -> str | None:
        return self._entry.stop_request


class _Change:
    """Holds the runner's lock for one change, then gives the job a new version and wakes all who wait."""

    def __init__(self, runner: "JobRunner", entry: _Entry) -> None:
        self._runner = runner
        self._entry = entry

    def __enter__(self) -> None:
        self._runner._changed.acquire()

    def __exit__(self, *_: object) -> None:
        self._runner.version += 1
        self._entry.version = self._runner.version
        self._runner._changed.notify_all()
        self._runner._changed.release()


class JobRunner:
    """Owns every job of the app. All methods are safe to call from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._entries: dict[str, _Entry] = {}
        self._served: dict[str, int] = {}  # owner → when their last job started, for fairness between participants
        self._clock = 0
        self._closed = False
        self.version = 0

    def start(self, job: Job) -> JobSnapshot:
        """Queue a job; it starts at once where its lane is free.

        Raises AppError `job_already_running` or `job_is_paused`: one unfinished job of a kind per project.
        """
        with self._changed:
            if self._closed:
                raise AppError("app_is_closing")
            own = (job.kind, job.project)
            before = [other for other in self._entries.values() if (other.job.kind, other.job.project) == own]
            for other in before:
                if other.state in UNFINISHED:
                    raise AppError("job_is_paused" if other.state == JobState.PAUSED else "job_already_running")
            for other in before:  # an app may stay open for weeks, and curves of earlier runs are on disk
                other.metrics = []
                other.log.clear()
            entry = _Entry(job)
            self._entries[job.id] = entry
            self._enqueue(entry)
            return self._snapshot(entry)

    def adopt(self, job: Job, state: JobState, error: Message | None = None) -> JobSnapshot:
        """Take in a job that an earlier app left behind, stopped as it is; `resume` makes it run again."""
        with self._changed:
            entry = _Entry(job)
            entry.state, entry.error = state, error
            self._entries[job.id] = entry
            with self.change(entry):
                pass
            return self._snapshot(entry)

    def get(self, job_id: str) -> JobSnapshot:
        """The job as it is now. Raises AppError `job_missing`."""
        with self._changed:
            return self._snapshot(self._entry(job_id))

    def jobs(self, project: str | None = None) -> list[JobSnapshot]:
        """All jobs, or one project's, oldest first."""
        with self._changed:
            return [
                self._snapshot(entry)
                for entry in self._entries.values()
                if project is None or entry.job.project == project
            ]

    def latest(self, project: str, kinds: Iterable[str]) -> JobSnapshot | None:
        """The newest job of these kinds in a project, or None."""
        wanted = set(kinds)
        with self._changed:
            for entry in reversed(self._entries.values()):
                if entry.job.project == project and entry.job.kind in wanted:
                    return self._snapshot(entry)
        return None

    def cancel(self, job_id: str) -> None:
        """Stop a job for good, or give up one that failed. What it has done is kept; a finished one stays."""
        with self._changed:
            entry = self._entry(job_id)
            if entry.state == JobState.RUNNING:
                with self.change(entry):
                    entry.stop_request = "cancel"
            elif entry.state in {JobState.QUEUED, JobState.PAUSED, JobState.INTERRUPTED, JobState.FAILED}:
                entry.job.abandon()
                self._set_state(entry, JobState.CANCELLED)

    def pause(self, job_id: str) -> None:
        """Ask a job to stop at its next safe point. One that finishes before that point is simply done."""
        with self._changed:
            entry = self._entry(job_id)
            if entry.state == JobState.RUNNING and entry.stop_request is None:
                with self.change(entry):
                    entry.stop_request = "pause"
            elif entry.state == JobState.QUEUED:
                self._set_state(entry, JobState.PAUSED)

    def resume(self, job_id: str) -> JobSnapshot:
        """Queue a stopped job again. Raises AppError where it is running already or has nothing left to do."""
        with self._changed:
            entry = self._entry(job_id)
            if entry.state not in RESUMABLE:
                raise AppError("job_already_running" if entry.state in ACTIVE else "job_is_done")
            for other in self._entries.values():
                same = (other.job.kind, other.job.project) == (entry.job.kind, entry.job.project)
                if same and other is not entry and other.state in UNFINISHED:
                    raise AppError("job_already_running")
            entry.error = None
            self._enqueue(entry)
            return self._snapshot(entry)

    def wait(self, job_id: str, timeout: float | None = None) -> JobSnapshot:
        """Wait until the job neither runs nor is queued, or `timeout` seconds have passed."""
        with self._changed:
            entry = self._entry(job_id)
            self._changed.wait_for(lambda: entry.state not in ACTIVE, timeout)
            return self._snapshot(entry)

    def wait_for_change(self, version: int, timeout: float | None = None) -> int:
        """Wait until anything is newer than `version`; returns the newest version."""
        with self._changed:
            self._changed.wait_for(lambda: self.version > version, timeout)
            return self.version

    def forget_project(self, project: str) -> None:
        """Drop a deleted or renamed project's jobs. Raises AppError `project_busy` while one of them runs."""
        with self._changed:
            mine = [entry for entry in self._entries.values() if entry.job.project == project]
            if any(entry.state in ACTIVE for entry in mine):
                raise AppError("project_busy")
            for entry in mine:
                del self._entries[entry.job.id]
            self.version += 1
            self._changed.notify_all()

    def forget(self, job_id: str) -> None:
        """Drop a job whose folder goes; one that is not known is dropped already. Raises AppError
        `job_already_running` while it runs or waits."""
        with self._changed:
            entry = self._entries.get(job_id)
            if entry is None:
                return
            if entry.state in ACTIVE:
                raise AppError("job_already_running")
            del self._entries[job_id]
            self.version += 1
            self._changed.notify_all()

    def shutdown(self, timeout: float = 20.0) -> None:
        """Take no more jobs, pause those that run, and wait for them. Work that needs longer pauses by itself."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self._closed = True
            for entry in self._entries.values():
                self.pause(entry.job.id)
            running = [entry for entry in self._entries.values() if entry.state == JobState.RUNNING]
            self._changed.wait_for(
                lambda: all(entry.state != JobState.RUNNING for entry in running),
                max(0.0, deadline - time.monotonic()),
            )

    def change(self, entry: _Entry) -> _Change:
        return _Change(self, entry)

    def _entry(self, job_id: str) -> _Entry:
        try:
            return self._entries[job_id]
        except KeyError:
            raise AppError("job_missing") from None

    def _enqueue(self, entry: _Entry) -> None:
        self._clock += 1
        entry.queued_at = self._clock
        entry.stop_request = None
        self._set_state(entry, JobState.QUEUED)
        self._dispatch()

    def _set_state(self, entry: _Entry, state: JobState) -> None:
        with self.change(entry):
            entry.state = state

    def _queue(self, lane: str | None) -> list[_Entry]:
        """Who is next, in order: whoever was served longest ago, then whoever came first; in rounds, so that
        nobody's second job overtakes another's first."""
        waiting = [e for e in self._entries.values() if e.state == JobState.QUEUED and e.job.lane == lane]
        waiting.sort(key=lambda e: e.queued_at)
        turn: dict[str, int] = {}
        ranked = []
        for entry in waiting:
            owner = entry.job.owner
            turn[owner] = turn.get(owner, 0) + 1
            ranked.append((turn[owner], self._served.get(owner, 0), entry.queued_at, entry))
        return [entry for *_, entry in sorted(ranked, key=lambda rank: rank[:3])]

    def _dispatch(self) -> None:
        if self._closed:
            return
        for lane in {entry.job.lane for entry in self._entries.values()}:
            running = sum(e.state == JobState.RUNNING and e.job.lane == lane for e in self._entries.values())
            free = LANE_CAPACITY[lane] - running if lane else None
            for entry in self._queue(lane)[:free]:
                self._launch(entry)

    def _launch(self, entry: _Entry) -> None:
        self._clock += 1
        self._served[entry.job.owner] = self._clock
        entry.started = time.monotonic()
        entry.clear_rate()
        self._set_state(entry, JobState.RUNNING)
        threading.Thread(target=self._run, args=(entry,), name=f"job-{entry.job.kind}", daemon=True).start()

    def _run(self, entry: _Entry) -> None:
        state, error, result = JobState.DONE, None, None
        try:
            result = entry.job.work(ThreadContext(self, entry))
            self._follow_up(entry.job)
        except PauseRequested:
            state = JobState.PAUSED
        except CancelRequested:
            state = JobState.CANCELLED
        except WorkInterrupted as interrupted:
            state, error = JobState.INTERRUPTED, error_message(interrupted.error)
        except AppError as app_error:
            state, error = JobState.FAILED, error_message(app_error)
        except Exception as bug:  # the thread's last resort: the bug goes to the log, the job ends
            logger.exception("job %s of kind %s failed", entry.job.id, entry.job.kind)
            known = disk_is_full(bug) or AppError("internal", kind=type(bug).__name__)
            state, error = JobState.FAILED, error_message(known)
        with self._changed:
            entry.seconds_before = entry.seconds()
            entry.started = None
            entry.stop_request = None
            entry.result, entry.error = result, error
            self._set_state(entry, state)
            self._dispatch()

    @staticmethod
    def _follow_up(job: Job) -> None:
        try:
            if job.then:
                job.then()
        except AppError as refused:
            logger.warning("what follows %s was refused: %s", job.kind, refused)  # the work itself is done

    def _snapshot(self, entry: _Entry) -> JobSnapshot:
        rate = entry.rate()
        queue = self._queue(entry.job.lane) if entry.state == JobState.QUEUED else []
        return JobSnapshot(
            id=entry.job.id,
            kind=entry.job.kind,
            project=entry.job.project,
            owner=entry.job.owner,
            state=entry.state,
            stopping=entry.stop_request,
            done=entry.done,
            total=entry.total,
            message=entry.message,
            log=tuple(entry.log),
            metrics=tuple(entry.metrics),
            error=entry.error,
            result=entry.result,
            seconds=entry.seconds(),
            rate=rate,
            eta_seconds=(entry.total - entry.done) / rate if rate and entry.total else None,
            queue_position=queue.index(entry) + 1 if entry in queue else None,
            created=entry.created,
            version=entry.version,
        )
