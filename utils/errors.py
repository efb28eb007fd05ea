"""The one kind of error that a person is meant to read."""

import errno


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


def disk_is_full(error: BaseException) -> AppError | None:
    """AppError `disk_is_full` where this error, or one that it came from, says so; else None.

    Any line that writes may meet a full disk, so the places where errors end up ask this, not those lines.
    """
    cause: BaseException | None = error
    while cause is not None:
        # Libraries written in Rust pass the system's number on in their text only.
        if getattr(cause, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or "os error 28" in str(cause):
            return AppError("disk_is_full")
        cause = cause.__cause__ or cause.__context__
    return None
