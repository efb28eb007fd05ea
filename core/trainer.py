"""Step 4, training: look at the samples, start, go on, repeat, take a run along, delete it. Loads no torch."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.estimates import run_estimate
from core.estimates.row_lengths import read_rows
from core.estimates.run_estimate import RunEstimate, estimate
from core.estimates.run_log import log_file as run_log
from core.exporter import check_format
from core.hardware_detector import Hardware
from core.jobs import launcher
from core.jobs.child_process import end_child
from core.jobs.job import ACTIVE, UNFINISHED, JobSnapshot, JobState
from core.jobs.kinds import KINDS, STOPPED
from core.jobs.runs import Run, create_run, latest_run, list_runs, live_run, open_run
from core.jobs.services import (
    MINIMUM_FREE_GIB,
    Services,
    alone,
    child_job,
    give_up,
    require_free,
    require_rest,
    running,
    start_child_job,
    start_thread_job,
)
from core.models import bases
from core.project_manager import Project
from core.training import bundle, checkpoints, derived_runs, history, provenance, readiness
from core.training.bundle import Contents, Readme
from core.training.bundle import file_of as bundle_file
from core.training.checkpoints import adapters
from core.training.derived_runs import Outcome, changed_settings, outcome, settings_of
from core.training.history import Chosen, Entry, Point, choose, curve, find, points_of, runs_of, trained_run
from core.training.history import history as entries
from core.training.history import read as read_run
from core.training.history import stamp as run_stamp
from core.training.presets import PRESETS, Preset, situation_of
from core.training.presets import apply as apply_preset
from core.training.presets import choose as choose_preset
from core.training.provenance import Fact, facts, installed_versions
from core.training.readiness import Base, Check, SuggestedFix, look, suggested_fix
from core.training.trend import trend
from utils.config import READING, ProjectConfig, TrainingSettings, settings_with
from utils.errors import AppError
from utils.files import file_stamp, require_disk, sha256_of

# What callers read of the packages, beside what stands below.
__all__ = [
    "PRESETS",
    "Check",
    "Chosen",
    "Contents",
    "Entry",
    "Fact",
    "Outcome",
    "Point",
    "Preset",
    "Readme",
    "RunEstimate",
    "SuggestedFix",
    "adapters",
    "apply_preset",
    "bundle_file",
    "changed_settings",
    "choose",
    "choose_preset",
    "curve",
    "entries",
    "estimate",
    "facts",
    "installed_versions",
    "look",
    "outcome",
    "points_of",
    "read_rows",
    "read_run",
    "run_log",
    "run_stamp",
    "runs_of",
    "settings_of",
    "situation_of",
    "suggested_fix",
    "trained_run",
    "trend",
]

PREFLIGHT = "preflight"
PREFLIGHT_FORMAT = 2
"""Of the result; one of another version is not shown."""


@dataclass(frozen=True)
class Loss:
    """What is gone for good when a run is deleted; `adapter` where it is the one that is compared and exported."""

    size_bytes: int
    checkpoints: int
    adapter: bool


@dataclass(frozen=True)
class Readiness:
    """What was found before a training: all checks, the base model where it is whole, and what the run will need."""

    checks: list[Check]
    base: Base | None
    expected: RunEstimate | None


def readiness_of(project: Project, settings: ProjectConfig, hardware: Hardware) -> Readiness:
    """What keeps a training with these settings from starting, and what it will need. Raises nothing."""
    found = _, base = readiness.check_base(project, settings.base)
    expected = run_estimate.of_files(base.folder, project.samples_file, settings.training, hardware) if base else None
    checks = readiness.look(project, settings, hardware, expected, found)
    return Readiness([*checks, *(check_format(base.folder, settings.output) if base else [])], base, expected)


def start_training(services: Services, project: Project) -> JobSnapshot:
    """Train an adapter with the project's settings. Raises AppError where something it needs is missing."""
    settings = project.load_config()
    hardware = services.hardware()
    found, samples = readiness_of(project, settings, hardware), project.samples_file
    readiness.require(found.checks)
    base = found.base
    assert base  # else it was refused
    request = {
        "base": provenance.base_facts(project, base.choice, base.folder, bases.fingerprint(base.folder)),
        "training": settings.training.model_dump(),
        "seed": settings.training.seed,
        "processes": launcher.world() if launcher.world() > 1 else settings.training.processes,
        "engine": hardware.engine,
        "force_cpu": services.settings.force_cpu,
        "samples_sha256": sha256_of(samples),
    }
    request |= _true_now(hardware, found.expected)
    return start_child_job(services, project, "train", request, lambda run: shutil.copy2(samples, run.samples_file))


def _true_now(hardware: Hardware, expected: RunEstimate | None) -> dict[str, Any]:
    """What a request says of the moment when it is made: what the run is expected to need, versions, machine, app."""
    return {
        **run_estimate.for_request(expected),
        "versions": provenance.installed_versions(),
        "machine": provenance.machine_facts(hardware),
        "app": provenance.app_facts(),
    }


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
    run.note_launch()
    known = services.runner.latest(project.name, ["train"])
    if known is None or known.id != run.id:
        return services.runner.start(child_job(services, run))
    return known if known.state in ACTIVE else services.runner.resume(run.id)


def go_on_with_launch(services: Services, project: Project) -> JobSnapshot | None:
    """Where torchrun repeats the command: go on with the training that it works on, after whoever did so has ended.

    None where there is none. A torchrun that begins with the id of an earlier one, as a job that a cluster starts
    again does, goes on with what that left paused or interrupted. Raises AppError as `end_child`.
    """
    run = next((run for run in reversed(list_runs(project, "train")) if run.is_of_this_launch), None)
    if run is None or not (launcher.restarts() or run.read_state().state in STOPPED):
        return None
    end_child(run)
    return services.runner.start(child_job(services, run))


