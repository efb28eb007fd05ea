"""Files that survive a crash: written whole or not at all, appended line by line, published by a rename."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import portalocker
from portalocker import LockFlags
from portalocker.exceptions import AlreadyLocked

from utils.errors import AppError

LOOKS_PASS_SECONDS = 1.0
"""Who looks whether a file is held, holds it for a moment."""


def write_text_atomic(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace `path` with `text`: a reader sees the old file or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    """Replace `path` with `value` as indented JSON, atomically."""
    write_text_atomic(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n", mode=mode)


def read_json(path: Path) -> Any:
    """The JSON in `path`. Raises FileNotFoundError, or ValueError where it is not JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def append_line(path: Path, text: str) -> None:
    """Append one line and wait until it is on the disk."""
    heal_last_line(path)
    with path.open("ab") as file:
        file.write(text.encode("utf-8") + b"\n")
        file.flush()
        os.fsync(file.fileno())


def heal_last_line(path: Path) -> None:
    """Close the half line that a killed writer left, so that the next line stands on its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def read_lines(path: Path) -> Iterator[str]:
    """The complete lines of `path`, without line ends; a last line that is still being written is left out."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1].decode("utf-8", errors="replace")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish_folder(prepared: Path, final: Path) -> None:
    """Put a finished folder where readers look for it: they see it complete or not at all.

    Both must be on one file system. What stood at `final` is replaced.
    """
    for path in sorted(prepared.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.exists():
        old = final.with_name(f".{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        os.replace(final, old)
        os.replace(prepared, final)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(prepared, final)
    sync_folder(final.parent)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a file locked, for all processes of all machines that share its folder; the system lets go of it when this
    process is gone. Raises AppError `job_already_running` where another one holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = portalocker.Lock(path, "a", timeout=LOOKS_PASS_SECONDS, check_interval=0.05)
    try:
        lock.acquire()
    except AlreadyLocked:
        raise AppError("job_already_running") from None
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a process holds a file locked; one that cannot be opened, nobody does."""
    shared = LockFlags.EXCLUSIVE if os.name == "nt" else LockFlags.SHARED  # there shared ones need another library
    try:
        with path.open("rb") as file:
            portalocker.lock(file, shared | LockFlags.NON_BLOCKING)
            portalocker.unlock(file)
    except AlreadyLocked:
        return True
    except OSError:
        return False
    return False


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable; Windows neither needs nor allows it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def free_disk_gib(folder: Path) -> float:
    """Free space, in GiB, on the disk that holds `folder` or will hold it."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 2**30


def require_disk(folder: Path, needed_gib: float) -> None:
    """Raises AppError `disk_full` where less than `needed_gib` is free on the disk that holds `folder`."""
    free_gib = free_disk_gib(folder)
    if free_gib < needed_gib:
        raise AppError("disk_full", free_gib=round(free_gib, 2), needed_gib=round(needed_gib, 2))
