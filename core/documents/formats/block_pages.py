"""Blocks → pages, long ones in parts; for the formats that are walked and not printed. Knows no file format."""

from collections.abc import Callable, Iterable, Iterator
from enum import Enum

from core.documents.formats.page_text import Block, Page, join_blocks
from utils.errors import AppError

PART_CHARACTERS = 256 * 1024


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
