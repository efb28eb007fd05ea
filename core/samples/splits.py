"""Which samples are learned from and which are measured with: by source, the same each time. Knows no model."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.samples.sft_dataset import Sample, iterate_samples, iterate_usable


def split_by_source(samples: Sequence[Sample], held_out_share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Samples to train on, and samples to measure with, both in their given order.

    All samples of one source chunk stay on one side: otherwise the measurement would ask for what was learned.
    The side of a chunk follows from the seed and the chunk, so it hardly moves when samples are added. Both sides
    hold at least one chunk where there are two and the share is above zero.
    """
    held_out_groups = groups_held_out(Counter(map(group_of, samples)), held_out_share, seed)
    train = [sample for sample in samples if group_of(sample) not in held_out_groups]
    held_out = [sample for sample in samples if group_of(sample) in held_out_groups]
    return train, held_out


@dataclass(frozen=True)
class Side:
    """One side of a split, in its order. Its samples are read from their file each time; none is kept."""

    file: Path
    held_out_groups: frozenset[str]
    is_held_out: bool
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Sample]:
        for sample in iterate_usable(iterate_samples(self.file)):
            if (group_of(sample) in self.held_out_groups) == self.is_held_out:
                yield sample


def split_file(path: Path, held_out_share: float, seed: int) -> tuple[Side, Side]:
    """The usable samples of a file that nobody changes, split as `split_by_source` does."""
    sizes = Counter(map(group_of, iterate_usable(iterate_samples(path))))
    keys = frozenset(groups_held_out(sizes, held_out_share, seed))
    held_out = sum(sizes[key] for key in keys)
    return Side(path, keys, False, sizes.total() - held_out), Side(path, keys, True, held_out)


def groups_held_out(sizes: Counter[str], held_out_share: float, seed: int) -> set[str]:
    """The groups to measure with; `sizes` says how many samples are in each."""
    wanted = math.ceil(held_out_share * sizes.total()) if held_out_share > 0 else 0
    shuffled = sorted(sizes, key=partial(_place, seed))
    chosen: set[str] = set()
    held_out_count = 0
    for key in shuffled[: len(shuffled) - 1]:
        if held_out_count >= wanted:
            break
        chosen.add(key)
        held_out_count += sizes[key]
    return chosen


def _place(seed: int, group: str) -> bytes:
    """Where a group stands among all, at random, but always in the same place."""
    return hashlib.sha256(f"{seed}:{group}".encode("utf-8", "surrogatepass")).digest()


def group_of(sample: Sample) -> str:
    """What must not be torn apart: the chunk, or, without one, all samples that ask the same."""
    if sample.source is not None and sample.source.chunk_id is not None:
        return f"chunk {sample.source.chunk_id}"
    if sample.source is not None and sample.source.former_chunk_id is not None:
        return f"former chunk {sample.source.former_chunk_id} of {sample.source.document}"
    return "question " + " ".join(sample.instruction.casefold().split())
