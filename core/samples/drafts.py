"""The seam between the sample generator and whoever writes the samples: what is asked, and what comes back."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol

from core.documents.store.chunk_store import Chunk
from utils.config import SftSettings


@dataclass(frozen=True)
class Task:
    """A wish for `count` samples from `chunk`, or, where that is None, about the settings' topic.

    `turn` counts from 0 how many were asked of this chunk before, `asked` are the questions that there are already.
    """

    chunk: Chunk | None
    turn: int
    count: int = 1
    asked: tuple[str, ...] = ()


@dataclass(frozen=True)
class Draft:
    """A question and answer about a chunk, before it has been checked and stored."""

    instruction: str
    output: str
    language: str | None
    style: str | None = None
    follow_ups: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Written:
    """What came of a task; no drafts where it came to nothing, which is `final` where another try would too."""

    task: Task
    drafts: tuple[Draft, ...] = ()
    final: bool = False


@dataclass
class Usage:
    """What a writer has used up so far; it counts here while it works.

    `failed` are requests that brought no answer, `unusable` answers that held no sample. `cost_usd` sums what servers
    said; `cost_known` turns False with the first answer of which nobody knows the price.
    """

    requests: int = 0
    failed: int = 0
    unusable: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost_usd: float = 0.0
    cost_known: bool = True


class Supply(Protocol):
    """Where tasks come from. May be asked from any thread."""

    def take(self) -> Task | None:
        """The next task; None where there is none now: enough are under way, or `is_over`."""

    @property
    def is_over(self) -> bool:
        """Whether there will be no task any more."""


# Takes tasks from the supply when it has room for them and yields what came of each, in any order, and None now and
# then while nothing comes. Closing the iterator ends the work and whatever is under way. Raises AppError where no
# other task would succeed either.
Writer = Callable[[Supply, SftSettings, Usage], Generator[Written | None, None, None]]
