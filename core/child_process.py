"""Processes of the app's own: how they are started and ended. Knows nothing of what they do."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from core import keys
from core.runs import Run
from core.training import launcher
from utils.files import open_file

# No library of a child calls home, and none asks for a model that is not there (hub access is asked for by name).
CHILD_ENVIRONMENT = {
    keys.ENVIRONMENT_KEY: "",  # whoever needs a key is handed it
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
    with open_file(run.output_file, "ab") as output:
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
