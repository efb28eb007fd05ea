"""What happens to a file of samples: people and programs append to it, change it, cut it off and take it away."""

import os
from itertools import count
from pathlib import Path

from hypothesis import strategies as st

from core.samples.store.sample import Sample, to_line
from core.samples.store.sft_dataset import append_sample
from utils.errors import AppError

MOMENTS = count(1)
HAPPENINGS = st.lists(
    st.sampled_from(["append", "append", "half", "shorten", "replace", "edit", "remove", "note"]), max_size=12
)


def happen(path: Path, sample: Sample, what: str) -> None:
    """Do one of them; `sample` is what comes to the file, if anything does."""
    there = path.read_bytes() if path.exists() else b""
    if what == "append":
        try:
            append_sample(path, sample)
        except AppError as refused:
            assert refused.code == "samples_form" and path.read_bytes() == there
    elif what == "half":
        path.write_bytes(there + to_line(sample).encode()[:-1])
    elif what == "shorten":
        path.write_bytes(there[: len(there) // 2])
    elif what == "replace":
        other = path.with_name("other")
        other.write_bytes(there.replace(b"instruction", b"instructiom", 1))
        other.replace(path)
    elif what == "edit":
        path.write_bytes(there.replace(b"instruction", b"instructiom", 1))
        moment = next(MOMENTS)
        os.utime(path, (moment, moment))  # a person is slower than the clock of the file system
    elif what == "note":
        path.write_bytes(there + b'\n{"note": 1}\n')
    else:
        path.unlink(missing_ok=True)
