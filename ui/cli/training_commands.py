"""The commands of step 4: check, train, look back, take along, compare, export, ask."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ui.cli.command_tools import JobStopped, add_fields, finish, given, opened, show_result
from ui.page.figures import SIGNS, check_words, duration_words, rounded
from ui.texts import message_text, person_language, text
from ui.training.bundle_readme import readme
from ui.training.history_words import figure_words, outcome_words, record
from utils import config
from utils.validators import checked

if TYPE_CHECKING:
    from core.jobs.job import JobSnapshot
    from core.jobs.services import Services
    from core.project_manager import Project
    from core.trainer import Chosen


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands; `add(name, command, summary, *needed, **defaults)` makes one."""
    check = add("check", check_command, "look at data, model and machine before a training", "project")
    check.set_defaults(show=show_check, exit_code=lambda result, _: 0 if result["ready"] else 1)
    train = add("train", train_command, "train an adapter", "project", show=show_train)
    way = train.add_mutually_exclusive_group()
    way.add_argument("--resume", action="store_true", help="continue the interrupted run, or watch it")
    which = "of this run and checkpoint; without it, the best of the newest finished run"
    branch = "a new run that goes on from a checkpoint of another one, with the settings given here"
    way.add_argument("--from", dest="branch", metavar="RUN[:STEP]", help=branch)
    way.add_argument("--reproduce", metavar="RUN", help="repeat a run of this project")
    train.add_argument(
        "--preset", choices=("quick", "balanced", "thorough"), help="settings for this data and machine"
    )
    add_fields(train, config.TrainingSettings)
    add("runs", runs_command, "list the training runs", "project", show=show_runs)
    bundle = add("bundle", bundle_command, "write a training run to one file to take along", "project")
    bundle.add_argument("run", nargs="?", default="", help="without it, the newest finished one")
    evaluate = add("evaluate", evaluate_command, "base against tuned model on held-out samples", "project")
    evaluate.add_argument("--run", metavar="RUN[:STEP]", help=which)
    export = add("export", export_command, "write the finished model and check it", "project")
    export.add_argument("--run", metavar="RUN[:STEP]", help=which)
    add_fields(export, config.OutputSettings)
    ask = add("ask", ask_command, "ask the exported model", "project", "question")
    ask.set_defaults(show=lambda result, _: result["answer"])
    ask.add_argument("--run", metavar="RUN[:STEP]", help="only if the newest export is of this run")


def check_command(options: argparse.Namespace) -> dict[str, Any]:
    """What keeps a training from starting, how the samples will be read, how long it will take.

    The samples are only looked at where there are some.
    """
    from core import trainer

    services, project = opened(options)
    found = trainer.readiness_of(project, project.load_config(), services.hardware())
    refused = [check for check in found.checks if check.refusal]
    result: dict[str, Any] = {"ready": not refused, "checks": [asdict(check) for check in found.checks]}
    if found.expected and found.expected.time:
        lasting = found.expected.time
        result["time"] = {"steps": lasting.steps, "about_seconds": round(lasting.seconds, 1)}
    if not any(check.name in ("samples", "base") for check in refused):
        result["samples"] = finish(services, trainer.start_preflight(services, project))
    return result


def show_check(result: dict[str, Any], language: str) -> str:
    """One line per check, as the page shows it."""
    found = [*result["checks"], *result.get("samples", {}).get("checks", [])]
    lines = [f"{SIGNS[check['state']]} {check_words(check, language)}" for check in found]
    if lasting := result.get("time"):
        lines.append(
            text("run_time.line", language, duration=duration_words(rounded(lasting["about_seconds"]), language))
        )
    return "\n".join(lines)


def train_command(options: argparse.Namespace) -> dict[str, Any] | None:
    """Under torchrun rank 0 is the command, and every other rank computes for it.

    torchrun repeats a command that ends with an error, also one that ended because a person wanted it so. None, which
    is no error, where somebody elsewhere stopped the training.
    """
    from core import trainer
    from core.jobs import launcher
    from core.jobs.runs import open_run
    from utils.process_life import live

    if launcher.rank() > 0:
        live(lambda: launcher.follow(Path(options.projects)))

    launcher.require_all_processes()
    services, project = opened(options)
    started = trainer.go_on_with_launch(services, project) or begun(services, project, options)
    run, language = open_run(project, started.id), person_language()
    try:
        result = finish(services, started)
    except JobStopped as stopped:
        if stopped.by_signal or not launcher.launch() or not run.asked():
            raise
        print(text("cli.interrupted", language), file=sys.stderr)
        return None
    outcome = trainer.outcome(run)
    if outcome is None:
        return result
    print("\n".join(outcome_words(outcome, language)), file=sys.stderr)
    return {**result, "repetition": asdict(outcome)}


