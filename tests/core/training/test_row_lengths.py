"""How long rows are before any tokenizer of transformers is loaded."""

from pathlib import Path

from core.samples.sft_dataset import Sample, append_sample
from core.training import row_lengths


def test_without_a_tokenizer_samples_count_as_long_as_they_may_be(tmp_path: Path) -> None:
    append_sample(tmp_path / "samples.jsonl", Sample("Wer?", "Er.", "1"))
    assert row_lengths.longest_tokens(tmp_path / "samples.jsonl", tmp_path, 512) == 512
