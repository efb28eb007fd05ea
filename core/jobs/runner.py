"""Runs jobs: queues, lanes, pause, resume, cancel. The only threads of the app start here."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from core import access
from core.access import Visitor
from core.jobs.job import ACCELERATOR, ACTIVE, RESUMABLE, UNFINISHED, Job, JobSnapshot, JobState, end_of
from core.jobs.record import JobRecord, ThreadContext
from utils.errors import AppError, Message

logger = logging.getLogger(__name__)

LANE_CAPACITY = {ACCELERATOR: 1}


class JobRunner:
    """Owns every job of the app. All methods are safe to call from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._records: dict[str, JobRecord] = {}
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
            if guest := access.asking().id:
                theirs = [e for e in self._records.values() if e.job.owner == guest and e.state in ACTIVE]
                if len(theirs) >= access.GUEST_JOBS:
                    raise AppError("too_many_jobs", limit=access.GUEST_JOBS)
            before = self._like(job)
            for other in before:
                if other.state in UNFINISHED:
                    raise AppError("job_is_paused" if other.state == JobState.PAUSED else "job_already_running")
            for other in before:  # an app may stay open for weeks, and curves of earlier runs are on disk
                other.metrics = []
                other.log.clear()
            record = self._records[job.id] = JobRecord(job)
            self._enqueue(record)
            return self._snapshot(record)

    def adopt(self, job: Job, state: JobState, error: Message | None = None) -> JobSnapshot:
        """Take in a job that an earlier app left behind, stopped as it is; `resume` makes it run again."""
        with self._changed:
            record = self._records[job.id] = JobRecord(job)
            record.error = error
            self._set_state(record, state)
            return self._snapshot(record)

    def join(self, job: Job, stays: bool = False) -> JobSnapshot:
        """Show work that a process does already, whoever started it: it waits for no lane, and nothing that is paused
        here keeps it out. What `stays` is not paused by `shutdown`. Raises AppError `app_is_closing`."""
        with self._changed:
            if self._closed:
                raise AppError("app_is_closing")
            record = self._records.pop(job.id, None) or JobRecord(job)
            self._records[job.id] = record
            if record.state != JobState.RUNNING:
                record.stop_request, record.error, record.stays = None, None, stays
                self._launch(record)
            return self._snapshot(record)

    def get(self, job_id: str) -> JobSnapshot:
        """The job as it is now. Raises AppError `job_missing`."""
        with self._changed:
            return self._snapshot(self._record(job_id))

    def jobs(self, project: str | None = None) -> list[JobSnapshot]:
        """All jobs, or one project's, oldest first."""
        with self._changed:
            return [
                self._snapshot(record)
                for record in self._records.values()
                if project is None or record.job.project == project
            ]

    def latest(self, project: str, kinds: Iterable[str]) -> JobSnapshot | None:
        """The newest job of these kinds in a project, or None."""
        wanted = set(kinds)
        return next((job for job in reversed(self.jobs(project)) if job.kind in wanted), None)

    def cancel(self, job_id: str) -> None:
        """Stop a job for good, or give up one that failed. What it has done is kept; a finished one stays.

        Raises AppError `not_yours`, as `pause` and `resume` do.
        """
        with self._changed:
            record = self._own_record(job_id)
            if record.state == JobState.RUNNING:
                with self._change(record):
                    record.stop_request = "cancel"
            elif record.state in {JobState.QUEUED, JobState.PAUSED, JobState.INTERRUPTED, JobState.FAILED}:
                record.job.abandon()
                self._set_state(record, JobState.CANCELLED)

    def pause(self, job_id: str) -> None:
        """Ask a job to stop at its next safe point. One that finishes before that point is simply done."""
        with self._changed:
            record = self._own_record(job_id)
            if record.state == JobState.RUNNING and record.stop_request is None:
                with self._change(record):
                    record.stop_request = "pause"
            elif record.state == JobState.QUEUED:
                self._set_state(record, JobState.PAUSED)

    def resume(self, job_id: str) -> JobSnapshot:
        """Queue a stopped job again. Raises AppError where it is running already or has nothing left to do."""
        with self._changed:
            record = self._own_record(job_id)
            if record.state not in RESUMABLE:
                raise AppError("job_already_running" if record.state in ACTIVE else "job_is_done")
            if any(other is not record and other.state in UNFINISHED for other in self._like(record.job)):
                raise AppError("job_already_running")
            record.error = None
            self._enqueue(record)
            return self._snapshot(record)

    def wait(self, job_id: str, timeout: float | None = None) -> JobSnapshot:
        """Wait until the job neither runs nor is queued, or `timeout` seconds have passed."""
        with self._changed:
            record = self._record(job_id)
            self._changed.wait_for(lambda: record.state not in ACTIVE, timeout)
            return self._snapshot(record)

    def wait_for_change(self, version: int, timeout: float | None = None) -> int:
        """Wait until anything is newer than `version`; returns the newest version."""
        with self._changed:
            self._changed.wait_for(lambda: self.version > version, timeout)
            return self.version

    @contextmanager
    def forgetting_project(self, project: str) -> Iterator[None]:
        """Drop a project's jobs once it was renamed or deleted. Raises AppError `project_busy` while one runs."""
        if any(job.state in ACTIVE for job in self.jobs(project)):
            raise AppError("project_busy")
        yield
        with self._changed:
            for job in self.jobs(project):
                if job.state not in ACTIVE:
                    self._drop(job.id)

    def forget(self, job_id: str) -> None:
        """Drop a job whose folder goes; one that is not known is dropped already. Raises AppError
        `job_already_running` while it runs or waits."""
        with self._changed:
            record = self._records.get(job_id)
            if record is None:
                return
            if record.state in ACTIVE:
                raise AppError("job_already_running")
            self._drop(job_id)

    def shutdown(self, timeout: float = 20.0) -> None:
        """Take no more jobs, pause those that run, and wait for them. Work that needs longer pauses by itself."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self._closed = True
            own = [record for record in self._records.values() if not record.stays]
            for record in own:
                self.pause(record.job.id)
            running = [record for record in own if record.state == JobState.RUNNING]
            self._changed.wait_for(
                lambda: all(record.state != JobState.RUNNING for record in running),
                max(0.0, deadline - time.monotonic()),
            )

    @contextmanager
    def _change(self, record: JobRecord) -> Iterator[None]:
        """Hold the lock for one change, then give the job a new version and wake all who wait."""
        with self._changed:
            try:
                yield
            finally:
                self.version += 1
                record.version = self.version
                self._changed.notify_all()

    def _drop(self, job_id: str) -> None:
        with self._change(self._records.pop(job_id)):
            pass

    def _like(self, job: Job) -> list[JobRecord]:
        """The jobs of the same kind in the same project."""
        own = (job.kind, job.project)
        return [other for other in self._records.values() if (other.job.kind, other.job.project) == own]

    def _record(self, job_id: str) -> JobRecord:
        try:
            return self._records[job_id]
        except KeyError:
            raise AppError("job_missing") from None

    def _own_record(self, job_id: str) -> JobRecord:
        record = self._record(job_id)
        access.require_own(record.job.owner)
        return record

    def _enqueue(self, record: JobRecord) -> None:
        self._clock += 1
        record.queued_at = self._clock
        record.stop_request, record.stays = None, False
        self._set_state(record, JobState.QUEUED)
        self._dispatch()

    def _set_state(self, record: JobRecord, state: JobState) -> None:
        with self._change(record):
            record.state = state

    def _queue(self, lane: str | None) -> list[JobRecord]:
        """Who is next, in order: whoever was served longest ago, then whoever came first; in rounds, so that
        nobody's second job overtakes another's first."""
        waiting = [e for e in self._records.values() if e.state == JobState.QUEUED and e.job.lane == lane]
        waiting.sort(key=lambda e: e.queued_at)
        turn: dict[str, int] = {}
        ranked = []
        for record in waiting:
            owner = record.job.owner
            turn[owner] = turn.get(owner, 0) + 1
            ranked.append((turn[owner], self._served.get(owner, 0), record.queued_at, record))
        return [record for *_, record in sorted(ranked, key=lambda rank: rank[:3])]

    def _dispatch(self) -> None:
        if self._closed:
            return
        for lane in {record.job.lane for record in self._records.values()}:
            running = sum(e.state == JobState.RUNNING and e.job.lane == lane for e in self._records.values())
            free = max(0, LANE_CAPACITY[lane] - running) if lane else None
            for record in self._queue(lane)[:free]:
                self._launch(record)

    def _launch(self, record: JobRecord) -> None:
        self._clock += 1
        self._served[record.job.owner] = self._clock
        record.started = time.monotonic()
        record.clear_rate()
        self._set_state(record, JobState.RUNNING)
        threading.Thread(target=self._run, args=(record,), name=f"job-{record.job.kind}", daemon=True).start()

    def _run(self, record: JobRecord) -> None:
        with access.acting_as(Visitor(record.job.owner)):
            end = end_of(partial(self._work, record), f"job {record.job.id} of kind {record.job.kind}")
        with self._changed:
            record.seconds_before = record.seconds()
            record.started = None
            record.stop_request = None
            record.result, record.error = end.result, Message(end.error.code, end.error.params) if end.error else None
            self._set_state(record, end.state)
            self._dispatch()

    def _work(self, record: JobRecord) -> dict[str, Any]:
        """The job's work, and what follows from it."""
        job = record.job
        result = job.work(ThreadContext(record, partial(self._change, record)))
        try:
            if job.then:
                job.then()
        except AppError as refused:
            logger.warning("what follows %s was refused: %s", job.kind, refused)  # the work itself is done
        return result

    def _snapshot(self, record: JobRecord) -> JobSnapshot:
        queue = self._queue(record.job.lane) if record.state == JobState.QUEUED else []
        return record.snapshot(queue.index(record) + 1 if record in queue else None)
