"""A job context that keeps what a stage tells it, and can ask it to stop."""

from core.jobs.job import raise_stop


class RecordingContext:
    """Notes everything; from the `stop_after`-th checkpoint on it asks for a pause."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.stop_after = stop_after
        self.checkpoints = 0
        self.log_lines: list[tuple[str, dict[str, object]]] = []
        self.progress_calls: list[tuple[float, float | None, str | None, dict[str, object]]] = []

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        self.progress_calls.append((done, total, key, params))

    def log(self, key: str, /, **params: object) -> None:
        self.log_lines.append((key, params))

    def metric(self, **values: float) -> None:
        pass

    def checkpoint(self) -> None:
        self.checkpoints += 1
        raise_stop(self.stop_request)

    @property
    def stop_request(self) -> str | None:
        return "pause" if self.stop_after is not None and self.checkpoints > self.stop_after else None
