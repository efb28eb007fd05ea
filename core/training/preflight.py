"""A look at the samples as the base model will read them, before a training: what is cut and learned, with examples.

A stage of its own that loads the tokenizer and no weights. It encodes every sample with the trainer's own code, some
hundred rows at a time: of 100,000 samples it keeps texts, lengths and a handful of rows, never all tokens.
"""

import time
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby, takewhile
from statistics import median
from typing import Any

from core.estimates import memory
from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.models import bases
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import iterate_samples
from core.training.readiness import Check
from core.training.training_data import (
    IGNORED,
    ROWS_AT_ONCE,
    Encoded,
    Language,
    Plan,
    encoded_rows,
    plan_of,
    read_language,
)
from utils import config
from utils.config import TrainingSettings

SEGMENT_CHARACTERS = 1500
"""Of a longer segment an example keeps its beginning and its end."""
_, HIGHEST_LENGTH = config.bounds(TrainingSettings, "max_length")


@dataclass
class Seen:
    """What one part of the samples came to; `lengths` are those of all rows, uncut, in tokens."""

    lengths: array = field(default_factory=lambda: array("L"))
    kept: int = 0
    cut: int = 0
    missing: int = 0
    endless: int = 0
    empty: int = 0
    learned: int = 0

    @property
    def rows(self) -> int:
        return len(self.lengths)

    @property
    def dropped(self) -> int:
        return self.rows - self.kept

    def add(self, encoded: Encoded, stop_ids: frozenset[int]) -> None:
        """Count one row: `endless` ones lack an end-of-turn token, `empty` ones have nothing but it to learn."""
        answer = encoded.answer_ids
        self.lengths.append(encoded.tokens + encoded.missing)
        if not answer:
            return
        ends = answer[-1] in stop_ids
        self.kept += 1
        self.cut += encoded.cut
        self.missing += encoded.missing
        self.endless += not ends
        self.empty += ends and len(answer) == 1
        self.learned += sum(label != IGNORED for label in encoded.row["labels"])


