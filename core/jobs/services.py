"""What all steps work with: projects, the job runner, and how a piece of work is started, found again or refused."""

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name
from typing import Any

from core import access, hardware_detector
from core.hardware_detector import Hardware
from core.jobs.child_work import ChildWork
from core.jobs.job import ACTIVE, Job, JobContext, JobSnapshot, JobState, RelayContext
from core.jobs.kinds import Kind, kind_of
from core.jobs.runner import JobRunner
from core.jobs.runs import Run, create_run, list_runs
from core.jobs.worker import alone_with, lock_file
from core.project_manager import Project, ProjectStore
from utils import config
from utils.errors import AppError
from utils.files import is_held

logger = logging.getLogger(__name__)

MINIMUM_FREE_GIB = 1.0


@dataclass
class Services:
    """All that the UI and the command line work with, made once per process."""

    projects: ProjectStore
    runner: JobRunner = field(default_factory=JobRunner)

    def __post_init__(self) -> None:
        config.load_app_settings()  # a damaged file is said at once

    @property
    def settings(self) -> config.AppSettings:
        """The machine-wide settings as they are now, whoever changed them. Raises AppError `config_damaged`."""
        return config.load_app_settings()

    def hardware(self) -> Hardware:
        """This machine now. Raises nothing: what cannot be told is left out."""
        return hardware_detector.detect(self.projects.folder, force_cpu=self.settings.force_cpu)


def start_child_job(
    services: Services,
    project: Project,
    kind: str,
    request: dict[str, Any],
    prepare: Callable[[Run], object] | None = None,
    secrets: Mapping[str, Any] | None = None,
) -> JobSnapshot:
    """Freeze the request in a run folder and queue the job that works on it; no folder stays behind a refusal.

    Raises AppError as `Project.held`, `require_free` and `JobRunner.start`, and `disk_full` or `host_only` where a
    guest asks for more of this machine than the host has set for all.
    """
    access.require_disk(project.root)
    if request.get("processes", 1) > services.settings.training.processes:
        access.require_host()
    require_free(project, kind)
    with project.held():
        run = create_run(project, kind, request, prepare)
        try:
            return services.runner.start(child_job(services, run, secrets))
        except (AppError, OSError):
            shutil.rmtree(run.folder)
            raise


def child_job(services: Services, run: Run, secrets: Mapping[str, Any] | None = None) -> Job:
    """The job of a run folder, new or found."""
    work, kind = ChildWork(run, secrets), kind_of(run.kind)
    then = _what_follows(services, run.project, kind)
    return Job(run.kind, run.project.name, work, kind.lane, run.owner, run.id, work.abandon, then)


def start_thread_job(
    services: Services, project: Project, kind: str, work: Callable[[RelayContext], dict[str, Any]]
) -> JobSnapshot:
    """Queue work that a thread of the app does. Raises AppError as `JobRunner.start`."""
    then = _what_follows(services, project, kind_of(kind))
    return services.runner.start(Job(kind, project.name, work, kind_of(kind).lane, then=then))


def _what_follows(services: Services, project: Project, kind: Kind) -> Callable[[], object] | None:
    return (lambda: resolve_name(kind_of(kind.then).start)(services, project)) if kind.then else None


def reattach(services: Services) -> None:
    """Show again what an earlier app left: others wait for `resume`, and what a process still works on goes on live.

    A project that cannot be read is passed over; whoever opens it reads why.
    """
    for name in services.projects.names():
        try:
            _reattach_runs(services, services.projects.open(name))
        except (AppError, OSError) as error:
            logger.warning("project %s: its runs cannot be read: %s", name, error)


def _reattach_runs(services: Services, project: Project) -> None:
    newest = {run.kind: run for run in list_runs(project) if run.is_whole}
    for kind, run in newest.items():
        found = run.read_state()
        if found.state in kind_of(kind).shown_again:
            services.runner.adopt(child_job(services, run), found.state, found.error)
    join_running(services, project, stays=False)


def join_running(services: Services, project: Project, stays: bool = True) -> None:
    """Show what another process has started and a child still works on: a terminal, closed or not, an earlier app.

    What `stays` goes on when this app closes.
    """
    jobs = services.runner.jobs(project.name)
    kinds = ["chunks", *(job.kind for job in jobs if job.state == JobState.RUNNING)]  # chunks are no run's
    known = {lock_file(project, kind) for kind in kinds}
    others = {path for path in project.runs_folder.glob(".*.lock") if path not in known and is_held(path)}
    for run in list_runs(project) if others else ():
        if run.is_whole and lock_file(project, run.kind) in others and run.read_state().process:
            services.runner.join(child_job(services, run), stays)


def give_up(services: Services, run: Run) -> None:
    """Note that a run that stopped half-way will not be resumed, because another one took its place."""
    if run.read_state().state in kind_of(run.kind).shown_again:
        if any(job.id == run.id for job in services.runner.jobs(run.project.name)):
            services.runner.cancel(run.id)
        else:
            ChildWork(run).abandon()


def alone(
    project: Project, kind: str, work: Callable[[JobContext], dict[str, Any]]
) -> Callable[[RelayContext], dict[str, Any]]:
    """`work`, with its project held; refused while another process does the same in it.

    A run's child sees to both by itself. The work raises AppError as `Project.held` too.
    """

    def held(context: RelayContext) -> dict[str, Any]:
        with project.held() as context.watch, alone_with(project, kind):
            result = work(context)
            context.watch()  # to who reads it a project that has gone is an empty one
            return result

    return held


def require_free(project: Project, kind: str) -> None:
    """Raises AppError `job_already_running` while a process of whichever app or terminal does such work there."""
    if is_held(lock_file(project, kind)):
        raise AppError("job_already_running")


def running(services: Services, project: Project, kinds: Iterable[str]) -> bool:
    """Whether a job of one of these kinds runs or waits in the project."""
    wanted = set(kinds)
    return any(job.kind in wanted and job.state in ACTIVE for job in services.runner.jobs(project.name))


def require_rest(services: Services, project: Project, kinds: Iterable[str], code: str) -> None:
    """Raises AppError `code` while a job of one of these kinds runs in the project."""
    if running(services, project, kinds):
        raise AppError(code)
