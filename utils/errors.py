"""What is said to people before their language is known: messages, and the one kind of error that they read."""

import errno
import os
import re
from dataclasses import dataclass, field
from pathlib import PurePath


@dataclass(frozen=True)
class Message:
    """A sentence for people, before its language is known."""

    key: str
    params: dict[str, object] = field(default_factory=dict)


class AppError(Exception):
    """Something a person can understand and act on; anything else that is raised is a bug.

    `code` names the sentence and its hint in `ui/texts` (`error.<code>`, `hint.<code>`), `params` fill them.
    Core raises codes and never sentences, so that every viewer reads the error in their own language.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    def __str__(self) -> str:
        return f"{self.code} {self.params}" if self.params else self.code


SYSTEM_ERRORS = {
    number: code
    for code, names in {
        "disk_is_full": ("ENOSPC", "EDQUOT"),
        "file_forbidden": ("EACCES", "EPERM"),
        "disk_read_only": ("EROFS",),
        "file_in_the_way": ("EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY", "ELOOP"),
        "file_gone": ("ENOENT",),
        "path_too_long": ("ENAMETOOLONG",),
        "too_many_open_files": ("EMFILE", "ENFILE"),
        "disk_not_answering": ("EIO", "ENODEV", "ENXIO", "ESTALE", "EREMOTEIO", "ESHUTDOWN", "EUCLEAN"),
    }.items()
    for name in names
    if (number := getattr(errno, name, None))
}
"""What the system refused, by its number, as the code of an AppError; not every system knows every name."""
CUT_SHORT = re.compile(r"\d+ requested and \d+ written")
"""All that numpy tells of a write for which there was no room."""
PARTS_SHOWN = 3  # of a path: others in the room need not read where the host keeps it


class NotAFile(OSError, ValueError):
    """A folder, a pipe, a device or a link that goes in circles stands where a file is expected."""

    def __init__(self, path: object) -> None:
        super().__init__(errno.EISDIR, "not a file", str(path))


def system_error(error: BaseException) -> AppError | None:
    """What the system refused, in words for people; None where this error, or what it came from, is something else.

    Any line that reads or writes may meet a full disk or a closed folder, so the places where errors end up ask
    this, not those lines.
    """
    cause: BaseException | None = error
    meant = True  # an error that only happened before this one may have been dealt with; a full disk stays full
    while cause is not None:
        # Libraries written in Rust pass the system's number on in their text only.
        told = re.search(r"os error (\d+)", str(cause))
        code = SYSTEM_ERRORS.get(int(told[1]) if told else getattr(cause, "errno", None) or 0)
        if code == "disk_is_full" or CUT_SHORT.fullmatch(str(cause)):
            return AppError("disk_is_full")
        if code and meant:
            named = getattr(cause, "filename", None)
            path = os.fsdecode(named) if isinstance(named, str | bytes | os.PathLike) else ""
            return AppError(code, file="/".join(PurePath(path).parts[-PARTS_SHOWN:]) or "–")
        meant = meant and cause.__cause__ is not None
        cause = cause.__cause__ or cause.__context__
    return None


def readable(error: AppError | OSError) -> AppError:
    """The error for whoever asked: what the system refused is one; any other failure of it is a bug, and raised."""
    known = error if isinstance(error, AppError) else system_error(error)
    if known is None:
        raise error
    return known
