"""The whole path on the texts that come with the app, with the practice model: the page's first button, `demo`, and
what the self-test proves. Loads no stage."""

import contextvars
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import base_models, exporter, projects, rag_processor, sft_generator, trainer
from core.jobs.job import JobSnapshot, JobState
from core.jobs.services import Services
from core.project_manager import Project
from utils import config
from utils.errors import AppError, readable

DOCUMENTS = Path(__file__).resolve().parents[1] / "examples"
SAMPLES = 150
MOST_EXAMPLES = 200
STEPS = ("rag", "base", "sft", "train", "evaluate", "export")


def jobs_of(
    services: Services, project: Project, files: Sequence[Path] = (), formats: Sequence[str] = ("gguf",)
) -> Iterator[tuple[str, JobSnapshot]]:
    """Documents → chunks → practice model → samples → training → comparison → checked exports.

    Yields (name of the step, the job that was just started); each is to be waited for before the next one is asked
    for. The last of `formats` is called `export`, others `export_<format>`. Raises AppError where a step cannot
    begin.
    """
    yield "rag", rag_processor.start_documents(services, project, files or sorted(DOCUMENTS.iterdir()))
    base_models.choose_base(project, config.BaseChoice(source="practice", name="practice"))
    yield "base", base_models.start_practice_base(services, project)
    project.set("sft", {"samples": max(project.load_config().sft.samples, SAMPLES)})
    yield "sft", sft_generator.start_samples(services, project)
    yield "train", trainer.start_training(services, project)
    yield "evaluate", exporter.start_evaluation(services, project)
    for name in formats:
        project.set("output", {"format": name})
        step = "export" if name == formats[-1] else f"export_{name}"
        yield step, exporter.start_export(services, project, also=("f16",))


@dataclass
class Example:
    """How far the path is: the step that is under way, its job, and how it ended, if it did."""

    step: str = STEPS[0]
    job: str = ""
    ended: bool = False
    error: AppError | None = None

    @property
    def stamp(self) -> tuple[str, str, bool]:
        """Changes with whatever there is to tell."""
        return self.step, self.job, self.ended


_under_way: dict[Path, Example] = {}


def start(services: Services, name: str) -> Project:
    """Make a project and take the whole path in it, step by step; whoever asks is who it is done for.

    A step that is stopped or fails ends it; what is done stays. Raises AppError as `projects.create_project` does.
    """
    project = _created(services, name)
    _under_way[project.root] = example = Example()
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(_take, services, project, example), daemon=True).start()
    return project


def _created(services: Services, name: str) -> Project:
    """A project with this name, or with the next free number behind it: others may have projects that nobody sees."""
    for number in range(2, MOST_EXAMPLES):
        try:
            return projects.create_project(services, name)
        except AppError as error:
            if error.code != "project_exists":
                raise
        name = f"{name.rpartition(' ')[0] if number > 2 else name} {number}"
    raise AppError("project_exists", name=name)


def of(project: Project) -> Example | None:
    """How far the path is in this project; None where it was not begun since the app started, or was put aside."""
    return _under_way.get(project.root)


def put_aside(project: Project) -> None:
    """It needs no telling any more. One that runs goes on."""
    _under_way.pop(project.root, None)


def _take(services: Services, project: Project, example: Example) -> None:
    try:
        for example.step, job in jobs_of(services, project):
            example.job = job.id
            if services.runner.wait(job.id).state != JobState.DONE:
                break
    except (AppError, OSError) as error:
        example.error = readable(error)
    example.ended = True
