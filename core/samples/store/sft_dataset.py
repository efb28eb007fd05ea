"""The samples on disk, one JSON object a line: append, read, count. Knows no model and no UI."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from sys import intern

from core.samples.store.held_lines import Held, HeldFiles, Line
from core.samples.store.sample import (
    Sample,
    decode_line,
    decode_sample,
    group_of,
    parse_fields,
    presentable,
    state_of,
    texts_of,
    to_line,
)
from core.samples.store.sample_file import append_lines, is_torn
from utils.errors import AppError
from utils.files import open_file

MINIMUM_SAMPLES = 4  # fewer teach nothing, and could not be split


def append_sample(path: Path, sample: Sample) -> None:
    """Append one sample; when this returns it is on the disk. Raises AppError as `append_samples`."""
    append_samples(path, [sample])


def append_samples(path: Path, samples: Iterable[Sample]) -> None:
    """Append samples, all or none; when this returns they are on the disk.

    Raises AppError `samples_busy`, and as `require_lines` does.
    """
    require_lines(path)
    if lines := [to_line(sample) for sample in samples]:
        append_lines(path, lines)


def sample_in(line: Line) -> Sample:
    """The sample of a line that holds one."""
    sample = decode_sample(line.data, is_first=True)
    assert sample is not None
    return sample


def read_samples(path: Path, on_bad_line: Callable[[int], None] | None = None) -> list[Sample]:
    """All samples of a file, in order. `on_bad_line` is told the number (from 1) of each line that holds none."""
    return list(iterate_samples(path, on_bad_line))


def iterate_samples(path: Path, on_bad_line: Callable[[int], None] | None = None) -> Iterator[Sample]:
    """What `read_samples` gives, one after the other, for files that are larger than memory shall be."""
    for number, line in _numbered_lines(path):
        sample = decode_sample(line, number == 1)
        if sample is not None:
            yield sample
        elif on_bad_line is not None:
            on_bad_line(number)


def count_samples(path: Path) -> int:
    """How many samples a file holds."""
    return len(HELD.of(path))


def require_lines(path: Path) -> None:
    """Let nobody write to, or learn from, a file that is no file of samples, a JSON object in UTF-8 on each line.

    Lines that hold no sample do no harm among those that do, unless all that is not ASCII is in another encoding, or
    the file begins with JSON that goes on over several lines. Notes behind a # do none anyway. Raises AppError
    samples_encoding, samples_form.
    """
    require_samples(HELD.of(path), path.name)


def require_samples(held: Held, name: str) -> None:
    """The same for a file as it is held. Raises AppError as `require_lines` does."""
    if refusal := held.once("refusal", None, lambda: _refusal(held)):
        raise AppError(refusal, file=name)


def _refusal(held: Held) -> str:
    others = [line for line in held.others if _is_foreign_form(line)]
    if not others:
        return ""
    first = next(line for line in held.lines if line.id or _is_foreign_form(line.data))
    is_utf8 = any(not line.data.isascii() for line in held.samples)
    if (not first.id and b"\0" in first.data) or (not is_utf8 and any(map(_is_sample_in_latin1, others))):
        return "samples_encoding"
    return "samples_form" if not len(held) or (not first.id and _goes_on(first.data)) else ""


def _is_foreign_form(line: bytes) -> bool:
    """Whether a line without a sample says something: no note, and not the half line that a killed writer left."""
    text = decode_line(line, is_first=True)
    return (text is None or text.strip()[:1] not in ("", "#")) and (line.endswith(b"\n") or not is_torn(line))


def _is_sample_in_latin1(line: bytes) -> bool:
    """Whether it would be a sample if each byte was a character."""
    return decode_line(line, is_first=False) is None and parse_fields(line.decode("latin-1")) is not None


def _goes_on(line: bytes) -> bool:
    """Whether JSON begins here and goes on behind the line; half a sample of a crash ends in a string."""
    text = line.decode("utf-8-sig", errors="replace").rstrip()
    try:
        json.loads(text)  # noqa: TID251 - where it breaks off decides
    except json.JSONDecodeError as error:
        return error.pos >= len(text) and text.startswith(("[", "{"))
    except (ValueError, RecursionError):
        return False
    return False


def held_line(data: bytes, is_first: bool) -> Line:
    """A line of a file of samples as it is held in memory; the first one may begin with a byte order mark."""
    sample = decode_sample(data, is_first)
    if sample is None:
        return Line(data)
    source = sample.source
    return Line(
        data,
        sample.id,
        intern(sample.status),
        intern(presentable(source.document)) if source else "",
        source.chunk_id if source else None,
        state_of(sample),
        group_of(sample),
        1 + len(sample.follow_ups),
        sum(map(len, texts_of(sample))),
    )


HELD = HeldFiles(held_line)


def usable(samples: Iterable[Sample]) -> list[Sample]:
    """The samples that may be trained on: all that nobody rejected."""
    return [sample for sample in samples if sample.status != "rejected"]


def _numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that hold anything. The last one may lack its line end: people write such files by hand."""
    try:
        file = open_file(path)
    except FileNotFoundError:
        return
    with file:
        for number, line in enumerate(file, start=1):
            stripped = line.strip()
            if stripped:
                yield number, stripped
