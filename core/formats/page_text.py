"""A page's text, and what is done to its characters and lines. Knows no file format."""

import re
import unicodedata
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass


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


LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
    | dict.fromkeys("\u00a0\u2007\u202f", " ")  # spaces that only differ in how a line breaks
    | dict.fromkeys("\u200b\u2060\ufeff", "")  # no width at all
    | dict.fromkeys("\uf0b7\uf0a7\uf076\uf0d8", "•")  # bullets of Word's symbol fonts
    | dict.fromkeys("\u0085\u2028\u2029\v", "\n")
)
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff\ufdd0-\ufdef]")
SURROGATES = re.compile(r"[\ud800-\udfff]")
SPACES_AT_LINE_END = re.compile(r"[ \t]+$", re.MULTILINE)
PAGE_NUMBER = re.compile(
    r"(?:(?:seite|page|s\.|p\.)\s*)?[-–—|]?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*[-–—|]?"
    r"(?:\s*(?:/|von|of)\s*\d{1,5})?",
    re.IGNORECASE,
)
BULLET = re.compile(r"(?:[•◦▪■●‣⁃∙·*]|[-–—](?=\s)|\(?[a-z]\)|\(?\d{1,3}[.)]|\[\d+\])\s")
NUMBERED_HEADING = re.compile(
    r"(?:(?:kapitel|chapter|abschnitt|section|teil|part)\s+)?(\d{1,3}(?:\.\d{1,3}){0,4})\.?\s+(?=\S)", re.I
)
DOT_LEADER = re.compile(r"(?:\.\s?){4,}")  # what leads to the page number in a table of contents
SENTENCE_END = re.compile(r"[.!?…:;][\"'”“’»)\]]*\d{0,3}$")
CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]")
BROKEN_PATH = re.compile(
    r"(?:^|[\s(])(?:(?:https?://|/|~/)\S*[./]|https?:)$"
)  # an address or path that goes on in the next line
SUSPENDED = {"und", "oder", "bzw", "bis", "sowie", "noch", "als", "and", "or", "to"}


