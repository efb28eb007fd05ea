"""Which samples are learned from and which measured with, and what they come to for a training. Knows no model."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from heapq import nlargest
from pathlib import Path

from core.samples.store.held_lines import Held
from core.samples.store.sample import Sample, group_of, presentable, texts_of
from core.samples.store.sft_dataset import HELD, iterate_samples, sample_in

LONGEST_KEPT = 32


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
        for sample in iterate_samples(self.file):
            if sample.status != "rejected" and (group_of(sample) in self.held_out_groups) == self.is_held_out:
                yield sample


def split_file(path: Path, held_out_share: float, seed: int) -> tuple[Side, Side]:
    """The usable samples of a file that nobody changes, split as `split_by_source` does."""
    sizes = Counter(group_of(sample) for sample in iterate_samples(path) if sample.status != "rejected")
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


@dataclass(frozen=True)
class Sizes:
    """How many there are to learn from, and to measure with."""

    learned: int
    held_out: int


@dataclass(frozen=True)
class Totals:
    """Of all `samples`, those that nobody rejected, by what a split keeps together: how many samples, and how many
    rows, of which a conversation has one for each answer. `longest` are the texts with the most characters."""

    samples: int
    by_group: Counter[str]
    rows_by_group: Counter[str]
    longest: tuple[str, ...]
    _held_out: dict[tuple[float, int], set[str]] = field(default_factory=dict)  # asked for several times in one look

    @property
    def usable(self) -> int:
        return self.by_group.total()

    def split(self, held_out_share: float, seed: int) -> Sizes:
        """How many samples a training learns from and measures with: as `split_file` splits them."""
        return self._sizes(self.by_group, held_out_share, seed)

    def split_rows(self, held_out_share: float, seed: int) -> Sizes:
        """The same in rows."""
        return self._sizes(self.rows_by_group, held_out_share, seed)

    def _sizes(self, by_group: Counter[str], held_out_share: float, seed: int) -> Sizes:
        asked = (held_out_share, seed)
        if asked not in self._held_out:
            self._held_out[asked] = groups_held_out(self.by_group, held_out_share, seed)
        held_out = sum(by_group[group] for group in self._held_out[asked])
        return Sizes(by_group.total() - held_out, held_out)


def totals_of(samples_file: Path) -> Totals:
    """The totals of a file as it is now."""
    held = HELD.of(samples_file)
    return held.once("totals", None, lambda: _totals(held))


def _totals(held: Held) -> Totals:
    lines = [line for line in held.samples if line.status != "rejected"]
    rows: Counter[str] = Counter()
    for line in lines:
        rows[line.group] += line.turns
    longest = nlargest(LONGEST_KEPT, lines, key=lambda line: line.characters + 2 * line.turns)
    texts = ("\n".join(texts_of(sample_in(line))) for line in longest)
    return Totals(len(held), Counter(line.group for line in lines), rows, tuple(map(presentable, texts)))