def continue_from_checkpoint(
    services: Services, project: Project, run_id: str, step: int | None, changes: dict[str, Any]
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
    start = derived_runs.start_point(parent, step)
    settings = changed_settings(settings_of(parent.request), start, changes)
    hardware = services.hardware()
    expected = run_estimate.of_files(parent.base_folder, parent.samples_file, settings, hardware)
    request = derived_runs.continued_request(parent, start, settings)
    request |= _true_now(hardware, expected)
    prepare = partial(derived_runs.seed, parent, start)
    with project.held():
        branch = create_run(project, "train", request, prepare)
        give_up(services, parent)
        return services.runner.start(child_job(services, branch))


def take_fix(services: Services, project: Project) -> None:
    """Go on as the suggested fix of the newest training says. Raises AppError as `continue_from_checkpoint` does.

    Where the project's settings are still those that failed, they change too: the next training would fail as well.
    """
    job = services.runner.latest(project.name, ["train"])
    fix = suggested_fix(project, job)
    if job is None or fix is None:  # somebody else was quicker
        return
    continue_from_checkpoint(services, project, job.id, None, fix.changes)
    failed = TrainingSettings(**open_run(project, job.id).request["training"])
    now = project.load_config().training
    if all(getattr(now, name) == getattr(failed, name) for name in fix.changes):
        project.set("training", fix.changes)


def _require_rest_but(services: Services, parent: Run) -> None:
    """Raises AppError where `parent` is at work, or another training of its project is unfinished."""
    if parent.read_state().process:
        raise AppError("job_already_running")
    for job in services.runner.jobs(parent.project.name):
        if job.kind == "train" and job.state in (ACTIVE if job.id == parent.id else UNFINISHED):
            raise AppError("job_is_paused" if job.state == JobState.PAUSED else "job_already_running")


def reproduce_training(services: Services, project: Project, name: str) -> JobSnapshot:
    """Repeat a training run of this project exactly: its settings, its samples, the same model, and for one that
    branched off the same checkpoint.

    Raises AppError as `find` does, and as `derived_runs.repeated_request` and `derived_runs.original_beginning` do.
    """
    original = find(project, name)
    require_disk(project.root, MINIMUM_FREE_GIB)
    request = derived_runs.repeated_request(original)
    hardware, settings = services.hardware(), TrainingSettings(**request["training"])
    folder = project.root / request["base"]["folder"]
    request |= _true_now(hardware, run_estimate.of_files(folder, original.samples_file, settings, hardware))
    beginning = derived_runs.original_beginning(original)

    def prepare(run: Run) -> None:
        if beginning:
            derived_runs.begin(run, beginning)
        derived_runs.keep_original(run, original)

    return start_child_job(services, project, "train", request, prepare)


def start_bundle(services: Services, project: Project, name: str, readme: Readme) -> JobSnapshot:
    """Write a finished training run to one file. Raises AppError as `find` does, and `bundle_not_done`."""
    run = find(project, name)
    bundle.contents_of(run)
    work = alone(project, "bundle", lambda context: bundle.write(context, run, readme))
    return start_thread_job(services, project, "bundle", work)


def loss_of_deleting(project: Project, run_id: str) -> Loss:
    """What would be lost with a run. Raises AppError `run_missing`."""
    run = open_run(project, run_id)
    published = checkpoints.adapter_of(project.checkpoints_folder, run_id) is not None
    return Loss(
        size_bytes=history.size_of(run.folder) + (history.size_of(project.checkpoints_folder) if published else 0),
        checkpoints=len(checkpoints.complete_checkpoints(run.trainer_folder)),
        adapter=run == trained_run(project),
    )


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


def start_preflight(services: Services, project: Project) -> JobSnapshot:
    """Look at the samples as the base model will read them.

    Raises AppError where samples or model are missing; what else keeps a training from starting does not matter.
    """
    require_rest(services, project, [PREFLIGHT], "job_already_running")
    settings = project.load_config()
    readiness.require([readiness.check_samples(project, settings.training)])
    base = readiness.require_base(project, settings.base)
    _forget_older_looks(project)
    request = {
        "base": {**base.choice.model_dump(), "folder": provenance.portable_path(project, base.folder)},
        "training": settings.training.model_dump(),
        "force_cpu": services.settings.force_cpu,
        "basis": preflight_basis(project.samples_file, base.folder, settings.training),
    }
    return start_child_job(services, project, PREFLIGHT, request)


def preflight_basis(samples_file: Path, folder: Path, training: TrainingSettings) -> dict[str, Any]:
    """All that decides about the result: as long as it is the same, so is the result."""
    return {
        "format": PREFLIGHT_FORMAT,
        "samples": str(file_stamp(samples_file)),
        "base": f"{folder} {file_stamp(folder / 'config.json')} {file_stamp(folder / 'tokenizer.json')}",
        **training.model_dump(mode="json", include=set(settings_with(READING))),
    }


def is_preflight_readable(result: dict[str, Any] | None) -> bool:
    """Whether a result is there that this version wrote."""
    return result is not None and result.get("basis", {}).get("format") == PREFLIGHT_FORMAT


def _forget_older_looks(project: Project) -> None:
    """Remove earlier looks; the newest result stays until there is a newer one."""
    newest = latest_run(project, PREFLIGHT, frozenset({JobState.DONE}))
    for run in list_runs(project, PREFLIGHT):
        if not (newest and run.id == newest.id) and not run.read_state().process:
            shutil.rmtree(run.folder, ignore_errors=True)
