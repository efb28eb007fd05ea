"""A job's work in a child process: the child's side, which writes events, and the app's side, which relays them.

Both sides meet only in the run's folder: `events.jsonl` and `state.json` come out, the control file goes in.
So the app may be killed and started again while the child goes on, and the other way round.
"""

import contextlib
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import portalocker
import psutil

from core import memory_kills
from core.jobs import (
    CancelRequested,
    JobState,
    Message,
    PauseRequested,
    RelayContext,
    WorkInterrupted,
    raise_stop,
)
from core.project_manager import Project
from core.runs import Run, this_process
from core.training import launcher
from utils.errors import AppError, disk_is_full
from utils.files import heal_last_line

logger = logging.getLogger(__name__)

# Kind of run → the stage that does it, loaded only in the child: some of them bring torch along.
STAGES = {
    "rag": "core.documents.rag_processor",
    "rechunk": "core.documents.rechunking",
    "practice_base": "core.practice.practice_base",
    "unpack_base": "core.bases.unpacking",
    "download": "core.bases.downloading",
    "preflight": "core.training.preflight",
    "train": "core.training.trainer",
    "evaluate": "core.evaluator",
    "export": "core.exporter",
    "ask": "core.chat",
}

# Kinds of runs that must not work on a project at the same time as another kind share its lock.
LOCK_OF = {"rechunk": "rag"}
POLL_SECONDS = 0.15
PROGRESS_EVERY_SECONDS = 0.15
CANCEL_GRACE_SECONDS = 20.0
KILLED = -9  # how a process ends that was killed without being asked
EXIT_DISK_FULL = 74  # not even the reason could be written down
EXIT_TAKEN = 75  # another process works on a run of this kind in this project

# No library of a child calls home, and none asks for a model that is not there (hub access is asked for by name).
CHILD_ENVIRONMENT = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DO_NOT_TRACK": "1",
    "TRL_EXPERIMENTAL_SILENCE": "1",
    "UNSLOTH_DISABLE_STATISTICS": "1",
    "TOKENIZERS_PARALLELISM": "true",
    "PYTHONUTF8": "1",
    "PYTHONUNBUFFERED": "1",
    # Torch's threads wait for each other by spinning. Where other programs want the cores too, a long spin burns
    # the very time that the awaited thread needs: on two busy cores a training step took thirty times as long.
    "GOMP_SPINCOUNT": "10000",
    "KMP_BLOCKTIME": "1",
}

# A download is the one kind of work that asks Hugging Face, unless the person wants none to; by plain HTTP, which can
# be stopped and continued.
ENVIRONMENT_OF = {
    "download": {
        "HF_HUB_OFFLINE": os.environ.get("HF_HUB_OFFLINE", ""),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }
}


class ChildContext:
    """A JobContext whose readers are in another process."""

    def __init__(self, run: Run) -> None:
        self._run = run
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
        return self._run.asked() or self._signal

    def pause_on_signal(self, *_: object) -> None:
        """A polite kill (logout, shutdown) means: keep the work and stop."""
        self._signal = "pause"

    def _write(self, event: dict[str, Any]) -> None:
        line = json.dumps({"at": time.time(), **event}, ensure_ascii=False, default=str)
        self._events.write(line + "\n")
        self._events.flush()


def work_on(folder: Path) -> int:
    """The child's whole life: do the stage that `run.json` names and note how it ended. Returns the exit code."""
    run = Run(folder)
    lock = portalocker.Lock(lock_file(run.project, run.kind), "a", timeout=0, fail_when_locked=True)
    try:
        lock.acquire()
    except portalocker.exceptions.LockException:
        return EXIT_TAKEN
    context = ChildContext(run)
    signal.signal(signal.SIGTERM, context.pause_on_signal)
    signal.signal(signal.SIGINT, context.pause_on_signal)
    run.write_state(JobState.RUNNING, process=this_process(), memory_kills=memory_kills.counts())
    try:
        stage = importlib.import_module(STAGES[run.kind])
        result = stage.run(context, run)
    except PauseRequested:
        run.write_state(JobState.PAUSED)
    except CancelRequested:
        run.write_state(JobState.CANCELLED)
    except AppError as error:
        return note_failure(run, error)
    except WorkInterrupted as lost:
        logger.exception("run %s was interrupted", run.id)
        return note_failure(run, lost.error, JobState.INTERRUPTED)
    except Exception as bug:
        logger.exception("run %s failed", run.id)
        return note_failure(run, disk_is_full(bug) or AppError("internal", kind=type(bug).__name__))
    else:
        run.write_state(JobState.DONE, result=result)
    return 0


def lock_file(project: Project, kind: str) -> Path:
    """The file that whoever does work of this kind in a project holds locked."""
    return project.runs_folder / f".{LOCK_OF.get(kind, kind)}.lock"


def read_secrets() -> dict[str, Any]:
    """In a child: what its app handed over in memory, never on disk; empty where there was nothing to hand over."""
    return json.loads(sys.stdin.read() or "{}")


def note_failure(run: Run, error: AppError, state: JobState = JobState.FAILED) -> int:
    """Leave the error in the run's state; on a full disk the exit code has to say it."""
    try:
        run.write_state(state, error={"code": error.code, "params": error.params})
    except OSError as failed:
        if disk_is_full(failed) is None:
            raise
        return EXIT_DISK_FULL
    return 1


