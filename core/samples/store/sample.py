"""One sample: what it holds, and its line of JSON, written and read. Knows no file."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from utils.files import parse_json

STATUSES = ("new", "accepted", "edited", "rejected")
MAX_ID_CHARACTERS = 200
HALF = re.compile("[\ud800-\udfff]")
# U+2028 and friends are line ends to some readers, and lone surrogates cannot be written as UTF-8.
ESCAPED = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class Source:
    """Where a sample comes from: the document's file name, its page (first one) and the chunk in rag.db.

    `start` and `end` say where in the document's text, in characters, the chunk stood that the sample was written
    from, `text_hash` what it said; core.samples.store.sources finds it again. Where that text has gone, there is no
    `chunk_id`, and `former_chunk_id` is the chunk that it was in last.
    """

    document: str
    page: int | None = None
    chunk_id: int | None = None
    start: int | None = None
    end: int | None = None
    text_hash: str | None = None
    former_chunk_id: int | None = None


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
    return hashlib.sha256(f"{instruction}\0{output}".encode("utf-8", "surrogatepass")).hexdigest()[:16]


def texts_of(sample: Sample) -> list[str]:
    """All that a sample asks and says."""
    return [sample.instruction, sample.output, *(text for turn in sample.follow_ups for text in turn)]


def content_of(sample: Sample) -> int:
    """A hash of all that a sample asks and says."""
    return hash_of("\0".join(texts_of(sample)).encode("utf-8", "surrogatepass"))


def state_of(sample: Sample) -> int:
    """A hash of all that the quality checks judge: what a sample asks and says, and whether its text has gone."""
    content = content_of(sample)
    has_lost_text = sample.source is not None and sample.source.former_chunk_id is not None
    return hash_of(f"{content} without a source".encode()) if has_lost_text else content


def hash_of(data: bytes) -> int:
    """64 bits of a hash."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def presentable(text: str) -> str:
    """A text that databases and browsers take: without halves of characters."""
    return text if text.isascii() else HALF.sub("\ufffd", text)


def to_line(sample: Sample) -> str:
    """A sample as its line of sft_data.jsonl: what a reader needs first stands first."""
    fields = {key: value for key, value in vars(sample).items() if value is not None and value != ()}
    if sample.source:
        fields["source"] = source_fields(sample.source)
    if sample.generator:
        fields["generator"] = vars(sample.generator)
    if sample.follow_ups:
        fields["follow_ups"] = [{"instruction": asked, "output": said} for asked, said in sample.follow_ups]
    return line_of(fields)


def source_fields(source: Source) -> dict[str, Any]:
    """A source as it stands in a line."""
    return {key: value for key, value in vars(source).items() if value is not None}


def line_of(fields: dict[str, Any]) -> str:
    """JSON on exactly one line, whatever a reader takes for a line end."""
    written = json.dumps(fields, ensure_ascii=False)
    return ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", written)


def parse_sample(line: str) -> Sample | None:
    """The sample in a line of JSON, or None where there is none.

    A line needs only `instruction` and `output`; Alpaca's `input` becomes a part of the instruction.
    """
    fields = parse_fields(line)
    return None if fields is None else sample_of(fields)


def sample_of(fields: Mapping[str, Any]) -> Sample:
    """The sample of which `parse_fields` gave all that its line says; what cannot be true is left out."""
    instruction, output, extra = fields["instruction"], fields["output"], fields.get("input") or ""
    if extra.strip():
        instruction = f"{instruction}\n\n{extra}"
    given_id, status, support = fields.get("id"), fields.get("status"), fields.get("support")
    return Sample(
        instruction=instruction,
        output=output,
        id=given_id if _is_id(given_id) else sample_id(instruction, output),
        source=_parse_source(fields.get("source")),
        generator=_parse_generator(fields.get("generator")),
        status=status if status in STATUSES else "new",
        language=_string(fields.get("language")),
        style=_string(fields.get("style")),
        support=float(support) if _is_number(support) and 0 <= support <= 1 else None,
        follow_ups=_parse_follow_ups(fields.get("follow_ups")),
    )


def decode_sample(line: bytes, is_first: bool = False) -> Sample | None:
    """The sample in a line of a file, or None; the first line may begin with a byte order mark."""
    text = decode_line(line, is_first)
    return None if text is None else parse_sample(text)


def decode_line(line: bytes, is_first: bool) -> str | None:
    """A line's text, or None where it is no UTF-8."""
    try:
        return line.decode("utf-8-sig" if is_first else "utf-8")
    except UnicodeDecodeError:
        return None


def parse_fields(line: str) -> dict[str, Any] | None:
    """All that a line says of a sample, also what only others know, or None where the line holds no sample."""
    try:
        fields = parse_json(line, half_pairs=True)
    except ValueError:
        return None
    if not isinstance(fields, dict):
        return None
    instruction, output, extra = fields.get("instruction"), fields.get("output"), fields.get("input") or ""
    if not (isinstance(instruction, str) and isinstance(output, str) and isinstance(extra, str)):
        return None
    return fields if instruction.strip() and output.strip() else None


def group_of(sample: Sample) -> str:
    """What must not be torn apart: the chunk, or, without one, all samples that ask the same."""
    if sample.source is not None and sample.source.chunk_id is not None:
        return f"chunk {sample.source.chunk_id}"
    if sample.source is not None and sample.source.former_chunk_id is not None:
        return f"former chunk {sample.source.former_chunk_id} of {sample.source.document}"
    return "question " + " ".join(sample.instruction.casefold().split())


def _parse_source(value: Any) -> Source | None:
    if not isinstance(value, dict) or not isinstance(value.get("document"), str):
        return None
    numbers = {name: value.get(name) for name in ("page", "chunk_id", "start", "end", "former_chunk_id")}
    return Source(
        document=value["document"],
        text_hash=_string(value.get("text_hash")),
        **{name: number for name, number in numbers.items() if _is_whole(number)},
    )


def _is_id(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and 0 < len(value) <= MAX_ID_CHARACTERS and value.isprintable()


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> TypeGuard[int]:
    """Whether this can be the number of a page or of a row in a database."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


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
