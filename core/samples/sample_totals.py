"""What the samples of a project come to for a training, kept up to date as they are written. Knows no model."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nlargest
from itertools import chain
from pathlib import Path

from core.samples.followed_file import Followed, Line
from core.samples.sft_dataset import Sample, decode_sample, presentable
from core.samples.splits import group_of, groups_held_out

LONGEST_KEPT = 32


@dataclass(frozen=True)
class Sizes:
    """How many there are to learn from, and to measure with."""

    learned: int
    held_out: int


@dataclass(frozen=True)
class Totals:
    """Of all `samples`, those that nobody rejected, by what a split keeps together: how many samples, and how many
    rows, of which a conversation has one for each answer. `longest` are the texts with the most characters."""

    samples: int = 0
    by_group: Counter[str] = field(default_factory=Counter)
    rows_by_group: Counter[str] = field(default_factory=Counter)
    longest: tuple[str, ...] = ()
    # Asked for several times in one look. Kept here, so that it goes when the totals do.
    _held_out: dict[tuple[float, int], frozenset[str]] = field(default_factory=dict)

    @property
    def usable(self) -> int:
        return self.by_group.total()

    def split(self, held_out_share: float, seed: int) -> Sizes:
        """How many samples a training learns from and measures with: as `splits.split_file` splits them."""
        return _sizes(self.by_group, self._groups_held_out(held_out_share, seed))

    def split_rows(self, held_out_share: float, seed: int) -> Sizes:
        """The same in rows."""
        return _sizes(self.rows_by_group, self._groups_held_out(held_out_share, seed))

    def _groups_held_out(self, held_out_share: float, seed: int) -> frozenset[str]:
        asked = (held_out_share, seed)
        if asked not in self._held_out:
            self._held_out[asked] = frozenset(groups_held_out(self.by_group, held_out_share, seed))
        return self._held_out[asked]


def totals_of(samples_file: Path) -> Totals:
    """The totals of a file as it is now."""
    return _TOTALS.of(samples_file)


def _sizes(by_group: Counter[str], held_out_groups: frozenset[str]) -> Sizes:
    held_out = sum(by_group[group] for group in held_out_groups)
    return Sizes(by_group.total() - held_out, held_out)


def _added(before: Totals, lines: Iterable[Line]) -> Totals:
    samples, by_group, rows_by_group = before.samples, before.by_group.copy(), before.rows_by_group.copy()

    def texts() -> Iterable[str]:
        nonlocal samples
        for line, is_first in lines:
            sample = decode_sample(line, is_first)
            if sample is None:
                continue
            samples += 1
            if sample.status != "rejected":
                group = group_of(sample)
                by_group[group] += 1
                rows_by_group[group] += 1 + len(sample.follow_ups)
                yield _text_of(sample)

    longest = nlargest(LONGEST_KEPT, chain(before.longest, texts()), key=len)
    return Totals(samples, by_group, rows_by_group, tuple(longest))


def _text_of(sample: Sample) -> str:
    turns = ((sample.instruction, sample.output), *sample.follow_ups)
    return presentable("\n".join(part for turn in turns for part in turn))


_TOTALS = Followed(Totals(), _added)
