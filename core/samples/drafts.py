"""The seam between the sample generator and whoever writes the samples: what is asked, and what comes back."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass

from core.documents.chunk_store import Chunk
from utils.config import SftSettings


@dataclass(frozen=True)
class Task:
    """A wish for one sample from `chunk`; `turn` counts from 0 how many were asked of this chunk before."""

    chunk: Chunk
    turn: int


@dataclass(frozen=True)
class Draft:
    """A question and answer about a chunk, before it has been checked and stored."""

    instruction: str
    output: str
    chunk: Chunk
    language: str


@dataclass
class Usage:
    """What a provider has used up so far; it counts here while it works."""

    requests: int = 0
    failed: int = 0
    cost_usd: float = 0.0


# Takes tasks when it has room for them and yields drafts as they are ready, in any order; a task that comes to
# nothing yields none. Closing the iterator ends the work and whatever is under way.
Provider = Callable[[Iterable[Task], SftSettings, Usage], Generator[Draft, None, None]]
