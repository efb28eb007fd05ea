"""What the samples of a file come to: always what reading all of them gives, and read once."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.samples import sample_totals, sft_dataset
from core.samples.sample_totals import LONGEST_KEPT, totals_of
from core.samples.sft_dataset import Sample, Source, append_sample, append_samples, read_samples, usable
from core.samples.splits import split_file
from tests.core.samples.file_happenings import HAPPENINGS, happen


def make_sample(number: int) -> Sample:
    """One of a few chunks, sometimes rejected, sometimes a conversation, each of another length."""
    return Sample(
        f"Was ist {number}?",
        "Das ist so. " * (1 + number * 7 % 11),
        f"s{number}",
        source=Source("a.pdf", chunk_id=number // 3) if number % 4 else None,
        status="rejected" if number % 5 == 3 else "new",
        follow_ups=(("Und dann?", "Dann das."),) * (number % 3),
    )


@given(HAPPENINGS, st.sampled_from([0.0, 0.05, 0.4]), st.integers(0, 3))
def test_totals_are_always_what_reading_gives(
    tmp_path_factory: pytest.TempPathFactory, happenings: list[str], share: float, seed: int
) -> None:
    path = tmp_path_factory.mktemp("totals") / "sft_data.jsonl"
    for number, what in enumerate(happenings):
        happen(path, make_sample(number), what)
        totals, found = totals_of(path), read_samples(path)
        assert (totals.samples, totals.usable) == (len(found), len(usable(found)))
        sides = [list(side) for side in split_file(path, share, seed)]
        sizes, rows = totals.split(share, seed), totals.split_rows(share, seed)
        assert [sizes.learned, sizes.held_out] == [len(side) for side in sides]
        assert [rows.learned, rows.held_out] == [sum(1 + len(each.follow_ups) for each in side) for side in sides]
        assert sorted(map(len, totals.longest)) == sorted(map(len, texts_of(found)))


def texts_of(samples: list[Sample]) -> Iterator[str]:
    for sample in usable(samples):
        turns = ((sample.instruction, sample.output), *sample.follow_ups)
        yield "\n".join(part for turn in turns for part in turn)


def test_of_many_samples_the_longest_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    append_samples(path, [Sample("Was?", "x" * length, str(length)) for length in range(1, 101)])
    append_sample(path, Sample("Was?", "y" * 500, "y"))
    found = totals_of(path).longest
    assert len(found) == LONGEST_KEPT
    assert [text.count("y") for text in found[:2]] == [500, 0]
    assert found[-1].count("x") == 70


def test_the_memory_of_a_page_does_not_grow_with_each_sample_that_is_written(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    append_samples(path, [make_sample(number) for number in range(50)])
    totals = totals_of(path)
    assert totals.split(0.1, 1).learned > 0
    before = weakref.ref(totals)
    del totals
    append_sample(path, make_sample(50))
    assert totals_of(path).split(0.1, 1).learned > 0
    gc.collect()
    assert before() is None


def test_while_samples_are_written_a_page_does_not_read_the_old_ones_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sft_data.jsonl"
    append_samples(path, [make_sample(number) for number in range(50)])
    before = totals_of(path)
    decoded: list[bytes] = []
    real = sft_dataset.decode_sample
    monkeypatch.setattr(sample_totals, "decode_sample", lambda line, first: decoded.append(line) or real(line, first))
    assert totals_of(path) is before
    append_sample(path, make_sample(50))
    assert totals_of(path).samples == 51
    assert len(decoded) == 1
    assert before.samples == 50  # what was handed out stays as it was
