"""Pages → one text → chunks that never exceed a number of tokens, each with its pages and headings. Knows no file.

A document streams through: at any time only a part of its text is held. LangChain's splitter decides where it is cut;
the overlap is put on afterwards, because the splitter repeats whole paragraphs or nothing.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from langchain_text_splitters import RecursiveCharacterTextSplitter

from core.documents.formats.page_text import Page
from core.documents.formats.printed import ends_sentence, seam
from core.documents.store.chunk_store import NewChunk, PageText
from core.documents.tables import Table, tables_in
from core.documents.token_counting import TokenCounter
from utils.config import ChunkSettings

# From the best place to cut to the worst: paragraph, line, sentence, clause, word, character.
SEPARATORS = [
    r"\n\n+",
    r"\n",
    r"(?<=[.!?…][\"'”“’»)]) ",
    r"(?<=[.!?…]) ",
    r"(?<=[。！？])",
    r"(?<=[,;:、]) ?",
    r"\s+",
    "",
]
# Where an overlap may begin, from the best place to the worst.
OVERLAP_STARTS = [
    re.compile(r"(?<=[.!?…:\"'”“’»)]\s)(?=[^\s.])|(?<=[。！？\n])(?=\S)"),
    re.compile(r"(?<=\s)(?=\S)"),
    re.compile(r"(?=\S)"),
]
SPACE = re.compile(r"\s")
LINE_END = re.compile(r"\n")
SEGMENT_CHARACTERS = 65_536  # so much text is cut at a time, or what fills so many chunks:
SEGMENT_CHUNKS = 96
OVERLAP_CHARACTERS_PER_TOKEN = 6  # how far back an overlap is looked for; most languages have fewer
SEEN_OF_LAST_LINE = 200
REMEMBERED_PIECES = 4096
MOST_FOR_COLUMNS = 4  # names of columns that fill more than one part of so many of a chunk are not repeated


class Span(NamedTuple):
    """A part of the held text, in characters from its beginning; `tokens_in_front` belong to a heading that was moved
    to its front."""

    start: int
    end: int
    tokens_in_front: int = 0


def text_and_chunks(
    texts: Iterable[PageText], settings: ChunkSettings, counter: TokenCounter, sha256: str
) -> Iterator[PageText | NewChunk]:
    """The parts of a document's text, each before the chunks that can be cut once it is there.

    `sha256` is that of the file; it is stored with each chunk.
    """
    cutter = Cutter(settings, counter, sha256)
    for part in texts:
        yield part
        cutter.text.add(part)
        if cutter.has_enough:
            yield from cutter.chunks(last=False)
    yield from cutter.chunks(last=True)


def joined(pages: Iterable[Page]) -> Iterator[PageText]:
    """Pages as one text. A sentence that goes on over a page break is put together again, a torn word too."""
    held: PageText | None = None
    for page in pages:
        content = page.text.strip()
        if not content:
            continue
        leading = len(page.text) - len(page.text.lstrip())
        start = 0
        if held is not None:
            before = held.text[-SEEN_OF_LAST_LINE:]
            opens_with_heading = any(heading.offset <= leading for heading in page.headings)
            dropped, between = 0, "\n\n"
            if not page.continues and not opens_with_heading and _goes_on(before, content):
                dropped, between = seam(before, content)
            held = replace(held, text=held.text[: len(held.text) - dropped] + between)
            start = held.start + len(held.text)
            if held.text:
                yield held
        headings = tuple((heading.offset - leading, heading.title) for heading in page.headings)
        held = PageText(start, page.number, content, headings)
    if held is not None:
        yield held


class Text:
    """The part of a document's text that is held, with its pages and headings.

    Offsets are those of the whole document, in characters; `start` is where the held part begins.
    """

    def __init__(self) -> None:
        self.start = 0
        self.end = 0
        self.pages: list[tuple[int, int]] = []  # (offset, page number)
        self.headings: list[tuple[int, str]] = []  # (offset, title)
        self.tables: list[Table] = []  # by offsets of the document
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        self._parts = ["".join(self._parts)]
        return self._parts[0]

    def add(self, part: PageText) -> None:
        """Add what follows."""
        if not self.pages or self.pages[-1][1] != part.page:
            self.pages.append((self.end, part.page))
        self.headings.extend((self.end + offset, title) for offset, title in part.headings)
        goes_on = (
            self.tables[-1] if self.tables and not self.text[self.tables[-1].end - self.start :].strip() else None
        )
        for table in tables_in(part.text, goes_on):
            self.tables.append(table._replace(start=self.end + table.start, end=self.end + table.end))
        self._parts.append(part.text)
        self.end += len(part.text)

    def drop_before(self, offset: int) -> None:
        """Let go of what lies before `offset`, except the page and the heading that hold there."""
        self._parts = [self.text[offset - self.start :]]
        self.start = offset
        for marks in (self.pages, self.headings):
            del marks[: max(0, _count_until(marks, offset) - 1)]
        self.tables = [table for table in self.tables if table.end > offset]

    def columns_at(self, offset: int) -> str:
        """The lines that name the columns of the table whose rows these are; nothing elsewhere."""
        return next((t.header for t in self.tables if t.start + len(t.header) <= offset < t.end), "")


class Cutter:
    """Cuts a growing text; gives the chunks that no further text can change."""

    def __init__(self, settings: ChunkSettings, counter: TokenCounter, sha256: str) -> None:
        self.text = Text()
        self._limit = settings.chunk_tokens
        self._overlap = min(settings.overlap_tokens, settings.chunk_tokens // 2)
        self._counter = counter
        self._sha256 = sha256
        self._segment = max(SEGMENT_CHARACTERS, SEGMENT_CHUNKS * settings.chunk_tokens)
        self._done = Span(0, 0)  # the last chunk that was given, without its overlap; offsets of the document
        self._splitter = RecursiveCharacterTextSplitter(
            chunk_size=self._limit - self._overlap,
            chunk_overlap=0,
            length_function=lru_cache(REMEMBERED_PIECES)(counter.count),  # it asks several times for each piece
            separators=SEPARATORS,
            is_separator_regex=True,
            keep_separator="end",
        )

    @property
    def has_enough(self) -> bool:
        """Whether there is so much text that it is worth cutting."""
        return self.text.end - self._done.end >= self._segment

    def chunks(self, *, last: bool) -> Iterator[NewChunk]:
        """The chunks of the text so far; without the last one, which more text may change, unless none will come."""
        text, base = self.text.text, self.text.start
        done = Span(self._done.start - base, self._done.end - base)
        bodies = self._bodies(text, done.end)
        if not last:
            del bodies[-1:]
        befores = [done, *bodies][: len(bodies)]
        starts = [
            self._overlap_start(
                text,
                before,
                body,
                self._overlap - body.tokens_in_front - self._tokens_of_columns(body.start),
            )
            for before, body in zip(befores, bodies, strict=True)
        ]
        counts = self._counter.exact(
            [self._columns(start) + text[start : body.end] for start, body in zip(starts, bodies, strict=True)]
        )
        for before, body, start, tokens in zip(befores, bodies, starts, counts, strict=True):
            yield from self._within_limit(text, before, body, start, tokens)
        if bodies:
            self._done = Span(bodies[-1].start + base, bodies[-1].end + base)
            self.text.drop_before(self._done.start)

    def _bodies(self, text: str, start: int) -> list[Span]:
        """The text from `start` on in parts that leave room for an overlap. A heading never ends one."""
        bodies: list[Span] = []
        for piece in self._splitter.split_text(text[start:]):
            begin = text.index(piece, start)
            start = begin + len(piece)
            moved = self._heading_at_end(text, bodies[-1]) if bodies else None
            if moved is None:
                bodies.append(Span(begin, start))
            else:
                bodies[-1] = Span(bodies[-1].start, len(text[:moved].rstrip()), bodies[-1].tokens_in_front)
                bodies.append(Span(moved, start, self._counter.count(text[moved:begin])))
        return bodies

    def _heading_at_end(self, text: str, body: Span) -> int | None:
        """Where the headings begin that end a part with nothing below them; None where it ends otherwise."""
        moved = None
        place = _count_until(self.text.headings, body.end + self.text.start)
        for offset, _ in reversed(self.text.headings[:place]):
            heading = offset - self.text.start
            if heading <= body.start or "\n" in text[heading : moved or body.end].rstrip():
                break
            moved = heading
        return moved

    def _overlap_start(self, text: str, before: Span, body: Span, budget: int) -> int:
        """Where the chunk begins that repeats up to `budget` tokens of what stands `before` its body."""
        if budget <= 0 or before.end <= before.start:
            return body.start
        low = max(before.start, body.start - budget * OVERLAP_CHARACTERS_PER_TOKEN)
        if low == before.start and self._counter.count(text[low : body.start]) <= budget:
            return low
        for pattern in OVERLAP_STARTS:
            places = [found.start() for found in pattern.finditer(text, low, before.end)]
            first = bisect_left(
                places, True, key=lambda place: self._counter.count(text[place : body.start]) <= budget
            )
            if first < len(places):
                return places[first]
        return body.start

    def _within_limit(self, text: str, before: Span, body: Span, start: int, tokens: int) -> Iterator[NewChunk]:
        """The chunk, or where it counts more tokens than the splitter thought, less overlap, or parts of it."""
        if tokens <= self._limit:
            yield self._chunk(text, Span(start, body.end), body.start, tokens)
        elif start < body.start:
            budget = self._counter.count(text[start : body.start]) - (tokens - self._limit)
            shorter = self._overlap_start(text, before, body, budget)
            shorter = shorter if shorter > start else body.start
            (tokens,) = self._counter.exact([self._columns(shorter) + text[shorter : body.end]])
            yield from self._within_limit(text, before, body, shorter, tokens)
        elif body.end - body.start < 2:
            yield self._chunk(text, body, body.start, tokens)  # one character that needs so many
        else:
            for half in _halves(text, body):
                (tokens,) = self._counter.exact([self._columns(half.start) + text[half.start : half.end]])
                yield from self._within_limit(text, before, half, half.start, tokens)
                before = half

    def _columns(self, start: int) -> str:
        """What stands before a chunk that begins at `start` of the held text: the names of its table's columns."""
        columns = self.text.columns_at(start + self.text.start) if self.text.tables else ""
        return columns if not columns or self._counter.count(columns) <= self._limit // MOST_FOR_COLUMNS else ""

    def _tokens_of_columns(self, start: int) -> int:
        columns = self._columns(start)
        return self._counter.count(columns) if columns else 0

    def _chunk(self, text: str, span: Span, body_start: int, tokens: int) -> NewChunk:
        base, columns = self.text.start, self._columns(span.start)
        start, end = span.start + base, span.end + base
        pages, headings = self.text.pages, self.text.headings
        first, last = _count_until(pages, start), _count_until(pages, end - 1)
        metadata: dict[str, Any] = {
            "page": pages[first - 1][1],
            "page_end": pages[last - 1][1],
            "tokens": tokens,
            "tokenizer": self._counter.name,
            "sha256": self._sha256,
            "start": start - len(columns),  # they repeat what came before, like an overlap
        }
        if above := _count_until(headings, body_start + base):
            metadata["heading"] = headings[above - 1][1]
        if inside := headings[_count_until(headings, start - 1) : _count_until(headings, end - 1)]:
            metadata["headings"] = [[offset - start + len(columns), title] for offset, title in inside]
        return NewChunk(columns + text[span.start : span.end], metadata)


def _goes_on(before: str, after: str) -> bool:
    """Whether a page's first words continue the sentence that the page before broke off."""
    return after[0].islower() and not ends_sentence(before)


def _count_until(marks: Sequence[tuple[int, Any]], offset: int) -> int:
    """How many of the marks stand at `offset` or before it."""
    return bisect_right(marks, offset, key=itemgetter(0))


def _halves(text: str, body: Span) -> tuple[Span, Span]:
    """A part, cut in two: at a line's end or a space in its middle if there is one."""
    middle, last = (body.start + body.end) // 2, body.end - (body.end - body.start) // 4
    found = next((found for pattern in (LINE_END, SPACE) if (found := pattern.search(text, middle, last))), None)
    cut = found.start() if found else middle
    first, second = text[body.start : cut].rstrip(), text[cut : body.end].lstrip()
    return Span(body.start, body.start + len(first)), Span(body.end - len(second), body.end)
