"""Plain text → pages, part by part. Knows lines and headings; knows no chunk and no UI."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from core.documents.formats.page_text import PAGE_NUMBER, Heading, Page, clean_characters, is_numbered_heading
from core.documents.formats.text_encoding import decoded_blocks, find_encoding
from utils.errors import AppError

PART_CHARACTERS = 256 * 1024
MAX_PART_CHARACTERS = 1024 * 1024  # where no blank line comes
BLANK_LINE = re.compile(r"\n[ \t]*\n\s*?(?=[^\s]|\Z)")
UNDERLINE = re.compile(r"([=\-~*^+#\"'_])\1{2,}")
FENCE = re.compile(r"```+")
# Lines that may be a heading, its underline or a fence; all others need no closer look. The words are those that
# is_numbered_heading knows: Kapitel, chapter, Abschnitt, section, Teil, part.
LOOK_CLOSER = re.compile(r"\n(?:[`=\-~*^+#\"'_0-9]|(?i:kap|cha|abs|sec|tei|par))")


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """A plain text file, as it is; form feeds part its pages. Raises AppError file_not_text, file_no_text."""
    return text_pages(path, find_headings)


FindHeadings = Callable[[str, str | None], tuple[list[Heading], str]]


def text_pages(path: Path, find: FindHeadings) -> Iterator[Page]:
    """A text file's pages, long ones in parts. `find` gives a part's headings, and what is open at its end, such as a
    fence, from the part and what was open before it (None at the beginning of a page).

    The file is read twice or more: first for its encoding and its number of pages, then for its text. Never more of
    it is held than a part.
    """
    with path.open("rb") as file:
        encoding = find_encoding(file, path.name)
        count = _page_count(decoded_blocks(file, encoding))
        if not count:
            raise AppError("file_no_text", file=path.name)
        size = path.stat().st_size
        number, continues = 1, False
        is_open: str | None = None
        for part, ends_page in _parts(decoded_blocks(file, encoding)):
            text = clean_characters(part).strip("\n")
            if ends_page and count > 1:
                text = _without_page_number(text)
            if text or not continues:
                headings, is_open = find(text, is_open)
                share = min(1.0, file.tell() / size)
                yield Page(number, count, text, tuple(headings), continues=continues, read_share=share)
            continues = not ends_page
            if ends_page:
                number, is_open = number + 1, None
            if number > count:
                return


def _page_count(blocks: Iterable[str]) -> int:
    """How many pages form feeds make, a blank rest after the last one aside; 0 where nothing is written."""
    feeds, is_blank, has_words = 0, True, False
    for block in blocks:
        feeds += block.count("\f")
        is_blank = not block.rpartition("\f")[2].strip() and (is_blank or "\f" in block)
        has_words = has_words or any(character.isalnum() for character in block)
    if not has_words:
        return 0
    return feeds + (0 if feeds and is_blank else 1)


def _parts(blocks: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """Text in parts of bounded length, each with whether it ends a page."""
    pending = ""
    for block in blocks:
        *ended, rest = block.split("\f")
        for page in ended:
            yield pending + page, True
            pending = ""
        pending += rest
        while cut := _place_to_cut(pending):
            yield pending[:cut], False
            pending = pending[cut:]
    yield pending, True


def _place_to_cut(text: str) -> int:
    """Where a long text is cut: after a blank line, else a line end, else a space, else anywhere; 0 for not yet."""
    if len(text) <= PART_CHARACTERS:
        return 0
    if blank := BLANK_LINE.search(text, PART_CHARACTERS):
        return blank.end()
    if len(text) <= MAX_PART_CHARACTERS:
        return 0
    for space in ("\n", " "):
        cut = text.find(space, PART_CHARACTERS) + 1
        while cut and _belongs_to_line_before(text, cut):
            cut = text.find(space, cut) + 1
        if cut:
            return cut
    return _between_characters(text, PART_CHARACTERS)


def _belongs_to_line_before(text: str, cut: int) -> bool:
    """Whether an underline begins here, which makes a heading of the line before."""
    end = text.find("\n", cut)
    return text[cut - 1] == "\n" and UNDERLINE.fullmatch(text, cut, end if end >= 0 else len(text)) is not None


def _between_characters(text: str, cut: int) -> int:
    """The first place from `cut` on where no accent and no part of a syllable is torn from what it belongs to."""
    while cut < len(text):
        before, after = text[cut - 1], text[cut]
        normal = [unicodedata.normalize("NFC", part) for part in (before, after, before + after)]
        kind = unicodedata.category(after)
        if not kind.startswith("M") and kind != "Cf" and normal[0] + normal[1] == normal[2]:
            return cut
        cut += 1
    return cut


def _without_page_number(text: str) -> str:
    """A printed page's text without the number below it."""
    body, _, last = text.rpartition("\n")
    return body.rstrip("\n") if PAGE_NUMBER.fullmatch(last.strip()) else text


def find_headings(text: str, fence: str | None) -> tuple[list[Heading], str]:
    """The headings in a part of a plain text, underlined or `1.2 …`, and the fence that is open at its end.

    `fence` is the one open at the start: nothing inside fenced code is a heading.
    """
    headings: list[Heading] = []
    for found in LOOK_CLOSER.finditer(f"\n{text}"):
        offset = found.start()
        line, previous = _line_at(text, offset), _line_before(text, offset)
        mark = FENCE.match(line)
        if not fence and UNDERLINE.fullmatch(line) and _is_title(previous) and len(line) >= 0.6 * len(previous):
            headings.append(Heading(offset - len(previous) - 1, previous.strip()))
        elif mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group().strip()
        elif not fence and is_numbered_heading(line):
            headings.append(Heading(offset, line.strip()))
    return headings, fence or ""


def _line_at(text: str, offset: int) -> str:
    end = text.find("\n", offset)
    return text[offset:end] if end >= 0 else text[offset:]


def _line_before(text: str, offset: int) -> str:
    return text[text.rfind("\n", 0, offset - 1) + 1 : offset - 1] if offset else ""


def _is_title(line: str) -> bool:
    return bool(line) and not line[0].isspace() and len(line) <= 110 and line[-1] not in ".,;|" and line[0].isalnum()
