"""What the browser and the command line call for training samples: write, try, check, bring in; estimates."""

import time
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from core import access, keys
from core.documents.store.chunk_store import Chunk, ChunkStore
from core.documents.token_counting import counter_name, counter_of
from core.jobs.job import JobContext, JobSnapshot, RelayContext
from core.jobs.kinds import of_step
from core.jobs.services import Services, alone, require_rest, running, start_thread_job
from core.jobs.worker import chunks_at_rest
from core.project_manager import Project
from core.providers import address_of, leaves_machine, place_of, provider_of
from core.samples import estimate as estimates
from core.samples import outbound, prompts
from core.samples.answers.answers import parse_answer
from core.samples.chat_writer import UNUSABLE, request_for, try_once
from core.samples.checks.quality import KINDS as FINDINGS
from core.samples.checks.quality import Limits, checks_of
from core.samples.checks.support import Support, support_of
from core.samples.drafts import Task
from core.samples.estimate import Range, Taken
from core.samples.exchange.exchange import EXPORTS, export_samples, import_samples
from core.samples.generate import Access, generate_samples, usable_chunks
from core.samples.helper_models import fetch_models, known_model, known_models
from core.samples.outbound import Outbound
from core.samples.providers.chat import ask_once, open_helper
from core.samples.providers.ollama import Ollama
from core.samples.store.findings import Finding, Findings, Verdict
from core.samples.store.relinking import relink
from core.samples.store.sample import STATUSES, Sample
from core.samples.store.sample_query import SampleCounts, SamplePage, SampleQuery, SampleRow
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import MINIMUM_SAMPLES, require_lines
from core.samples.store.sources import chunk_of
from core.samples.supply import minimum_per_document
from core.samples.unusable import UnusableAnswer, unusable_answers
from utils.config import SftSettings
from utils.errors import AppError

# What callers read of the package, beside what stands below.
__all__ = [
    "EXPORTS",
    "FINDINGS",
    "MINIMUM_SAMPLES",
    "STATUSES",
    "UNUSABLE",
    "Finding",
    "Outbound",
    "Range",
    "Sample",
    "SampleCounts",
    "SamplePage",
    "SampleQuery",
    "SampleRow",
    "SampleStore",
    "Taken",
    "UnusableAnswer",
    "export_samples",
    "fetch_models",
    "known_model",
    "known_models",
    "minimum_per_document",
    "require_lines",
    "unusable_answers",
]

LOOK_AGAIN_SECONDS = 0.2
PROGRESS_EVERY = 200
DEFAULT_PROMPTS = {"system_prompt": prompts.default_system, "user_template": prompts.default_template}
PROMPT_VARIABLES = prompts.VARIABLES


@dataclass(frozen=True)
class SamplesEstimate:
    """What writing the missing samples takes, and whether texts leave this machine for `place`."""

    estimate: estimates.Estimate
    place: str
    leaves_machine: bool
    has_chunks: bool


def start_samples(services: Services, project: Project) -> JobSnapshot:
    """Write samples until there are as many as `config.sft.samples`, and check them.

    Raises AppError `no_chunks`, `no_usable_chunks`, `no_helper_model`, `prompt_needs_topic`, and as `require_lines`
    does. Where a new model's tokenizer just has the chunks cut anew, the job waits for that.
    """
    settings = project.load_config().sft
    require_lines(project.samples_file)
    require_helper(settings)
    usable_chunks(project, settings)  # and each call of the work looks again: while it waits or rests, chunks change
    address = address_of(settings)
    key = keys.key_of(address)
    way = Access(key, keys.counter_of(address, key))

    def work_on_resting_chunks(context: JobContext) -> dict[str, Any]:
        with chunks_at_rest(context, project):
            relink(context, project)
            return generate_samples(context, project, settings, way)

    work = alone(project, "sft", work_on_resting_chunks)

    def work_on_finished_chunks(context: RelayContext) -> dict[str, Any]:
        while running(services, project, ("rechunk",)):
            context.checkpoint()
            time.sleep(LOOK_AGAIN_SECONDS)
        return work(context)

    return start_thread_job(services, project, "sft", work_on_finished_chunks)