def begun(services: "Services", project: "Project", options: argparse.Namespace) -> "JobSnapshot":
    """The training that was asked for: an earlier one that goes on, one that is made from another, or a new one."""
    from core import trainer

    if options.resume:
        return trainer.resume_training(services, project)
    if options.reproduce:
        return trainer.reproduce_training(services, project, options.reproduce)
    if options.branch:
        start = trainer.choose(project, options.branch)
        changes = given(options, config.TrainingSettings)
        return trainer.continue_from_checkpoint(services, project, start.run.id, start.step, changes)
    project.set("training", given(options, config.TrainingSettings))
    make_practice_base_if_missing(services, project)
    if options.preset:
        apply_preset(services, project, options)
    return trainer.start_training(services, project)


def show_train(result: dict[str, Any], language: str) -> str:
    """How a repetition compares was said in sentences already."""
    return show_result({name: value for name, value in result.items() if name != "repetition"}, language)


def apply_preset(services: "Services", project: "Project", options: argparse.Namespace) -> None:
    """Fill the settings from a preset and say why so; flags given beside it win."""
    from core import trainer

    language = person_language()
    for message in trainer.apply_preset(project, options.preset, services.hardware()).words:
        print(message_text(message.key, message.params, language), file=sys.stderr)
    project.set("training", given(options, config.TrainingSettings))


def runs_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import trainer

    _, project = opened(options)
    return {"runs": [record(entry) for entry in trainer.entries(project)]}


def show_runs(result: dict[str, Any], language: str) -> str:
    """The runs as a table, newest first."""
    if not result["runs"]:
        return text("history.none", language)
    names = ("run", "state", "base", "loss", "eval", "time", "size")
    rows = [[text(f"history.head_{name}", language) for name in names]]
    rows += [
        [run["id"], text(f"job.state.{run['state']}", language), run["base"], *figure_words(run, language)]
        for run in result["runs"]
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def bundle_command(options: argparse.Namespace) -> dict[str, Any]:
    from core import exporter, trainer

    services, project = opened(options)
    run = options.run or exporter.trained_run(project).id
    return finish(services, trainer.start_bundle(services, project, run, partial(readme, person_language())))


def make_practice_base_if_missing(services: "Services", project: "Project") -> None:
    """The practice model is made from the documents on the way; any other base is the person's to provide."""
    from core import base_models, projects

    base = project.load_config().base
    if base and base.source == "practice" and not projects.status(project).base_ready:
        finish(services, base_models.start_practice_base(services, project))


def evaluate_command(options: argparse.Namespace) -> dict[str, object]:
    from core import exporter

    services, project = opened(options)
    return finish(services, exporter.start_evaluation(services, project, chosen=chosen_in(options, project)))


def chosen_in(options: argparse.Namespace, project: "Project") -> "Chosen | None":
    """The run and checkpoint that were named on the command line."""
    from core import trainer

    return trainer.choose(project, options.run) if options.run else None


def export_command(options: argparse.Namespace) -> dict[str, object]:
    from core import exporter

    services, project = opened(options)
    names = [name for name in (options.quantization or "").split(",") if name]
    several = [checked(config.OutputSettings, {"quantization": name}).quantization for name in names]
    options.quantization = several[-1] if several else None  # what the project goes on with
    project.set("output", given(options, config.OutputSettings))
    chosen = chosen_in(options, project)
    return finish(services, exporter.start_export(services, project, chosen=chosen, also=several[:-1]))


def ask_command(options: argparse.Namespace) -> dict[str, object]:
    from core import exporter

    services, project = opened(options)
    chosen = chosen_in(options, project)
    return finish(services, exporter.start_question(services, project, options.question, chosen=chosen))
