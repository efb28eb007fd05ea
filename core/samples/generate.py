"""Chunks and a helper → samples, drawn evenly from all chunks and stored one by one. Knows no provider's inside."""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import JobContext
from core.project_manager import Project
from core.providers import leaves_machine, place_of, provider_of
from core.samples.chat_writer import ChatWriter
from core.samples.checks.support import support_of
from core.samples.drafts import Draft, Task, Usage, Writer
from core.samples.estimate import note_run
from core.samples.helper_models import known_model
from core.samples.outbound import note_request
from core.samples.practice.practice_helper import write_drafts
from core.samples.providers.chat import ChatAnswer, ChatRequest, open_helper
from core.samples.store.sample import Generator, Sample, sample_id
from core.samples.store.sft_dataset import append_sample, read_samples, require_lines
from core.samples.store.sources import source_of
from core.samples.supply import EvenSupply, Holdings
from core.samples.unusable import note_unusable
from utils.config import SftSettings
from utils.errors import AppError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Access:
    """What a writer needs besides the settings: the key, and `count`.

    That is called before each request: for a lent key it raises AppError once the guest's share is used up.
    """

    key: str | None = field(default=None, repr=False)
    count: Callable[[], None] = lambda: None


def writer_of(project: Project, settings: SftSettings, access: Access) -> Writer:
    """Who writes the samples: rules, or a helper model. What leaves this machine is noted."""
    if provider_of(settings.provider).writes_by_rules:
        return write_drafts
    is_noted, place = leaves_machine(settings), place_of(settings)

    def sent(task: Task, request: ChatRequest) -> None:
        access.count()
        if is_noted:
            note_request(project, place, settings.model, task, request)

    def unusable(task: Task, answer: ChatAnswer, problem: str) -> None:
        note_unusable(project, settings.model, task, answer.text, problem)

    return ChatWriter(lambda: open_helper(settings, access.key), sent, unusable, known_model(settings))


def generate_samples(
    context: JobContext, project: Project, settings: SftSettings, access: Access | None = None
) -> dict[str, Any]:
    """Write samples until the project has `settings.samples` that nobody rejected.

    Each is on the disk before it is counted, so this may be stopped at any moment, and makes up only what is missing
    when called again. Returns fewer than requested where the texts do not give more, or the budget is spent. Raises
    AppError no_chunks, no_usable_chunks, what `require_lines` raises, and what the helper model's server is to blame
    for.
    """
    access = access or Access()
    require_lines(project.samples_file)
    have = Holdings(read_samples(project.samples_file, lambda line: logger.warning("no sample in line %d", line)))
    chunk_ids = usable_chunks(project, settings)
    work = _Work(context, project, settings, have, have.count)
    work.tell()
    missing = settings.samples - have.count
    if missing > 0:
        context.log("samples.log_start", wanted=missing, chunks=len(chunk_ids), already=have.count)
        writer = writer_of(project, settings, access)
        began = time.monotonic()
        try:
            work.write(writer, chunk_ids)
        finally:
            if not provider_of(settings.provider).writes_by_rules:
                note_run(project, settings, place_of(settings), work.new, work.usage, time.monotonic() - began)
    work.report()
    return work.result()


def usable_chunks(project: Project, settings: SftSettings) -> list[int]:
    """The chunks to draw from; none where there is a topic to write about instead.

    Raises AppError no_chunks or no_usable_chunks where there is neither.
    """
    store = ChunkStore(project.database)
    documents = project.load_config().documents
    chunk_ids = store.usable_ids(documents.skip_duplicates, documents.skip_boilerplate)
    if not chunk_ids and ("topic" not in provider_of(settings.provider).settings or not settings.topic.strip()):
        raise AppError("no_usable_chunks" if store.count() else "no_chunks")
    return chunk_ids