def start_checks(services: Services, project: Project) -> JobSnapshot:
    """Check all samples that nobody has checked as they are now. Raises AppError as `require_lines` does."""
    require_lines(project.samples_file)
    work = alone(project, "gate", partial(check_all, project=project))
    return start_thread_job(services, project, "gate", work)


def start_import(services: Services, project: Project, file: Path, name: str) -> JobSnapshot:
    """Bring samples in from a file uploaded under this name, and check them.

    Raises AppError `samples_not_at_rest`, `guest_no_files`, and as `require_lines` does for the project's own file.
    """
    access.require_uploaded(file)
    require_lines(project.samples_file)
    require_rest(services, project, of_step("samples"), "samples_not_at_rest")

    def work_on_resting_chunks(context: JobContext) -> dict[str, Any]:
        with chunks_at_rest(context, project):
            return import_samples(context, project, file, name)

    return start_thread_job(services, project, "import", alone(project, "import", work_on_resting_chunks))


def start_pull(services: Services, project: Project) -> JobSnapshot:
    """Let Ollama fetch the chosen model onto the host's disk. Raises AppError `host_only`, `no_helper_model`."""
    access.require_host()
    settings = project.load_config().sft
    require_helper(settings)
    if not provider_of(settings.provider).fetches:  # another page has chosen another one meanwhile
        raise AppError("no_helper_model")
    return start_thread_job(services, project, "pull", partial(pull, settings=settings))


def start_test(services: Services, project: Project) -> JobSnapshot:
    """One real request, to see what the helper is asked and what it answers. Raises AppError as `start_samples`."""
    settings = project.load_config().sft
    require_helper(settings)
    task = first_task(project, settings)
    key = keys.key_of(address_of(settings))
    keys.counter_of(address_of(settings), key)()
    work = partial(test_helper, task=task, settings=settings, key=key)
    return start_thread_job(services, project, "sft_test", work)


def require_helper(settings: SftSettings) -> None:
    """Raises AppError `no_helper_model` where the chosen helper cannot be asked yet, or as `keys.require_allowed`."""
    keys.require_allowed(settings)
    if not settings.model and not provider_of(settings.provider).writes_by_rules:
        raise AppError("no_helper_model")


def test_helper(context: JobContext, task: Task, settings: SftSettings, key: str | None) -> dict[str, Any]:
    """The request's messages, the raw answer, and the samples in it. Nothing is stored."""
    context.progress(0, None, "samples.testing", model=settings.model or settings.provider)
    request, answer = try_once(open_helper(settings, key), task, settings)
    parsed = parse_answer(answer.text, answer.finished)
    return {
        "messages": [dict(message) for message in request.messages],
        "answer": answer.text,
        "pairs": [asdict(pair) for pair in parsed.pairs],
        "problem": parsed.problem,
        "seconds": round(answer.seconds, 2),
        "tokens": answer.prompt_tokens + answer.answer_tokens,
        "cost_usd": answer.cost_usd,
    }


def check_all(context: JobContext, project: Project) -> dict[str, Any]:
    """The job of the quality checks: findings for all samples that were written or changed since the last time."""
    relink(context, project)
    store = SampleStore(project)
    counts = store.counts()
    if counts.checked < counts.total:
        config = project.load_config()
        chunks = ChunkStore(project.database)
        counter = cache(partial(counter_of, project, forgetful=True))  # opened where a sample is long
        limits = Limits(config.training.max_length, lambda text: counter().count(text), config.sft.language)
        named = f"{limits.max_tokens} {counter_name(project)} {limits.language}"
        database = project.database.stat().st_ino if project.database.exists() else 0
        checks = checks_of(project.samples_file, f"{named} {database}")
        known = store.findings()
        wanted = checks.wanted(store.held(), known if known.limits == named else Findings(), context.checkpoint)
        context.progress(0, len(wanted), "samples.checking", count=len(wanted))

        def told() -> Iterator[tuple[str, Verdict]]:
            results = checks.check(wanted, partial(text_of, chunks), limits, context.checkpoint)
            for number, result in enumerate(results):
                if number % PROGRESS_EVERY == 0:
                    context.progress(number, len(wanted))
                yield result

        store.set_findings(named, told())
        context.progress(len(wanted), len(wanted))
        counts = store.counts()
    return {"samples": counts.total, "findings": dict(counts.by_finding)}


