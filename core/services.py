"""What all steps work with: projects, the job runner, and how a piece of work is started, found again or refused."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import portalocker

from core import access, hardware_detector
from core.child_work import ChildWork
from core.documents.chunk_store import ChunkStore
from core.hardware_detector import Hardware
from core.job_runner import JobRunner
from core.jobs import ACCELERATOR, ACTIVE, Job, JobContext, JobSnapshot, JobState
from core.project_manager import Project, ProjectStore
from core.runs import Run, create_run, list_runs
from core.worker import lock_file
from utils import config
from utils.errors import AppError

LANES = dict.fromkeys(("train", "evaluate", "export", "practice_base", "unpack_base"), ACCELERATOR)
BRING_A_TOKENIZER = ("practice_base", "unpack_base", "download")
MINIMUM_FREE_GIB = 1.0
NOT_GONE_ON_WITH = ("ask", "preflight")  # so quick that they are simply started again
STOPPED = frozenset({JobState.PAUSED, JobState.INTERRUPTED, JobState.FAILED})


@dataclass
class Services:
    """All that the UI and the command line work with, made once per process."""

    projects: ProjectStore
    runner: JobRunner = field(default_factory=JobRunner)
    settings: config.AppSettings = field(default_factory=config.load_app_settings)

    def hardware(self) -> Hardware:
        """This machine now. Raises nothing: what cannot be told is left out."""
        return hardware_detector.detect(self.projects.folder, force_cpu=self.settings.force_cpu)


def start_child_job(
    services: Services,
    project: Project,
    kind: str,
    request: dict[str, Any],
    owner: str,
    prepare: Callable[[Run], object] | None = None,
    secrets: Mapping[str, Any] | None = None,
) -> JobSnapshot:
    """Freeze the request in a run folder and queue the job that works on it; no folder stays behind a refusal.

    Raises AppError `disk_full` or `host_only` where a guest asks for more of this machine than the host has set for
    all, and whatever `prepare` and the runner raise.
    """
    access.require_disk(project.root)
    if request.get("processes", 1) > services.settings.training.processes:
        access.require_host()
    run = create_run(project, kind, request, prepare)
    try:
        return services.runner.start(child_job(services, run, owner, secrets))
    except (AppError, OSError):
        shutil.rmtree(run.folder)
        raise


def child_job(services: Services, run: Run, owner: str = "", secrets: Mapping[str, Any] | None = None) -> Job:
    """The job of a run folder, new or found."""
    work = ChildWork(run, secrets)
    then = partial(count_with_new_tokenizer, services, run.project) if run.kind in BRING_A_TOKENIZER else None
    return Job(run.kind, run.project.name, work, LANES.get(run.kind), owner, run.id, work.abandon, then)


def count_with_new_tokenizer(services: Services, project: Project) -> None:
    """A base model that was just made brings its own tokenizer, with which the chunks are then counted."""
    from core.document_pipeline import rechunk_if_needed  # which needs this module

    rechunk_if_needed(services, project)


def reattach(services: Services) -> None:
    """Show again what an earlier app left: runs whose process still works go on live, others wait for `resume`.

    So does a training that failed: what stopped it may be mended by now, and its checkpoints are still there.
    """
    for name in services.projects.names():
        project = services.projects.open(name)
        newest = {run.kind: run for run in list_runs(project) if run.is_whole and run.kind not in NOT_GONE_ON_WITH}
        for run in newest.values():
            found = run.read_state()
            if found.process:
                services.runner.start(child_job(services, run, project.owner))
            elif found.state in (STOPPED if run.kind == "train" else STOPPED - {JobState.FAILED}):
                services.runner.adopt(child_job(services, run, project.owner), found.state, found.error)


def give_up(services: Services, run: Run) -> None:
    """Note that a run that stopped half-way will not be resumed, because another one took its place."""
    if run.read_state().state in STOPPED:
        if any(job.id == run.id for job in services.runner.jobs(run.project.name)):
            services.runner.cancel(run.id)
        else:
            ChildWork(run).abandon()


def alone(
    project: Project, kind: str, work: Callable[[JobContext], dict[str, Any]]
) -> Callable[[JobContext], dict[str, Any]]:
    """`work`, refused while another process does the same in this project (a child's lock does that for runs)."""

    def locked(context: JobContext) -> dict[str, Any]:
        path = lock_file(project, kind)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with portalocker.Lock(path, "a", timeout=0, fail_when_locked=True):
                return work(context)
        except portalocker.exceptions.LockException:
            raise AppError("job_already_running") from None

    return locked


def running(services: Services, project: Project, kinds: Iterable[str]) -> bool:
    """Whether a job of one of these kinds runs or waits in the project."""
    wanted = set(kinds)
    jobs = services.runner.jobs()
    return any(job.project == project.name and job.kind in wanted and job.state in ACTIVE for job in jobs)


def require_rest(services: Services, project: Project, kinds: Iterable[str], code: str) -> None:
    """Raises AppError `code` while a job of one of these kinds runs in the project."""
    if running(services, project, kinds):
        raise AppError(code)


def require_chunks(project: Project) -> None:
    """Raises AppError `no_chunks` where no document has given any text yet."""
    if ChunkStore(project.database).count() == 0:
        raise AppError("no_chunks")
