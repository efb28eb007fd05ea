"""A job's work in a child process, from the child's side: do the stage that its run names, and write how it goes.

The app's side is core/jobs/child_work. Both meet only in the run's folder: `events.jsonl` and `state.json` come out,
the control file goes in. So the app may be killed and started again while the child goes on, and the other way round.
"""

import importlib
import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from core.jobs import memory_kills
from core.jobs.job import JobContext, JobState, end_of, raise_stop
from core.jobs.kinds import KINDS, lock_of
from core.jobs.runs import Run, this_process
from core.project_manager import Project
from utils.errors import AppError, system_error
from utils.files import LOOKS_PASS_SECONDS, heal_last_line, locked, parse_json

logger = logging.getLogger(__name__)

PROGRESS_EVERY_SECONDS = 0.15
LOOK_AGAIN_SECONDS = 0.2
EXIT_DISK_FULL = 74  # not even the reason could be written down
EXIT_TAKEN = 75  # another process works on a run of this kind in this project


class ChildContext:
    """A JobContext whose readers are in another process. `watch` raises where the project was taken away."""

    def __init__(self, run: Run, watch: Callable[[], None]) -> None:
        self._run = run
        self._watch = watch
        self._signal: str | None = None
        self._last_progress = 0.0
        heal_last_line(run.events_file)
        # Kept open and flushed, not synced: the events of a step must not cost the step a wait for the disk.
        self._events = run.events_file.open("a", encoding="utf-8")

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        now = time.monotonic()
        if key is None and done != total and now - self._last_progress < PROGRESS_EVERY_SECONDS:
            return
        self._last_progress = now
        self._write({"type": "progress", "done": done, "total": total, "key": key, "params": params})

    def log(self, key: str, /, **params: object) -> None:
        self._write({"type": "log", "key": key, "params": params})

    def metric(self, **values: float) -> None:
        self._write({"type": "metric", "values": values})

    def checkpoint(self) -> None:
        raise_stop(self.stop_request)

    @property
    def stop_request(self) -> str | None:
        self._watch()
        return self._run.asked() or self._signal

    def pause_on_signal(self, *_: object) -> None:
        """A polite kill (logout, shutdown) means: keep the work and stop."""
        self._signal = "pause"

    def _write(self, event: dict[str, Any]) -> None:
        self._watch()
        line = json.dumps({"at": time.time(), **event}, ensure_ascii=False, default=str)
        self._events.write(line + "\n")
        self._events.flush()


def work_on(folder: Path) -> int:
    """The child's whole life: do the stage that `run.json` names and note how it ended. Returns the exit code."""
    run = Run(folder)
    try:
        with run.project.held() as watch, held_alone(run.alive_file), alone_with(run.project, run.kind):
            return _work(run, watch)
    except AppError as refused:  # nothing can be noted in a folder that is not there, or is another process's
        logger.warning("run %s: %s", run.id, refused)
        return EXIT_TAKEN if refused.code == "job_already_running" else 1


def _work(run: Run, watch: Callable[[], None]) -> int:
    context = ChildContext(run, watch)
    signal.signal(signal.SIGTERM, context.pause_on_signal)
    signal.signal(signal.SIGINT, context.pause_on_signal)
    run.write_state(JobState.RUNNING, process=this_process(), memory_kills=memory_kills.counts())

    def stage() -> dict[str, Any]:
        kind = KINDS[run.kind]
        with resolve_name(kind.within)(context, run.project) if kind.within else nullcontext():
            return importlib.import_module(kind.stage).run(context, run)

    end = end_of(stage, f"run {run.id}", logging.ERROR)
    watch()  # nothing is noted in another folder that took this one's place
    if end.error:
        return note_failure(run, end.error, end.state)
    run.write_state(end.state, result=end.result)
    return 0


def lock_file(project: Project, kind: str) -> Path:
    """The file that whoever does work of this kind in a project holds locked."""
    return project.runs_folder / f".{lock_of(kind)}.lock"


def alone_with(project: Project, kind: str, refusal: str = "job_already_running") -> AbstractContextManager[None]:
    """Nobody else does work of this kind in the project meanwhile. Raises AppError `refusal` where somebody does."""
    return held_alone(lock_file(project, kind), refusal)


def held_alone(file: Path, refusal: str = "job_already_running") -> AbstractContextManager[None]:
    """Nobody else holds this file meanwhile. Raises AppError `refusal` where somebody does."""
    return locked(file, AppError(refusal), patience_seconds=LOOKS_PASS_SECONDS)


@contextmanager
def chunks_at_rest(context: JobContext, project: Project, may_wait: bool = True) -> Iterator[None]:
    """Inside, this alone cuts the project's chunks anew, or draws samples from them; so it is in all processes.

    Waits until another one has done with them. Raises StopRequested meanwhile, or, where it may not wait, AppError
    `samples_running`.
    """
    is_told = False
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(alone_with(project, "chunks", "samples_running"))
                break
            except AppError:
                if not may_wait:
                    raise
            if not is_told:
                context.progress(0, None, "documents.waiting_for_chunks")
                is_told = True
            context.checkpoint()
            time.sleep(LOOK_AGAIN_SECONDS)
        yield


def read_secrets() -> dict[str, Any]:
    """In a child: what its app handed over in memory, never on disk; empty where there was nothing to hand over."""
    return parse_json(sys.stdin.read() or "{}")


def note_failure(run: Run, error: AppError, state: JobState = JobState.FAILED) -> int:
    """Leave the error in the run's state; on a full disk the exit code has to say it."""
    try:
        run.write_state(state, error={"code": error.code, "params": error.params})
    except OSError as failed:
        known = system_error(failed)
        if known is None or known.code != "disk_is_full":
            raise  # the app meets it too when it notes the end, and says so
        return EXIT_DISK_FULL
    return 1
