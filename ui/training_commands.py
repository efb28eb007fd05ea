"""The commands of step 4: train, compare, export, ask."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from ui.command_tools import add_fields, finish, given, opened
from utils import config

if TYPE_CHECKING:
    from core.project_manager import Project
    from core.services import Services


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands; `add(name, command, summary, **defaults)` makes one."""
    train = add("train", train_command, "train an adapter")
    train.add_argument("project")
    train.add_argument("--resume", action="store_true", help="continue the interrupted run, or watch it")
    add_fields(train, config.TrainingSettings)
    add("evaluate", evaluate_command, "base against tuned model on held-out samples").add_argument("project")
    export = add("export", export_command, "write the finished model and check it")
    export.add_argument("project")
    add_fields(export, config.OutputSettings)
    ask = add("ask", ask_command, "ask the exported model", show=lambda result, _: result["answer"])
    ask.add_argument("project")
    ask.add_argument("question")


def train_command(options: argparse.Namespace) -> dict[str, object]:
    """Under torchrun rank 0 is the command, and every other rank computes for it."""
    from core import training_pipeline
    from core.training import launcher

    if launcher.rank() > 0:
        sys.exit(launcher.follow(options.projects))

    services, project = opened(options)
    if options.resume:
        return finish(services, training_pipeline.resume_training(services, project))
    project.set("training", given(options, config.TrainingSettings))
    make_practice_base_if_missing(services, project)
    return finish(services, training_pipeline.start_training(services, project))


def make_practice_base_if_missing(services: "Services", project: "Project") -> None:
    """The practice model is made from the documents on the way; any other base is the person's to provide."""
    from core import pipeline

    base = project.load_config().base
    if base and base.source == "practice" and not pipeline.status(project).base_ready:
        finish(services, pipeline.start_practice_base(services, project))


def evaluate_command(options: argparse.Namespace) -> dict[str, object]:
    from core import pipeline

    services, project = opened(options)
    return finish(services, pipeline.start_evaluation(services, project))


def export_command(options: argparse.Namespace) -> dict[str, object]:
    from core import pipeline

    services, project = opened(options)
    project.set("output", given(options, config.OutputSettings))
    return finish(services, pipeline.start_export(services, project))


def ask_command(options: argparse.Namespace) -> dict[str, object]:
    from core import pipeline

    services, project = opened(options)
    return finish(services, pipeline.start_question(services, project, options.question))
