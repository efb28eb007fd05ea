"""How many rows there are to train on, and how long they are in the base model's tokens. Loads no torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.documents.token_counting import TokenCounter, local_counter, tokenizer_counter
from core.samples.store.sample import Sample, presentable
from core.samples.store.sft_dataset import HELD, sample_in
from core.samples.store.split import totals_of
from utils.config import TrainingSettings
from utils.errors import AppError

TEMPLATE_TOKENS = 24  # what a chat template adds to question and answer
SAMPLES_READ = 400  # evenly spaced ones tell how long all are


@dataclass(frozen=True)
class Rows:
    """The rows to train on and to test with, and the lengths in tokens of some of them, uncut.

    `longest` is that of the longest row after it was cut, or the maximum length where that cannot be told.
    """

    rows: int
    held_out: int
    lengths: tuple[int, ...]
    longest: int


def longest_tokens(samples_file: Path, base_folder: Path, max_length: int) -> int:
    """The tokens of the longest row to train on, at most `max_length`; that itself where none is known."""
    counter, largest = _tokenizer(base_folder), totals_of(samples_file).longest
    if counter is None or not largest:
        return max_length
    return min(max_length, max(counter.exact(largest)) + TEMPLATE_TOKENS)


def read_rows(samples_file: Path, base_folder: Path, settings: TrainingSettings) -> Rows | None:
    """The rows of a project, and their lengths as well as some of them tell; None where there are none."""
    lines = [line for line in HELD.of(samples_file).samples if line.status != "rejected"]
    if not lines:
        return None
    some = lines[:: max(1, len(lines) // SAMPLES_READ)]
    texts = [text for line in some for text in _row_texts(sample_in(line))]
    sizes = totals_of(samples_file).split_rows(settings.held_out_share, settings.seed)
    lengths = [count + TEMPLATE_TOKENS for count in (_tokenizer(base_folder) or local_counter()).exact(texts)]
    longest = longest_tokens(samples_file, base_folder, settings.max_length)
    return Rows(sizes.learned, sizes.held_out, tuple(lengths), longest)


def _tokenizer(base_folder: Path) -> TokenCounter | None:
    """The base model's own way to count; None where its folder has none that can be read."""
    file = base_folder / "tokenizer.json"
    try:
        return tokenizer_counter(file, base_folder.name, forgetful=True) if file.is_file() else None
    except AppError:
        return None


def _row_texts(sample: Sample) -> Iterator[str]:
    """A conversation is one row for each answer, with all that was said before."""
    said = ""
    for question, answer in ((sample.instruction, sample.output), *sample.follow_ups):
        said = f"{said}\n{question}\n{answer}"
        yield presentable(said)
