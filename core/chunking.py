"""Pages → chunks that never exceed a number of tokens, each with its pages and headings. Knows no file."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_text_splitters import RecursiveCharacterTextSplitter

from core.chunk_store import NewChunk
from core.formats.page_text import SENTENCE_END, Page, join_lines
from core.token_counting import TokenCounter
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


def chunks_of_pages(
    pages: Sequence[Page], settings: ChunkSettings, counter: TokenCounter, sha256: str
) -> list[NewChunk]:
    """A document's chunks in order. `sha256` is that of the file; it is stored with each chunk."""
    text, page_starts, headings = join_pages(pages)
    offsets = [offset for offset, _ in page_starts]
    heading_offsets = [offset for offset, _ in headings]
    chunks = []
    for start, chunk in _cut(text, settings, counter):
        end = start + len(chunk)
        first = bisect_right(offsets, start) - 1
        last = bisect_right(offsets, end - 1) - 1
        before = bisect_right(heading_offsets, start)
        inside = headings[bisect_right(heading_offsets, start - 1) : bisect_right(heading_offsets, end - 1)]
        metadata: dict[str, Any] = {
            "page": page_starts[first][1],
            "page_end": page_starts[last][1],
            "tokens": counter.count(chunk),
            "tokenizer": counter.name,
            "sha256": sha256,
        }
        if before:
            metadata["heading"] = headings[before - 1][1]
        if inside:
            metadata["headings"] = [[offset - start, title] for offset, title in inside]
        chunks.append(NewChunk(chunk, metadata))
    return chunks


def join_pages(pages: Sequence[Page]) -> tuple[str, list[tuple[int, int]], list[tuple[int, str]]]:
    """One text of all pages, with (offset, page number) for each page and (offset, title) for each heading.

    A sentence that goes on over a page break is put together again, a word that was hyphenated there too.
    """
    parts: list[str] = []
    length = 0
    page_starts: list[tuple[int, int]] = []
    headings: list[tuple[int, str]] = []
    for page in pages:
        content = page.text.strip()
        if not content:
            continue
        leading = len(page.text) - len(page.text.lstrip())
        opens_with_heading = any(heading.offset <= leading for heading in page.headings)
        if parts and not opens_with_heading and _goes_on(parts[-1], content):
            last_line = parts[-1][-200:]
            joined = join_lines(last_line, content)
            kept = joined[: len(joined) - len(content)]
            parts[-1] = parts[-1][:-200] + kept
            length += len(kept) - len(last_line)
        elif parts:
            parts.append("\n\n")
            length += 2
        page_starts.append((length, page.number))
        headings.extend((length + heading.offset - leading, heading.title) for heading in page.headings)
        parts.append(content)
        length += len(content)
    return "".join(parts), page_starts, headings


def _goes_on(before: str, after: str) -> bool:
    """Whether a page's first words continue the sentence that the page before broke off."""
    return after[0].islower() and not SENTENCE_END.search(before[-200:])


def _cut(text: str, settings: ChunkSettings, counter: TokenCounter) -> Iterator[tuple[int, str]]:
    """(offset, chunk) for each chunk of a text."""
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=settings.chunk_tokens,
        chunk_overlap=min(settings.overlap_tokens, settings.chunk_tokens // 2),
        length_function=counter.count,
        separators=SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
    )
    search_from = 0
    for piece in splitter.split_text(text):
        for chunk in _within(piece, settings.chunk_tokens, counter):
            start = text.find(chunk, search_from)
            yield start, chunk
            search_from = start + 1


def _within(piece: str, limit: int, counter: TokenCounter) -> Iterator[str]:
    """The piece, halved until each part is within the limit: two parts may need fewer tokens apart than together."""
    if counter.count(piece) <= limit or len(piece) < 2:
        yield piece
        return
    middle = len(piece) // 2
    space = re.compile(r"\s").search(piece, middle)
    cut = space.start() if space and space.start() < len(piece) * 3 // 4 else middle
    for half in (piece[:cut].strip(), piece[cut:].strip()):
        if half:
            yield from _within(half, limit, counter)