class ChildWork:
    """A job's work that a child process does. Called again, it finds the child still at work, or starts a new one."""

    def __init__(self, run: Run, secrets: Mapping[str, Any] | None = None) -> None:
        self.run = run
        self._secrets = secrets

    def __call__(self, context: RelayContext) -> dict[str, Any]:
        """Start or find the child and relay it until it ends. Raises what the child's end means."""
        context.clear()
        process = self.run.read_state().process
        events = EventReader(self.run.events_file)
        events.relay(context)
        # What happened before anyone looked says nothing about the speed from here on.
        context.restart_clock(max(0.0, time.time() - process["created"]) if process else 0.0)
        child = None
        if not process:
            self.run.ask("")
            self.run.write_state(JobState.INTERRUPTED)  # so that a child that dies at its start leaves no old word
            child = start_child(self.run, self._secrets)
        self._relay(context, events, child)
        return self._outcome(child)

    def abandon(self) -> None:
        """Note that nobody will resume this run unless asked to; why it stopped stays known."""
        error = self.run.read_state().error
        more = {"error": {"code": error.key, "params": error.params}} if error else {}
        self.run.write_state(JobState.CANCELLED, **more)

    def _relay(self, context: RelayContext, events: "EventReader", child: "subprocess.Popen[bytes] | None") -> None:
        """Pass events on, and requests to stop back, until the child has ended."""
        asked: str | None = None
        asked_at = 0.0
        while True:
            alive = child.poll() is None if child else self.run.read_state().process is not None
            events.relay(context)
            if not alive:
                events.relay(context)
                return
            if context.stop_request != asked:
                asked, asked_at = context.stop_request, time.monotonic()
                self.run.ask(asked or "")
            if asked == "cancel" and time.monotonic() - asked_at > CANCEL_GRACE_SECONDS:
                process = self.run.read_state().process
                if pid := child.pid if child else process and int(process["pid"]):
                    kill_tree(pid)
                self.run.write_state(JobState.CANCELLED)
            time.sleep(POLL_SECONDS)

    def _outcome(self, child: "subprocess.Popen[bytes] | None") -> dict[str, Any]:
        if child and child.returncode == EXIT_TAKEN:
            raise AppError("job_already_running")
        if child and child.returncode == EXIT_DISK_FULL:
            raise WorkInterrupted(AppError("disk_is_full"))
        end = self.run.read_state()
        match end.state:
            case JobState.DONE:
                return end.result or {}
            case JobState.PAUSED:
                raise PauseRequested
            case JobState.CANCELLED:
                raise CancelRequested
            case JobState.FAILED if end.error:
                raise AppError(end.error.key, **end.error.params)
        lost = _why_lost(child.returncode if child else None, end.error, str(self.run.output_file))
        note_failure(self.run, lost, JobState.INTERRUPTED)  # the next app tells it too
        raise WorkInterrupted(lost)


def _why_lost(code: int | None, told: Message | None, log: str) -> AppError:
    """Why a child ended without saying how; `told` is what its state says of that, `code` its exit code if known."""
    if code is not None and code < 0 and code != KILLED:
        return AppError("child_crashed", code=code, log=log)
    if told:
        return AppError(told.key, **told.params)
    if code in (KILLED, 128 + 9, None):
        return AppError("child_killed")
    return AppError("child_crashed", code=code, log=log)


class EventReader:
    """Follows `events.jsonl` from its beginning; takes whole lines only, and passes over torn ones."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def relay(self, context: RelayContext) -> None:
        """Pass on everything that is new."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        end = data.rfind(b"\n") + 1
        self._offset += end
        for line in data[:end].splitlines():
            try:
                event = json.loads(line)
                self._pass_on(event, context)
            except (ValueError, KeyError, TypeError):
                # A writer that was killed leaves half a line; the next writer begins a new one.
                logger.warning("unreadable event in %s: %r", self._path, line[:200])

    @staticmethod
    def _pass_on(event: dict[str, Any], context: RelayContext) -> None:
        match event["type"]:
            case "progress":
                context.progress(event["done"], event["total"], event["key"], **event["params"])
            case "log":
                context.log(event["key"], **event["params"])
            case "metric":
                context.metric(**event["values"])


def start_child(run: Run, secrets: Mapping[str, Any] | None = None) -> "subprocess.Popen[bytes]":
    """Start the process that works on `run`, in a session of its own: Ctrl-C in the app's terminal is not for it.

    Secrets go through a pipe: not to a file, nor to arguments or an environment that others can read.
    """
    apart: dict[str, Any] = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined, unused-ignore]
        if os.name == "nt"
        else {"start_new_session": True}
    )
    # Only training is done by all the processes that torchrun started.
    inherited = os.environ if run.kind == "train" else launcher.without_rank(os.environ)
    with run.output_file.open("ab") as output:
        child = subprocess.Popen(
            [*own_command(), "worker", str(run.folder)],
            stdin=subprocess.PIPE if secrets else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**inherited, **CHILD_ENVIRONMENT, **ENVIRONMENT_OF.get(run.kind, {})},
            **apart,
        )
    if child.stdin:
        with contextlib.suppress(OSError):  # a child that died at its start is noticed by whoever waits for it
            child.stdin.write(json.dumps(dict(secrets or {})).encode())
            child.stdin.close()
    return child


def own_command() -> list[str]:
    """The command that starts this app, from its source or frozen into an executable."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, str(Path(__file__).resolve().parent.parent / "app.py")]


def kill_tree(pid: int) -> None:
    """End a process and all it started, at once."""
    try:
        parent = psutil.Process(pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
