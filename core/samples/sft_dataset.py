"""The samples on disk, one JSON object a line: append, read, count, split. Knows no model and no UI."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from utils.files import append_line

MINIMUM_SAMPLES = 4  # fewer teach nothing, and could not be split
STATUSES = ("new", "accepted", "edited", "rejected")


@dataclass(frozen=True)
class Source:
    """Where a sample comes from: the document's file name, its page (first one) and the chunk in rag.db."""

    document: str
    page: int | None = None
    chunk_id: int | None = None


@dataclass(frozen=True)
class Generator:
    """Who wrote a sample."""

    provider: str
    model: str


@dataclass(frozen=True)
class Sample:
    """One question with its answer, and where both come from.

    `follow_ups` are further questions and answers of the same conversation. `support` is the share of the answer that
    its chunk supports, 0 to 1; None where there is no chunk or nobody has measured it.
    """

    instruction: str
    output: str
    id: str
    source: Source | None = None
    generator: Generator | None = None
    status: str = "new"
    language: str | None = None
    style: str | None = None
    support: float | None = None
    follow_ups: tuple[tuple[str, str], ...] = ()


def sample_id(instruction: str, output: str) -> str:
    """An id that follows from the content, so that the same sample has the same id everywhere."""
    return hashlib.sha256(f"{instruction}\0{output}".encode()).hexdigest()[:16]


def append_sample(path: Path, sample: Sample) -> None:
    """Append one sample; when this returns it is on the disk."""
    append_line(path, to_line(sample))


def to_line(sample: Sample) -> str:
    """A sample as its line of sft_data.jsonl: what a reader needs first stands first."""
    fields = {key: value for key, value in asdict(sample).items() if value is not None and value != ()}
    if sample.follow_ups:
        fields["follow_ups"] = [{"instruction": asked, "output": said} for asked, said in sample.follow_ups]
    # U+2028 and friends are line ends to some readers, and lone surrogates cannot be written as UTF-8.
    return "".join(
        f"\\u{ord(character):04x}"
        if character in "\x85\u2028\u2029" or "\ud800" <= character <= "\udfff"
        else character
        for character in json.dumps(fields, ensure_ascii=False)
    )


def parse_sample(line: str) -> Sample | None:
    """The sample in a line of JSON, or None where there is none.

    A line needs only `instruction` and `output`; Alpaca's `input` becomes a part of the instruction.
    """
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(fields, dict):
        return None
    instruction, output, extra = fields.get("instruction"), fields.get("output"), fields.get("input") or ""
    if not (isinstance(instruction, str) and isinstance(output, str) and isinstance(extra, str)):
        return None
    if not instruction.strip() or not output.strip():
        return None
    if extra.strip():
        instruction = f"{instruction}\n\n{extra}"
    given_id, status, support = fields.get("id"), fields.get("status"), fields.get("support")
    return Sample(
        instruction=instruction,
        output=output,
        id=given_id if isinstance(given_id, str) and given_id else sample_id(instruction, output),
        source=_parse_source(fields.get("source")),
        generator=_parse_generator(fields.get("generator")),
        status=status if status in STATUSES else "new",
        language=_string(fields.get("language")),
        style=_string(fields.get("style")),
        support=float(support) if isinstance(support, (int, float)) else None,
        follow_ups=_parse_follow_ups(fields.get("follow_ups")),
    )


def read_samples(path: Path, on_bad_line: Callable[[int], None] | None = None) -> list[Sample]:
    """All samples of a file, in order. `on_bad_line` is told the number (from 1) of each line that holds none."""
    samples = []
    for number, line in _numbered_lines(path):
        try:
            sample = parse_sample(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError:
            sample = None
        if sample is not None:
            samples.append(sample)
        elif on_bad_line is not None:
            on_bad_line(number)
    return samples


def count_samples(path: Path) -> int:
    """How many samples a file holds, without parsing each of them.

    A line torn by a crash is told from a whole one by its braces; only where these do not match is it parsed.
    """
    count = 0
    for _, line in _numbered_lines(path):
        whole = line.startswith(b"{") and line.endswith(b"}") and line.count(b"{") == line.count(b"}")
        if whole or parse_sample(line.decode("utf-8-sig", errors="replace")) is not None:
            count += 1
    return count


def usable(samples: Iterable[Sample]) -> list[Sample]:
    """The samples that may be trained on: all that nobody rejected."""
    return [sample for sample in samples if sample.status != "rejected"]


def split_by_source(samples: Sequence[Sample], held_out_share: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Samples to train on, and samples to measure with, both in their given order.

    All samples of one source chunk stay on one side: otherwise the measurement would ask for what was learned.
    The side of a chunk follows from the seed and the chunk, so it hardly moves when samples are added. Both sides
    hold at least one chunk where there are two and the share is above zero.
    """
    sizes: dict[str, int] = {}
    for sample in samples:
        key = _group_key(sample)
        sizes[key] = sizes.get(key, 0) + 1
    wanted = math.ceil(held_out_share * len(samples)) if held_out_share > 0 else 0
    shuffled = sorted(sizes, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())
    held_out_keys: set[str] = set()
    held_out_count = 0
    for key in shuffled[: len(shuffled) - 1]:
        if held_out_count >= wanted:
            break
        held_out_keys.add(key)
        held_out_count += sizes[key]
    train = [sample for sample in samples if _group_key(sample) not in held_out_keys]
    held_out = [sample for sample in samples if _group_key(sample) in held_out_keys]
    return train, held_out


def _group_key(sample: Sample) -> str:
    """What must not be torn apart: the chunk, or, without one, all samples that ask the same."""
    if sample.source is not None and sample.source.chunk_id is not None:
        return f"chunk {sample.source.chunk_id}"
    return "question " + " ".join(sample.instruction.casefold().split())


def _numbered_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that hold anything. The last one may lack its line end: people write such files by hand."""
    if not path.exists():
        return
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            stripped = line.strip()
            if stripped:
                yield number, stripped


def _parse_source(value: Any) -> Source | None:
    if not isinstance(value, dict) or not isinstance(value.get("document"), str):
        return None
    page, chunk_id = value.get("page"), value.get("chunk_id")
    return Source(
        document=value["document"],
        page=page if isinstance(page, int) else None,
        chunk_id=chunk_id if isinstance(chunk_id, int) else None,
    )


def _string(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _parse_follow_ups(value: Any) -> tuple[tuple[str, str], ...]:
    """The turns after the first, up to one that is none."""
    turns: list[tuple[str, str]] = []
    for turn in value if isinstance(value, list) else []:
        if not isinstance(turn, dict):
            break
        asked, said = turn.get("instruction"), turn.get("output")
        if not (isinstance(asked, str) and isinstance(said, str) and asked.strip() and said.strip()):
            break
        turns.append((asked, said))
    return tuple(turns)


def _parse_generator(value: Any) -> Generator | None:
    if not isinstance(value, dict):
        return None
    return Generator(provider=str(value.get("provider", "")), model=str(value.get("model", "")))
