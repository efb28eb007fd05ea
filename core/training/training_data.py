"""What a training run learns from: samples, split, as token ids with labels, exactly as the model will meet them.

Only the answer and its end-of-turn token carry labels, unless a run shall learn the questions too. The trainer and
the look before it share this module, so that what was checked is what is trained on. Knows tokenizers; loads no
weights and knows no trainer.
"""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from core.jobs.runs import Run
from core.models import bases
from core.models.chat_text import answer_of, ensure_chat_template, joined_ids, meant_ids, prompt_of, said, shielded
from core.samples.store import sft_dataset
from core.samples.store.sample import Sample, presentable
from core.samples.store.split import Side, split_by_source, split_file
from utils.config import TrainingSettings
from utils.errors import AppError

IGNORED = -100
"""The label of a token that is read but not learned."""
ROWS_AT_ONCE = 256
"""So many rows go to the tokenizer together, which then uses all cores; more of them only take memory."""

ROWS_STORED_AT_ONCE = 1024
"""So many rows are written, and stand in the file, as one block."""


@dataclass(frozen=True)
class Encoded:
    """One sample in tokens. `missing` counts the tokens at its answer's end that did not fit.

    The last `asked` tokens of the prompt are learned too: none, or the question where questions shall be learned.
    """

    prompt_ids: list[int]
    answer_ids: list[int]
    missing: int = 0
    asked: int = 0

    @property
    def cut(self) -> bool:
        return self.missing > 0

    @property
    def tokens(self) -> int:
        return len(self.prompt_ids) + len(self.answer_ids)

    @property
    def row(self) -> dict[str, list[int]]:
        """What the trainer reads."""
        ids, only_read = self.prompt_ids + self.answer_ids, len(self.prompt_ids) - self.asked
        return {"input_ids": ids, "labels": [IGNORED] * only_read + ids[only_read:]}


@dataclass(frozen=True)
class Language:
    """How a base model writes: its tokenizer, the tokens that end an answer, and whether its template is ours."""

    tokenizer: Any
    stop_ids: frozenset[int]
    plain_template: bool


Row = tuple[Sample, Encoded]


def stop_ids_of(tokenizer: Any, *configs: Any) -> frozenset[int]:
    """The tokens at which a model stops to write, by its tokenizer and its configs.

    Raises AppError `training_no_stop_token` where there is none.
    """
    ids: set[int] = set()
    for source in (tokenizer, *configs):
        value = getattr(source, "eos_token_id", None)
        ids.update(value if isinstance(value, (list, tuple)) else [] if value is None else [value])
    if not ids or tokenizer.eos_token_id is None:
        raise AppError("training_no_stop_token")
    return frozenset(ids)


def encode_prompt(tokenizer: Any, instruction: str) -> list[int]:
    """A question as the model is asked it, up to where its answer begins."""
    asked = [said("user", shielded(tokenizer, presentable(instruction)))]
    return meant_ids(tokenizer, [prompt_of(tokenizer, asked)])[0]


def encode_rows(
    language: Language, samples: Iterable[Sample], max_length: int, *, answers_only: bool = True
) -> Iterator[Row]:
    """Each sample with each of its turns, also those of which no answer token is left; so many at once as are quick.

    A conversation becomes a row for each of its answers: as the finished model will meet it, with all that was said
    before. Chat templates need not tell apart which answers are learned, and none is learned twice. Nor is a question
    where questions are learned too. What does not fit into `max_length` tokens is cut from the answer's end; a cut
    answer gets no end-of-turn token, since that would teach the model to stop in mid-sentence.
    """
    rows = ((sample, turn) for sample in samples for turn in range(1 + len(sample.follow_ups)))
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        texts = [_texts(language.tokenizer, sample, turn, answers_only) for sample, turn in batch]
        prompts, answers, known = zip(*texts, strict=True)
        joined = joined_ids(language.tokenizer, prompts, answers)
        known_ids = meant_ids(language.tokenizer, known)
        for (sample, _), (prompt, answer), before in zip(batch, joined, known_ids, strict=True):
            yield sample, _fitted(language, (prompt, answer, before), max_length, answers_only)