@dataclass
class Found:
    """Rows worth showing, by the reason why."""

    rows: dict[str, Encoded] = field(default_factory=dict)

    def look(self, encoded: Encoded) -> None:
        """Keep a row if it is the first one, the first that is cut, or the longest so far."""
        if not encoded.answer_ids:
            return
        self.rows.setdefault("first", encoded)
        if encoded.cut:
            self.rows.setdefault("cut", encoded)
        if "longest" not in self.rows or encoded.tokens > self.rows["longest"].tokens:
            self.rows["longest"] = encoded

    def examples(self, language: Language) -> list[dict[str, Any]]:
        """Each row once, under the first reason for it."""
        first_reasons = {id(encoded): why for why, encoded in reversed(self.rows.items())}
        return [
            {
                "why": why,
                "tokens": encoded.tokens,
                "missing": encoded.missing,
                "segments": [_shortened(segment) for segment in segments(language, encoded)],
            }
            for why, encoded in self.rows.items()
            if first_reasons[id(encoded)] == why
        ]


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Look at all samples. Raises AppError where there is nothing to look at, StopRequested between two batches."""
    started = time.monotonic()
    context.progress(0, None, "preflight.reading")
    ignored = {"unreadable": 0, "rejected": 0}
    plan = plan_of(run, _counted(run, ignored))
    language = read_language(plan.base_folder)
    total = sum(1 + len(sample.follow_ups) for sample in (*plan.train, *plan.held_out))
    train, held_out, found = Seen(), Seen(), Found()
    context.progress(0, total, "preflight.encoding")
    for rows, seen in zip(encoded_rows(plan, language), (train, held_out), strict=True):
        for _, encoded in rows:
            seen.add(encoded, language.stop_ids)
            found.look(encoded)
            done = train.rows + held_out.rows
            if done % ROWS_AT_ONCE == 0:
                context.progress(done, total)
                context.checkpoint()
    context.progress(total, total)
    lengths = train.lengths + held_out.lengths
    return {
        "basis": run.request["basis"],
        "checks": [asdict(check) for check in checks(plan, language, train, held_out, ignored)],
        "rows": train.kept,
        "held_out_rows": held_out.kept,
        "longest": max(lengths),
        "median": median(lengths),
        "learned_tokens": train.learned,
        "max_length": plan.settings.max_length,
        "suggestion": suggestion(plan, max(lengths)),
        "examples": found.examples(language),
        "seconds": round(time.monotonic() - started, 1),
    }


def checks(plan: Plan, language: Language, train: Seen, held_out: Seen, ignored: dict[str, int]) -> Iterator[Check]:
    """What was found, in the order in which it matters."""
    limit = plan.settings.max_length
    samples = len(plan.train) + len(plan.held_out)
    yield Check(
        "rows",
        "ok" if train.kept else "bad",
        {"samples": samples, "rows": train.kept, "held_out": held_out.kept, "max_length": limit},
    )
    both = {name: getattr(train, name) + getattr(held_out, name) for name in ("cut", "missing", "dropped", "rows")}
    cut = {"cut": both["cut"], "rows": both["rows"], "max_length": limit}
    yield _warn("cut", both["cut"], {**cut, "missing": round(both["missing"] / max(1, both["cut"]))})
    yield _warn("dropped", both["dropped"], {"rows": both["rows"], "max_length": limit})
    yield _warn("learned", train.empty, {"rows": train.kept})
    yield _warn("end", train.endless, {"rows": train.kept})
    yield Check("template", "warn" if language.plain_template else "ok", {})
    if plan.settings.held_out_share:
        yield Check("held_out", "ok" if held_out.kept else "warn", {"held_out": held_out.kept})
    yield _warn("shared_answers", shared_answers(plan), {"held_out": len(plan.held_out)})
    for name, count in ignored.items():
        if count:
            yield Check(name, "warn" if name == "unreadable" else "ok", {"count": count})


def shared_answers(plan: Plan) -> int:
    """How many samples to test with have an answer that is also learned, whatever its case and spaces."""
    learned = {answer for sample in plan.train for answer in _answers(sample)}
    return sum(any(answer in learned for answer in _answers(sample)) for sample in plan.held_out)


def suggestion(plan: Plan, longest: int) -> int | None:
    """The max_length that cuts nothing, at most what model and setting allow; None where none is needed."""
    most = min(HIGHEST_LENGTH, bases.describe(plan.base_folder).context_tokens or HIGHEST_LENGTH)
    best = min(memory.padded(longest), most)
    return best if plan.settings.max_length < min(best, longest) else None


def segments(language: Language, encoded: Encoded) -> list[dict[str, Any]]:
    """A row as pieces of text with the role of their tokens: read, learned or end. Together they are the whole text.

    A piece is what it adds to the text before it: a character whose bytes lie in two pieces belongs to the later one.
    """
    row = encoded.row
    ids, labels = row["input_ids"], row["labels"]
    roles = ["read" if label == IGNORED else "learned" for label in labels]
    if roles[-1] == "learned" and ids[-1] in language.stop_ids:
        roles[-1] = "end"
    whole = _decoded(language, ids)
    pieces: list[dict[str, Any]] = []
    tokens = reached = 0
    for role, group in groupby(roles):
        count = len(list(group))
        tokens += count
        end = len(whole) if tokens == len(ids) else max(reached, _same(whole, _decoded(language, ids[:tokens])))
        pieces.append({"role": role, "tokens": count, "text": whole[reached:end]})
        reached = end
    return pieces


def _counted(run: Run, ignored: dict[str, int]) -> Iterable[Sample]:
    """The project's samples as they are now; what will not be trained on is counted on the way."""

    def count_unreadable(_: int) -> None:
        ignored["unreadable"] += 1

    for sample in iterate_samples(run.project.samples_file, count_unreadable):
        ignored["rejected"] += sample.status == "rejected"
        yield sample


def _warn(name: str, count: int, params: dict[str, Any]) -> Check:
    return Check(name, "warn" if count else "ok", {"count": count, **params})


def _answers(sample: Sample) -> Iterator[str]:
    for answer in (sample.output, *(said for _, said in sample.follow_ups)):
        yield " ".join(answer.casefold().split())


def _decoded(language: Language, ids: list[int]) -> str:
    return language.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def _same(one: str, other: str) -> int:
    """How many characters at the start of two texts are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _shortened(segment: dict[str, Any]) -> dict[str, Any]:
    """The segment as it is stored; `left_out` counts the characters missing between its `text` and its `rest`."""
    text, half = segment["text"], SEGMENT_CHARACTERS // 2
    if len(text) <= SEGMENT_CHARACTERS:
        return {**segment, "left_out": 0, "rest": ""}
    return {**segment, "text": text[:half], "left_out": len(text) - 2 * half, "rest": text[-half:]}
