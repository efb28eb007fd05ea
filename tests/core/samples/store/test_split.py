"""What is learned from and what measured with; and the totals of a file are always what reading all of it gives."""

from hypothesis import given
from hypothesis import strategies as st

from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_sample, append_samples, read_samples, usable
from core.samples.store.split import LONGEST_KEPT, split_by_source, split_file, totals_of
from tests.core.samples.file_happenings import HAPPENINGS, happen


def make_sample(number, chunk_id=None, status="new", turns=1):
    """Each of another length."""
    source = None if chunk_id is None else Source("zahlen.pdf", page=1, chunk_id=chunk_id)
    said = "Das ist so. " * (1 + number * 7 % 11)
    follow_ups = (("Und dann?", "Dann das."),) * (turns - 1)
    return Sample(f"Was ist {number}?", said, f"s{number}", source, status=status, follow_ups=follow_ups)


@given(st.lists(st.integers(0, 9), max_size=60), st.floats(0, 0.5), st.integers(0, 3))
def test_the_split_loses_nothing_and_tears_no_chunk_apart(chunk_ids, share, seed):
    samples = [make_sample(number, chunk_id) for number, chunk_id in enumerate(chunk_ids)]
    train, held_out = split_by_source(samples, share, seed)
    assert sorted(train + held_out, key=samples.index) == samples
    train_chunks = {sample.source.chunk_id for sample in train if sample.source}
    held_out_chunks = {sample.source.chunk_id for sample in held_out if sample.source}
    assert not train_chunks & held_out_chunks
    assert bool(train) == bool(samples)
    assert bool(held_out) == (share > 0 and len(set(chunk_ids)) > 1)
    assert (train, held_out) == split_by_source(samples, share, seed)


@given(
    st.lists(st.tuples(st.integers(0, 12) | st.none(), st.sampled_from(["new", "rejected"])), max_size=60),
    st.floats(0, 0.5),
    st.integers(0, 9),
)
def test_a_file_is_split_as_its_samples_are(tmp_path_factory, parts, share, seed):
    file = tmp_path_factory.mktemp("split") / "sft_data.jsonl"
    append_samples(file, [make_sample(number, *part) for number, part in enumerate(parts)])
    sides = split_file(file, share, seed)
    assert tuple(map(list, sides)) == split_by_source(usable(read_samples(file)), share, seed)
    assert [len(side) for side in sides] == [len(list(side)) for side in sides]  # gone through a second time


def test_the_held_out_side_has_about_its_share():
    samples = [make_sample(number, number // 2) for number in range(400)]
    assert 40 <= len(split_by_source(samples, 0.1, 42)[1]) <= 41
    samples = [Sample(f"Halb \ud83d {number}?", "Ja.", str(number)) for number in range(10)]
    assert [len(side) for side in split_by_source(samples, 0.3, 42)] == [7, 3]


def test_the_same_question_without_a_source_stays_on_one_side():
    samples = [Sample("Was ist das?", f"Antwort {n}", str(n)) for n in range(5)] + [Sample("Und  DAS?", "x", "x")]
    train, held_out = split_by_source(samples, 0.2, 1)
    assert {len(train), len(held_out)} == {5, 1}


@given(HAPPENINGS, st.sampled_from([0.0, 0.05, 0.4]), st.integers(0, 3))
def test_totals_are_always_what_reading_gives(tmp_path_factory, happenings, share, seed):
    path = tmp_path_factory.mktemp("totals") / "sft_data.jsonl"
    for number, what in enumerate(happenings):
        chunk_id, status = number // 3 if number % 4 else None, "rejected" if number % 5 == 3 else "new"
        happen(path, make_sample(number, chunk_id, status, 1 + number % 3), what)
        totals, found = totals_of(path), read_samples(path)
        assert (totals.samples, totals.usable) == (len(found), len(usable(found)))
        sides = [list(side) for side in split_file(path, share, seed)]
        sizes, rows = totals.split(share, seed), totals.split_rows(share, seed)
        assert [sizes.learned, sizes.held_out] == [len(side) for side in sides]
        assert [rows.learned, rows.held_out] == [sum(1 + len(each.follow_ups) for each in side) for side in sides]
        assert sorted(map(len, totals.longest)) == sorted(map(len, texts_of(found)))


def texts_of(samples):
    for sample in usable(samples):
        turns = ((sample.instruction, sample.output), *sample.follow_ups)
        yield "\n".join(part for turn in turns for part in turn)


def test_of_many_samples_the_longest_are_kept(tmp_path):
    path = tmp_path / "sft_data.jsonl"
    append_samples(path, [Sample("Was?", "x" * length, str(length)) for length in range(1, 101)])
    append_sample(path, Sample("Was?", "y" * 500, "y"))
    found = totals_of(path).longest
    assert len(found) == LONGEST_KEPT
    assert [text.count("y") for text in found[:2]] == [500, 0]
    assert found[-1].count("x") == 70
