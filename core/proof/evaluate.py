"""Base against tuned model on samples that training never saw. "No better" is a result like any other.

The measure is the mean negative log-likelihood of an answer's tokens. Both models read the same samples, so the
uncertainty is that of the paired difference; it is resampled by source chunk, because samples of one chunk
resemble each other and would otherwise count as more evidence than they are.
"""

import inspect
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from core.jobs.job import JobContext
from core.jobs.runs import Run, open_run
from core.models import bases
from core.models.chat_text import without_thoughts
from core.proof.uncertainty import interval
from core.samples.store.sample import Sample, group_of
from core.samples.store.split import split_file
from core.training import checkpoints, engines
from core.training.training_data import Encoded, Language, Row, encode_prompt, encode_rows, learnable, read_language
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import append_line, read_records, write_json

RESULT = "evaluation.json"
MEASURED = "measured.jsonl"
MOST_SAMPLES = 500
MINIMUM_CHUNKS = 8
"""With fewer passages the interval would look surer than it is."""
QUESTIONS = 5
ANSWER_TOKENS = 128


@dataclass(frozen=True)
class Measured:
    """Both models on one sample, in nats per answer token. `chunk` tells passages apart."""

    sample: str
    chunk: str
    base_loss: float
    tuned_loss: float


@dataclass(frozen=True)
class _Models:
    """Base and tuned model in one: the adapter can be switched off."""

    model: Any
    language: Language


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Compare the models of a training run. Raises AppError where there is nothing to compare."""
    started = time.monotonic()
    train_run = open_run(run.project, run.request["train_run"])
    settings = TrainingSettings(**train_run.request["training"])
    held_out = _held_out(train_run, settings)
    adapter = checkpoints.whole_adapter(train_run, run.request.get("step"))
    context.log("result.of_run", run=train_run.id, step=adapter.step)
    context.progress(0, None, "evaluation.loading")
    models = _load(train_run, adapter.folder, settings)
    rows = encode_rows(models.language, held_out, settings.max_length)
    kept = list(learnable(rows))
    if not kept:
        raise AppError("evaluation_nothing_held_out")
    measured = _measure(context, run, models, kept)
    result = {
        "run": train_run.id,
        "step": adapter.step,
        **compare(measured, settings.seed),
        "answers": _answers(context, models, [sample for sample, _ in kept]),
        "seconds": round(time.monotonic() - started, 1),
    }
    write_json(run.folder / RESULT, result)
    context.log(f"evaluation.{result['verdict']}")
    return result


def compare(measured: Sequence[Measured], seed: int) -> dict[str, Any]:
    """The figures and the verdict. `difference` is tuned minus base: below zero the tuned model is better.

    `low` and `high` bound it with 95 % by the percentile bootstrap over source chunks (Efron and Tibshirani,
    An Introduction to the Bootstrap, 1993, chapters 13 and 8.4).
    """
    base = float(np.mean([item.base_loss for item in measured]))
    tuned = float(np.mean([item.tuned_loss for item in measured]))
    difference = tuned - base
    by_chunk: dict[str, list[float]] = {}
    for item in measured:
        by_chunk.setdefault(item.chunk, []).append(item.tuned_loss - item.base_loss)
    low, high = interval(list(by_chunk.values()), seed)
    return {
        "verdict": _verdict(low, high, chunks=len(by_chunk)),
        "samples": len(measured),
        "chunks": len(by_chunk),
        "wins": sum(item.tuned_loss < item.base_loss for item in measured),
        "base_loss": base,
        "tuned_loss": tuned,
        "base_perplexity": _perplexity(base),
        "tuned_perplexity": _perplexity(tuned),
        "difference": difference,
        "low": min(low, difference),  # of one chunk they are the same, but for the last digit
        "high": max(high, difference),
    }


def _held_out(train_run: Run, settings: TrainingSettings) -> list[Sample]:
    """The samples that this run did not train on, at most `MOST_SAMPLES`, taken evenly."""
    held_out = list(split_file(train_run.samples_file, settings.held_out_share, settings.seed)[1])
    if not held_out:
        raise AppError("evaluation_nothing_held_out")
    return held_out[:: math.ceil(len(held_out) / MOST_SAMPLES)]


def _load(train_run: Run, adapter: Path, settings: TrainingSettings) -> _Models:
    from peft import PeftModel

    device = engines.detect_device(bool(train_run.request.get("force_cpu")))
    base = bases.base_of(train_run)
    engines.use_cores(base)
    language = read_language(base)
    model = engines.load_model(base, device, four_bit=settings.four_bit)
    try:
        tuned = PeftModel.from_pretrained(model, adapter, torch_device=device.kind)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
        raise AppError("adapter_damaged", reason=str(error)[:300]) from error
    if not settings.four_bit:  # that one lies on its device already and must not be moved
        tuned = tuned.to(device.kind)
    return _Models(tuned.eval(), language)


def _measure(context: JobContext, run: Run, models: _Models, kept: Sequence[Row]) -> list[Measured]:
    """Both losses of every sample. What an interrupted comparison has measured is not measured again."""
    file = run.folder / MEASURED
    known = {item.sample: item for item in read_records(file, Measured)}
    context.progress(len(known), len(kept), "evaluation.measuring", samples=len(kept))
    measured = []
    for number, (sample, encoded) in enumerate(kept):
        context.checkpoint()
        key = f"{number} {sample.id}"
        if key not in known:
            with models.model.disable_adapter():
                base_loss = answer_loss(models.model, encoded)
            tuned_loss = answer_loss(models.model, encoded)
            known[key] = Measured(key, chunk_of(sample), base_loss, tuned_loss)
            append_line(file, json.dumps(asdict(known[key])))
        measured.append(known[key])
        context.progress(number + 1, len(kept))
    return measured


@torch.inference_mode()
def answer_loss(model: Any, encoded: Encoded) -> float:
    """Mean negative log-likelihood, in nats, of an answer's tokens after its prompt."""
    ids = torch.tensor([encoded.prompt_ids + encoded.answer_ids], device=model.device)
    length = len(encoded.answer_ids)
    forward = inspect.signature(model.get_base_model().forward).parameters
    # The logits of the prompt are not asked for: with a large vocabulary they are most of the memory.
    options = {"logits_to_keep": length + 1} if "logits_to_keep" in forward else {}
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids), use_cache=False, **options).logits
    predicted = logits[0, -length - 1 : -1].float()
    return float(torch.nn.functional.cross_entropy(predicted, ids[0, -length:]))


