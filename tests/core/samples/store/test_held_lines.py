"""Files of samples in memory: always what stands in them, and no line is parsed twice."""

import pytest
from hypothesis import given

from core.samples.store import held_lines, sample
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import HELD, append_sample, append_samples, count_samples, read_samples
from tests.core.samples.file_happenings import HAPPENINGS, happen


def make_sample(number):
    return Sample(f"Was ist {number}?", f"Größe {number}.", f"s{number % 7}")


@pytest.fixture
def parsed(monkeypatch):
    """The lines that are parsed from here on."""
    lines: list[str] = []
    real = sample.parse_fields
    monkeypatch.setattr(sample, "parse_fields", lambda line: lines.append(line) or real(line))
    yield lines


@given(HAPPENINGS)
def test_what_is_held_is_always_what_reading_gives(tmp_path_factory, happenings):
    path = tmp_path_factory.mktemp("held") / "sft_data.jsonl"
    for number, what in enumerate(["append", *happenings]):
        happen(path, make_sample(number), what)
        held, there = HELD.of(path), path.read_bytes() if path.exists() else b""
        assert b"".join(line.data for line in held.lines) == there
        assert [line.id for line in held.samples] == [one.id for one in read_samples(path)]
        assert len(set(held.ids)) == len(held) == count_samples(path)


def test_an_appended_line_is_the_only_one_that_is_parsed(tmp_path, parsed):
    path = tmp_path / "sft_data.jsonl"
    append_samples(path, [make_sample(number) for number in range(50)])
    before = HELD.of(path)
    parsed.clear()
    append_sample(path, make_sample(50))
    assert (len(HELD.of(path)), len(parsed)) == (51, 1)
    assert HELD.of(path) is HELD.of(path)
    assert len(before) == 50  # what was handed out stays as it was


def test_of_a_file_that_somebody_else_wrote_anew_only_other_lines_are_parsed(tmp_path, parsed):
    path = tmp_path / "sft_data.jsonl"
    append_samples(path, [make_sample(number) for number in range(50)])
    assert count_samples(path) == 50
    parsed.clear()
    path.write_bytes(path.read_bytes().replace(b"Was ist 20?", b"Was war einst 20?"))
    assert HELD.of(path).lines[20].data.startswith(b'{"instruction": "Was war einst 20?"')
    assert len(parsed) == 2  # the first one, where a byte order mark may stand, too


def test_what_was_not_looked_at_for_longest_goes_where_there_is_too_much(tmp_path, parsed, monkeypatch):
    monkeypatch.setattr(held_lines, "MOST_HELD_BYTES", 10_000)
    paths = [tmp_path / f"{name}.jsonl" for name in "abc"]
    for path in paths:
        append_samples(path, [make_sample(number) for number in range(10)])
    for path, read in ((paths[0], 10), (paths[1], 10), (paths[0], 0), (paths[2], 10), (paths[0], 0), (paths[1], 10)):
        parsed.clear()
        assert (count_samples(path), len(parsed)) == (10, read)
