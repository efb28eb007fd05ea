import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.samples.store.sample import Generator, Sample, Source, parse_sample, sample_id, to_line
from core.samples.store.sft_dataset import append_sample, append_samples, count_samples, read_samples, usable

ROOT = Path(__file__).resolve().parents[4]
WILD_TEXT = st.text(st.characters(exclude_categories=()), min_size=1).filter(str.strip)


def make_sample(number, chunk_id=None, status="new"):
    question, answer = f"Was ist {number}?", f"Eine Zahl: {number}."
    source = None if chunk_id is None else Source("zahlen.pdf", page=1, chunk_id=chunk_id)
    return Sample(question, answer, sample_id(question, answer), source, Generator("p", "p"), status, "de")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sft_data.jsonl"


def test_what_is_appended_alone_or_with_others_is_read_back(path):
    assert (read_samples(path), count_samples(path)) == ([], 0)
    samples = [make_sample(number, chunk_id=number) for number in range(50)]
    append_sample(path, samples[0])
    append_samples(path, samples[1:])
    append_samples(path, [])
    assert (read_samples(path), count_samples(path)) == (samples, 50)


def test_a_line_starts_with_instruction_and_output():
    fields = json.loads(to_line(make_sample(1, chunk_id=17)))
    assert list(fields)[:2] == ["instruction", "output"]
    assert fields["source"] == {"document": "zahlen.pdf", "page": 1, "chunk_id": 17}


@given(WILD_TEXT, WILD_TEXT)
def test_any_text_survives_on_exactly_one_line(instruction, output):
    sample = Sample(instruction, output, sample_id(instruction, output))
    line = to_line(sample)
    assert len(line.splitlines()) == 1
    assert parse_sample(line.encode().decode()) == sample


@given(st.text())
def test_a_line_of_anything_gives_a_sample_or_none(line):
    parse_sample(line)


def test_alpaca_input_becomes_part_of_the_instruction():
    sample = parse_sample('{"instruction": "Übersetze.", "input": "Hallo", "output": "Hello"}')
    assert (sample.instruction, sample.source) == ("Übersetze.\n\nHallo", None)


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"instruction": "a"}', '{"instruction": " ", "output": "b"}', "[" * 9999]
)
def test_a_line_without_question_and_answer_is_no_sample(line):
    assert parse_sample(line) is None


def test_torn_lines_cost_only_themselves_and_are_named(path):
    line = to_line(make_sample(1, chunk_id=1))
    after_inner_brace = line.index("}") + 1
    path.write_text(f"{line}\n{line[:30]}\n{line[:after_inner_brace]}\n\n", encoding="utf-8")
    append_sample(path, make_sample(2, chunk_id=2))
    bad = []
    assert [sample.instruction for sample in read_samples(path, bad.append)] == ["Was ist 1?", "Was ist 2?"]
    assert (bad, count_samples(path)) == ([2, 3], 2)


def test_a_file_written_by_hand_may_have_a_bom_and_no_last_line_end(path):
    path.write_bytes(b'\xef\xbb\xbf{"instruction": "a?", "output": "b"}\r\n{"instruction": "c?", "output": "d"}')
    assert [sample.output for sample in read_samples(path)] == ["b", "d"]
    assert count_samples(path) == 2


def test_rejected_samples_are_not_usable():
    samples = [make_sample(1), make_sample(2, status="rejected"), make_sample(3, status="edited")]
    assert [sample.instruction for sample in usable(samples)] == ["Was ist 1?", "Was ist 3?"]


@given(WILD_TEXT, st.integers(1, 400))
def test_a_half_line_left_by_a_power_cut_is_cut_away_by_the_next_writer(tmp_path_factory, text, missing_bytes):
    path = tmp_path_factory.mktemp("torn") / "sft_data.jsonl"
    append_sample(path, make_sample(1, chunk_id=1))
    whole = path.read_bytes()
    line = to_line(Sample(text, text, "id", Source("a.pdf", 1, 2))).encode()
    path.write_bytes(whole + line[: max(1, len(line) - missing_bytes)])
    append_sample(path, make_sample(2))
    assert path.read_bytes() == whole + to_line(make_sample(2)).encode() + b"\n"


def test_zeros_left_by_a_power_cut_are_cut_away(path):
    append_sample(path, make_sample(1))
    with path.open("ab") as file:
        file.write(b"\0" * 100_000)
    append_sample(path, make_sample(2))
    assert path.read_text().splitlines() == [to_line(make_sample(number)) for number in (1, 2)]


@pytest.mark.parametrize(
    "last", ['{"instruction": "c?", "output": "d"}', "# note", '{"wrong": , 2}', "[1, 2", "[" * 9999]
)
def test_a_last_line_of_a_person_is_kept_and_ended(path, last):
    path.write_text(f"{to_line(make_sample(1))}\n{last}")
    append_sample(path, make_sample(2))
    assert path.read_text().splitlines() == [to_line(make_sample(1)), last, to_line(make_sample(2))]


def test_a_full_disk_leaves_no_part_of_a_line(path, monkeypatch):
    append_sample(path, make_sample(1))
    before, real, room = path.read_bytes(), os.write, iter([10])

    def write(descriptor, data):
        if (left := next(room, 0)) == 0:
            raise OSError(errno.ENOSPC, "full")
        return real(descriptor, data[:left])

    with monkeypatch.context() as full, pytest.raises(OSError, match="full"):
        full.setattr(os, "write", write)
        append_sample(path, make_sample(2))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "fields",
    [
        *({"id": own} for own in ("\ud800", "x" * 5000, "a\nb")),
        *({"support": support} for support in (10**400, True, float("nan"))),
        {"source": {"document": "a.pdf", "page": True, "chunk_id": 2**63}},
    ],
)
def test_fields_that_no_database_takes_are_not_believed(fields):
    sample = parse_sample(json.dumps({"instruction": "a\ud800", "output": "b", **fields}))
    assert (sample.id, sample.support) == (sample_id("a\ud800", "b"), None)
    assert sample.source in (None, Source("a.pdf"))


APPENDER = """
import sys
from pathlib import Path
from core.samples.store.sft_dataset import append_sample
from core.samples.store.sample import Sample
for number in range(100_000):
    append_sample(Path(sys.argv[1]), Sample(f"{number}", "x" * 3000, f"a-{number}"))
    print(number, flush=True)
"""


@pytest.mark.parametrize("heard", [1, 20])
def test_a_killed_writer_leaves_all_that_it_said_was_written(path, heard):
    process = subprocess.Popen([sys.executable, "-c", APPENDER, path], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    said = [int(process.stdout.readline()) for _ in range(heard)][-1]
    process.kill()
    process.communicate()
    append_sample(path, make_sample(1))
    bad = []
    ids = [sample.id for sample in read_samples(path, bad.append)]
    assert bad == []
    assert ids[: said + 1] == [f"a-{number}" for number in range(said + 1)]
    assert ids[-1] == make_sample(1).id
