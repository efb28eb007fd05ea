"""One thing that was looked at before a training, and how it stands. Knows nothing else."""

from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True)
class Check:
    """`bad` means that no training can start. Its words are `check.<name>.<state>`, or of the error `refusal`."""

    name: str
    state: State
    params: dict[str, Any] = field(default_factory=dict)
    refusal: str | None = None

    @property
    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "state": self.state, "params": self.params, "refusal": self.refusal}
