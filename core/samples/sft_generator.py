"""Chunks and a helper → samples, drawn evenly from all chunks and stored one by one. Knows no provider's inside."""

import logging
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from core.documents.chunk_store import ChunkStore
from core.jobs import JobContext
from core.practice.practice_helper import write_drafts
from core.project_manager import Project
from core.samples.drafts import Draft, Provider, Task, Usage
from core.samples.sft_dataset import Generator, Sample, Source, append_sample, read_samples, sample_id, usable
from utils.config import SftSettings
from utils.errors import AppError

# Rounds over all chunks that may pass without one new sample before the texts count as exhausted.
MAX_FRUITLESS_ROUNDS = 3

PROVIDERS: dict[str, Provider] = {
    "practice": write_drafts,
}

logger = logging.getLogger(__name__)


@dataclass
class _Progress:
    """What this project has: how many samples, which questions, how many of each chunk."""

    count: int = 0
    questions: set[str] = field(default_factory=set)
    of_chunk: Counter[int] = field(default_factory=Counter)

    def take(self, sample: Sample) -> None:
        self.count += 1
        self.questions.add(_same(sample.instruction))
        if sample.source is not None and sample.source.chunk_id is not None:
            self.of_chunk[sample.source.chunk_id] += 1


def generate_samples(context: JobContext, project: Project, settings: SftSettings) -> dict[str, Any]:
    """Write samples until the project has `settings.samples` that nobody rejected.

    Each is on the disk before it is counted, so this may be stopped at any moment, and makes up only what is missing
    when called again. Returns fewer than requested where the texts do not give more. Chunks that a person excluded
    are left out, and flagged ones as the project's settings say. Raises AppError no_chunks, no_usable_chunks.
    """
    store = ChunkStore(project.database)
    documents = project.load_config().documents
    chunk_ids = store.usable_ids(documents.skip_duplicates, documents.skip_boilerplate)
    if not chunk_ids:
        raise AppError("no_usable_chunks" if store.count() else "no_chunks")
    random.Random(settings.seed).shuffle(chunk_ids)
    have = _what_is_there(project)
    usage = Usage()
    generator = Generator(settings.provider, settings.model)
    before = have.count
    context.progress(have.count, settings.samples, "samples.writing", count=have.count, total=settings.samples)
    if have.count < settings.samples:
        context.log(
            "samples.log_start", wanted=settings.samples - have.count, chunks=len(chunk_ids), already=have.count
        )
        tasks = _tasks(store, chunk_ids, have)
        with closing(PROVIDERS[settings.provider](tasks, settings, usage)) as drafts:
            for draft in drafts:
                context.checkpoint()
                if _same(draft.instruction) in have.questions or not draft.output.strip():
                    continue
                sample = _sample(draft, generator)
                append_sample(project.samples_file, sample)
                have.take(sample)
                context.progress(
                    have.count, settings.samples, "samples.writing", count=have.count, total=settings.samples
                )
                if have.count >= settings.samples:
                    break
    _report(context, have.count, have.count - before, settings.samples)
    return {
        "samples": have.count,
        "requested": settings.samples,
        "requests": usage.requests,
        "failed": usage.failed,
        "cost_usd": round(usage.cost_usd, 6),
    }


def _what_is_there(project: Project) -> _Progress:
    """The samples that count, and the questions of all, so that a rejected one is not asked again."""
    samples = read_samples(project.samples_file, lambda line: logger.warning("no sample in line %d", line))
    have = _Progress()
    for sample in samples:
        have.take(sample)
    have.count = len(usable(samples))
    return have


def _tasks(store: ChunkStore, chunk_ids: list[int], have: _Progress) -> Iterator[Task]:
    """Round after round one task for each chunk, so that all are covered evenly; what is there is left out."""
    done_before = have.of_chunk.copy()
    turn, fruitless = 0, 0
    while fruitless < MAX_FRUITLESS_ROUNDS:
        count_before = have.count
        skipped = False
        for chunk_id in chunk_ids:
            if done_before[chunk_id] > turn:
                skipped = True
                continue
            chunk = store.chunk(chunk_id)
            if chunk is not None:
                yield Task(chunk, turn)
        fruitless = 0 if have.count > count_before or skipped else fruitless + 1
        turn += 1


def _sample(draft: Draft, generator: Generator) -> Sample:
    source = Source(document=draft.chunk.filename, page=draft.chunk.page, chunk_id=draft.chunk.id)
    return Sample(
        instruction=draft.instruction,
        output=draft.output,
        id=sample_id(draft.instruction, draft.output),
        source=source,
        generator=generator,
        language=draft.language,
    )


def _same(instruction: str) -> str:
    """What two questions share that differ only in case and spaces."""
    return " ".join(instruction.casefold().split())


def _report(context: JobContext, count: int, new: int, wanted: int) -> None:
    if count < wanted:
        context.log("samples.log_exhausted", count=count, wanted=wanted)
    context.log("samples.log_done", count=count, new=new)