def chunk_of(sample: Sample) -> str:
    """The passage that a sample comes from; without one it stands for itself."""
    has_chunk = sample.source and (sample.source.chunk_id, sample.source.former_chunk_id) != (None, None)
    return group_of(sample) if has_chunk else f"sample {sample.id}"


def _answers(context: JobContext, models: _Models, samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """A few questions with the expected answer and both models' own, without any randomness."""
    chosen = samples[:: math.ceil(len(samples) / QUESTIONS)]
    context.progress(0, len(chosen), "evaluation.answering", questions=len(chosen))
    answers = []
    for number, sample in enumerate(chosen):
        context.checkpoint()
        with models.model.disable_adapter():
            base = _answer(models, sample.instruction)
        answers.append(
            {
                "question": sample.instruction,
                "expected": sample.output,
                "base": base,
                "tuned": _answer(models, sample.instruction),
                "document": sample.source.document if sample.source else None,
                "page": sample.source.page if sample.source else None,
            }
        )
        context.progress(number + 1, len(chosen))
    return answers


@torch.inference_mode()
def _answer(models: _Models, question: str) -> str:
    tokenizer = models.language.tokenizer
    ids = torch.tensor([encode_prompt(tokenizer, question)], device=models.model.device)
    pad = tokenizer.pad_token_id
    written = models.model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=ANSWER_TOKENS,
        do_sample=False,
        eos_token_id=sorted(models.language.stop_ids),
        pad_token_id=tokenizer.eos_token_id if pad is None else pad,
    )
    return without_thoughts(tokenizer.decode(written[0, ids.shape[1] :], skip_special_tokens=True))


def _verdict(low: float, high: float, *, chunks: int) -> str:
    if chunks < MINIMUM_CHUNKS:
        return "too_few"
    if high < 0:
        return "better"
    return "worse" if low > 0 else "no_better"


def _perplexity(loss: float) -> float:
    return math.exp(min(loss, 700.0))  # beyond that it is no float any more
