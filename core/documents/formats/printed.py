"""Printed lines → text: hyphens joined, paragraphs and headings found. Knows no file format.

Every line of every page passes through here, so the frequent case is decided by a look at single characters, and
regular expressions see only the lines that need them.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from core.documents.formats.page_text import (
    Block,
    Page,
    clean_inside_lines,
    is_numbered_heading,
    join_blocks,
    mark_line_end_hyphens,
    with_accents,
)
from core.documents.running_lines import without_running_lines
from utils.errors import AppError

BULLET = re.compile(r"(?:[•◦▪■●‣⁃∙·*]|[-–—](?=\s)|\(?[a-z]\)|\(?\d{1,3}[.)]|\[\d+\])\s")
BULLET_STARTS = frozenset("•◦▪■●‣⁃∙·*-–—([0123456789")
DOT_LEADER = re.compile(r"(?:\.\s?){4,}")  # what leads to the page number in a table of contents
CODE_STARTS = frozenset("\\$#%<>{}|=+~^@&")
SENTENCE_MARKS = frozenset(".!?…:;。！？")
AFTER_SENTENCES = frozenset("\"'”“’»)]0123456789")
SENTENCE_END = re.compile(r"[.!?…:;。！？][\"'”“’»)\]]*\d{0,3}$")
CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")  # Korean, which has spaces, is not among them
# An address or a path that goes on in the next line.
BROKEN_PATH = re.compile(r"(?:^|[\s(])(?:(?:https?://|/|~/)\S*[./]|https?:)$")
SUSPENDED = {"und", "oder", "bzw", "bis", "sowie", "noch", "als", "and", "or", "to"}
COMPOUND = re.compile(r"(?<!\w)\w++-\w+")
FIRST_WORD = re.compile(r"\w*")
LAST_WORD = re.compile(r"\w+$")
CHAPTER_WORD = re.compile(
    r"^(?:kapitel|chapter|anhang|appendix|abschnitt|section|teil|part)\s+(?=[\dA-Z])", re.IGNORECASE
)
CHAPTER_NUMBER = re.compile(r"^(?:[A-Z]|\d+|[IVX]+)(?:\.\d+)*[.:]?\s+")
NO_LETTERS = re.compile(r"[\W_]+")
WORD = re.compile(r"[^\W_]+")
ANY_LETTER = re.compile(r"[^\W_]")
SPACED_LETTERS = re.compile(r"(?<!\S)[^\W\d_](?: [^\W\d_]){4,}(?!\S)")
SPACED_LINE = re.compile(r"(?:\d[\d.]*\s+|[•·–-]\s+)?(?:[^\W\d_]\s{1,3}){4,}[^\W\d_][.:!?]?")
VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøœ")
LEAST_LETTERS = 4  # different ones
MAX_COMPOUNDS = 100_000
LONGEST_CHAPTER_NUMBER = 32  # characters, with the beginning of the title behind it
WIDTH_IF_UNKNOWN = 80


class Seam(NamedTuple):
    """How two lines of a paragraph meet: how many characters the first one loses, and what stands between them."""

    dropped: int
    between: str


TOUCHING, SPACED, WITHOUT_HYPHEN, BROKEN = Seam(0, ""), Seam(0, " "), Seam(1, ""), Seam(0, "\n")


class Outline(NamedTuple):
    """What a printed document says of itself: its pages, and its bookmarks' titles by the index of their page.

    `is_broken` where its structure had to be guessed: then a document without text is none that was scanned.
    """

    page_count: int
    bookmarks: Mapping[int, Sequence[str]] = {}
    is_broken: bool = False


def pages_of_texts(texts: Iterable[str | None], outline: Outline, name: str) -> Iterator[Page]:
    """Pages from the text that was printed on them, None where a page could not be read.

    Raises AppError pdf_damaged (no page can be read) and pdf_no_text (a scan) after the last page.
    """
    unread: deque[bool] = deque()  # of the pages that the search for running lines looks ahead
    compounds: set[str] = set()
    anything_read = anything_said = False
    for index, lines in enumerate(without_running_lines(_lines_of_pages(texts, unread))):
        readable = not unread.popleft()
        _collect_compounds(lines, compounds)
        bookmarks = outline.bookmarks
        headings = _heading_lines(lines, bookmarks.get(index, ())) if bookmarks else _numbered_headings(lines)
        text, heads = join_blocks(blocks_of_lines(lines, headings, compounds))
        anything_read = anything_read or readable
        anything_said = anything_said or ANY_LETTER.search(text) is not None
        yield Page(index + 1, outline.page_count, text, heads, readable)
    if not anything_read or (outline.is_broken and not anything_said):
        raise AppError("pdf_damaged", file=name)
    if not anything_said:
        raise AppError("pdf_no_text", file=name, pages=outline.page_count)


def _lines_of_pages(texts: Iterable[str | None], unread: deque[bool]) -> Iterator[list[str]]:
    """The lines of each page; notes in `unread` which pages could not be read."""
    for text in texts:
        unread.append(text is None)
        lines = clean_inside_lines(mark_line_end_hyphens(with_accents(text or ""))).split("\n")
        yield [
            SPACED_LETTERS.sub(_closed_up, stripped) if SPACED_LINE.fullmatch(stripped) else stripped
            for line in lines
            if (stripped := line.strip())
        ]


def _closed_up(found: re.Match[str]) -> str:
    """`S I C H E R H E I T` as a word; a row of letters that makes none stays (an alphabet, the days of a week)."""
    word = found.group().replace(" ", "")
    letters = word.casefold()
    is_spelled = word.isupper() or word[1:].islower()
    is_word = len(set(letters)) >= LEAST_LETTERS and sum(map(VOWELS.__contains__, letters)) * 5 >= len(letters)
    return word if is_spelled and is_word and sorted(letters) != list(letters) else found.group()


def seam(left: str, right: str, compounds: Set[str] = frozenset()) -> Seam:
    """How two lines of one paragraph are put together.

    `compounds` holds words that the document also hyphenates within a line, in lower case.
    """
    if not left or not right:
        return SPACED
    last = left[-1]
    if last == "-":
        return SPACED if left.endswith(("--", " -")) else _hyphen_seam(left, right, compounds)
    if last >= "\u3000" and right[0] >= "\u3000" and CJK.match(last) and CJK.match(right[0]):
        # Without capitals and spaces nothing tells whether the sentence goes on: rather a line end too many than two
        # words glued together.
        return BROKEN
    if last in "/.:" and (right[0].islower() or right.startswith("//")) and BROKEN_PATH.search(left):
        return TOUCHING
    return SPACED


def _hyphen_seam(left: str, right: str, compounds: Set[str]) -> Seam:
    """`Pro-`, `gramm` → `Programm`, but `GNU-Projekt` and `Ein- und` stay."""
    stem = left[:-1]
    next_word = FIRST_WORD.match(right).group()  # type: ignore[union-attr]
    last_word = LAST_WORD.search(stem[-60:])
    if stem.endswith("/"):
        return WITHOUT_HYPHEN
    if not next_word:
        return SPACED
    if not last_word:
        return TOUCHING  # "»incoming«-", "Verzeichnis"
    if next_word.casefold() in SUSPENDED:
        return SPACED
    if not next_word[0].islower() or not last_word.group()[-1].isalpha():
        return TOUCHING
    if f"{last_word.group()}-{next_word}".casefold() in compounds:
        return TOUCHING
    return WITHOUT_HYPHEN


def _collect_compounds(lines: Iterable[str], compounds: set[str]) -> None:
    """Add the words with a hyphen inside a line, in lower case: at a line end their hyphen belongs to them too."""
    if len(compounds) < MAX_COMPOUNDS:
        for line in lines:
            if "-" in line:
                compounds.update(word.casefold() for word in COMPOUND.findall(line))


def line_width(lines: Sequence[str]) -> int:
    """How long a full line is here, in characters: what nine of ten long-ish lines do not exceed."""
    lengths = sorted([length for line in lines if (length := len(line)) > 30])
    return lengths[len(lengths) * 9 // 10] if lengths else WIDTH_IF_UNKNOWN


def blocks_of_lines(
    lines: Sequence[str], headings: Mapping[int, int] | None = None, compounds: Set[str] = frozenset()
) -> list[Block]:
    """Printed lines as blocks. `headings` gives the first line of each heading and how many lines it fills.

    Extractors give no blank lines, so a paragraph ends where its last line is short and ends a sentence, and where a
    heading or list item begins. Short lines that end no sentence (tables, code) stay lines of their own.
    """
    headings = headings or {}
    width = line_width(lines)
    blocks: list[Block] = []
    parts: list[str] = []  # of the block that is being put together
    is_heading = is_line = False
    previous = ""
    heading_end = 0
    for number, line in enumerate(lines):
        if not line:
            previous = ""
            continue
        starts_heading = number in headings
        inside_heading = number < heading_end and not starts_heading
        if parts and not starts_heading and (inside_heading or (previous and _continues(previous, line, width))):
            dropped, between = seam(parts[-1], line, compounds)
            if dropped:
                parts[-1] = parts[-1][:-dropped]
            parts += (between, line)
        else:
            if parts:
                blocks.append(Block("".join(parts), is_heading, is_line))
            parts = [line]
            is_heading = starts_heading
            is_line = not is_heading and _stands_alone(line, width)
        if starts_heading:
            heading_end = number + headings[number]
        previous = "" if number < heading_end else line
    if parts:
        blocks.append(Block("".join(parts), is_heading, is_line))
    return blocks


def _stands_alone(line: str, width: int) -> bool:
    """Whether a line that begins a block is an item, a row or code rather than the first line of a paragraph."""
    return (len(line) < 0.75 * width and not ends_sentence(line)) or _is_bullet(line) or _has_dot_leader(line)


def _continues(previous: str, line: str, width: int) -> bool:
    """Whether `line` goes on with the paragraph that `previous` is a line of."""
    if _is_bullet(line) or _has_dot_leader(previous):
        return False
    last, length = previous[-1], len(previous)
    if last == "-" and previous[-2:-1].isalpha():
        return True
    if ends_sentence(previous):
        return length >= 0.85 * width and line[0] not in CODE_STARTS
    if length >= 0.75 * width or (length >= 0.6 * width and line[0].islower()):
        return True
    return last >= "\u3000" and CJK.match(last) is not None and length >= 0.9 * width


def ends_sentence(text: str) -> bool:
    """Whether a line or text ends with the end of a sentence, perhaps with quotation marks or a note's number."""
    last = text[-1:]
    return last in SENTENCE_MARKS or (last in AFTER_SENTENCES and SENTENCE_END.search(text[-12:]) is not None)


