"""Blocks → pages, long ones in parts; for the formats that are walked and not printed. Knows no file format."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from core.formats.page_text import Block, Page, join_blocks
from utils.errors import AppError

PART_CHARACTERS = 256 * 1024


class PageEnd(Enum):
    """Stands between the blocks of two pages."""

    PAGE_END = "page end"


PAGE_END = PageEnd.PAGE_END
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
    for blocks, ends_page in _parts(walk()):
        done += sum(len(block.text) for block in blocks)
        if blocks or not continues:
            text, headings = join_blocks(blocks)
            yield Page(number, count, text, headings, continues=continues, read_share=done / characters)
        continues = not ends_page
        number += ends_page
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


def _parts(steps: Iterable[Step]) -> Iterator[tuple[list[Block], bool]]:
    """Blocks that make a part, each list with whether it ends a page."""
    blocks: list[Block] = []
    length = 0
    for step in steps:
        ends_page = isinstance(step, PageEnd)
        if isinstance(step, Block):
            blocks.append(step)
            length += len(step.text)
        if ends_page or length > PART_CHARACTERS:
            yield blocks, ends_page
            blocks, length = [], 0
    yield blocks, True
