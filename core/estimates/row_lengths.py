"""How many rows there are to train on, and how long they are in the base model's tokens. Loads no torch."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.documents.token_counting import TokenCounter, local_counter, tokenizer_counter
from core.samples.store.sample import Sample, decode_sample, presentable
from core.samples.store.split import totals_of
from utils.config import TrainingSettings
from utils.errors import AppError

TEMPLATE_TOKENS = 24  # what a chat template adds to question and answer
READ_BYTES = 2_000_000  # a file up to this size is read whole; of a larger one so many lines at so many places are:
PLACES_READ, LINES_AT_EACH = 40, 10
LINES_READ = PLACES_READ * LINES_AT_EACH


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
    """The rows of a project, and their lengths as well as some of its lines tell; None where there are none."""
    samples = [sample for line in _some_lines(samples_file) if (sample := decode_sample(line.strip()))]
    texts = [text for sample in samples if sample.status != "rejected" for text in _row_texts(sample)]
    if not texts:
        return None
    sizes = totals_of(samples_file).split_rows(settings.held_out_share, settings.seed)
    some = texts[:: max(1, len(texts) // LINES_READ)]
    lengths = [count + TEMPLATE_TOKENS for count in (_tokenizer(base_folder) or local_counter()).exact(some)]
    longest = longest_tokens(samples_file, base_folder, settings.max_length)
    return Rows(sizes.learned, sizes.held_out, tuple(lengths), longest)


def _tokenizer(base_folder: Path) -> TokenCounter | None:
    """The base model's own way to count; None where its folder has none that can be read."""
    file = base_folder / "tokenizer.json"
    try:
        return tokenizer_counter(file, base_folder.name, forgetful=True) if file.is_file() else None
    except AppError:
        return None


def _some_lines(path: Path) -> list[bytes]:
    """All lines of a small file; of a large one some behind evenly spaced places."""
    if not path.is_file():
        return []
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= READ_BYTES:
            return file.readlines()
        lines: list[bytes] = []
        for number in range(PLACES_READ):
            file.seek(number * size // PLACES_READ)
            file.readline()  # a long line is hit more often, but those behind it are like any others
            lines += islice(file, LINES_AT_EACH)
    return lines


def _row_texts(sample: Sample) -> Iterator[str]:
    """A conversation is one row for each answer, with all that was said before."""
    said = ""
    for question, answer in ((sample.instruction, sample.output), *sample.follow_ups):
        said = f"{said}\n{question}\n{answer}"
        yield presentable(said)
