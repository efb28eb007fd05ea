"""The bytes of sft_data.jsonl: one lock for all who write, lines appended and replaced. Knows lines; knows no sample.

Whoever writes holds the lock, a file beside the data that other processes see too. Lines are appended with one write;
every other change writes the file anew and puts it in the place of the old one, so that a reader sees either.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from utils import files
from utils.errors import AppError
from utils.files import replacing, sync_folder

LOCK_SECONDS = 30.0
TAIL_BYTES = 64 * 1024
LINE_BEGINS = '{"instruction": "'
ZEROS = re.compile(rb"\0{8,}|\0+\Z")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else writes to this file meanwhile, in this process or another. Raises AppError `samples_busy`."""
    busy = AppError("samples_busy", file=path.name)
    with files.locked(path.with_name(f".{path.stem}.lock"), busy, patience_seconds=LOCK_SECONDS):
        yield


def append_lines(path: Path, lines: Sequence[str]) -> None:
    """Append lines, all or none of them; when this returns they are on the disk. Takes the lock."""
    data = "".join(f"{line}\n" for line in lines).encode("utf-8")
    with ExitStack() as stack:
        with locked(path):
            is_new = not path.exists()
            descriptor = stack.enter_context(_open_to_append(path))
            size = _mend_last_line(descriptor)
            try:
                _write(descriptor, data)
            except OSError:
                os.ftruncate(descriptor, size)  # a full disk takes a part of a line
                raise
        # Others may write while the disk works: what they find is in the file already, and what they write anew is
        # whole.
        os.fsync(descriptor)
    if is_new:
        sync_folder(path.parent)


def mend_last_line(path: Path) -> None:
    """Cut away the half line that a killed writer left, or end a whole one. The caller holds the lock."""
    with _open_to_append(path) as descriptor:
        _mend_last_line(descriptor)


def write_lines(path: Path, lines: Iterable[bytes]) -> os.stat_result:
    """Replace a file: readers see the old one or the new one, also after a power cut. The caller holds the lock.

    Returns what the new one is like.
    """
    for left_over in path.parent.glob(f".{path.name}.*.tmp"):
        left_over.unlink(missing_ok=True)  # of a writer that was killed; nobody else writes now
    with replacing(path, path.stat().st_mode & 0o777) as target:
        target.writelines(lines)
        target.flush()
        return os.fstat(target.fileno())


@contextmanager
def _open_to_append(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(descriptor: int, data: bytes) -> None:
    written = os.write(descriptor, data)
    while written < len(data):  # the next one says why
        written += os.write(descriptor, data[written:])


def _mend_last_line(descriptor: int) -> int:
    """The file's size when its last line is whole and ended."""
    size = os.fstat(descriptor).st_size
    tail = _unended(descriptor, size)
    if not tail:
        return size
    if is_torn(tail):
        os.ftruncate(descriptor, size - len(tail))
        return size - len(tail)
    _write(descriptor, b"\n")
    return size + 1


def _unended(descriptor: int, size: int) -> bytes:
    """What stands behind the last line end."""
    tail, start = b"", size
    while start > 0:
        length = min(TAIL_BYTES, start)
        start -= length
        os.lseek(descriptor, start, os.SEEK_SET)
        block = os.read(descriptor, length)
        line_end = block.rfind(b"\n")
        tail = block[line_end + 1 :] + tail
        if line_end >= 0:
            break
    return tail


def is_torn(tail: bytes) -> bool:
    """Whether this is the beginning of a line of ours that was to go on: it was never counted as anything.

    A last line that somebody else wrote, whole or not, is none. A power cut may also leave zeros, many in a row;
    those between the characters of UTF-16 stand alone.
    """
    written = ZEROS.sub(b"", tail)
    text = written.decode("utf-8-sig", errors="ignore").strip()
    is_ours = text.startswith(LINE_BEGINS[: len(text)])
    if written != tail or not text or not is_ours:
        return is_ours and written != tail
    try:
        json.loads(text)  # noqa: TID251 - asked where it breaks off
    except RecursionError:
        return False
    except json.JSONDecodeError as error:
        rest = text[error.pos :]
        return "Unterminated string" in error.msg or re.fullmatch(r"\\?[\w.+-]*", rest) is not None
    except ValueError:  # a number with thousands of digits
        return False
    return False
