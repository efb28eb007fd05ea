"""A job's work in a child process, from the app's side: start or find the child, relay what it writes, stop it.

The child's side is core/jobs/worker; both meet only in the run's folder.
"""

import logging
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.jobs.child_process import kill_tree, start_child
from core.jobs.job import CancelRequested, JobState, PauseRequested, RelayContext, WorkInterrupted
from core.jobs.runs import Run, is_alive, seconds_alive
from core.jobs.worker import EXIT_DISK_FULL, EXIT_TAKEN, note_failure
from utils.errors import AppError, Message
from utils.files import open_file, parse_json
from utils.validators import number

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.15
CANCEL_GRACE_SECONDS = 20.0
KILLED = -9  # how a process ends that was killed without being asked


class ChildWork:
    """A job's work that a child process does. Called again, it finds the child still at work, or starts a new one."""

    def __init__(self, run: Run, secrets: Mapping[str, Any] | None = None) -> None:
        self.run = run
        self._secrets = secrets

    def __call__(self, context: RelayContext) -> dict[str, Any]:
        """Start or find the child and relay it until it ends. Raises what the child's end means, and AppError as
        `Project.held` and `run_missing`."""
        with self.run.project.held() as context.watch:
            if not self.run.is_whole:
                raise AppError("run_missing", run=self.run.id)
            return self._work(context)

    def _work(self, context: RelayContext) -> dict[str, Any]:
        context.clear()
        process = self.run.read_state().process
        events = EventReader(self.run.events_file)
        events.relay(context)
        # What happened before anyone looked says nothing about the speed from here on.
        context.restart_clock(seconds_alive(process) if process else 0.0)
        child, is_new = None, not self.run.has_begun
        if not process:
            self.run.ask("")
            self.run.write_state(JobState.INTERRUPTED)  # so that a child that dies at its start leaves no old word
            child = start_child(self.run, self._secrets)
        self._relay(context, events, child)
        if is_new and child and child.returncode == EXIT_TAKEN and not self.run.read_state().process:
            shutil.rmtree(self.run.folder)  # a run that never began would count as the newest one
        return self._outcome(child)

    def abandon(self) -> None:
        """Note that nobody will resume this run unless asked to; why it stopped stays known. Where the run has gone,
        with its project too, nothing is left to note."""
        if not self.run.folder.is_dir():
            return
        found = self.run.read_state()
        if found.process:  # of another app, or of a terminal
            self.run.ask("cancel")
        elif self.run.is_whole:
            more = {"error": {"code": found.error.key, "params": found.error.params}} if found.error else {}
            self.run.write_state(JobState.CANCELLED, **more)

    def _relay(self, context: RelayContext, events: "EventReader", child: "subprocess.Popen[bytes] | None") -> None:
        """Pass events on, and requests to stop back, until the child has ended."""
        asked: str | None = None
        asked_at = 0.0
        while True:
            alive = child.poll() is None if child else self.run.read_state().process is not None
            context.watch()  # the child looks by itself, and ends at its next safe point
            events.relay(context)
            if not alive:
                return
            if context.stop_request != asked:
                asked, asked_at = context.stop_request, time.monotonic()
                self.run.ask(asked or "")
            if asked == "cancel" and time.monotonic() - asked_at > CANCEL_GRACE_SECONDS:
                process = self.run.read_state().process
                # One of another machine cannot be ended from here.
                if pid := child.pid if child else process and is_alive(process) and process["pid"]:
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
            with open_file(self._path) as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return
        end = data.rfind(b"\n") + 1
        self._offset += end
        for line in data[:end].splitlines():
            try:
                event = parse_json(line)
                self._pass_on(event, context)
            except (ValueError, KeyError, TypeError, AttributeError):
                # A writer that was killed leaves half a line; the next writer begins a new one.
                logger.warning("unreadable event in %s: %r", self._path, line[:200])

    @staticmethod
    def _pass_on(event: dict[str, Any], context: RelayContext) -> None:
        match event["type"]:
            case "progress":
                key = str(event["key"]) if event["key"] else None
                context.progress(number(event["done"], 0.0) or 0.0, number(event["total"]), key, **event["params"])
            case "log":
                context.log(str(event["key"]), **event["params"])
            case "metric":
                figures = {name: number(value) for name, value in event["values"].items()}
                context.metric(**{name: figure for name, figure in figures.items() if figure is not None})
