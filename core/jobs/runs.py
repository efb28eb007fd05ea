"""Run folders: one for each piece of work that a child process does, with its request and what became of it."""

import contextlib
import json
import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from core import access
from core.jobs import launcher, memory_kills
from core.jobs.job import JobState
from core.project_manager import Project
from utils.errors import AppError, Message, NotAFile
from utils.files import is_held, open_file, printable, publish_folder, read_json, write_json, write_text_atomic

UNFINISHED_ENDING = ".new"
SHOWN_CHARACTERS = 20
LEFTOVER_SECONDS = 24 * 3600
NUMBERED = re.compile(r"\d{8}-\d{6}-(\d{4,})-|\.(\d+)\.new")
"""Ids with a number, and names that keep one for a run that is being made. Early versions had milliseconds there,
which are three digits."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Run:
    """The folder `projects/<name>/runs/<id>`. Everything about a run is read from it, so any process can."""

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def order(self) -> tuple[int, str]:
        """Newer runs have a higher one, whatever the clock said. Early versions gave no numbers: by their names."""
        return _number_of(self.id), self.id

    @property
    def project(self) -> Project:
        return Project(self.folder.parent.parent)

    @property
    def request(self) -> dict[str, Any]:
        """What was asked for, frozen when the run was created."""
        return read_json(self.folder / "run.json")

    @property
    def kind(self) -> str:
        return self.request["kind"]

    @property
    def owner(self) -> str:
        """The id of the guest who started it; empty where it was the host."""
        return str(self.request.get("owner", ""))

    @property
    def is_whole(self) -> bool:
        """Whether it can be told what was asked for. Raises OSError where the system does not let it be read."""
        try:
            return isinstance(self.kind, str)
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return False

    @property
    def events_file(self) -> Path:
        return self.folder / "events.jsonl"

    @property
    def output_file(self) -> Path:
        """All that the child printed, tracebacks included."""
        return self.folder / "output.log"

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def memory_file(self) -> Path:
        """The most memory that a training run needed, in all its sessions together."""
        return self.folder / "memory.json"

    @property
    def trainer_folder(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def samples_file(self) -> Path:
        """The samples as they were when a training run was created: editing them later does not change the run."""
        return self.folder / "sft_data.jsonl"

    @property
    def base_folder(self) -> Path:
        """The folder of the model that a training run starts from; stored relative where it lies in the project."""
        return self.project.root / self.request["base"]["folder"]

    @property
    def alive_file(self) -> Path:
        """Whoever works on the run holds this locked, which every machine that shares the folder sees."""
        return self.folder / ".alive"

    @property
    def has_begun(self) -> bool:
        """Whether any process was ever started for it."""
        return self._state_file.exists()

    @property
    def _state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def _control_file(self) -> Path:
        return self.folder / "control"

    @property
    def _launch_file(self) -> Path:
        return self.folder / "launch"

    def note_launch(self) -> None:
        """Note which torchrun works on it, if one does: it may repeat its command, which then finds this run."""
        if launch := launcher.launch():
            write_text_atomic(self._launch_file, launch)

    @property
    def is_of_this_launch(self) -> bool:
        """Whether the torchrun that started this process worked on it before."""
        launch, noted = launcher.launch(), self._launch_file
        return bool(launch) and noted.is_file() and noted.read_text(encoding="utf-8") == launch

    def write_state(self, state: JobState, **more: Any) -> None:
        """Note on disk how the run stands; `more` may be result, error, or the process that works on it."""
        write_json(self._state_file, {"state": state, "at": time.time(), **more})

    def read_state(self) -> "RunState":
        """How the run stands. One whose process is gone without a word, or whose word is damaged, was interrupted.

        Raises OSError where the system does not let it be read: nobody knows then whether its process lives.
        """
        try:
            content = read_json(self._state_file)
            state = JobState(content["state"])
            process, error = content.get("process"), content.get("error")
            if state == JobState.RUNNING and not (process and self._is_worked_on(process)):
                code = memory_kills.verdict(content["memory_kills"]) if "memory_kills" in content else None
                state, process, error = JobState.INTERRUPTED, None, code and {"code": code, "params": {}}
            result = content.get("result")
            if not isinstance(result, dict | None) or (error and not isinstance(error["params"], dict)):
                raise TypeError
            return RunState(
                state,
                result=result,
                error=Message(str(error["code"]), error["params"]) if error else None,
                process=process if state == JobState.RUNNING else None,
            )
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return RunState(JobState.INTERRUPTED)

    def _is_worked_on(self, process: dict[str, Any]) -> bool:
        return is_held(self.alive_file) if self.alive_file.exists() else is_alive(process)

    def ask(self, request: str) -> None:
        """Ask the child to "pause" or "cancel", or with "" take that back."""
        write_text_atomic(self._control_file, request)

    def asked(self) -> str | None:
        """What the child is asked for, or None."""
        try:
            with open_file(self._control_file) as file:
                return file.read().decode("utf-8", "replace") or None
        except (FileNotFoundError, NotAFile):
            return None


@dataclass(frozen=True)
class RunState:
    """How a run stands on disk; `process` is there only while a process works on it."""

    state: JobState
    result: dict[str, Any] | None = None
    error: Message | None = None
    process: dict[str, Any] | None = None


def create_run(
    project: Project, kind: str, request: dict[str, Any], prepare: Callable[[Run], object] | None = None
) -> Run:
    """A new run folder with its frozen request and what `prepare` puts into it: complete or absent.

    Its number is above that of every other run. Until it is complete it is hidden, where no reader of runs looks.
    Raises AppError `name_not_text`, and as `Project.held`.
    """
    try:
        f"{project.root}{json.dumps(request, ensure_ascii=False)}".encode()
    except UnicodeEncodeError as error:  # libraries of models take no such paths
        around = error.object[max(0, error.start - SHOWN_CHARACTERS) : error.end + SHOWN_CHARACTERS]
        raise AppError("name_not_text", name=printable(around)) from None
    with project.held():
        _remove_leftovers(project.runs_folder)
        number, hidden = _next_number(project.runs_folder)
        now = datetime.now()
        # The number tells a project's runs apart, the last part those of projects in which one began at that moment.
        final = project.runs_folder / f"{now:%Y%m%d-%H%M%S}-{number:04d}-{secrets.token_hex(3)}-{kind}"
        about = {"id": final.name, "kind": kind, "created": now.isoformat(), **request, "owner": access.asking().id}
        try:
            if prepare:
                prepare(Run(hidden))
            Run(hidden).note_launch()
            write_json(hidden / "run.json", about)
            publish_folder(hidden, final)
        except BaseException:
            shutil.rmtree(hidden, ignore_errors=True)
            raise
        return Run(final)


def _next_number(runs_folder: Path) -> tuple[int, Path]:
    """A number above all others, and the hidden folder that keeps it from other processes; no lock needed."""
    while True:
        number = 1 + max(map(_number_of, os.listdir(runs_folder)), default=0)
        hidden = runs_folder / f".{number}{UNFINISHED_ENDING}"
        with contextlib.suppress(FileExistsError):
            hidden.mkdir()
            # Between both looks another process may have taken the number and published its run.
            if [_number_of(name) for name in os.listdir(runs_folder)].count(number) == 1:
                return number, hidden
            hidden.rmdir()


def _number_of(name: str) -> int:
    found = NUMBERED.match(name)
    return int(found[1] or found[2]) if found else 0


def _remove_leftovers(runs_folder: Path) -> None:
    """Remove what a process that was killed did not finish; whoever is still at work on one is younger."""
    for path in runs_folder.glob(f".*{UNFINISHED_ENDING}"):
        if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def list_runs(project: Project, kind: str | None = None) -> list[Run]:
    """A project's runs, oldest first. Folders without a request are passed over."""
    if not project.runs_folder.is_dir():
        return []
    ending = f"-{kind}" if kind else ""  # an id ends with its kind, which spares reading every request
    found = [
        Run(folder)
        for folder in project.runs_folder.iterdir()
        if folder.name.endswith(ending) and not folder.name.startswith(".") and (folder / "run.json").is_file()
    ]
    return sorted(found, key=lambda run: run.order)


