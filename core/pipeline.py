"""What the browser and the command line both call: checks that a stage can run, freezes its request, starts its job.

The one place that knows all stages by name. It loads none that needs torch: those run in child processes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import base_models, hardware_detector
from core.documents.chunk_store import ChunkStore
from core.jobs import JobSnapshot, JobState
from core.project_manager import VERIFICATION, Project
from core.runs import Run, latest_run
from core.samples.sft_dataset import MINIMUM_SAMPLES, count_samples
from core.services import (
    MINIMUM_FREE_GIB,
    Services,
    require_chunks,
    start_child_job,
)
from core.training import checkpoints, history
from core.training.history import Chosen
from utils import config
from utils.errors import AppError
from utils.files import read_json, require_disk


@dataclass(frozen=True)
class ProjectStatus:
    """How far a project is, read from disk; what the next step is follows from it."""

    documents: int
    chunks: int
    samples: int
    base_ready: bool
    trained: bool
    exported: tuple[Path, ...]

    @property
    def next_step(self) -> str:
        """documents, model, samples, training, export or try: the first thing that is not there yet."""
        steps = (
            ("documents", self.chunks > 0),
            ("model", self.base_ready),
            ("samples", self.samples >= MINIMUM_SAMPLES),
            ("training", self.trained),
            ("export", bool(self.exported)),
        )
        return next((name for name, there in steps if not there), "try")


def create_project(services: Services, name: str) -> Project:
    """A new project whose training settings suit this machine. Raises AppError as `ProjectStore.create` does."""
    training = services.settings.training
    usual = config.TrainingSettings()
    suited = hardware_detector.suggested_training(services.hardware())
    # What a person has set for all projects stands above what the machine suggests.
    new = {name: value for name, value in suited.items() if getattr(training, name) == getattr(usual, name)}
    return services.projects.create(name, config.ProjectConfig(training=config.changed(training, **new)))


def status(project: Project) -> ProjectStatus:
    """How far a project is. Raises AppError where its config or its database is damaged."""
    base = project.load_config().base
    totals = ChunkStore(project.database).totals()
    return ProjectStatus(
        documents=sum(total.documents for total in totals),
        chunks=sum(total.chunks for total in totals),
        samples=count_samples(project.samples_file),
        base_ready=base is not None and base_models.is_ready(project, base),
        trained=latest_run(project, "train", frozenset({JobState.DONE})) is not None,
        exported=tuple(exported_files(project)),
    )


def exported_files(project: Project) -> list[Path]:
    """The GGUF files of the newest export, that which was written last first: no clock decides which one answers."""
    entries = export_report(project).get("files")
    written = [one.get("file") for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    files = sorted(project.final_folder.glob("gguf/*.gguf"))
    return sorted(files, key=lambda file: written.index(file.name) if file.name in written else -1, reverse=True)


def export_report(project: Project) -> dict[str, Any]:
    """What the newest export to GGUF noted of itself: `files`; `run` and `step`, unless by an early version."""
    try:
        report = read_json(project.final_folder / "gguf" / VERIFICATION)
        return report if isinstance(report, dict) else {}
    except (OSError, ValueError):
        return {}


def start_practice_base(services: Services, project: Project) -> JobSnapshot:
    """Make the practice base model from the project's chunks. Raises AppError `no_chunks`."""
    require_chunks(project)
    require_disk(project.root, MINIMUM_FREE_GIB)
    seed = project.load_config().training.seed
    return start_child_job(services, project, "practice_base", {"seed": seed})


def choose_base(project: Project, choice: config.BaseChoice) -> None:
    """Set the model that training starts from; the practice model brings the settings that suit its size.

    Raises AppError where the choice names nothing that can be trained.
    """
    base_models.check(choice)

    def changes(now: config.ProjectConfig) -> dict[str, object]:
        training = config.changed(now.training, **suited_values(now.training, choice.source == "practice"))
        return {"base": choice.model_dump(), "training": training.model_dump()}

    project.change_config(changes)


def suited_values(training: config.TrainingSettings, practice: bool) -> dict[str, object]:
    """Fields to change so that the practice model trains with what suits it, and any other one without that.

    What a person has set to something of their own stays.
    """
    usual = config.TrainingSettings().model_dump()
    wanted, given_up = base_models.PRACTICE_TRAINING, usual
    if not practice:
        wanted, given_up = {name: usual[name] for name in wanted}, wanted
    return {name: value for name, value in wanted.items() if getattr(training, name) == given_up[name]}


def start_evaluation(services: Services, project: Project, chosen: Chosen | None = None) -> JobSnapshot:
    """Compare base and tuned model on the held-out samples: of the chosen run and checkpoint, or of `trained_run`.

    Raises AppError `not_trained`, and as `checkpoints.adapter` does.
    """
    return start_child_job(services, project, "evaluate", tuned_model(project, chosen))


def start_export(services: Services, project: Project, chosen: Chosen | None = None) -> JobSnapshot:
    """Write the tuned model in the project's output format; which one, and what is raised, as `start_evaluation`."""
    output = project.load_config().output
    request = {
        **tuned_model(project, chosen),
        "format": output.format,
        # Ollama is given one file; for other programs a precise one is kept beside it.
        "quantization": sorted({output.quantization} if output.format == "ollama" else {"f16", output.quantization}),
    }
    return start_child_job(services, project, "export", request)


def tuned_model(project: Project, chosen: Chosen | None) -> dict[str, Any]:
    """Which run and checkpoint a request means, frozen."""
    found = chosen or Chosen(trained_run(project))
    return {"train_run": found.run.id, "step": checkpoints.adapter(found.run, found.step).step}


def start_question(services: Services, project: Project, question: str, chosen: Chosen | None = None) -> JobSnapshot:
    """Ask the newest exported model. Raises AppError `no_question`, `not_exported`, or `run_not_exported` where it is
    another one than the chosen."""
    if not question.strip():
        raise AppError("no_question")
    files = exported_files(project)
    if not files:
        raise AppError("not_exported")
    of = {name: export_report(project).get(name) for name in ("run", "step")}
    if chosen and (of["run"] != chosen.run.id or chosen.step not in (None, of["step"])):
        exported = f"{of['run']}:{of['step']}" if of["run"] else files[0].name
        raise AppError("run_not_exported", run=chosen.words, exported=exported)
    request = {"file": str(files[0]), "question": question.strip(), **of}
    return start_child_job(services, project, "ask", request)


def trained_run(project: Project) -> Run:
    """What `history.trained_run` finds. Raises AppError `not_trained`."""
    run = history.trained_run(project)
    if run is None:
        raise AppError("not_trained")
    return run


def rename_project(services: Services, old: str, new: str) -> Project:
    """Rename a project whose jobs rest. Raises AppError `project_busy`, and as `ProjectStore.rename`."""
    with services.runner.forgetting_project(services.projects.open(old).name):
        return services.projects.rename(old, new)


def delete_project(services: Services, name: str) -> None:
    """Delete a project whose jobs rest. Raises AppError `project_busy`, and as `ProjectStore.delete`."""
    with services.runner.forgetting_project(services.projects.open(name).name):
        services.projects.delete(name)
