"""The samples on disk, one JSON object a line: append, read, count. Knows no model and no UI."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

from core.samples.followed_file import Followed, Line
from core.samples.sample_file import append_lines, is_torn
from utils.errors import AppError
from utils.files import open_file, parse_json

MINIMUM_SAMPLES = 4  # fewer teach nothing, and could not be split
STATUSES = ("new", "accepted", "edited", "rejected")
MAX_ID_CHARACTERS = 200
HALF = re.compile("[\ud800-\udfff]")
# U+2028 and friends are line ends to some readers, and lone surrogates cannot be written as UTF-8.
ESCAPED = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class Source:
    """Where a sample comes from: the document's file name, its page (first one) and the chunk in rag.db.

    `start` and `end` say where in the document's text, in characters, the chunk stood that the sample was written
    from, `text_hash` what it said; core.samples.sources finds it again. Where that text has gone, there is no
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


def content_of(sample: Sample) -> int:
    """A hash of all that a sample asks and says."""
    texts = [sample.instruction, sample.output, *(text for turn in sample.follow_ups for text in turn)]
    return hash_of(json.dumps(texts).encode())


def state_of(sample: Sample) -> int:
    """A hash of all that the quality gate judges: what a sample asks and says, and whether its text has gone."""
    has_lost_text = sample.source is not None and sample.source.former_chunk_id is not None
    return hash_of(f"{content_of(sample)} without a source".encode()) if has_lost_text else content_of(sample)


def hash_of(data: bytes) -> int:
    """64 bits of a hash, as SQLite's integers are."""
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def presentable(text: str) -> str:
    """A text that databases and browsers take: without halves of characters."""
    return text if text.isascii() else HALF.sub("\ufffd", text)


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


def to_line(sample: Sample) -> str:
    """A sample as its line of sft_data.jsonl: what a reader needs first stands first."""
    fields = {key: value for key, value in asdict(sample).items() if value is not None and value != ()}
    if sample.source:
        fields["source"] = source_fields(sample.source)
    if sample.follow_ups:
        fields["follow_ups"] = [{"instruction": asked, "output": said} for asked, said in sample.follow_ups]
    return line_of(fields)


def source_fields(source: Source) -> dict[str, Any]:
    """A source as it stands in a line."""
    return {key: value for key, value in asdict(source).items() if value is not None}


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
    return _CONTENTS.of(path).samples


def require_lines(path: Path) -> None:
    """Let nobody write to, or learn from, a file that is no file of samples, a JSON object in UTF-8 on each line.

    Lines that hold no sample do no harm among those that do, unless all that is not ASCII is in another encoding, or
    the file begins with JSON that goes on over several lines. Notes behind a # do none anyway. Raises AppError
    samples_encoding, samples_form.
    """
    found = _CONTENTS.of(path)
    if found.has_zeros or (found.foreign and not found.utf8):
        raise AppError("samples_encoding", file=path.name)
    if found.goes_on or (found.others and not found.samples):
        raise AppError("samples_form", file=path.name)


@dataclass(frozen=True)
class _Contents:
    """How many lines hold samples, and how many hold something else.

    Of the former, `utf8` have more than ASCII; of the latter, `foreign` would be samples in an encoding with one byte
    for a character. `has_zeros` and `goes_on` are 1 where the first line that holds anything does, as in UTF-16 and
    packed files, and in an array or an object on several lines.
    """

    samples: int = 0
    others: int = 0
    utf8: int = 0
    foreign: int = 0
    has_zeros: int = 0
    goes_on: int = 0


def _counted(before: _Contents, lines: Iterable[Line]) -> _Contents:
    found = Counter(asdict(before))
    for line, is_first in lines:
        text = decode_line(line, is_first)
        if text is not None and parse_fields(text) is not None:
            found["samples"] += 1
            found["utf8"] += not line.isascii()
        elif (text is None or text.strip()[:1] not in ("", "#")) and (line.endswith(b"\n") or not is_torn(line)):
            if not found["samples"] + found["others"]:
                found["has_zeros"], found["goes_on"] = b"\0" in line, _goes_on(line)
            found["others"] += 1
            found["foreign"] += text is None and parse_fields(line.decode("latin-1")) is not None
    return _Contents(**found)


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


_CONTENTS = Followed(_Contents(), _counted)


def usable(samples: Iterable[Sample]) -> list[Sample]:
    """The samples that may be trained on: all that nobody rejected."""
    return list(iterate_usable(samples))


def iterate_usable(samples: Iterable[Sample]) -> Iterator[Sample]:
    """What `usable` gives, one after the other."""
    return (sample for sample in samples if sample.status != "rejected")


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
