"""What the browser and the command line both call to train: checks, a frozen request, its job; and going on later."""

import shutil

from core import base_models
from core.jobs import ACTIVE, JobSnapshot, JobState
from core.project_manager import Project
from core.runs import latest_run
from core.samples.sft_dataset import MINIMUM_SAMPLES, count_samples
from core.services import MINIMUM_FREE_GIB, Services, child_job, start_child_job
from core.training import launcher, memory_estimate, provenance
from utils.errors import AppError
from utils.files import require_disk, sha256_of


def start_training(services: Services, project: Project, owner: str = "") -> JobSnapshot:
    """Train an adapter with the project's settings. Raises AppError where something it needs is missing."""
    settings = project.load_config()
    samples = count_samples(project.samples_file)
    if samples < MINIMUM_SAMPLES:
        raise AppError("too_few_samples", samples=samples, minimum=MINIMUM_SAMPLES)
    if settings.base is None:
        raise AppError("no_base")
    folder = base_models.resolve(project, settings.base)
    require_disk(project.root, MINIMUM_FREE_GIB)
    hardware = services.hardware()
    expected = memory_estimate.outlook(folder, project.samples_file, settings.training, hardware)
    request = {
        "base": {
            **settings.base.model_dump(),
            "folder": provenance.portable_path(project, folder),
            "fingerprint": base_models.fingerprint(folder),
            "revision": provenance.revision_of(folder),
        },
        "training": settings.training.model_dump(),
        "seed": settings.training.seed,
        "processes": launcher.world() if launcher.world() > 1 else settings.training.processes,
        "engine": hardware.engine,
        "force_cpu": services.settings.force_cpu,
        "samples_sha256": sha256_of(project.samples_file),
        "memory": memory_estimate.for_request(expected) if expected else None,
        "versions": provenance.installed_versions(),
        "machine": provenance.machine_facts(hardware),
        "app": provenance.app_facts(),
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
