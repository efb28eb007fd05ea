import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.samples.store.sft_dataset import (
    Generator,
    Sample,
    Source,
    append_sample,
    append_samples,
    count_samples,
    parse_sample,
    read_samples,
    sample_id,
    to_line,
    usable,
)

ROOT = Path(__file__).resolve().parents[4]
WILD_TEXT = st.text(st.characters(exclude_categories=()), min_size=1).filter(str.strip)


def make_sample(number: int, chunk_id: int | None = None, status: str = "new") -> Sample:
    question, answer = f"Was ist {number}?", f"Eine Zahl: {number}."
    source = None if chunk_id is None else Source("zahlen.pdf", page=1, chunk_id=chunk_id)
    return Sample(
        question, answer, sample_id(question, answer), source, Generator("practice", "practice"), status, "de"
    )


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    samples = [make_sample(number, chunk_id=number) for number in range(5)]
    for sample in samples:
        append_sample(path, sample)
    assert read_samples(path) == samples
    assert count_samples(path) == 5


def test_a_line_starts_with_instruction_and_output() -> None:
    fields = json.loads(to_line(make_sample(1, chunk_id=17)))
    assert list(fields)[:2] == ["instruction", "output"]
    assert fields["source"] == {"document": "zahlen.pdf", "page": 1, "chunk_id": 17}


@given(WILD_TEXT, WILD_TEXT)
def test_any_text_survives_on_exactly_one_line(instruction: str, output: str) -> None:
    sample = Sample(instruction, output, sample_id(instruction, output))
    line = to_line(sample)
    assert len(line.splitlines()) == 1
    assert parse_sample(line.encode().decode()) == sample


@given(st.text())
def test_a_line_of_anything_gives_a_sample_or_none(line: str) -> None:
    parse_sample(line)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda values: st.lists(values) | st.dictionaries(st.sampled_from(["instruction", "output", "x"]), values),
    )
)
def test_fields_of_the_wrong_type_never_raise(value: object) -> None:
    parse_sample(json.dumps(value))
    parse_sample(json.dumps({"instruction": "a", "output": "b", "source": value, "generator": value, "id": value}))


def test_alpaca_input_becomes_part_of_the_instruction() -> None:
    sample = parse_sample('{"instruction": "Übersetze.", "input": "Hallo", "output": "Hello"}')
    assert sample is not None
    assert sample.instruction == "Übersetze.\n\nHallo"
    assert sample.source is None


@pytest.mark.parametrize(
    "line", ["", "[]", "{}", '{"instruction": "a"}', '{"instruction": " ", "output": "b"}', "[" * 9999]
)
def test_a_line_without_question_and_answer_is_no_sample(line: str) -> None:
    assert parse_sample(line) is None


