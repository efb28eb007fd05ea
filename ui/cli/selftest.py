"""`doctor --selftest`: the whole path with the practice model, to prove that this machine can take it."""

import os
import shutil
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL
from typing import TYPE_CHECKING, Any

from core.jobs.job import ACTIVE, JobSnapshot
from ui import texts
from ui.cli.command_tools import JobStopped, finish, pause_all
from ui.page.figures import SIGNS
from utils.errors import AppError

if TYPE_CHECKING:
    from core.jobs.services import Services
    from core.project_manager import Project

TOLD = ("chunks", "samples", "steps", "first_loss", "loss", "difference", "low", "high", "bytes")
PAUSED_AFTER_STEPS = 3
PAGE_SECONDS = 120
OUTPUT_LINES = 40


def selftest(services: "Services", language: str) -> dict[str, Any]:
    """Take the whole path in a folder of its own, a pause in the training included, and open the page.

    Returns {"passed", "steps": [{"step", "passed", "seconds", …}], "report": the same for people}. It ends at the
    first step that fails. The path is taken with the texts that come with the app, so nothing of a person's documents
    or keys is in it.
    """
    folder = Path(tempfile.mkdtemp(prefix="selftest-"))
    steps: list[dict[str, Any]] = []
    try:
        for step in steps_in(folder, services):
            steps.append(step)
            print(line_of(step, language), file=sys.stderr)
    finally:
        pause_all(services)  # an interrupt may have left a job that still writes there
        shutil.rmtree(folder, ignore_errors=True)
    written = [line for step in steps for line in (line_of(step, language), *step.get("output", ()))]
    return {"passed": all(step["passed"] for step in steps), "steps": steps, "report": "\n".join(written)}


def steps_in(folder: Path, services: "Services") -> Iterator[dict[str, Any]]:
    """Each step of the self-test when it has ended; the last one is the first that failed."""
    from core import example, projects
    from core.jobs.runs import open_run
    from core.jobs.services import Services
    from core.project_manager import ProjectStore

    own = Services(ProjectStore(folder), services.runner)
    project = projects.create_project(own, "selftest")
    name, started = "rag", time.monotonic()
    try:
        for name, job in example.jobs_of(own, project, formats=("safetensors", "gguf")):
            result = finish(own, paused(own, project, job) if name == "train" else job)
            passed = result.get("verification", {"passed": True})["passed"]
            yield {"step": name, "passed": passed, "seconds": since(started), "result": result}
            if not passed:
                return
            started = time.monotonic()
        name = "page"
        result = {"bytes": page_bytes(folder)}
        yield {"step": name, "passed": True, "seconds": since(started), "result": result}
    except JobStopped as stopped:
        error, output = stopped.snapshot.error, open_run(project, stopped.snapshot.id).output_file
        written = output.read_text("utf-8", "replace").splitlines()[-OUTPUT_LINES:] if output.is_file() else []
        reason = error.key if error else str(stopped.snapshot.state)
        yield failed(name, started, reason, written)
    except (AppError, OSError) as problem:
        yield failed(name, started, str(problem), [])


def failed(name: str, started: float, reason: str, output: Sequence[str]) -> dict[str, Any]:
    """A step that did not work. Of the folders in what was printed, the one that tells who somebody is goes."""
    lines = [line.replace(str(Path.home()), "~") for line in (reason, *output)]
    return {"step": name, "passed": False, "seconds": since(started), "error": lines[0], "output": lines[1:]}


def since(started: float) -> float:
    return round(time.monotonic() - started, 1)


def line_of(step: dict[str, Any], language: str) -> str:
    """One step for people: whether it worked, how long it took, and its most telling figures."""
    name = texts.text(f"selftest.{step['step']}", language)
    sign = SIGNS["ok" if step["passed"] else "bad"]
    result = step.get("result", {})
    told = {figure: result[figure] for figure in TOLD if figure in result}
    said = [f"{figure} {round(value, 4)}" for figure, value in told.items()]
    return " · ".join([f"{sign} {name}", f"{step['seconds']} s", *said, *filter(None, [step.get("error")])])


def paused(services: "Services", project: "Project", job: JobSnapshot) -> JobSnapshot:
    """Pause a training after its first steps and go on with it: what a person's machine has to be able to do."""
    from core import trainer

    while (now := services.runner.get(job.id)).state in ACTIVE and now.done < PAUSED_AFTER_STEPS:
        services.runner.wait_for_change(now.version, 1.0)
    services.runner.pause(job.id)
    with suppress(JobStopped):
        finish(services, job)
    return trainer.resume_training(services, project)


def page_bytes(projects: Path) -> int:
    """Start the app once more as a person would, and fetch its page. Raises OSError where it does not answer."""
    from core.jobs.child_process import kill_tree, start_own

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    flags = ["--no-browser", "--port", str(port), "--projects", str(projects)]
    app = start_own(flags, os.environ, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy leads to this machine
    end = time.monotonic() + PAGE_SECONDS
    try:
        while True:
            try:
                with opener.open(f"http://127.0.0.1:{port}/", timeout=30) as page:
                    return len(page.read())
            except OSError:
                if time.monotonic() > end or app.poll() is not None:
                    raise
                time.sleep(0.5)
    finally:
        kill_tree(app.pid)
        app.wait()
