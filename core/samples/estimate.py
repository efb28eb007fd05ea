"""What writing samples will take, as ranges, and what it took. Knows projects and prices; asks nobody.

Tokens are counted with the local vocabulary over the real prompts of a few chunks. What answers take, and how long,
follows from this project's earlier runs with the same model, else from rough figures with a wide range.
"""

import json
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.documents.store.chunk_store import ChunkStore
from core.project_manager import Project
from core.providers import HelperModel, provider_of
from core.samples import prompts
from core.samples.drafts import Task, Usage
from utils.config import SftSettings
from utils.files import append_line, read_records

FILE_NAME = "generation.jsonl"
CHUNKS_TRIED = 12
ANSWER_TOKENS = (60.0, 260.0)  # of one pair, where nothing is known
REQUESTS_NEEDED = (1.0, 1.3)  # of each one wanted: answers that cannot be used are asked for again
SPREAD = (0.8, 1.3)  # around what earlier runs took
RUNS_REMEMBERED = 5

Range = tuple[float, float]


@dataclass(frozen=True)
class Estimate:
    """Ranges (low, high) for what is still missing. Cost and time are None where nobody can tell.

    `from_experience` says that earlier runs with this model are behind the figures.
    """

    samples: int
    requests: Range
    prompt_tokens: Range
    answer_tokens: Range
    cost_usd: Range | None
    seconds: Range | None
    from_experience: bool


@dataclass(frozen=True)
class Taken:
    """What a run really took; a line of logs/generation.jsonl."""

    at: float
    provider: str
    model: str
    place: str
    samples: int
    requests: int
    failed: int
    prompt_tokens: int
    answer_tokens: int
    cost_usd: float | None
    seconds: float


def estimate(
    project: Project, settings: SftSettings, chunk_ids: Sequence[int], missing: int, model: HelperModel | None
) -> Estimate:
    """What `missing` more samples will take. `model` brings the prices, where they are known."""
    provider = provider_of(settings.provider)
    if provider.writes_by_rules:
        return Estimate(missing, (missing, missing), (0, 0), (0, 0), (0.0, 0.0), None, False)
    wanted = math.ceil(missing / settings.per_request)
    requests = _times(REQUESTS_NEEDED, wanted)
    known = [run for run in runs(project) if (run.provider, run.model) == (settings.provider, settings.model)]
    known = [run for run in known if run.samples and run.requests][-RUNS_REMEMBERED:]
    prompt_tokens = _times(requests, _prompt_tokens(project, settings, chunk_ids))
    per_answer = _times(ANSWER_TOKENS, settings.per_request * settings.turns)
    seconds = provider.seconds_per_request
    if known:
        requests = _times(SPREAD, missing * _mean([run.requests / run.samples for run in known]))
        per_answer = _times(SPREAD, _mean([run.answer_tokens / run.requests for run in known]) or per_answer[1])
        seconds = _times(SPREAD, _mean([run.seconds / run.requests for run in known]))
        prompt_tokens = _times(SPREAD, _mean([run.prompt_tokens / run.requests for run in known]) * sum(requests) / 2)
    elif seconds is not None:
        seconds = _times(seconds, 1 / settings.concurrency)
    answer_tokens = (requests[0] * per_answer[0], requests[1] * per_answer[1])
    return Estimate(
        samples=missing,
        requests=requests,
        prompt_tokens=prompt_tokens,
        answer_tokens=answer_tokens,
        cost_usd=_cost(settings, model, prompt_tokens, answer_tokens),
        seconds=(seconds[0] * requests[0], seconds[1] * requests[1]) if seconds else None,
        from_experience=bool(known),
    )


def note_run(project: Project, settings: SftSettings, place: str, samples: int, usage: Usage, seconds: float) -> None:
    """Keep what a run took."""
    taken = Taken(
        at=round(time.time(), 3),
        provider=settings.provider,
        model=settings.model,
        place=place,
        samples=samples,
        requests=usage.requests,
        failed=usage.failed + usage.unusable,
        prompt_tokens=usage.prompt_tokens,
        answer_tokens=usage.answer_tokens,
        cost_usd=round(usage.cost_usd, 6) if usage.cost_known else None,
        seconds=round(seconds, 2),
    )
    append_line(log_file(project), json.dumps(asdict(taken), ensure_ascii=False))


def runs(project: Project) -> list[Taken]:
    """What earlier runs took, in their order."""
    return list(read_records(log_file(project), Taken))


def log_file(project: Project) -> Path:
    """Where it is kept what runs took."""
    return project.root / "logs" / FILE_NAME


def _prompt_tokens(project: Project, settings: SftSettings, chunk_ids: Sequence[int]) -> float:
    """The mean tokens of a prompt, over chunks from all over the corpus."""
    store = ChunkStore(project.database)
    step = max(1, len(chunk_ids) // CHUNKS_TRIED)
    chunks = [store.chunk(chunk_id) for chunk_id in chunk_ids[::step][:CHUNKS_TRIED]] or [None]
    return _mean(
        [
            prompts.estimated_tokens(prompts.messages_for(Task(chunk, 0, settings.per_request), settings))
            for chunk in chunks
        ]
    )


def _cost(settings: SftSettings, model: HelperModel | None, prompts_: Range, answers: Range) -> Range | None:
    if not provider_of(settings.provider).is_priced:
        return (0.0, 0.0)
    if model is None or model.prompt_usd is None or model.answer_usd is None:
        return None
    low, high = (prompts_[end] * model.prompt_usd + answers[end] * model.answer_usd for end in (0, 1))
    return low, high


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0


def _times(bounds: Range, factor: float) -> Range:
    return bounds[0] * factor, bounds[1] * factor
