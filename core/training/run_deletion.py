"""What is lost with a training run, and removing one. Knows files; loads no torch."""

import shutil
from dataclasses import dataclass

from core.job_kinds import KINDS
from core.jobs import ACTIVE
from core.project_manager import Project
from core.runs import Run, list_runs, open_run
from core.services import Services, running
from core.training import branching, checkpoints
from core.training.history import size_of, trained_run
from utils.errors import AppError


@dataclass(frozen=True)
class Loss:
    """What is gone for good when a run is deleted. `branches` are runs that can then not be repeated any more."""

    size_bytes: int
    checkpoints: int
    adapter: bool
    branches: tuple[str, ...]


def loss_of_deleting(project: Project, run_id: str) -> Loss:
    """What would be lost with a run. Raises AppError `run_missing`."""
    run = open_run(project, run_id)
    published = checkpoints.adapter_of(project.checkpoints_folder, run_id) is not None
    others = (other for other in list_runs(project, "train") if other.id != run_id and other.is_whole)
    return Loss(
        size_bytes=size_of(run.folder) + (size_of(project.checkpoints_folder) if published else 0),
        checkpoints=len(checkpoints.complete_checkpoints(run.trainer_folder)),
        adapter=run == trained_run(project),
        branches=tuple(other.id for other in others if _needs(other, run_id)),
    )


def _needs(other: Run, run_id: str) -> bool:
    branch = branching.branch_of(other.request)
    return branch is not None and branch[0] == run_id and branching.needs_parent(other)


def delete_run(services: Services, project: Project, run_id: str, *, sure: bool = False) -> int:
    """Remove a run and free its room on the disk. Returns how many bytes that were.

    Raises AppError `run_missing`, `run_is_busy` while a process works on it or it waits for one, and
    `run_is_published` where its adapter is the one that comparison and export use, unless somebody who was told so
    is `sure`.
    """
    lost = loss_of_deleting(project, run_id)
    run = open_run(project, run_id)
    if is_busy(services, run):
        raise AppError("run_is_busy", run=run_id)
    if lost.adapter and not sure:
        raise AppError("run_is_published", run=run_id)
    services.runner.forget(run_id)
    with project.held():
        # Without its request a folder is no run: should the rest be interrupted, nobody meets half of one.
        (run.folder / "run.json").unlink()
        shutil.rmtree(run.folder)
        if checkpoints.adapter_of(project.checkpoints_folder, run_id):
            checkpoints.clear_published(project.checkpoints_folder)
    return lost.size_bytes


def is_busy(services: Services, run: Run) -> bool:
    """Whether a process works on a run, it waits for its turn, or what else is at work in the project may read it."""
    readers = (name for name, kind in KINDS.items() if kind.reads_run)
    if run.read_state().process or running(services, run.project, readers):
        return True
    return any(job.id == run.id and job.state in ACTIVE for job in services.runner.jobs(run.project.name))