def latest_run(project: Project, kind: str, states: frozenset[JobState] | None = None) -> Run | None:
    """The newest run of a kind, optionally only in one of `states`; None where there is none."""
    for run in reversed(list_runs(project, kind)):
        if (states is None or run.read_state().state in states) and run.is_whole:
            return run
    return None


def live_run(project: Project, kind: str) -> Run | None:
    """The run of a kind that a process works on, on whichever machine, and also if it is not the newest one."""
    return next((run for run in reversed(list_runs(project, kind)) if run.read_state().process), None)


def open_run(project: Project, run_id: str) -> Run:
    """A run by its id. Raises AppError `run_missing`."""
    for run in list_runs(project):
        if run.id == run_id:
            return run
    raise AppError("run_missing", run=run_id)


def this_process() -> dict[str, Any]:
    """What tells this process from every other one, also after its number was given to another."""
    return _identity(os.getpid())


def is_alive(process: dict[str, Any]) -> bool:
    """Whether that very process still runs on this machine."""
    pid = process["pid"]
    try:
        found = psutil.Process(pid if isinstance(pid, int) else -1)
        # Outside of Linux, and in early versions, the time is that of the wall clock.
        same = process == _identity(pid) if "boot" in process else process["created"] == found.create_time()
        return same and found.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, OverflowError, psutil.Error):
        return False


def seconds_alive(process: dict[str, Any]) -> float:
    """For how long a process of this machine has run; 0 for one of another machine, whose clock says nothing here."""
    if process.get("boot") != _boot():
        return 0.0
    now = time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.time()
    created = process.get("created")  # as somebody's editor may have left it
    return max(0.0, now - created) if isinstance(created, int | float) and abs(created) < now + 1 else 0.0


def _identity(pid: int) -> dict[str, Any]:
    """`created` is in seconds, on Linux since `boot`: what the kernel counts from the machine's start, psutil reckons
    from the wall clock there, which may be corrected."""
    if sys.platform != "linux":
        return {"pid": pid, "created": psutil.Process(pid).create_time()}
    ticks = int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    return {"pid": pid, "created": ticks / os.sysconf("SC_CLK_TCK"), "boot": _boot()}


def _boot() -> str | None:
    """What tells one start of this machine from the next; only Linux needs it, and has it."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return None
