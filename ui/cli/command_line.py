"""The command line: the same core as the browser, headless. Progress goes to stderr, results to stdout."""

import argparse
import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ui import texts
from ui.cli.command_tools import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    JobStopped,
    add_fields,
    finish,
    given,
    opened,
    pause_all,
    report,
    services_of,
    show_result,
)
from ui.cli.document_commands import add_commands as add_document_commands
from ui.cli.sample_commands import add_commands as add_sample_commands
from ui.cli.training_commands import add_commands as add_training_commands
from ui.texts import person_language
from utils import config
from utils.errors import AppError, readable, system_error
from utils.logger import set_up_logging
from utils.validators import checked

PROJECTS_FOLDER = Path(__file__).resolve().parents[2] / "projects"


def run(arguments: list[str]) -> int:
    """Run one command. Returns 0 done, 1 error, 130 interrupted; argparse itself exits with 2 on wrong usage."""
    set_up_logging()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names that the terminal has no characters for
    options = parser().parse_args(arguments)
    language = person_language()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill is an interruption, like Ctrl-C
    try:
        result = options.command(options)
        if result is not None:
            print_result(result, options, language)
    except (AppError, OSError) as error:
        known = readable(error)
        return report(known.code, known.params, language)
    except JobStopped as stopped:
        if stopped.snapshot.error:
            return report(stopped.snapshot.error.key, stopped.snapshot.error.params, language)
        print(texts.text("cli.interrupted", language), file=sys.stderr)
        return EXIT_INTERRUPTED
    except KeyboardInterrupt:
        if services := getattr(options, "services", None):
            pause_all(services)
        print(texts.text("cli.interrupted", language), file=sys.stderr)
        return EXIT_INTERRUPTED
    return options.exit_code(result, language)


def print_result(result: object, options: argparse.Namespace, language: str) -> None:
    """For programs or people; one such as head may stop to read early. Raises OSError where there is no room."""
    in_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    shown = json.dumps(result, ensure_ascii=not in_utf8) if options.json else options.show(result, language)
    try:
        print(shown, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes once more as it ends
        if not isinstance(error, BrokenPipeError):
            raise


def parser() -> argparse.ArgumentParser:
    """All commands and flags; the flags of settings and their bounds are read from the fields in `utils/config`."""
    top = argparse.ArgumentParser(prog="python3 start.py", description=__doc__)
    add_common(top, projects=PROJECTS_FOLDER, json=False)
    top.set_defaults(command=serve, show=show_result, exit_code=lambda *_: 0)
    top.add_argument("--port", type=int, default=7860)
    top.add_argument("--no-browser", action="store_true", help="do not open the browser")
    top.add_argument("--lan", action="store_true", help="let others on the local network in, with a join code")
    commands = top.add_subparsers(metavar="COMMAND")

    def add(
        name: str, command: Callable[[argparse.Namespace], object], summary: str, *needed: str, **defaults: Any
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        for argument in needed:
            added.add_argument(argument)
        add_common(added, projects=argparse.SUPPRESS, json=argparse.SUPPRESS)  # keeps what stood before the command
        added.set_defaults(command=command, **defaults)
        return added

    demo = add("demo", demo_command, "the whole path with the practice model, offline")
    demo.add_argument("--project", default="demo")
    demo.add_argument("files", nargs="*", type=Path, metavar="FILE")
    add("new", new_command, "create a project", "project")
    add("list", list_command, "list the projects", show=shown_list)
    add_document_commands(add)
    model = add("model", model_command, "choose base model and output format", "project")
    model.add_argument("--base", metavar="SOURCE:NAME", help="practice, ollama:NAME, hf:REPOSITORY or path:FOLDER")
    add_fields(model, config.OutputSettings)
    add_sample_commands(add)
    add_training_commands(add)
    doctor = add("doctor", doctor_command, "what this machine can do", show=lambda result, _: result["report"])
    doctor.set_defaults(exit_code=lambda result, _: 0 if result.get("passed", True) else EXIT_ERROR)
    doctor.add_argument("--selftest", action="store_true", help="take the whole path here; a report to send")
    return top


def add_common(target: argparse.ArgumentParser, **defaults: object) -> None:
    """The flags that work before and after the command."""
    target.add_argument("--projects", metavar="DIR", default=defaults["projects"], help="folder of all projects")
    target.add_argument(
        "--json", action="store_true", default=defaults["json"], help="print the result as the last line of stdout"
    )


def serve(options: argparse.Namespace) -> None:
    from core.jobs.services import reattach
    from ui.server.server import serve as serve_app

    services = services_of(options)
    services.projects.require_writable()
    reattach(services)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how a person ends the app, not a mishap
        serve_app(services, port=options.port, lan=options.lan, open_browser=not options.no_browser)


def new_command(options: argparse.Namespace) -> dict[str, object]:
    from core import projects as pipeline

    project = pipeline.create_project(services_of(options), options.project)
    return {"project": project.name, "folder": str(project.root)}


def list_command(options: argparse.Namespace) -> dict[str, object]:
    """The projects that can be worked with, and, where there are such, why others cannot be opened."""
    from core import projects as pipeline

    projects, closed = services_of(options).projects, {}
    for name in projects.names():
        try:
            pipeline.status(projects.open(name))
        except AppError as error:
            closed[name] = error
        except OSError as error:
            closed[name] = system_error(error) or AppError("internal", kind=type(error).__name__)
    language = person_language()
    reasons = {name: texts.error_text(error.code, language, error.params)[0] for name, error in closed.items()}
    usable = [name for name in projects.names() if name not in closed]
    return {"projects": usable, **({"closed": reasons} if reasons else {})}


def shown_list(result: dict[str, Any], language: str) -> str:
    closed = result.get("closed", {})
    lines = [texts.text("cli.project_closed", language, name=name, reason=closed[name]) for name in closed]
    return "\n".join([*result["projects"], *lines])


def model_command(options: argparse.Namespace) -> dict[str, object]:
    from core import base_models, rag_processor

    services, project = opened(options)
    if options.base:
        source, _, name = options.base.partition(":")
        if source == "practice":
            name = source  # there is only one
        choice = checked(config.BaseChoice, {"source": source, "name": name})
        base_models.choose_base(project, choice)
        get_ready = base_models.make_ready if source in ("ollama", "hf") else rag_processor.rechunk_if_needed
        if job := get_ready(services, project):
            finish(services, job)
    project.set("output", given(options, config.OutputSettings))
    saved = project.load_config()
    return {"base": saved.base and saved.base.model_dump(), "output": saved.output.model_dump()}


def demo_command(options: argparse.Namespace) -> dict[str, object]:
    """The whole path in one go."""
    from core import example, projects

    services = services_of(options)
    if options.project in services.projects.names():
        project = services.projects.open(options.project)
    else:
        project = projects.create_project(services, options.project)
    result: dict[str, object] = {"project": project.name, "folder": str(project.root)}
    for name, job in example.jobs_of(services, project, options.files, ("safetensors", "gguf")):
        result[name] = finish(services, job)
    return result


def doctor_command(options: argparse.Namespace) -> dict[str, object]:
    from ui.cli.doctor import examine
    from ui.cli.selftest import selftest

    services, language = services_of(options), person_language()
    found = examine(services, language)
    if not options.selftest:
        return found
    tested = selftest(services, language)
    return {**found, **tested, "report": f"{found['report']}\n\n{tested['report']}"}
