"""Processes of the app's own: how they are started and ended. Knows nothing of what they do."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from core.jobs import launcher
from core.jobs.kinds import CHILD_ENVIRONMENT, kind_of
from core.jobs.runs import Run, is_alive
from utils.errors import AppError
from utils.files import open_file

PAUSE_SECONDS = 15.0
ELSEWHERE_SECONDS = 15 * 60.0  # a process whose partners have gone with their machine notices it after ten minutes
LOOK_SECONDS = 0.2


def start_child(run: Run, secrets: Mapping[str, Any] | None = None) -> "subprocess.Popen[bytes]":
    """Start the process that works on `run`.

    Secrets go through a pipe: not to a file, nor to arguments or an environment that others can read.
    """
    kind = kind_of(run.kind)
    inherited = os.environ if kind.keeps_rank else launcher.without_rank(os.environ)
    with open_file(run.output_file, "ab") as output:
        child = start_own(
            ["worker", str(run.folder)],
            {**inherited, **CHILD_ENVIRONMENT, **kind.environment},
            stdin=subprocess.PIPE if secrets else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if child.stdin:
        with contextlib.suppress(OSError):  # a child that died at its start is noticed by whoever waits for it
            child.stdin.write(json.dumps(dict(secrets or {})).encode())
            child.stdin.close()
    return child


def start_own(arguments: list[str], environment: Mapping[str, str], **streams: Any) -> "subprocess.Popen[bytes]":
    """Start this app once more, in a session of its own: Ctrl-C in the app's terminal is not for it."""
    apart: dict[str, Any] = (
        {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined, unused-ignore]
        if os.name == "nt"
        else {"start_new_session": True}
    )
    return subprocess.Popen([*own_command(), *arguments], env=environment, **streams, **apart)


def own_command() -> list[str]:
    """The command that starts this app, from its source or frozen into an executable."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, str(Path(__file__).resolve().parents[2] / "app.py")]


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


def end_child(run: Run) -> None:
    """Wait until no process works on a run: it is asked to pause; one of this machine that does not is killed.

    Raises AppError `job_already_running` where one of another machine goes on.
    """
    run.ask("pause")
    asked_at = time.monotonic()
    while process := run.read_state().process:
        waited = time.monotonic() - asked_at
        if waited > PAUSE_SECONDS and is_alive(process):
            kill_tree(process["pid"])
        elif waited > ELSEWHERE_SECONDS:
            raise AppError("job_already_running")
        time.sleep(LOOK_SECONDS)
