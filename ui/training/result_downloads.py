"""The download of a bundle: one run's of one project, and nothing else."""

from collections.abc import Mapping

from core import trainer
from core.jobs.runs import open_run
from core.project_manager import Project
from ui.page import downloads
from ui.page.downloads import Download

PATH = "/download/bundle"


def download_address(project_name: str, run_id: str) -> str:
    return downloads.address_of(PATH, project_name, run=run_id)


def bundle_of(project: Project, asked: Mapping[str, str]) -> Download:
    """The bundle of the run that is asked for. Raises AppError `run_missing`: what is no run's name leads nowhere."""
    file = trainer.bundle_file(project, open_run(project, asked.get("run", "")).id)
    return Download(file, f"{project.name}-{file.name}", "application/zip")
