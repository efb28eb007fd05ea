import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.samples.sft_dataset import (
    Generator,
    Sample,
    Source,
    append_sample,
    count_samples,
    parse_sample,
    read_samples,
    sample_id,
    split_by_source,
    to_line,
    usable,
)

WILD_TEXT = st.text(st.characters(exclude_categories=()), min_size=1).filter(str.strip)


def make_sample(number: int, chunk_id: int | None = None, status: str = "new") -> Sample:
    question, answer = f"Was ist {number}?", f"Eine Zahl: {number}."
    source = None if chunk_id is None else Source("zahlen.pdf", page=1, chunk_id=chunk_id)
    return Sample(
        question, answer, sample_id(question, answer), source, Generator("practice", "practice"), status, "de"
    )


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "data" / "sft_data.jsonl"
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
    sample = Sample(instruction, output, sample_id(instruction.encode(errors="replace").decode(), "x"))
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


@given(st.lists(st.integers(0, 9), max_size=60), st.floats(0, 0.5), st.integers(0, 3))
def test_the_split_loses_nothing_and_tears_no_chunk_apart(chunk_ids: list[int], share: float, seed: int) -> None:
    samples = [make_sample(number, chunk_id) for number, chunk_id in enumerate(chunk_ids)]
    train, held_out = split_by_source(samples, share, seed)
    assert sorted(train + held_out, key=samples.index) == samples
    train_chunks = {sample.source.chunk_id for sample in train if sample.source}
    held_out_chunks = {sample.source.chunk_id for sample in held_out if sample.source}
    assert not train_chunks & held_out_chunks
    assert bool(train) == bool(samples)
    assert bool(held_out) == (share > 0 and len(set(chunk_ids)) > 1)
    assert (train, held_out) == split_by_source(samples, share, seed)


def test_the_held_out_side_has_about_its_share() -> None:
    samples = [make_sample(number, number // 2) for number in range(400)]
    _, held_out = split_by_source(samples, 0.1, 42)
    assert 40 <= len(held_out) <= 41


def test_the_same_question_without_a_source_stays_on_one_side() -> None:
    samples = [Sample("Was ist das?", f"Antwort {n}", str(n)) for n in range(5)] + [Sample("Und  DAS?", "x", "x")]
    train, held_out = split_by_source(samples, 0.2, 1)
    assert {len(train), len(held_out)} == {5, 1}