@dataclass
class _Work:
    """One call of `generate_samples`: what it has, and what it has done."""

    context: JobContext
    project: Project
    settings: SftSettings
    have: Holdings
    count_before: int
    usage: Usage = field(default_factory=Usage)
    budget_spent: bool = False

    @property
    def new(self) -> int:
        return self.have.count - self.count_before

    def write(self, writer: Writer, chunk_ids: list[int]) -> None:
        """Take what is written until there is enough, or no more comes."""
        settings = self.settings
        store = ChunkStore(self.project.database)
        supply = EvenSupply(store, chunk_ids, self.have, settings.samples, settings.per_request, settings.seed)
        told = 0
        with closing(writer(supply, settings, self.usage)) as results:
            for written in results:
                self.context.checkpoint()
                stored = sum(self.take(draft, written.task) for draft in written.drafts) if written else 0
                if not stored and self.usage.requests != told:  # what is asked counts also where nothing comes of it
                    told = self.usage.requests
                    self.tell()
                if written is None:
                    continue
                supply.settle(written.task, stored, written.final)
                if 0 < settings.budget_usd <= self.usage.cost_usd:
                    self.budget_spent = True
                    supply.end()
                if self.have.count >= settings.samples:
                    break

    def take(self, draft: Draft, task: Task) -> bool:
        """Store a draft, unless its question is there already or it says nothing."""
        if self.have.count >= self.settings.samples:
            return False
        if not draft.instruction.strip() or not draft.output.strip() or self.have.knows(draft.instruction):
            return False
        sample = sample_of(draft, task, self.generator)
        append_sample(self.project.samples_file, sample)
        self.have.take(sample)
        self.tell()
        return True

    @property
    def generator(self) -> Generator:
        return Generator(self.settings.provider, self.settings.model or self.settings.provider)

    def tell(self) -> None:
        """How far it is; of helper models also what they have taken so far."""
        count, total = self.have.count, self.settings.samples
        if provider_of(self.settings.provider).writes_by_rules:
            self.context.progress(count, total, "samples.writing", count=count, total=total)
            return
        usage = self.usage
        tokens = usage.prompt_tokens + usage.answer_tokens
        key = "samples.writing_cost" if usage.cost_usd else "samples.writing_tokens"
        numbers = {"count": count, "total": total, "requests": usage.requests, "tokens": tokens}
        self.context.progress(count, total, key, **numbers, cost=usage.cost_usd)

    def report(self) -> None:
        """The log's last lines."""
        count, wanted = self.have.count, self.settings.samples
        if self.budget_spent:
            self.context.log("samples.log_budget", count=count, wanted=wanted, budget=self.settings.budget_usd)
        elif count < wanted:
            self.context.log("samples.log_exhausted", count=count, wanted=wanted)
        usage = self.usage
        if self.settings.budget_usd and not usage.cost_known:
            self.context.log("samples.log_cost_unknown")
        if usage.failed or usage.unusable:
            numbers = {"requests": usage.requests, "failed": usage.failed, "unusable": usage.unusable}
            self.context.log("samples.log_failed", **numbers)
        self.context.log("samples.log_done", count=count, new=self.new)

    def result(self) -> dict[str, Any]:
        usage = self.usage
        return {
            "samples": self.have.count,
            "requested": self.settings.samples,
            "requests": usage.requests,
            "failed": usage.failed + usage.unusable,
            "prompt_tokens": usage.prompt_tokens,
            "answer_tokens": usage.answer_tokens,
            "cost_usd": round(usage.cost_usd, 6) if usage.cost_known else None,
        }


def sample_of(draft: Draft, task: Task, generator: Generator) -> Sample:
    """A draft as a sample, with where it comes from and how far its chunk supports it."""
    source, support = None, None
    if task.chunk:
        source = source_of(task.chunk)
        support = round(support_of(draft.output, task.chunk.text).share, 3)
    return Sample(
        instruction=draft.instruction.strip(),
        output=draft.output.strip(),
        id=sample_id(draft.instruction, draft.output),
        source=source,
        generator=generator,
        language=draft.language,
        style=draft.style,
        support=support,
        follow_ups=draft.follow_ups,
    )