def clean_characters(text: str) -> str:
    """The same words in one spelling: line feeds, NFC, letters instead of ligatures, no control characters.

    NFKC would also turn ² into 2 and ™ into TM; only what never carries a meaning is replaced.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(LIGATURES)
    text = SURROGATES.sub("\ufffd", CONTROL.sub("", text))
    return unicodedata.normalize("NFC", SPACES_AT_LINE_END.sub("", text))


def mark_line_end_hyphens(text: str) -> str:
    """Line-end hyphens in every spelling that extractors have (U+0002, U+FFFE, U+00AD), as `-` and a line feed."""
    text = re.sub(r"[\u0002\ufffe](?:\r\n|\r|\n)?", "-\n", text)
    return re.sub(r"\u00ad(\r\n|\r|\n)", "-\n", text).replace("\u00ad", "")


def join_word(left: str, right: str, compounds: Set[str] = frozenset()) -> str:
    """Two halves around a line-end hyphen: `Pro-`, `gramm` → `Programm`, but `GNU-Projekt` and `Ein- und` stay.

    `compounds` holds words that the document also hyphenates within a line, in lower case.
    """
    stem = left[:-1]
    next_word = re.match(r"\w*", right)
    last_word = re.search(r"\w+$", stem)
    if stem.endswith("/"):
        return f"{stem}{right}"
    if not next_word or not next_word.group():
        return f"{left} {right}"
    if not last_word:
        return f"{left}{right}"  # "»incoming«-", "Verzeichnis"
    if next_word.group().casefold() in SUSPENDED:
        return f"{left} {right}"
    if not next_word.group()[0].islower() or not last_word.group()[-1].isalpha():
        return f"{left}{right}"
    if f"{last_word.group()}-{next_word.group()}".casefold() in compounds:
        return f"{left}{right}"
    return f"{stem}{right}"


def compounds_in(lines: Iterable[str]) -> set[str]:
    """Words with a hyphen inside a line, in lower case: at a line end their hyphen belongs to them too."""
    return {word.casefold() for line in lines for word in re.findall(r"\w+-(?=\w)\w+", line)}


def join_lines(left: str, right: str, compounds: Set[str] = frozenset()) -> str:
    """Two lines of one paragraph as one line."""
    if left.endswith("-") and not left.endswith(("--", " -")):
        return join_word(left, right, compounds)
    if left and right and CJK.match(left[-1]) and CJK.match(right[0]):
        return f"{left}{right}"
    if BROKEN_PATH.search(left) and (right[:1].islower() or right.startswith("//")):
        return f"{left}{right}"
    return f"{left} {right}"


def line_width(lines: Sequence[str]) -> int:
    """How long a full line is here, in characters: what nine of ten long-ish lines do not exceed."""
    lengths = sorted(len(line) for line in lines if len(line) > 30)
    return lengths[len(lengths) * 9 // 10] if lengths else 80


@dataclass(frozen=True)
class Block:
    """A paragraph, a heading, or a line that stands for itself (list item, code, row of a table)."""

    text: str
    is_heading: bool = False
    is_line: bool = False


def blocks_of_lines(
    lines: Sequence[str], headings: Mapping[int, int] | None = None, compounds: Set[str] | None = None
) -> list[Block]:
    """Printed lines as blocks. `headings` gives the first line of each heading and how many lines it fills.

    Extractors give no blank lines, so a paragraph ends where its last line is short and ends a sentence, and where a
    heading or list item begins. Short lines that end no sentence (tables, code) stay lines of their own.
    """
    headings = headings or {}
    compounds = compounds_in(lines) if compounds is None else compounds
    width = line_width(lines)
    blocks: list[Block] = []
    previous = ""
    heading_end = 0
    for number, line in enumerate(lines):
        if number in headings:
            heading_end = number + headings[number]
            blocks.append(Block(line, is_heading=True))
        elif number < heading_end:
            blocks[-1] = Block(join_lines(blocks[-1].text, line, compounds), is_heading=True)
        elif line and previous and _continues(previous, line, width):
            blocks[-1] = Block(join_lines(blocks[-1].text, line, compounds), is_line=blocks[-1].is_line)
        elif line:
            alone = len(line) < 0.75 * width and not SENTENCE_END.search(line)
            blocks.append(Block(line, is_line=bool(alone or BULLET.match(line) or DOT_LEADER.search(line))))
        previous = "" if number < heading_end else line
    return blocks


def _continues(previous: str, line: str, width: int) -> bool:
    """Whether `line` goes on with the paragraph that `previous` is a line of."""
    if BULLET.match(line) or DOT_LEADER.search(previous):
        return False
    if previous.endswith("-") and previous[-2:-1].isalpha():
        return True
    ends_sentence = SENTENCE_END.search(previous) is not None
    if ends_sentence:
        return len(previous) >= 0.85 * width
    full = len(previous) >= (0.6 if line[:1].islower() else 0.75) * width
    return full or (CJK.match(previous[-1]) is not None and len(previous) >= 0.9 * width)


def is_numbered_heading(line: str, least_depth: int = 2) -> bool:
    """Whether a line looks like `1.2 Title`: with `least_depth` numbers, short, no sentence, no table of contents."""
    match = NUMBERED_HEADING.match(line)
    if not match or match.group(1).count(".") + 1 < least_depth or len(line) > 110:
        return False
    title = line[match.end() :]
    if re.search(r"\.\s?\.\s?\.|\s\d+$|[.,;:]$", title) or not re.search(r"[^\W\d_]{2}", title):
        return False
    return title[0].isupper() or not title[0].isascii()


def join_blocks(blocks: Iterable[Block]) -> tuple[str, tuple[Heading, ...]]:
    """Blocks as one text, with blank lines around paragraphs, and where its headings stand."""
    text, headings = "", []
    previous: Block | None = None
    for block in blocks:
        if previous is not None:
            text += "\n" if previous.is_line and block.is_line else "\n\n"
        if block.is_heading:
            headings.append(Heading(len(text), block.text))
        text += block.text
        previous = block
    return text, tuple(headings)


def without_running_lines(pages: Iterable[list[str]], around: int = 8, least: int = 3) -> Iterator[list[str]]:
    """Pages without the lines that are printed on every page: titles above, names and numbers below.

    A first or last line is taken for one when at least `least` of the pages `around` this one have the same there,
    digits aside. Looks only a few pages ahead, so a document of any length passes through.
    """
    window: deque[list[str]] = deque()
    edges: Counter[tuple[str, str]] = Counter()
    behind: deque[list[str]] = deque()
    source = iter(pages)
    exhausted = False
    while True:
        while not exhausted and len(window) <= around:
            page = next(source, None)
            if page is None:
                exhausted = True
                break
            window.append(page)
            edges.update(_edges(page))
        if not window:
            return
        current = window.popleft()
        behind.append(current)
        if len(behind) > around:
            edges.subtract(_edges(behind.popleft()))
        yield _without_edges(current, edges, least)


def _edges(page: list[str]) -> set[tuple[str, str]]:
    """What the first and last two lines look like, digits aside; the start of the very first counts on its own."""
    found = {("top", _shape(line)) for line in page[:2]} | {("bottom", _shape(line)) for line in page[-2:]}
    if page and (start := _chapter_start(page[0])):
        found.add(("start", start))
    return found


def _without_edges(page: list[str], edges: Counter[tuple[str, str]], least: int) -> list[str]:
    def runs(where: str, line: str) -> bool:
        return PAGE_NUMBER.fullmatch(line) is not None or edges[(where, _shape(line))] >= least

    first, last = 0, len(page)
    if page and edges[("start", _chapter_start(page[0]))] >= least:
        first = 1
    for _ in range(2):
        if first < last and runs("top", page[first]):
            first += 1
        if first < last and runs("bottom", page[last - 1]):
            last -= 1
    return page[first:last]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line.casefold())


def _chapter_start(line: str) -> str:
    """`Kapitel 3. Grundlagen 3.2 Menge` above a page changes from page to page, but always starts alike."""
    match = re.match(r"(kapitel|chapter|abschnitt|section)\s+\d+[.:]?\s+(?=.*\d+\.\d)", line, re.IGNORECASE)
    return match.group(1).casefold() if match else ""
