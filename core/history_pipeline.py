"""What the browser and the command line both call to take a training run along, and to repeat one from elsewhere."""

from pathlib import Path

from core import access, training_pipeline
from core.jobs import Job, JobSnapshot
from core.project_manager import Project
from core.runs import open_run
from core.services import Services, alone
from core.training import bundle, unbundle
from utils.errors import AppError


def start_bundle(services: Services, project: Project, run_id: str, readme: bundle.Readme) -> JobSnapshot:
    """Write a finished training run to one file. Raises AppError `run_missing`, `bundle_not_done`."""
    run = open_run(project, run_id)
    bundle.contents_of(run)
    work = alone(project, "bundle", lambda context: bundle.write(context, run, readme))
    return services.runner.start(Job("bundle", project.name, work))


def reproduce_bundle(services: Services, project: Project, file: Path) -> JobSnapshot:
    """Repeat the training run in a bundle, which may name folders of this machine: the host only.

    Raises AppError `host_only`, `file_missing`, and what `unbundle.opened` and `repeat_original` raise.
    """
    access.require_host()
    if not file.is_file():
        raise AppError("file_missing", file=file.name)
    with project.held(), unbundle.opened(project, file) as original:
        return training_pipeline.repeat_original(services, project, original)
