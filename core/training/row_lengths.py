"""How many tokens the rows to train on have, counted with the base model's tokenizer. Loads no torch."""

from heapq import nlargest
from pathlib import Path

from core.documents.token_counting import tokenizer_counter
from core.samples.sft_dataset import Sample, iterate_samples, presentable, usable
from utils.errors import AppError

TEMPLATE_TOKENS = 24  # what a chat template adds to question and answer
TOKENIZED_SAMPLES = 32  # so many of the samples with the most characters are counted in tokens


def longest_tokens(samples_file: Path, base_folder: Path, max_length: int) -> int:
    """The tokens of the longest row to train on, at most `max_length`; that itself where none is known."""
    samples = usable(iterate_samples(samples_file)) if samples_file.is_file() else []
    largest = nlargest(TOKENIZED_SAMPLES, map(_words_of, samples), key=len)
    file = base_folder / "tokenizer.json"
    if not largest or not file.is_file():
        return max_length
    try:
        counts = tokenizer_counter(file, base_folder.name).exact(largest)
    except AppError:
        return max_length
    return min(max_length, max(counts) + TEMPLATE_TOKENS)


def _words_of(sample: Sample) -> str:
    turns = ((sample.instruction, sample.output), *sample.follow_ups)
    return presentable("\n".join(part for turn in turns for part in turn))