def learnable(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows of which any answer token is left."""
    return (row for row in rows if row[1].answer_ids)


@dataclass(frozen=True)
class Plan:
    """What a run is made of, before any model is loaded. Its own samples stay on the disk until they are encoded."""

    settings: TrainingSettings
    base_folder: Path
    train: list[Sample] | Side
    held_out: list[Sample] | Side


def plan_of(run: Run, found: Iterable[Sample] | None = None) -> Plan:
    """A run's request and its copy of the samples, or those `found`. Raises AppError for what is missing."""
    settings = TrainingSettings(**run.request["training"])
    split = settings.held_out_share, settings.seed
    train: list[Sample] | Side
    held_out: list[Sample] | Side
    if found is None:
        train, held_out = split_file(run.samples_file, *split)
    else:
        train, held_out = split_by_source(sft_dataset.usable(found), *split)
    if not train and not held_out:
        raise AppError("training_no_samples")
    if len(train) < sft_dataset.MINIMUM_SAMPLES:
        raise AppError("too_few_samples", samples=len(train), minimum=sft_dataset.MINIMUM_SAMPLES)
    return Plan(settings, bases.base_of(run), train, held_out)


def read_language(base_folder: Path) -> Language:
    """A base model's tokenizer and end-of-turn tokens, from its small files alone.

    Raises AppError `training_base_damaged`, `training_no_stop_token`.
    """
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    try:
        tokenizer = AutoTokenizer.from_pretrained(base_folder, local_files_only=True)
        config = AutoConfig.from_pretrained(base_folder, local_files_only=True)
        if (base_folder / "generation_config.json").is_file():
            generation = GenerationConfig.from_pretrained(base_folder, local_files_only=True)
        else:
            generation = GenerationConfig.from_model_config(config)
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise AppError("training_base_damaged", folder=str(base_folder), reason=str(error)[:300]) from error
    plain_template = ensure_chat_template(tokenizer)
    return Language(tokenizer, stop_ids_of(tokenizer, generation, config), plain_template)


def encoded_rows(plan: Plan, language: Language) -> tuple[Iterator[Row], Iterator[Row]]:
    """Each row to learn from, and each to test with, as the model reads it; also those that are left out."""
    limit = plan.settings.max_length
    train = encode_rows(language, plan.train, limit, answers_only=plan.settings.train_on_answers)
    # Measured on answers alone, whatever is learned: so the losses of all runs can be compared.
    return train, encode_rows(language, plan.held_out, limit)


@dataclass(frozen=True)
class Rows:
    """Rows to train on, or to measure with: a datasets.Dataset, None without any, and what had to be left out.

    `cut` counts the rows whose answers did not fit, `dropped` those of which no answer token was left.
    """

    data: Any
    kept: int
    cut: int
    dropped: int
    longest_tokens: int


def on_disk(parts: Iterable[Iterable[Row]], folder: Path) -> list[Rows]:
    """Write each part into a file of `folder`, as it comes, and open it: mapped, and read as training asks for rows.

    Once open a file loses its name, so that nothing of it is left behind, however its process ends. Where a system
    forbids that it stays until the run goes on or is deleted. Raises OSError where there is no room.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        return [_stored(rows, folder / f"{number}.arrow") for number, rows in enumerate(parts)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _texts(tokenizer: Any, sample: Sample, turn: int, answers_only: bool) -> tuple[str, str, str]:
    """What the model reads in one turn of a sample, what it answers, and what of both other rows have taught.

    The last is only told where questions are learned too.
    """
    turns = ((sample.instruction, sample.output), *sample.follow_ups)[: turn + 1]
    # Half a character, which JSON can hold, is nothing that a tokenizer takes.
    texts = [shielded(tokenizer, presentable(text)) for pair in turns for text in pair]
    *asked, answer = [said(role, text) for role, text in zip(cycle(("user", "assistant")), texts, strict=False)]
    prompt = prompt_of(tokenizer, asked)
    known = len(asked) > 1 and not answers_only
    before = tokenizer.apply_chat_template(asked[:-1], tokenize=False) if known else ""
    return prompt, answer_of(tokenizer, asked, prompt, answer["content"]), before


def _fitted(language: Language, ids: Sequence[list[int]], max_length: int, answers_only: bool) -> Encoded:
    """The tokens of what `_texts` gives, as far as they fit."""
    prompt_ids, whole_answer, known = ids
    answer_ids = _ended(whole_answer, language.stop_ids, language.tokenizer.eos_token_id)
    room = max(0, max_length - len(prompt_ids))
    # Where the template rewrites earlier turns, it cannot be told what of the prompt is new.
    asked = 0 if answers_only or prompt_ids[: len(known)] != known else len(prompt_ids) - len(known)
    return Encoded(prompt_ids, answer_ids[:room], max(0, len(answer_ids) - room), asked)


def _ended(ids: Sequence[int], stop_ids: frozenset[int], eos_id: int) -> list[int]:
    """The answer up to its end-of-turn token; it gets one where the template gave none."""
    for position in range(len(ids) - 1, -1, -1):
        if ids[position] in stop_ids:
            return list(ids[: position + 1])
    return [*ids, eos_id]


def _stored(rows: Iterable[Row], file: Path) -> Rows:
    import pyarrow as pa
    from datasets import Dataset

    tokens = pa.list_(pa.int32())
    schema = pa.schema({"input_ids": tokens, "labels": tokens})
    kept = cut = dropped = longest = 0
    with file.open("wb") as sink, pa.ipc.new_stream(sink, schema) as stream:
        remaining = iter(rows)
        while block := list(islice(remaining, ROWS_STORED_AT_ONCE)):
            learned = [encoded for _, encoded in learnable(block)]
            stream.write_batch(pa.RecordBatch.from_pylist([encoded.row for encoded in learned], schema))
            kept, dropped = kept + len(learned), dropped + len(block) - len(learned)
            cut += sum(encoded.cut for encoded in learned)
            longest = max([longest, *(encoded.tokens for encoded in learned)])
    return Rows(Dataset.from_file(str(file)) if kept else None, kept, cut, dropped, longest)
