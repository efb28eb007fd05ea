"""What the browser and the command line both call to look at the samples before a training. Loads no tokenizer."""

import shutil
from pathlib import Path
from typing import Any

from core import base_models
from core.jobs import JobSnapshot, JobState
from core.project_manager import Project
from core.runs import latest_run, list_runs
from core.services import Services, require_rest, start_child_job
from core.training import readiness
from core.training.provenance import portable_path
from utils.config import READING, TrainingSettings, settings_with
from utils.files import sha256_of

KIND = "preflight"
FORMAT = 1
"""Of the result; one of another version is not shown."""


def start_preflight(services: Services, project: Project) -> JobSnapshot:
    """Look at the samples as the base model will read them.

    Raises AppError where samples or model are missing; what else keeps a training from starting does not matter.
    """
    require_rest(services, project, [KIND], "job_already_running")
    settings = project.load_config()
    readiness.require([readiness.check_samples(project, settings.training)])
    base, folder = readiness.require_base(project, settings.base)
    forget_older(project)
    request = {
        "base": {**base.model_dump(), "folder": portable_path(project, folder)},
        "training": settings.training.model_dump(),
        "force_cpu": services.settings.force_cpu,
        "basis": basis(project.samples_file, folder, settings.training),
    }
    return start_child_job(services, project, KIND, request)


def basis(samples_file: Path, folder: Path, training: TrainingSettings) -> dict[str, Any]:
    """All that decides about the result: as long as it is the same, so is the result.

    Reads the whole samples file, so it is worth remembering.
    """
    return {
        "format": FORMAT,
        "samples": sha256_of(samples_file),
        "base": base_models.fingerprint(folder),
        **training.model_dump(mode="json", include=set(settings_with(READING))),
    }


def is_readable(result: dict[str, Any] | None) -> bool:
    """Whether a result is there that this version wrote."""
    return result is not None and result.get("basis", {}).get("format") == FORMAT


def forget_older(project: Project) -> None:
    """Remove earlier looks; the newest result stays until there is a newer one."""
    newest = latest_run(project, KIND, frozenset({JobState.DONE}))
    for run in list_runs(project, KIND):
        if not (newest and run.id == newest.id) and not run.read_state().process:
            shutil.rmtree(run.folder, ignore_errors=True)
