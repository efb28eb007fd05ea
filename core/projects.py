"""Projects, as browser and command line call for them: made, renamed, deleted, and how far each one is."""

from dataclasses import dataclass
from pathlib import Path

from core import exporter, hardware_detector
from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import JobState
from core.jobs.runs import latest_run
from core.jobs.services import Services
from core.models import bases
from core.project_manager import Project
from core.samples.store.sft_dataset import MINIMUM_SAMPLES, count_samples
from utils import config


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
    sources = ChunkStore(project.database).documents()
    return ProjectStatus(
        documents=len(sources),
        chunks=sum(source.chunks for source in sources),
        samples=count_samples(project.samples_file),
        base_ready=base is not None and bases.is_ready(project, base),
        trained=latest_run(project, "train", frozenset({JobState.DONE})) is not None,
        exported=tuple(exporter.exported_files(project)),
    )


def rename_project(services: Services, old: str, new: str) -> Project:
    """Rename a project whose jobs rest. Raises AppError `project_busy`, and as `ProjectStore.rename`."""
    with services.runner.forgetting_project(services.projects.open(old).name):
        return services.projects.rename(old, new)


def delete_project(services: Services, name: str) -> None:
    """Delete a project whose jobs rest. Raises AppError `project_busy`, and as `ProjectStore.delete`."""
    with services.runner.forgetting_project(services.projects.open(name).name):
        services.projects.delete(name)