def _is_bullet(line: str) -> bool:
    return (line[0] in BULLET_STARTS or line[1:2] == ")") and BULLET.match(line) is not None


def _has_dot_leader(line: str) -> bool:
    return (".." in line or ". ." in line) and DOT_LEADER.search(line) is not None


def _heading_lines(lines: Sequence[str], titles: Sequence[str]) -> dict[int, int]:
    """Which lines print the bookmarks that point at this page: first line → number of lines, up to three."""
    wanted = {key for title in titles if len(key := _letters(title)) > 1}
    first_words = {words[0][:8] for title in titles if (words := WORD.findall(_without_number(title).casefold()))}
    found: dict[int, int] = {}
    number = 0
    while number < len(lines) and wanted:
        count = 0
        start = lines[number][:LONGEST_CHAPTER_NUMBER].casefold()
        if any(word in start for word in first_words):
            count = next((n for n in (1, 2, 3) if _letters(" ".join(lines[number : number + n])) in wanted), 0)
            found |= {number: count} if count else {}
        number += count or 1
    return found


def _numbered_headings(lines: Sequence[str]) -> dict[int, int]:
    return {number: 1 for number, line in enumerate(lines) if is_numbered_heading(line)}


def _letters(title: str) -> str:
    """What is left of a title when its number, spaces, hyphens and case are set aside."""
    return NO_LETTERS.sub("", _without_number(title)).casefold()


def _without_number(title: str) -> str:
    return CHAPTER_NUMBER.sub("", CHAPTER_WORD.sub("", title))
