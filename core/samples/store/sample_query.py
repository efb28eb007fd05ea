"""Which samples somebody asks for, and how each is shown: filters, rows, counts. Knows no file and no UI."""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from core.samples.store.findings import Finding, Findings
from core.samples.store.held_lines import Held, Line
from core.samples.store.sample import Sample, decode_line, presentable, texts_of
from core.samples.store.sft_dataset import sample_in

_OTHERWISE_ESCAPED = re.compile(r"\\[u/]")


@dataclass(frozen=True)
class SampleQuery:
    """Which samples: those that fit everything given. `words` stand somewhere in question or answer, in any case.

    `after` and `before` are the numbers of the samples that the wanted ones follow or precede; 0 is the beginning.
    """

    status: str = ""
    finding: str = ""
    document: str = ""
    words: str = ""
    after: int = 0
    before: int = 0


@dataclass(frozen=True)
class SampleRow:
    """A sample as it is now, what the quality checks found in it, and which one it is in the file, from 1.

    Ids of rows are unique, also where those in the file are not: a second "x" is "x-2" here.
    """

    number: int
    sample: Sample
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class SamplePage:
    """Some samples in the order of the file, and whether there are more before and behind them."""

    rows: list[SampleRow]
    before: bool
    behind: bool


@dataclass(frozen=True)
class SampleCounts:
    """How many samples there are, altogether and of each kind; `of_document` counts those that nobody rejected.

    `checked` are those that the quality checks have seen as they are now, `bad_lines` hold something that is no
    sample, `undoable` is how many changes can be taken back.
    """

    total: int = 0
    by_status: dict[str, int] = field(default_factory=dict)
    by_finding: dict[str, int] = field(default_factory=dict)
    by_document: dict[str, int] = field(default_factory=dict)
    of_document: dict[str, int] = field(default_factory=dict)
    checked: int = 0
    bad_lines: int = 0
    undoable: int = 0


def folded(text: str) -> str:
    """A text as words are looked for in it: without regard to case and to how its umlauts are put together."""
    return unicodedata.normalize("NFC", presentable(text)).casefold()


def counts_of(held: Held, found: Findings) -> SampleCounts:
    by_finding: Counter[str] = Counter()
    checked = 0
    for own, line in zip(held.ids, held.samples, strict=True):
        if verdict := found.of(own, line.content):
            checked += 1
            if verdict.findings:
                by_finding.update({finding.kind for finding in verdict.findings})
    return SampleCounts(
        len(held),
        dict(Counter(line.status for line in held.samples)),
        dict(by_finding),
        dict(Counter(line.document for line in held.samples if line.document)),
        dict(Counter(line.document for line in held.samples if line.document and line.status != "rejected")),
        checked,
        sum(line.endswith(b"\n") for line in held.others),
    )


def numbers_of(query: SampleQuery, held: Held, found: Findings) -> list[int]:
    """The numbers of all samples that fit, wherever a page begins; kept for who turns the page."""
    asked = (query.status, query.finding, presentable(query.document), folded(query.words.strip()))
    return held.once("numbers", (*asked, found), lambda: [*_fitting(*asked, held, found)])


def _fitting(status: str, finding: str, document: str, words: str, held: Held, found: Findings) -> Iterator[int]:
    written = json.dumps(words, ensure_ascii=False)[1:-1]
    for number, (own, line) in enumerate(zip(held.ids, held.samples, strict=True), start=1):
        if (status and line.status != status) or (document and line.document != document):
            continue
        verdict = found.of(own, line.content) if finding else None
        if finding and (verdict is None or all(each.kind != finding for each in verdict.findings)):
            continue
        if not words or _says(line, words, written):
            yield number


def _says(line: Line, words: str, written: str) -> bool:
    """Whether a sample says these words, which stand like that in JSON."""
    text = decode_line(line.data, is_first=True) or ""
    # Most lines need not be parsed: where nothing is escaped otherwise, the words stand there as here.
    may = bool(_OTHERWISE_ESCAPED.search(text)) or written in unicodedata.normalize("NFC", text).casefold()
    return may and words in folded("\n".join(texts_of(sample_in(line))))


def row_of(number: int, held: Held, found: Findings) -> SampleRow:
    own, line = held.ids[number - 1], held.samples[number - 1]
    sample = replace(presentable_sample(sample_in(line)), id=own)
    verdict = found.of(own, line.content)
    if verdict is None:
        return SampleRow(number, sample)
    if verdict.support is not None:
        sample = replace(sample, support=verdict.support)
    return SampleRow(number, sample, verdict.findings)


def presentable_sample(sample: Sample) -> Sample:
    if all(text.isascii() for text in (*texts_of(sample), sample.source.document if sample.source else "")):
        return sample
    return replace(
        sample,
        instruction=presentable(sample.instruction),
        output=presentable(sample.output),
        source=sample.source and replace(sample.source, document=presentable(sample.source.document)),
        follow_ups=tuple((presentable(asked), presentable(said)) for asked, said in sample.follow_ups),
    )