def test_torn_lines_cost_only_themselves_and_are_named(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    line = to_line(make_sample(1, chunk_id=1))
    after_inner_brace = line.index("}") + 1
    path.write_text(f"{line}\n{line[:30]}\n{line[:after_inner_brace]}\n\n", encoding="utf-8")
    append_sample(path, make_sample(2, chunk_id=2))
    bad: list[int] = []
    assert [sample.instruction for sample in read_samples(path, bad.append)] == ["Was ist 1?", "Was ist 2?"]
    assert bad == [2, 3]
    assert count_samples(path) == 2


def test_braces_in_an_answer_do_not_change_the_count(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    append_sample(path, Sample("Was steht da?", "int main() {", "a"))
    append_sample(path, Sample("Und da?", "}}}", "b"))
    assert count_samples(path) == 2


def test_a_file_written_by_hand_may_have_a_bom_and_no_last_line_end(tmp_path: Path) -> None:
    path = tmp_path / "hand.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"instruction": "a?", "output": "b"}\r\n{"instruction": "c?", "output": "d"}')
    assert [sample.output for sample in read_samples(path)] == ["b", "d"]
    assert count_samples(path) == 2


def test_a_missing_file_holds_no_samples(tmp_path: Path) -> None:
    assert read_samples(tmp_path / "none.jsonl") == []
    assert count_samples(tmp_path / "none.jsonl") == 0


def test_rejected_samples_are_not_usable() -> None:
    samples = [make_sample(1), make_sample(2, status="rejected"), make_sample(3, status="edited")]
    assert [sample.instruction for sample in usable(samples)] == ["Was ist 1?", "Was ist 3?"]


@given(WILD_TEXT, st.integers(1, 400))
def test_a_half_line_left_by_a_power_cut_is_cut_away_by_the_next_writer(
    tmp_path_factory: pytest.TempPathFactory, text: str, missing_bytes: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "sft_data.jsonl"
    append_sample(path, make_sample(1, chunk_id=1))
    whole = path.read_bytes()
    line = to_line(Sample(text, text, "id", Source("a.pdf", 1, 2))).encode()
    path.write_bytes(whole + line[: max(1, len(line) - missing_bytes)])
    append_sample(path, make_sample(2))
    assert path.read_bytes() == whole + to_line(make_sample(2)).encode() + b"\n"


def test_zeros_left_by_a_power_cut_are_cut_away(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    append_sample(path, make_sample(1))
    with path.open("ab") as file:
        file.write(b"\0" * 100_000)
    append_sample(path, make_sample(2))
    assert path.read_text() == "".join(f"{to_line(make_sample(number))}\n" for number in (1, 2))


@pytest.mark.parametrize(
    "last", ['{"instruction": "c?", "output": "d"}', "# note", '{"wrong": , 2}', "[1, 2", "[" * 9999]
)
def test_a_last_line_of_a_person_is_kept_and_ended(tmp_path: Path, last: str) -> None:
    path = tmp_path / "sft_data.jsonl"
    path.write_text(f"{to_line(make_sample(1))}\n{last}")
    append_sample(path, make_sample(2))
    assert path.read_text().splitlines() == [to_line(make_sample(1)), last, to_line(make_sample(2))]


def test_a_full_disk_leaves_no_part_of_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "sft_data.jsonl"
    append_sample(path, make_sample(1))
    before, real = path.read_bytes(), os.write
    room = iter([10])

    def write(descriptor: int, data: bytes) -> int:
        if (left := next(room, 0)) == 0:
            raise OSError(errno.ENOSPC, "full")
        return real(descriptor, data[:left])

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="full"):
        append_sample(path, make_sample(2))
    monkeypatch.undo()
    assert path.read_bytes() == before


def test_many_samples_are_appended_at_once_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    samples = [make_sample(number) for number in range(50)]
    append_samples(path, samples)
    append_samples(path, [])
    assert read_samples(path) == samples


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "\ud800"},
        {"id": "x" * 5000},
        {"id": "a\nb"},
        {"support": 10**400},
        {"support": True},
        {"support": float("nan")},
        {"source": {"document": "a.pdf", "page": True, "chunk_id": 2**63}},
    ],
)
def test_fields_that_no_database_takes_are_not_believed(fields: dict[str, object]) -> None:
    sample = parse_sample(json.dumps({"instruction": "a\ud800", "output": "b", **fields}))
    assert sample is not None
    assert sample.id == sample_id("a\ud800", "b")
    assert sample.support is None
    assert sample.source in (None, Source("a.pdf"))


APPENDER = """
import sys
from pathlib import Path
from core.samples.store.sft_dataset import Sample, append_sample
name, count = sys.argv[2], int(sys.argv[3])
for number in range(count):
    append_sample(Path(sys.argv[1]), Sample(f"{name} {number}", "x" * 3000, f"{name}-{number}"))
    print(number, flush=True)
"""


def test_processes_that_append_at_the_same_time_lose_and_mix_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sft_data.jsonl"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(path), name, "100"], stdout=subprocess.DEVNULL, cwd=ROOT
        )
        for name in ("a", "b", "c")
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    ids = [sample.id for sample in read_samples(path)]
    assert len(path.read_bytes().splitlines()) == 300
    assert sorted(ids) == sorted(f"{name}-{number}" for name in "abc" for number in range(100))


@pytest.mark.parametrize("heard", [1, 20])
def test_a_killed_writer_leaves_all_that_it_said_was_written(tmp_path: Path, heard: int) -> None:
    path = tmp_path / "sft_data.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(path), "a", "100000"], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(heard)][-1]
    process.kill()
    process.wait()
    process.stdout.close()
    append_sample(path, make_sample(1))
    bad: list[int] = []
    ids = [sample.id for sample in read_samples(path, bad.append)]
    assert bad == []
    assert ids[: said + 1] == [f"a-{number}" for number in range(said + 1)]
    assert ids[-1] == make_sample(1).id
