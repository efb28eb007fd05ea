"""The one kind of error that a person is meant to read."""


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
