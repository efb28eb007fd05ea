"""Tokenized rows on disk instead of in memory: written as they come, mapped, and read as training asks for them.

Once a file of rows is open it loses its name, so that nothing of it is left behind, however its process ends. Where a
system forbids that it stays until the run goes on or is deleted.
"""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from core.training.training_data import Row, learnable

ROWS_TOGETHER = 1024
"""So many rows are written, and stand in the file, as one block."""


@dataclass(frozen=True)
class Rows:
    """Rows to train on, or to measure with: a datasets.Dataset, None without any, and what had to be left out.

    `cut` counts the rows whose answers did not fit, `dropped` those of which no answer token was left.
    """

    data: Any
    kept: int
    cut: int
    dropped: int
    longest_tokens: int


def on_disk(parts: Iterable[Iterable[Row]], folder: Path) -> list[Rows]:
    """Write each part into a file of `folder` and open it. Raises OSError where there is no room."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        return [_stored(rows, folder / f"{number}.arrow") for number, rows in enumerate(parts)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stored(rows: Iterable[Row], file: Path) -> Rows:
    import pyarrow as pa
    from datasets import Dataset

    tokens = pa.list_(pa.int32())
    schema = pa.schema({"input_ids": tokens, "labels": tokens})
    kept = cut = dropped = longest = 0
    with file.open("wb") as sink, pa.ipc.new_stream(sink, schema) as stream:
        remaining = iter(rows)
        while block := list(islice(remaining, ROWS_TOGETHER)):
            learned = [encoded for _, encoded in learnable(block)]
            stream.write_batch(pa.RecordBatch.from_pylist([encoded.row for encoded in learned], schema))
            kept, dropped = kept + len(learned), dropped + len(block) - len(learned)
            cut += sum(encoded.cut for encoded in learned)
            longest = max([longest, *(encoded.tokens for encoded in learned)])
    return Rows(Dataset.from_file(str(file)) if kept else None, kept, cut, dropped, longest)
