"""How many rows there are and how long they are, before any tokenizer of transformers is loaded."""

import pytest

from core.estimates import row_lengths
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_sample, append_samples
from tests.core.training.training_material import make_project
from utils.config import TrainingSettings


def test_without_a_tokenizer_samples_count_as_long_as_they_may_be(tmp_path):
    append_sample(tmp_path / "samples.jsonl", Sample("Wer?", "Er.", "1"))
    rows = row_lengths.read_rows(tmp_path / "samples.jsonl", tmp_path, TrainingSettings(max_length=512))
    assert rows.longest == 512 and rows.lengths[0] < 512


def test_the_rows_of_a_project_are_counted_in_tokens(tmp_path, base):
    project = make_project(tmp_path)
    append_sample(project.samples_file, Sample("Was?", "Licht.", "t", follow_ups=(("Und?", "Ja."), ("So?", "Nein."))))
    append_sample(project.samples_file, Sample("Nein?", "Nein.", "r", status="rejected"))
    append_sample(project.samples_file, Sample("Halb \ud83d?", "Ja.", "h"))
    settings = TrainingSettings(held_out_share=0.25)
    rows = row_lengths.read_rows(project.samples_file, base, settings)
    assert (rows.rows + rows.held_out, rows.held_out, len(rows.lengths)) == (28, 7, 28)
    assert rows.longest == pytest.approx(max(rows.lengths), abs=2)
    assert row_lengths.read_rows(tmp_path / "none.jsonl", base, settings) is None


def test_of_many_samples_some_tell_how_long_all_are(tmp_path, base):
    file = tmp_path / "many.jsonl"
    texts = ["Licht. " * (60 if number % 4 == 0 else 10) for number in range(2000)]
    append_samples(file, (Sample(f"Frage {number}?", text, str(number)) for number, text in enumerate(texts)))
    rows = row_lengths.read_rows(file, base, TrainingSettings())
    assert rows.rows + rows.held_out == 2000
    assert len(rows.lengths) <= 2 * row_lengths.SAMPLES_READ
    assert sum(length > 100 for length in rows.lengths) / len(rows.lengths) == 0.25