def text_of(chunks: ChunkStore, chunk_id: int) -> str | None:
    """A chunk's text; None where it has gone."""
    chunk = chunks.chunk(chunk_id)
    return chunk.text if chunk else None


def pull(context: JobContext, settings: SftSettings) -> dict[str, Any]:
    """The job that has Ollama fetch a model, with the progress that it tells."""

    async def follow(helper: Ollama) -> None:
        async with aclosing(helper.pull(settings.model)) as steps:
            async for step in steps:
                context.checkpoint()
                done, total = step.done_bytes, step.total_bytes
                context.progress(done, total or None, "samples.pulling", name=settings.model, status=step.status)

    ask_once(open_helper(settings, None), follow, None)
    return {"model": settings.model}


def prompt_preview(project: Project, settings: SftSettings) -> list[dict[str, str]]:
    """The messages of the first request. Raises AppError as `usable_chunks`."""
    return [dict(message) for message in request_for(first_task(project, settings), settings).messages]


def prompt_problems(system_prompt: str, user_template: str) -> list[AppError]:
    """What is wrong with prompts, each as the error that they would end with."""
    return [*prompts.problems(system_prompt, with_chunk=False), *prompts.problems(user_template)]


def first_task(project: Project, settings: SftSettings) -> Task:
    """The task of the first request, about a chunk from the middle of the corpus."""
    chunk_ids = usable_chunks(project, settings)
    chunk = ChunkStore(project.database).chunk(chunk_ids[len(chunk_ids) // 2]) if chunk_ids else None
    return Task(chunk, 0, settings.per_request)


def estimate_samples(project: Project) -> SamplesEstimate:
    """What writing the missing samples will take. Raises AppError as `usable_chunks`."""
    settings = project.load_config().sft
    chunk_ids = usable_chunks(project, settings)
    counts = SampleStore(project).counts()
    missing = max(0, settings.samples - counts.total + counts.by_status.get("rejected", 0))
    found = estimates.estimate(project, settings, chunk_ids, missing, known_model(settings))
    return SamplesEstimate(found, place_of(settings), leaves_machine(settings), bool(chunk_ids))


def usage_log(project: Project) -> Path:
    """Where it is noted what the runs took: estimates change with it."""
    return estimates.log_file(project)


def usage(project: Project) -> tuple[list[Taken], list[Outbound]]:
    """What each run so far took, oldest first, and what has left this machine, by the place that it went to."""
    return estimates.runs(project), outbound.summary(project)


def documents_drawn_from(project: Project) -> set[str]:
    """The documents that have a chunk which samples are written from."""
    store, settings = ChunkStore(project.database), project.load_config().documents
    names = store.filenames()
    return {names[chunk_id] for chunk_id in store.usable_ids(settings.skip_duplicates, settings.skip_boilerplate)}


def support_in_source(project: Project, sample: Sample) -> tuple[Chunk, Support] | None:
    """The chunk that a sample comes from, and how far it supports the answer; None where it is gone."""
    chunk = chunk_of(ChunkStore(project.database), sample)
    return (chunk, support_of(sample.output, chunk.text)) if chunk else None


def accept_clean(project: Project) -> int:
    """Accept all new samples that were checked and that nothing was found against. Returns how many they were."""
    store = SampleStore(project)
    found = {each for kind in FINDINGS for each in store.ids(SampleQuery(finding=kind))} | set(store.unchecked())
    return store.set_status([each for each in store.ids(SampleQuery(status="new")) if each not in found], "accepted")


def reject_found(project: Project, kind: str) -> int:
    """Reject all samples with a finding of this kind. Returns how many were not rejected before."""
    store = SampleStore(project)
    return store.set_status(store.ids(SampleQuery(finding=kind)), "rejected")
