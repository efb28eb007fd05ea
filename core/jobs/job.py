"""The one picture of long work: what a job is, what its work may do, and what readers see of it.

Pausing, being interrupted and being resumed are one mechanism: the work stops at a safe point by raising,
keeps what it has on disk, and is simply called again; it then makes up what is missing.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from core import access
from utils.errors import AppError, Message, system_error

logger = logging.getLogger(__name__)

ACCELERATOR = "accelerator"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


ACTIVE = frozenset({JobState.QUEUED, JobState.RUNNING})
UNFINISHED = ACTIVE | {JobState.PAUSED}
RESUMABLE = frozenset({JobState.PAUSED, JobState.INTERRUPTED, JobState.FAILED, JobState.CANCELLED})


class StopRequested(Exception):
    """Raised inside work at a safe point, because a person asked for it."""


class PauseRequested(StopRequested):
    """Stop now; `resume` will call the work again."""


class CancelRequested(StopRequested):
    """Stop now; what was done is kept."""


class WorkInterrupted(Exception):
    """The work was lost through no fault of its own (its process was killed). Carries the AppError that says so."""

    def __init__(self, error: AppError) -> None:
        super().__init__(str(error))
        self.error = error


class JobContext(Protocol):
    """What work writes to; the same in a thread of the app and in a child process. Keys name texts in `ui/texts`."""

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        """How far the work is, and optionally what it does right now."""

    def log(self, key: str, /, **params: object) -> None:
        """One log line for people."""

    def metric(self, **values: float) -> None:
        """One point of the plots, such as step=3, loss=2.1."""

    def checkpoint(self) -> None:
        """A safe point. Raises PauseRequested or CancelRequested if somebody asked to stop.

        Raises AppError `project_gone` where the folder that the work writes into was taken away.
        """

    @property
    def stop_request(self) -> str | None:
        """ "pause", "cancel" or None, for callers that stop in their own way. Raises AppError `project_gone`."""


class SilentContext:
    """A JobContext for work so short that nobody watches it."""

    stop_request: str | None = None

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        """Nobody looks."""

    def log(self, key: str, /, **params: object) -> None:
        """Nobody looks."""

    def metric(self, **values: float) -> None:
        """Nobody looks."""

    def checkpoint(self) -> None:
        """Nobody asks to stop."""


class RelayContext(JobContext, Protocol):
    """What the app's own threads offer beyond a JobContext, for work that is relayed from a child process.

    `watch` is called at each safe point; what it raises ends the work.
    """

    watch: Callable[[], None]

    def clear(self) -> None:
        """Forget log and metrics, because they are about to be replayed from disk."""

    def restart_clock(self, started_seconds_ago: float) -> None:
        """The work has been running before anyone looked: elapsed time counts from its real start."""


def raise_stop(request: str | None) -> None:
    """Raise what a stop request means. Does nothing for None."""
    if request == "cancel":
        raise CancelRequested
    if request == "pause":
        raise PauseRequested


@dataclass(frozen=True)
class End:
    """How work ended."""

    state: JobState
    result: dict[str, Any] | None = None
    error: AppError | None = None


def end_of(work: Callable[[], dict[str, Any]], name: str, level: int = logging.INFO) -> End:
    """Do the work and say how it ended. What nobody foresaw goes to the log under this name, with its trace; so does
    what the system refused or took away, with this level."""
    try:
        return End(JobState.DONE, work())
    except PauseRequested:
        return End(JobState.PAUSED)
    except CancelRequested:
        return End(JobState.CANCELLED)
    except WorkInterrupted as lost:
        logger.log(level, "%s was interrupted", name, exc_info=True)
        return End(JobState.INTERRUPTED, error=lost.error)
    except AppError as known:
        return End(JobState.FAILED, error=known)
    except Exception as bug:  # the last resort of a thread or process: the job ends, the app lives
        refused = system_error(bug)
        logger.log(level if refused else logging.ERROR, "%s failed", name, exc_info=True)
        return End(JobState.FAILED, error=refused or AppError("internal", kind=type(bug).__name__))


@dataclass(frozen=True)
class Job:
    """What shall be done. `work` returns a JSON-able result and can be called again after it stopped half-way.

    `abandon` is called when work that is not running is cancelled, so that it can note this on disk; `then` when the
    work is done, just before the job says so: what follows from it is under way when people look.
    """

    kind: str
    project: str
    work: Callable[["RelayContext"], dict[str, Any]]
    lane: str | None = None
    owner: str = field(default_factory=lambda: access.asking().id)
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    abandon: Callable[[], None] = lambda: None
    then: Callable[[], object] | None = None


@dataclass(frozen=True)
class JobSnapshot:
    """All that readers get of a job: frozen, and true at one moment. `version` grows with every change."""

    id: str
    kind: str
    project: str
    owner: str
    state: JobState
    stopping: str | None
    done: float
    total: float | None
    message: Message | None
    log: tuple[Message, ...]
    metrics: tuple[dict[str, float], ...]
    error: Message | None
    result: dict[str, Any] | None
    seconds: float
    rate: float | None
    eta_seconds: float | None
    queue_position: int | None
    created: float
    version: int

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1; None while nobody knows."""
        return min(self.done / self.total, 1.0) if self.total else None
