"""What all commands share: the core on a projects folder, flags from settings, waiting for a job, errors."""

import argparse
import signal
import sys
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel

from core.jobs.job import ACTIVE, JobSnapshot, JobState
from core.jobs.kinds import kind_of
from ui import texts
from ui.cli.terminal import follow, noted_interrupts
from ui.texts import person_language

if TYPE_CHECKING:
    from core.jobs.services import Services
    from core.project_manager import Project

EXIT_ERROR, EXIT_INTERRUPTED = 1, 130


class JobStopped(Exception):
    """A job that the command waited for did not finish. Carries its last snapshot, and whether a signal was why."""

    def __init__(self, snapshot: JobSnapshot, by_signal: bool) -> None:
        super().__init__(snapshot.state)
        self.snapshot, self.by_signal = snapshot, by_signal


def report(code: str, params: dict[str, object], language: str, kind: str = "error") -> int:
    """Print an error, or a warning, and what to do about it; returns the exit code of an error."""
    message, hint = texts.error_text(code, language, params)
    print(f"{kind}: {message}\nhint: {hint}", file=sys.stderr)
    return EXIT_ERROR


def add_fields(target: argparse.ArgumentParser, kind: type[BaseModel]) -> None:
    """One flag per field; not given means: as it is set in the project."""
    for name, field in kind.model_fields.items():
        flag = f"--{name.replace('_', '-')}"
        if field.annotation is bool:
            target.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=None)
        else:
            annotation, several = field.annotation, get_origin(field.annotation) is tuple
            one = get_args(annotation)[0] if several else annotation
            choices = get_args(one) if get_origin(one) is Literal else None
            hint = ("," if several else "|").join(map(str, choices)) if choices else f"default {field.default}"
            target.add_argument(flag, dest=name, metavar=name.split("_")[-1].upper(), help=hint)


def given(options: argparse.Namespace, kind: type[BaseModel]) -> dict[str, object]:
    """The fields of `kind` that the person set on the command line."""
    return {name: value for name in kind.model_fields if (value := getattr(options, name, None)) is not None}


def services_of(options: argparse.Namespace) -> "Services":
    """The core, on the projects folder that was asked for."""
    from core.jobs.services import Services
    from core.project_manager import ProjectStore

    projects = ProjectStore(options.projects)
    projects.make_folder()
    options.services = Services(projects)
    return options.services


def opened(options: argparse.Namespace) -> "tuple[Services, Project]":
    services = services_of(options)
    return services, services.projects.open(options.project)


def finish(services: "Services", snapshot: JobSnapshot) -> dict[str, Any]:
    """Show a job until it ends and return its result. Raises JobStopped. Ctrl-C pauses it and waits for that."""
    with noted_interrupts() as interrupts:
        end = follow(services.runner, snapshot.id, person_language(), interrupts=interrupts)
    if end.state != JobState.DONE:
        raise JobStopped(end, bool(interrupts))
    follower = kind_of(snapshot.kind).then  # what comes next builds on it
    for job in services.runner.jobs(snapshot.project):
        if job.kind == follower and job.state in ACTIVE and job.id != snapshot.id:
            finish(services, job)
    return end.result or {}


def pause_all(services: "Services") -> None:
    """Pause what a command had just started when it was interrupted, and wait for that."""
    with noted_interrupts() as interrupts:
        interrupts.append(signal.SIGINT)
        for job in services.runner.jobs():
            if job.state in ACTIVE:
                follow(services.runner, job.id, person_language(), interrupts=interrupts)


def show_result(result: dict[str, Any], language: str) -> str:
    """A result for people: one line per figure, those that belong together on one."""
    lines = []
    for key, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(str(part) for part in value.values() if not isinstance(part, (dict, list)))
        if value not in (None, "") and not isinstance(value, list):
            lines.append(f"{key}: {value}")
    return "\n".join(lines)
