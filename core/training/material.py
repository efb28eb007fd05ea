"""What a training run learns from: read, split and tokenized, before any weights are loaded. Knows no engine.

The trainer and the check before it share this room, so that what was checked is what is trained on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core import base_models
from core.runs import Run
from core.samples import sft_dataset, splits
from core.samples.sft_dataset import Sample
from core.samples.splits import Side
from core.training import training_data
from core.training.training_data import Row, encode_rows
from utils.config import TrainingSettings
from utils.errors import AppError


@dataclass(frozen=True)
class Plan:
    """What a run is made of, before any model is loaded. Its own samples stay on the disk until they are encoded."""

    settings: TrainingSettings
    base_folder: Path
    train: list[Sample] | Side
    held_out: list[Sample] | Side


@dataclass(frozen=True)
class Language:
    """How a base model writes: its tokenizer, the tokens that end an answer, and whether its template is ours."""

    tokenizer: Any
    stop_ids: frozenset[int]
    plain_template: bool


def plan_of(run: Run, found: Iterable[Sample] | None = None) -> Plan:
    """A run's request and its copy of the samples, or those `found`. Raises AppError for what is missing."""
    settings = TrainingSettings(**run.request["training"])
    split = settings.held_out_share, settings.seed
    train: list[Sample] | Side
    held_out: list[Sample] | Side
    if found is None:
        train, held_out = splits.split_file(run.samples_file, *split)
    else:
        train, held_out = splits.split_by_source(sft_dataset.usable(found), *split)
    if not train and not held_out:
        raise AppError("training_no_samples")
    if len(train) < sft_dataset.MINIMUM_SAMPLES:
        raise AppError("too_few_samples", samples=len(train), minimum=sft_dataset.MINIMUM_SAMPLES)
    return Plan(settings, base_models.base_of(run), train, held_out)


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
    plain_template = training_data.ensure_chat_template(tokenizer)
    without_weights = SimpleNamespace(config=config, generation_config=generation)
    return Language(tokenizer, training_data.stop_ids_of(tokenizer, without_weights), plain_template)


def encoded_rows(plan: Plan, language: Language) -> tuple[Iterator[Row], Iterator[Row]]:
    """Each row to learn from, and each to test with, as the model reads it; also those that are left out."""
    limit, learned = plan.settings.max_length, plan.settings.train_on_answers
    train = encode_rows(language.tokenizer, plan.train, language.stop_ids, limit, answers_only=learned)
    # Measured on answers alone, whatever is learned: so the losses of all runs can be compared.
    return train, encode_rows(language.tokenizer, plan.held_out, language.stop_ids, limit)
