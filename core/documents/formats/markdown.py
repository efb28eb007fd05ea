"""Markdown → pages, with its markup: headings travel with their text. Knows no chunk and no UI."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from core.documents.formats.page_text import Heading, Page
from core.documents.formats.plain_text import text_pages

PARSER = MarkdownIt("commonmark").disable("reference")
FRONT_MATTER = re.compile(r"---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
# Paragraphs, lists and tables in which no heading, fence or HTML can be. One word stands for all of them where what
# follows a blank line ends every list: parsing costs ten times as much as finding them. A line is matched in one way
# only, so nothing is tried again and again (Python 3.11.2 misreads possessive repeats of groups).
UNDECIDED = re.compile(
    r"(?<=\n\n)(?:(?:(?![ \t*+\-\d.)]*(?:[#=_]|\n)|[^\n]*(?:```|~~~|[<>]))[^\n]+\n)+\n+)+(?=([^\s*+\-\d>])?)"
)
ANCHOR = re.compile(r"\s*\{[#.:][^{}]*\}$")  # `{#installation}`, which some programs make an address of


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """A Markdown file. Raises AppError file_not_text, file_no_text."""
    return text_pages(path, find_headings)


def find_headings(text: str, is_open: str | None) -> tuple[list[Heading], str]:
    """The headings in a part of a text, and what is open at its end: a fence, a comment, or nothing.

    `is_open` is what was open at its start, None for a page's first part, which may begin with front matter.
    """
    front = FRONT_MATTER.match(text) if is_open is None else None
    source = "\n" * front.group().count("\n") + text[front.end() :] if front else text
    source = UNDECIDED.sub(_stand_in, source)
    tokens: list[Token] = []
    PARSER.block.parse(f"{is_open}\n{source}" if is_open else source, PARSER, {}, tokens)
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    headings = []
    for token, content in pairwise(tokens):
        title = ANCHOR.sub("", content.content)
        if token.type == "heading_open" and token.map and title and "\n" not in title:
            headings.append(Heading(starts[token.map[0] - bool(is_open)], title))
    return headings, _left_open(tokens[-1], lines[-1]) if tokens else ""


def _stand_in(found: re.Match[str]) -> str:
    return found.group() if found[1] is None else "x" + "\n" * found.group().count("\n")


def _left_open(last: Token, line: str) -> str:
    """What a document's last token needs before it in the next part to go on."""
    if last.type == "fence":
        closed = last.map is not None and last.map[1] - last.map[0] > len(last.content.splitlines()) + 1
        return "" if closed else last.markup
    return "<!--" if last.type == "html_block" and last.content.rfind("<!--") > last.content.rfind("-->") else ""
