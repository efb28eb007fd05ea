"""Who may do what: the host of this machine, and guests. The one policy, asked by core itself and by the web server.

Whoever asks is known from the request (`acting_as`); the app's own threads and the command line act as the host.
A guest sees and changes what is theirs. Paths, addresses, keys, machine-wide settings and all else are the host's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from utils import files
from utils.config import uploads_folder
from utils.errors import AppError

GUEST_PROJECTS = 10
GUEST_JOBS = 3  # that run or wait at the same time
GUEST_UPLOAD_BYTES = 4 * 2**30  # of all documents in a guest's projects, and of uploads on their way there
FREE_DISK_GIB = 2.0  # what no upload may take, and nothing else that a guest begins


@dataclass(frozen=True)
class Visitor:
    """Whoever asks for something. The host has no id; a guest's one is what they own things by.

    `at_machine` is true of a host whose browser runs on this very machine, so that a file can be shown to them there.
    """

    id: str = ""
    at_machine: bool = False

    @property
    def is_host(self) -> bool:
        return not self.id


HOST = Visitor(at_machine=True)
_asking: ContextVar[Visitor] = ContextVar("asking")


def asking() -> Visitor:
    """Who asks for what is being done now."""
    return _asking.get(HOST)


def require_known() -> None:
    """Raises AppError `unknown_visitor` where a request's work has lost who asked: it would pass for the host's."""
    if _asking.get(None) is None:
        raise AppError("unknown_visitor")


@contextmanager
def acting_as(visitor: Visitor) -> Iterator[None]:
    """What is done inside is done for this visitor."""
    before = _asking.set(visitor)
    try:
        yield
    finally:
        _asking.reset(before)


def owns(owner: str) -> bool:
    """Whether what belongs to `owner` (a guest's id; "" is the host) is open to whoever asks."""
    return asking().is_host or asking().id == owner


def require_own(owner: str) -> None:
    """Raises AppError `not_yours` where somebody else's is to be changed."""
    if not owns(owner):
        raise AppError("not_yours")


def require_uploaded(file: Path) -> None:
    """Raises AppError `guest_no_files` where a guest names a file of this machine that nobody uploaded."""
    if not asking().is_host and not file.resolve().is_relative_to(uploads_folder().resolve()):
        raise AppError("guest_no_files")


def require_host(code: str = "host_only") -> None:
    """Raises AppError `code` where a guest asks for what only the host may do."""
    if not asking().is_host:
        raise AppError(code)


def require_disk(folder: Path) -> None:
    """Raises AppError `disk_full` where less is free on the disk that holds `folder` than a guest has to leave."""
    files.require_disk(folder, 0.0 if asking().is_host else FREE_DISK_GIB)
