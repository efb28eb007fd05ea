"""Files that survive a crash: written whole or not at all, appended line by line, published by a rename.

Nothing here makes the folder that it writes into: a project that another app renamed or a person moved away would
be there again, as an empty folder that takes its name.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast

from utils.errors import AppError, NotAFile

MOST_DEPTH = 100  # of values in each other in JSON; what people and programs write has hardly ten
HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # control characters, bytes that are no UTF-8, line ends

LOOK_AGAIN_SECONDS = 0.002
REPLACE_SECONDS = 5.0

Record = TypeVar("Record")


@contextmanager
def locked(path: Path, busy: AppError, shared: bool = False, patience_seconds: float = 30.0) -> Iterator[None]:
    """Hold the lock that the file `path` is; it goes with its process, however that ends.

    `shared` holders have it together, any other one alone. Raises `busy` where it was not to be had for that long,
    FileNotFoundError where its folder is not there.
    """
    import portalocker  # a third of what a process loads that only reads documents

    wanted = portalocker.LockFlags.SHARED if shared else portalocker.LockFlags.EXCLUSIVE
    deadline = time.monotonic() + patience_seconds
    with open_file(path, "a+b") as file:  # readable too: NFS asks for that where a lock is shared
        if shared and os.name == "nt":  # there an open file is enough: Windows moves no folder that holds one
            yield
            return
        while True:
            try:
                portalocker.lock(file, wanted | portalocker.LockFlags.NON_BLOCKING)
                break
            except portalocker.exceptions.AlreadyLocked:
                if time.monotonic() >= deadline:
                    raise busy from None
                time.sleep(LOOK_AGAIN_SECONDS)
        try:
            yield
        finally:
            portalocker.unlock(file)


LOOKS_PASS_SECONDS = 1.0
"""Who looks whether a file is held, holds it for a moment."""


def write_text_atomic(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace `path` with `text`, as `replacing` does."""
    with replacing(path, mode) as file:
        file.write(text.encode())


@contextlib.contextmanager
def replacing(path: Path, mode: int = 0o644) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` at the end; where an error comes before, nothing changes.

    A reader sees the old file or the new one, also after a power cut.
    """
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        error.filename = str(path)  # the name that people know
        raise
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        replace_when_free(Path(temporary), path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def replace_when_free(prepared: Path, path: Path) -> None:
    """os.replace; Windows refuses it while somebody has the old one open, so it is tried for some seconds there."""
    deadline = time.monotonic() + REPLACE_SECONDS
    while True:
        try:
            os.replace(prepared, path)
            return
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_AGAIN_SECONDS)


def write_json(path: Path, value: Any, *, mode: int = 0o644) -> None:
    """Replace `path` with `value` as indented JSON, atomically."""
    write_text_atomic(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n", mode=mode)


def open_file(path: Path, mode: str = "rb") -> BufferedReader:
    """A regular file, in a binary mode. Raises NotAFile for anything else: a pipe or a device would never answer."""
    with contextlib.suppress(FileNotFoundError):
        try:
            found = os.stat(path)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise NotAFile(path) from None
            raise
        if not stat.S_ISREG(found.st_mode):
            raise NotAFile(path)
    # Whatever was put into its place meanwhile is not waited for either.
    return cast(BufferedReader, open(path, mode, opener=_without_waiting))


def _without_waiting(name: str, flags: int) -> int:
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0), 0o666)


def parse_json(text: str | bytes, *, half_pairs: bool = False) -> Any:
    """What came from outside as JSON, in UTF-8. Raises ValueError for all that is none, and for what no one can use:

    values too deep in each other, numbers of thousands of digits and, unless `half_pairs` are dealt with later, text
    with half a pair of surrogates. NaN and Infinity are no JSON; they are read as null, as JavaScript writes them.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8-sig")
    try:
        value = json.loads(text, parse_constant=lambda _: None)  # noqa: TID251 - the one place
    except RecursionError:
        raise ValueError("too deep") from None
    if text.count("[") + text.count("{") > MOST_DEPTH:
        require_shallow(value)
    if not half_pairs and HALF_PAIR.search(text):
        json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def require_shallow(value: Any) -> None:
    """Raises ValueError where values lie so deep in each other that whoever walks through them would fall."""
    level = [value]
    for _ in range(MOST_DEPTH):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise ValueError("too deep")


def read_json(path: Path) -> Any:
    """The JSON in `path`. Raises FileNotFoundError, ValueError where it is not JSON or no file, else OSError."""
    with open_file(path) as file:
        return parse_json(file.read())


def printable(name: str) -> str:
    """A name as it can be shown anywhere: what is no character, or would move the cursor, as its escape."""
    if name.isprintable():  # most are, and the list of projects is asked for every second
        return name
    return "".join(
        letter.encode("unicode_escape").decode() if unicodedata.category(letter) in UNPRINTABLE else letter
        for letter in name
    )


def append_line(path: Path, text: str) -> None:
    """Append one line and wait until it is on the disk."""
    heal_last_line(path)
    with open_file(path, "ab") as file:
        file.write(text.encode("utf-8") + b"\n")
        file.flush()
        os.fsync(file.fileno())


def heal_last_line(path: Path) -> None:
    """Close the half line that a killed writer left, so that the next line stands on its own."""
    with open_file(path, "a+b") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")


def read_lines(path: Path) -> Iterator[str]:
    """The complete lines of `path`, without line ends; a last line that is still being written is left out."""
    try:
        file = open_file(path)
    except FileNotFoundError:
        return
    with file:
        for line in file:
            if line.endswith(b"\n"):
                yield line[:-1].decode("utf-8", errors="replace")


def read_records(path: Path, kind: type[Record]) -> Iterator[Record]:
    """The complete lines of `path` as records of a plain dataclass; what is none of this version is passed over."""
    for text in read_lines(path):
        try:
            line = parse_json(text)
            record = kind(**{name: line[name] for name in kind.__annotations__})
        except (ValueError, TypeError, KeyError):
            continue
        yield record


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hex."""
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def publish_folder(prepared: Path, final: Path) -> None:
    """Put a finished folder where readers look for it: they see it complete or not at all.

    Both must be on one file system. What stood at `final` is replaced.
    """
    for path in sorted(prepared.rglob("*")):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    final.parent.mkdir(exist_ok=True)
    if final.exists():
        old = final.with_name(f".{final.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        os.replace(final, old)
        os.replace(prepared, final)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(prepared, final)
    sync_folder(final.parent)


def file_stamp(path: Path) -> tuple[int, int]:
    """Differs whenever a file or a folder's list of files was changed."""
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


def is_held(path: Path) -> bool:
    """Whether a process holds a file locked; one that cannot be opened, nobody does."""
    import portalocker

    flags = portalocker.LockFlags
    shared = flags.EXCLUSIVE if os.name == "nt" else flags.SHARED  # there shared ones need another library
    try:
        with open_file(path) as file:
            portalocker.lock(file, shared | flags.NON_BLOCKING)
            portalocker.unlock(file)
    except portalocker.exceptions.AlreadyLocked:
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
