"""What the browser and the command line both call to train, to go on or repeat a run, and to take one along."""

import shutil
from functools import partial
from typing import Any

from core import base_models
from core.jobs import ACTIVE, UNFINISHED, JobSnapshot, JobState
from core.project_manager import Project
from core.runs import Run, create_run, latest_run, live_run, open_run
from core.services import (
    MINIMUM_FREE_GIB,
    Services,
    alone,
    child_job,
    give_up,
    require_free,
    start_child_job,
    start_thread_job,
)
from core.training import branching, bundle, launcher, provenance, readiness, repeat, run_estimate
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import require_disk, sha256_of


def start_training(services: Services, project: Project) -> JobSnapshot:
    """Train an adapter with the project's settings. Raises AppError where something it needs is missing."""
    settings = project.load_config()
    hardware = services.hardware()
    expected = run_estimate.of_project(project, settings, hardware)
    readiness.require(readiness.look(project, settings, hardware, expected))
    base, folder = readiness.require_base(project, settings.base)
    request = {
        "base": {
            **base.model_dump(),
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
        **run_estimate.for_request(expected),
        "versions": provenance.installed_versions(),
        "machine": provenance.machine_facts(hardware),
        "app": provenance.app_facts(),
    }
    return start_child_job(
        services,
        project,
        "train",
        request,
        prepare=lambda run: shutil.copy2(project.samples_file, run.samples_file),
    )


def resume_training(services: Services, project: Project) -> JobSnapshot:
    """Continue the newest training run where it is not done, or watch the one that some process works on.

    Raises AppError `nothing_to_resume`.
    """
    if live := live_run(project, "train"):
        return services.runner.join(child_job(services, live))
    run = latest_run(project, "train")
    if run is None or run.read_state().state == JobState.DONE:
        raise AppError("nothing_to_resume")
    require_free(project, "train")
    known = services.runner.latest(project.name, ["train"])
    if known is None or known.id != run.id:
        return services.runner.start(child_job(services, run))
    return known if known.state in ACTIVE else services.runner.resume(run.id)


def branch_training(
    services: Services,
    project: Project,
    run_id: str,
    step: int | None,
    changes: dict[str, Any],
) -> JobSnapshot:
    """A new run that goes on from another run's checkpoint with other settings.

    `step` names the checkpoint; None means the newest one, or a fresh start where there is none. A run that stopped
    half-way is given up for its branch. Raises AppError `run_missing`, `branch_no_checkpoint`, `branch_fixed`,
    `branch_batch`, `branch_nothing_left`, `job_already_running`, `job_is_paused`, or where the disk is full.
    """
    require_free(project, "train")
    parent = open_run(project, run_id)
    _require_rest_but(services, parent)
    require_disk(project.root, MINIMUM_FREE_GIB)
    start = branching.start_point(parent, step)
    settings = branching.changed_settings(TrainingSettings(**parent.request["training"]), start, changes)
    hardware = services.hardware()
    expected = run_estimate.of_files(parent.base_folder, parent.samples_file, settings, hardware)
    request = {
        **branching.request_of(parent, start, settings),
        **run_estimate.for_request(expected, start.step if start else 0),
        "versions": provenance.installed_versions(),
        "machine": provenance.machine_facts(hardware),
        "app": provenance.app_facts(),
    }
    prepare = partial(branching.seed, parent, start)
    with project.held():
        branch = create_run(project, "train", request, prepare)
        give_up(services, parent)
        return services.runner.start(child_job(services, branch))


def _require_rest_but(services: Services, parent: Run) -> None:
    """Raises AppError where `parent` is at work, or another training of its project is unfinished."""
    if parent.read_state().process:
        raise AppError("job_already_running")
    for job in services.runner.jobs(parent.project.name):
        if job.kind == "train" and job.state in (ACTIVE if job.id == parent.id else UNFINISHED):
            raise AppError("job_is_paused" if job.state == JobState.PAUSED else "job_already_running")


def reproduce_training(services: Services, project: Project, run_id: str) -> JobSnapshot:
    """Repeat a training run of this project exactly: its settings, its samples, the same model, and for one that
    branched off the same checkpoint.

    Raises AppError `run_missing`, and as `repeat.request_of` and `repeat.beginning_of` do.
    """
    original = open_run(project, run_id)
    require_disk(project.root, MINIMUM_FREE_GIB)
    request = repeat.request_of(original, services.hardware())
    beginning = repeat.beginning_of(original)

    def prepare(run: Run) -> None:
        if beginning:
            branching.begin(run, beginning)
        repeat.keep_original(run, original)

    return start_child_job(services, project, "train", request, prepare)


def start_bundle(services: Services, project: Project, run_id: str, readme: bundle.Readme) -> JobSnapshot:
    """Write a finished training run to one file. Raises AppError `run_missing`, `bundle_not_done`."""
    run = open_run(project, run_id)
    bundle.contents_of(run)
    work = alone(project, "bundle", lambda context: bundle.write(context, run, readme))
    return start_thread_job(services, project, "bundle", work)
