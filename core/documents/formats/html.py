"""HTML → pages: the text of a web page without its machinery. Knows tags; knows no chunk and no UI."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from lxml import etree

from core.documents.formats.page_text import Block, Page, Step, clean_characters, pages_of_blocks
from core.documents.formats.text_encoding import decoded_blocks, find_encoding

# fmt: off
NOT_READ = frozenset([
    "script", "style", "nav", "template", "noscript", "svg", "iframe", "object", "canvas", "audio", "video", "select",
    "button", "textarea", "annotation",
])
BLOCKS = frozenset([
    "p", "div", "section", "article", "main", "header", "footer", "aside", "ul", "ol", "menu", "li", "dl", "dt", "dd",
    "blockquote", "figure", "figcaption", "address", "form", "fieldset", "legend", "table", "caption", "tr", "td",
    "th", "hr", "details", "summary", "body", "pre", "center", "h1", "h2", "h3", "h4", "h5", "h6",
])
# fmt: on
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
HIDDEN = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|svg|webp|bmp)", re.IGNORECASE)  # is no description of a picture
PERMALINK = re.compile(r"\s*[¶§#]$")  # what documentation puts behind each heading
MAX_HELD_CHARACTERS = 1024 * 1024  # of one paragraph or row
MAX_BLOCKS_IN_CELL = 3


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """A web page as one page, long ones in parts. Headings, lists, tables (a row is a line) and code keep their form;
    scripts, styles and navigation are left out. A page without `h1` begins with its title. Raises AppError
    file_no_text, file_not_text.
    """
    with path.open("rb") as file:
        encoding = find_encoding(file, path.name)
        title = _title(decoded_blocks(file, encoding))
        yield from pages_of_blocks(lambda: steps_of_html(decoded_blocks(file, encoding), title), path.name)


def steps_of_html(blocks: Iterable[str], title: str = "") -> Iterator[Step]:
    """The blocks of an HTML text, below its title where one is given. Never holds more than a paragraph or row."""
    if title:
        yield Block(title, is_heading=True)
    target = _Target()
    for _ in _parsed(blocks, target):
        yield from target.taken()
    yield from target.taken()


def _title(blocks: Iterable[str]) -> str:
    """The title of a page that has no `h1`."""
    target = _Target()
    for _ in _parsed(blocks, target):
        target.taken()
    return "" if target.has_h1 else clean_characters(" ".join("".join(target.title).split()))


def _parsed(blocks: Iterable[str], target: "_Target") -> Iterator[None]:
    """Feed a text to a target; stops after each block so that what came of it can be taken."""
    parser = etree.HTMLParser(target=target, encoding="utf-8")
    for block in blocks:
        parser.feed(block.replace("\0", "").encode("utf-8", "replace"))
        yield
    parser.close()
    yield


class _Target:
    """Takes the tags and texts of a page as the parser meets them, and makes blocks of them."""

    def __init__(self) -> None:
        self.title: list[str] = []
        self.has_h1 = False
        self._steps: list[Step] = []
        self._text: list[str] = []
        self._held = 0  # characters in _text and _rows
        self._open: list[str] = []  # the elements around this place, without those that only dress text
        self._not_read = 0  # how deep inside something that is not read
        self._items: list[int | None] = []  # number of the next item in each open list; None has bullets
        self._marker = ""
        self._rows: list[list[list[Block]]] = []  # the cells of each open row

    def taken(self) -> list[Step]:
        """What has been finished since the last call."""
        steps, self._steps = self._steps, []
        return steps

    # what the parser calls

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        is_hidden = "hidden" in attributes or HIDDEN.search(attributes.get("style", ""))
        is_twice = "katex-html" in attributes.get("class", "")  # a formula that stands before it for readers
        if self._not_read or tag in NOT_READ or is_hidden or is_twice:
            self._not_read += 1
        elif tag == "img":
            alt = attributes.get("alt", "")
            self._text.append("" if FILE_NAME.fullmatch(alt.strip()) else alt)
        elif tag == "br":
            self._text.append("\n")
        elif tag == "title":
            self._open.append(tag)
        elif tag in BLOCKS:
            self._end_block()
            self._open.append(tag)
            self._begin(tag, attributes)

    def end(self, tag: str) -> None:
        if self._not_read:
            self._not_read -= 1
        elif tag in BLOCKS or tag == "title":
            self._end_block()
            if tag in self._open:
                while self._open.pop() != tag:
                    pass
            if tag in ("ul", "ol", "menu") and self._items:
                self._items.pop()
            elif tag == "tr" and self._rows:
                self._end_row()

    def data(self, text: str) -> None:
        if self._not_read:
            return
        if "title" in self._open:
            self.title.append(text)
            return
        self._text.append(text if "pre" in self._open else text.replace("\n", " "))
        self._held += len(text)
        if self._held > MAX_HELD_CHARACTERS:
            self._let_go()

    def close(self) -> None:
        self._end_block()
        while self._rows:
            self._end_row()

    # what becomes of it

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        self.has_h1 = self.has_h1 or tag == "h1"
        if tag in ("ul", "menu"):
            self._items.append(None)
        elif tag == "ol":
            start = attributes.get("start", "1")
            self._items.append(int(start) if start.isdecimal() and len(start) < 10 else 1)
        elif tag == "li":
            number = self._items[-1] if self._items else None
            self._marker = "• " if number is None else f"{number}. "
            if number is not None:
                self._items[-1] = number + 1
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append([])

    def _end_block(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if "pre" in self._open:
            text = clean_characters(text).strip("\n")
        else:
            lines = (" ".join(line.split()) for line in clean_characters(text).split("\n"))
            text = "\n".join(line for line in lines if line)
        if not text.strip():
            return
        if not HEADINGS.isdisjoint(self._open):
            self._add(Block(PERMALINK.sub("", " ".join(text.split())), is_heading=True))
        else:
            in_list = "li" in self._open or "dl" in self._open
            self._add(Block(f"{self._marker}{text}", is_line=in_list))
        self._marker = ""

    def _add(self, block: Block) -> None:
        if self._rows and self._rows[-1]:
            self._rows[-1][-1].append(block)
        else:
            self._steps.append(block)
            self._held = 0

    def _end_row(self) -> None:
        """A row as one line; where it only arranges headings or paragraphs, these as they are."""
        cells = self._rows.pop()
        filled = [cell for cell in cells if cell]
        arranges = any(len(cell) > MAX_BLOCKS_IN_CELL or any(block.is_heading for block in cell) for cell in filled)
        if len(filled) == 1 or arranges:
            blocks = [block for cell in filled for block in cell]
        elif filled:
            texts = (" ".join(" ".join(block.text for block in cell).split()) for cell in cells)
            blocks = [Block(" | ".join(texts), is_line=True)]
        else:
            blocks = []
        for block in blocks:
            self._add(block)

    def _let_go(self) -> None:
        """Give out what is held of an endless paragraph or row, up to the last space."""
        text = "".join(self._text)
        cut = max(text.rfind("\n"), text.rfind(" ")) + 1 or len(text)
        self._text = [text[:cut]]
        self._end_block()
        self._text = [text[cut:]]
        for row in self._rows:
            self._steps.extend(block for cell in row for block in cell)
            row[:] = [[]]
        self._held = len(text) - cut
