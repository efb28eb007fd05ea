"""What the browser and the command line both call to look at the samples before a training. Loads no tokenizer."""

import shutil
from pathlib import Path
from typing import Any

from core import base_models
from core.jobs import JobSnapshot, JobState
from core.project_manager import Project
from core.runs import list_runs
from core.services import Services, require_rest, start_child_job
from core.training import readiness
from core.training.provenance import portable_path
from utils.config import READING, TrainingSettings, settings_with
from utils.errors import AppError
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
    samples = readiness.check_samples(project, settings.training)
    base, folder = readiness.check_base(project, settings.base)
    readiness.require([samples, base])
    if settings.base is None or folder is None:
        raise AppError("no_base")
    forget_unfinished(project)
    request = {
        "base": {**settings.base.model_dump(), "folder": portable_path(project, folder)},
        "training": settings.training.model_dump(),
        "force_cpu": services.settings.force_cpu,
        "basis": basis(sha256_of(project.samples_file), base_models.fingerprint(folder), settings.training),
    }
    return start_child_job(services, project, KIND, request)


def basis(samples_sha256: str, fingerprint: str, training: TrainingSettings) -> dict[str, Any]:
    """All that decides about the result: as long as it is the same, so is the result."""
    chosen = training.model_dump(mode="json", include=set(settings_with(READING)))
    return {"format": FORMAT, "samples": samples_sha256, "base": fingerprint, **chosen}


def basis_now(samples_file: Path, folder: Path, training: TrainingSettings) -> dict[str, Any]:
    """What a look would rest on now. Reads the whole samples file, so it is worth remembering."""
    return basis(sha256_of(samples_file), base_models.fingerprint(folder), training)


def is_readable(result: dict[str, Any] | None) -> bool:
    """Whether a result is there that this version wrote."""
    return result is not None and result.get("basis", {}).get("format") == FORMAT


def forget_unfinished(project: Project) -> None:
    """Remove what earlier looks left that came to no result; the newest result stays until there is a newer one."""
    for run in list_runs(project, KIND):
        found = run.read_state()
        if found.state != JobState.DONE and not found.process:
            shutil.rmtree(run.folder, ignore_errors=True)
