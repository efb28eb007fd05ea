"""A page's text: its blocks, its parts, and its characters in one spelling. Knows no file format."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from utils.errors import AppError

PART_CHARACTERS = 256 * 1024


@dataclass(frozen=True)
class Heading:
    """A heading inside a page's text; `offset` is where its line begins, in characters."""

    offset: int
    title: str


@dataclass(frozen=True)
class Page:
    """One page of a document; formats without pages have one. `readable` is False where the file is broken here.

    A long page comes in parts, cut at blank lines: those after its first have `continues`. `read_share` says how much
    of the file has been read, 0 to 1, where number and page_count do not.
    """

    number: int
    page_count: int
    text: str
    headings: tuple[Heading, ...] = ()
    readable: bool = True
    continues: bool = False
    read_share: float | None = None


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, or a line that stands for itself (list item, code, row of a table)."""

    text: str
    is_heading: bool = False
    is_line: bool = False


REPLACED = (
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
    | dict.fromkeys("\u00a0\u2007\u202f", " ")  # spaces that only differ in how a line breaks
    | dict.fromkeys("\u200b\u2060\ufeff", "")  # no width at all
    | dict.fromkeys("\uf0b7\uf0a7\uf076\uf0d8", "•")  # bullets of Word's symbol fonts
    | dict.fromkeys("\u0085\u2028\u2029\v", "\n")
)
TO_REPLACE = re.compile(f"[{''.join(REPLACED)}]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff\ufdd0-\ufdef]")
# Characters that are left as they are, also beside each other: nearly every line of nearly every text has no others.
IS_CLEAN = re.compile(
    r"[\t\n\x20-\x7e\xa1-\xac\xae-\u02ff\u0370-\u0373\u0376-\u037d\u0388-\u0482\u048a-\u0590\u2010-\u2027"
    r"\u2030-\u205e\u20a0-\u20bf\u2190-\u22ff\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3]*"
)
# TeX's old fonts print an accent, then the letter below it: "k¨onnen". The accents with their combining twins.
ACCENTS = dict(
    zip("¨´ˆ˜ˇ¸˚¯˘˙˛˝", "\u0308\u0301\u0302\u0303\u030c\u0327\u030a\u0304\u0306\u0307\u0328\u030b", strict=True)
)
ACCENT_AND_LETTER = re.compile(f"([{''.join(ACCENTS)}])([A-Za-zı])")
SOFT_HYPHEN = re.compile(r"\u00ad(?:\r?\n)?")  # where a word may be parted at a line's end, as it was here
SURROGATES = re.compile(r"[\ud800-\udfff]")
PAGE_NUMBER = re.compile(
    r"(?:(?:seite|page|s\.|p\.)\s*)?[-–—|]?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*[-–—|]?"
    r"(?:\s*(?:/|von|of)\s*\d{1,5})?",
    re.IGNORECASE,
)
NUMBERED_HEADING = re.compile(
    r"(?:(?:kapitel|chapter|abschnitt|section|teil|part)\s+)?(\d{1,3}(?:\.\d{1,3}){0,4})\.?\s+(?=\S)", re.I
)
NO_TITLE = re.compile(r"\.\s?\.\s?\.|\s\d+$|[.,;:]$")
TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
HEADING_STARTS = frozenset("0123456789kKcCaAsStTpP")


def clean_characters(text: str) -> str:
    """The same words in one spelling: line feeds, NFC, letters instead of ligatures, no control characters.

    NFKC would also turn ² into 2 and ™ into TM; only what never carries a meaning is replaced.
    """
    text = clean_inside_lines(text)
    if " \n" in text or "\t\n" in text or text[-1:] in (" ", "\t"):
        return "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    return text


def clean_inside_lines(text: str) -> str:
    """`clean_characters` without its care for spaces at line ends; text that is clean costs little."""
    if "\u00ad" in text:
        text = SOFT_HYPHEN.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if IS_CLEAN.fullmatch(text):
        return text
    return "\n".join(line if IS_CLEAN.fullmatch(line) else _cleaned(line) for line in text.split("\n"))


def _cleaned(line: str) -> str:
    line = TO_REPLACE.sub(lambda found: REPLACED[found.group()], line)
    return unicodedata.normalize("NFC", SURROGATES.sub("\ufffd", CONTROL.sub("", line)))


def with_accents(text: str) -> str:
    """Accents that were printed on their own, put on the letters behind them: `f¨ur` → `für`."""
    return text if text.isascii() else ACCENT_AND_LETTER.sub(_composed, text)


def _composed(found: re.Match[str]) -> str:
    accent, letter = found.groups()
    whole = unicodedata.normalize("NFC", ("i" if letter == "ı" else letter) + ACCENTS[accent])
    return whole if len(whole) == 1 else found.group()


def mark_line_end_hyphens(text: str) -> str:
    """Line-end hyphens in every spelling that extractors have (U+0002, U+FFFE, U+00AD), as `-` and a line feed."""
    if "\x02" in text or "\ufffe" in text:
        text = re.sub(r"[\u0002\ufffe](?:\r\n|\r|\n)?", "-\n", text)
    if "\u00ad" in text:
        text = re.sub(r"\u00ad(\r\n|\r|\n)", "-\n", text).replace("\u00ad", "")
    return text


def is_numbered_heading(line: str, least_depth: int = 2) -> bool:
    """Whether a line looks like `1.2 Title`: with `least_depth` numbers, short, no sentence, no table of contents."""
    if not line or line[0] not in HEADING_STARTS or len(line) > 110:
        return False
    match = NUMBERED_HEADING.match(line)
    if not match or match.group(1).count(".") + 1 < least_depth:
        return False
    title = line[match.end() :]
    if NO_TITLE.search(title) or not TWO_LETTERS.search(title):
        return False
    return title[0].isupper() or not title[0].isascii()


def join_blocks(blocks: Iterable[Block]) -> tuple[str, tuple[Heading, ...]]:
    """Blocks as one text, with blank lines around paragraphs, and where its headings stand."""
    parts: list[str] = []
    headings: list[Heading] = []
    length = 0
    previous: Block | None = None
    for block in blocks:
        if previous is not None:
            gap = "\n" if previous.is_line and block.is_line else "\n\n"
            parts.append(gap)
            length += len(gap)
        if block.is_heading:
            headings.append(Heading(length, block.text))
        parts.append(block.text)
        length += len(block.text)
        previous = block
    return "".join(parts), tuple(headings)


class PageEnd(Enum):
    """Stands after the blocks of a page, which may be broken."""

    WHOLE = "whole"
    UNREADABLE = "unreadable"


PAGE_END, PAGE_UNREADABLE = PageEnd.WHOLE, PageEnd.UNREADABLE
Step = Block | PageEnd


def pages_of_blocks(walk: Callable[[], Iterable[Step]], name: str) -> Iterator[Page]:
    """The pages that a walk over a document gives; `name` is the file's, for the error.

    The walk is done twice, to count and to read, so that never more than a part is held. Raises AppError
    file_no_text, before the first page.
    """
    count, characters = _measure(walk())
    if not count:
        raise AppError("file_no_text", file=name)
    number, continues, done = 1, False, 0
    for blocks, end in _parts(walk()):
        done += sum(len(block.text) for block in blocks)
        if blocks or not continues:
            text, headings = join_blocks(blocks)
            yield Page(
                number,
                count,
                text,
                headings,
                readable=end is not PAGE_UNREADABLE,
                continues=continues,
                read_share=done / characters,
            )
        continues = end is None
        number += not continues
        if number > count:
            return


def _measure(steps: Iterable[Step]) -> tuple[int, int]:
    """How many pages and characters there are; a blank rest after the last page is none. No words: no pages."""
    pages, last_with_text, characters, has_words = 1, 0, 0, False
    for step in steps:
        if isinstance(step, PageEnd):
            pages += 1
        else:
            last_with_text = pages
            characters += len(step.text)
            has_words = has_words or any(character.isalnum() for character in step.text)
    return (max(last_with_text, pages - 1) if has_words else 0), characters


def _parts(steps: Iterable[Step]) -> Iterator[tuple[list[Block], PageEnd | None]]:
    """Blocks that make a part, each list with the end of the page where it is one."""
    blocks: list[Block] = []
    length = 0
    for step in steps:
        end = step if isinstance(step, PageEnd) else None
        if isinstance(step, Block):
            blocks.append(step)
            length += len(step.text)
        if end is not None or length > PART_CHARACTERS:
            yield blocks, end
            blocks, length = [], 0
    yield blocks, PAGE_END
