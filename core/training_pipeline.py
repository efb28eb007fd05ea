"""What the browser and the command line both call to train: checks, a frozen request, its job; and going on later."""

import platform
import shutil
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from core import base_models
from core.hardware_detector import Hardware
from core.jobs import ACTIVE, JobSnapshot, JobState
from core.project_manager import Project
from core.runs import latest_run
from core.services import Services, child_job, start_child_job
from core.training import launcher, memory_estimate, readiness, run_time
from utils.errors import AppError
from utils.files import sha256_of

VERSIONS_NOTED = ("torch", "transformers", "trl", "peft", "datasets", "accelerate", "bitsandbytes", "unsloth")


def start_training(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Train an adapter with the project's settings. Raises AppError where something it needs is missing."""
    settings = project.load_config()
    hardware = services.hardware()
    readiness.require([readiness.check_samples(project, settings.training)])  # before anything is downloaded
    if settings.base is None:
        raise AppError("no_base")
    folder = base_models.resolve(project, settings.base)
    longest = memory_estimate.longest_tokens(project.samples_file, folder, settings.training.max_length)
    readiness.require(readiness.look(project, settings, hardware, longest))
    expected = memory_estimate.outlook(folder, project.samples_file, settings.training, hardware, longest)
    lasting = run_time.outlook(folder, project.samples_file, settings.training, hardware)
    request = {
        "base": {
            **settings.base.model_dump(),
            "folder": portable_path(project, folder),
            "fingerprint": base_models.fingerprint(folder),
        },
        "training": settings.training.model_dump(),
        "seed": settings.training.seed,
        "processes": launcher.world() if launcher.world() > 1 else settings.training.processes,
        "engine": hardware.engine,
        "force_cpu": services.settings.force_cpu,
        "samples_sha256": sha256_of(project.samples_file),
        "memory": memory_estimate.for_request(expected) if expected else None,
        "time": run_time.for_request(lasting) if lasting else None,
        "versions": installed_versions(),
        "machine": machine_facts(hardware),
    }
    return start_child_job(
        services,
        project,
        "train",
        request,
        owner,
        prepare=lambda run: shutil.copy2(project.samples_file, run.samples_file),
    )


def resume_training(services: Services, project: Project) -> JobSnapshot:
    """Continue the newest training run that is not done, or watch it where it still runs.

    Raises AppError `nothing_to_resume`.
    """
    run = latest_run(project, "train")
    if run is None or run.read_state().state == JobState.DONE:
        raise AppError("nothing_to_resume")
    known = services.runner.latest(project.name, ["train"])
    if known is None or known.id != run.id:
        return services.runner.start(child_job(services, run))
    return known if known.state in ACTIVE else services.runner.resume(run.id)


def portable_path(project: Project, path: Path) -> str:
    """A path inside the project relative to it, so that it survives a rename; any other one as it is."""
    return str(path.relative_to(project.root)) if path.is_relative_to(project.root) else str(path)


def installed_versions() -> dict[str, str]:
    """The versions of the packages that a training run depends on."""
    found = {}
    for name in VERSIONS_NOTED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def machine_facts(hardware: Hardware) -> dict[str, object]:
    """Where a run computed, as far as it can decide about its result or its pace."""
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpu": hardware.cpu_name,
        "cores": hardware.cores,
        "ram_gib": round(hardware.ram_gib, 1),
        "accelerator": hardware.accelerator.name,
    }
