"""What the browser and the command line both call: checks that a stage can run, freezes its request, starts its job.

The one place that knows all stages by name. It loads none that needs torch: those run in child processes.
"""

from dataclasses import dataclass
from pathlib import Path

from core import base_models, hardware_detector
from core.documents.chunk_store import ChunkStore
from core.jobs import JobSnapshot, JobState
from core.project_manager import CONFIG_LOCK, Project
from core.runs import Run, latest_run
from core.samples.sft_dataset import MINIMUM_SAMPLES, count_samples
from core.services import (
    MINIMUM_FREE_GIB,
    Services,
    require_chunks,
    start_child_job,
)
from utils import config
from utils.errors import AppError
from utils.files import require_disk


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
    project = services.projects.create(name)
    training = services.settings.training
    usual = config.TrainingSettings()
    suited = hardware_detector.suggested_training(services.hardware())
    # What a person has set for all projects stands above what the machine suggests.
    new = {name: value for name, value in suited.items() if getattr(training, name) == getattr(usual, name)}
    settings = config.changed(training, **new)
    project.set("training", settings.model_dump())
    return project


def status(project: Project) -> ProjectStatus:
    """How far a project is. Raises AppError where its config or its database is damaged."""
    base = project.load_config().base
    totals = ChunkStore(project.database).totals()
    return ProjectStatus(
        documents=sum(total.documents for total in totals),
        chunks=sum(total.chunks for total in totals),
        samples=count_samples(project.samples_file),
        base_ready=base is not None and base_models.is_ready(project, base),
        trained=finished_training(project) is not None,
        exported=tuple(exported_files(project)),
    )


def exported_files(project: Project) -> list[Path]:
    """The GGUF files of a project, newest first."""
    files = project.final_folder.glob("gguf/*.gguf")
    return sorted(files, key=lambda path: path.stat().st_mtime, reverse=True)


def start_practice_base(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Make the practice base model from the project's chunks. Raises AppError `no_chunks`."""
    require_chunks(project)
    require_disk(project.root, MINIMUM_FREE_GIB)
    seed = project.load_config().training.seed
    return start_child_job(services, project, "practice_base", {"seed": seed}, owner)


def choose_base(project: Project, choice: config.BaseChoice) -> None:
    """Set the model that training starts from; the practice model brings the settings that suit its size.

    Raises AppError where the choice names nothing that can be trained.
    """
    base_models.check(choice)
    with CONFIG_LOCK:
        current = project.load_config()
        training = config.changed(current.training, **suited_values(current.training, choice.source == "practice"))
        project.save_config(config.changed(current, base=choice.model_dump(), training=training.model_dump()))


def suited_values(training: config.TrainingSettings, practice: bool) -> dict[str, object]:
    """Fields to change so that the practice model trains with what suits it, and any other one without that.

    What a person has set to something of their own stays.
    """
    usual = config.TrainingSettings().model_dump()
    wanted, given_up = base_models.PRACTICE_TRAINING, usual
    if not practice:
        wanted, given_up = {name: usual[name] for name in wanted}, wanted
    return {name: value for name, value in wanted.items() if getattr(training, name) == given_up[name]}


def start_evaluation(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Compare base and tuned model on the held-out samples. Raises AppError `not_trained`."""
    return start_child_job(services, project, "evaluate", {"train_run": trained_run(project).id}, owner)


def start_export(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Write the tuned model in the project's output format. Raises AppError `not_trained`."""
    output = project.load_config().output
    request = {
        "train_run": trained_run(project).id,
        "format": output.format,
        # Ollama is given one file; for other programs a precise one is kept beside it.
        "quantization": sorted({output.quantization} if output.format == "ollama" else {"f16", output.quantization}),
    }
    return start_child_job(services, project, "export", request, owner)


def start_question(services: Services, project: Project, question: str, owner: str = "") -> JobSnapshot:
    """Ask the newest exported model. Raises AppError `no_question`, `not_exported`."""
    if not question.strip():
        raise AppError("no_question")
    files = exported_files(project)
    if not files:
        raise AppError("not_exported")
    return start_child_job(services, project, "ask", {"file": str(files[0]), "question": question.strip()}, owner)


def trained_run(project: Project) -> Run:
    """The newest finished training run. Raises AppError `not_trained`."""
    run = finished_training(project)
    if run is None:
        raise AppError("not_trained")
    return run


def finished_training(project: Project) -> Run | None:
    """The newest training that came to its end; one that runs or was stopped can be neither compared nor exported."""
    return latest_run(project, "train", frozenset({JobState.DONE}))


def rename_project(services: Services, old: str, new: str) -> Project:
    """Rename a project whose jobs rest. Raises AppError `project_busy`."""
    services.runner.forget_project(services.projects.open(old).name)
    return services.projects.rename(old, new)


def delete_project(services: Services, name: str) -> None:
    """Delete a project whose jobs rest. Raises AppError `project_busy`."""
    services.runner.forget_project(services.projects.open(name).name)
    services.projects.delete(name)
