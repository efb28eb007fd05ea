"""What came of a training, to take along: the bundle of a run, and the files of the newest export. Nothing else."""

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import Any, get_args

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import latest_run, open_run
from core.project_manager import Project
from ui.page.downloads import Download
from utils.config import OutputSettings

FORMATS = get_args(OutputSettings.model_fields["format"].annotation)  # each has a folder of its name
BUNDLE, EXPORT = "/download/bundle", "/download/export"


def bundle_of(project: Project, asked: Mapping[str, str]) -> Download:
    """The bundle of the run that is asked for. Raises AppError `run_missing`: what is no run's name leads nowhere."""
    file = trainer.bundle_file(project, open_run(project, asked.get("run", "")).id)
    return Download(file, f"{project.name}-{file.name}", "application/zip")


def export_of(project: Project, asked: Mapping[str, str]) -> Download | None:
    """One of the newest export's files; None where it wrote no such file."""
    run = latest_run(project, "export", frozenset({JobState.DONE}))
    file = exported_files(project, run.read_state().result or {}).get(asked.get("file", "")) if run else None
    return Download(file, file.name) if file else None


def exported_files(project: Project, result: Mapping[str, Any]) -> dict[str, Path]:
    """What an export wrote, by folder and name: `gguf/physics-q4_k_m.gguf`. Those of its own format come first.

    The result says where it all lay then; the project may have another name or place now.
    """
    listed = [PurePath(str(path)) for path in (result.get("folder", ""), *result.get("files", ()))]
    folders = dict.fromkeys(name for path in listed for name in path.parts[-2:] if name in FORMATS)
    inside = [file for name in folders for file in sorted((project.final_folder / name).rglob("*"))]
    return {
        file.relative_to(project.final_folder).as_posix(): file
        for file in inside
        if file.is_file() and not file.is_symlink()
    }
