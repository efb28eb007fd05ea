"""Text and Markdown → pages, in whatever encoding they are. Knows text files; knows no chunk and no UI."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from core.formats.page_text import PAGE_NUMBER, Heading, Page, clean_characters, is_numbered_heading
from utils.errors import AppError

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What stands above ASCII in Western European text written with CP1252: letters, quotation marks, dashes, §, °, €.
WESTERN = re.compile(
    rb"[\xc0-\xd6\xd8-\xf6\xf8-\xff\x80\x82\x84\x85\x8a\x8c\x8e\x91-\x97\x9a\x9c\x9e\xa0\xa7\xab\xad\xb0\xb2\xb3\xb4\xb5\xb7\xbb]"
)
ABOVE_ASCII = re.compile(rb"[\x80-\xff]")
MAX_WESTERN_SHARE = 0.25  # a Greek or Cyrillic text lies above ASCII almost whole, a Western one hardly
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
ATX_HEADING = re.compile(r" {0,3}#{1,6}[ \t]+(.*?)(?:[ \t]+#*)?$")
UNDERLINE = re.compile(r"=={2,}|--{2,}|~~{2,}|\*\*{2,}|\^\^{2,}")
FENCE = re.compile(r" {0,3}(```+|~~~+)")
CONTROL_BYTES = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read(path: Path, password: str | None = None) -> Iterator[Page]:
    """A plain text file, as it is; form feeds part its pages. Raises AppError file_not_text, file_no_text."""
    return text_pages(path, markdown=False)


def text_pages(path: Path, *, markdown: bool) -> Iterator[Page]:
    """A text file's pages; with `markdown` its headings are those of Markdown."""
    data = path.read_bytes()
    text = clean_characters(decode(data, path.name))
    if not any(character.isalnum() for character in text):
        raise AppError("file_no_text", file=path.name)
    parts = [part.strip("\n") for part in text.removesuffix("\f").split("\f")]
    for number, part in enumerate(parts, start=1):
        page = _without_page_number(part) if len(parts) > 1 else part
        yield Page(number, len(parts), page, tuple(_headings(page, markdown=markdown)))


def decode(data: bytes, name: str) -> str:
    """Text in whatever encoding it is; never a dropped character. Raises AppError file_not_text."""
    for bom, encoding in BOMS:
        if data.startswith(bom):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                # Cut off in the middle of a character: the rest is still what the mark says.
                return data.decode(encoding, errors="replace")
    if b"\0" in data:
        return _decode_utf16_without_bom(data, name)
    if len(CONTROL_BYTES.findall(data[:65536])) > len(data[:65536]) // 100:
        raise AppError("file_not_text", file=name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(data)


def _decode_utf16_without_bom(data: bytes, name: str) -> str:
    """Text that is half zero bytes is UTF-16 if it says something; anything else with zero bytes is not text."""
    even, odd = data[0::2].count(0), data[1::2].count(0)
    encoding = "utf-16-le" if odd > even else "utf-16-be"
    if max(even, odd) > 0.3 * (len(data) / 2) and min(even, odd) < 0.02 * len(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            raise AppError("file_not_text", file=name) from None
        if sum(character.isprintable() or character.isspace() for character in text) > 0.98 * len(text):
            return text
    raise AppError("file_not_text", file=name)


def _decode_legacy(data: bytes) -> str:
    """Text that is not clean UTF-8: UTF-8 with a few broken places, CP1252 where that reads like a Western language,
    or else what is likeliest."""
    stray = len(ABOVE_ASCII.findall(UTF8_CHARACTER.sub(b"", data)))
    if len(UTF8_CHARACTER.findall(data)) > 4 * stray:
        return data.decode("utf-8", errors="keep_bytes")
    above = len(ABOVE_ASCII.findall(data))
    if above < MAX_WESTERN_SHARE * len(data) and len(WESTERN.findall(data)) >= 0.95 * above:
        return data.decode("cp1252", errors="keep_bytes")
    import charset_normalizer  # 70 ms that only such a file pays

    best = charset_normalizer.from_bytes(data).best()
    return str(best) if best is not None else data.decode("cp1252", errors="keep_bytes")


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not valid byte by byte, so that nothing vanishes."""
    assert isinstance(error, UnicodeDecodeError)
    broken = error.object[error.start : error.end]
    return "".join(_one_byte(byte) for byte in broken), error.end


def _one_byte(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)


codecs.register_error("keep_bytes", _keep_bytes)


def _without_page_number(text: str) -> str:
    """A printed page's text without the number below it."""
    body, _, last = text.rpartition("\n")
    return body.rstrip("\n") if PAGE_NUMBER.fullmatch(last.strip()) else text


def _headings(text: str, *, markdown: bool) -> Iterator[Heading]:
    """The headings in a text: `# …` and underlined lines, and `1.2 …` where it is plain text."""
    offset, fence, previous = 0, "", ""
    for line in text.split("\n"):
        mark = FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)[:3]
        elif not fence:
            hashes = ATX_HEADING.match(line) if markdown else None
            if hashes:
                yield Heading(offset, hashes.group(1).strip())
            elif UNDERLINE.fullmatch(line) and _is_title(previous) and len(line) >= 0.6 * len(previous):
                yield Heading(offset - len(previous) - 1, previous.strip())
            elif not markdown and is_numbered_heading(line):
                yield Heading(offset, line.strip())
        offset += len(line) + 1
        previous = line


def _is_title(line: str) -> bool:
    return bool(line) and not line[0].isspace() and len(line) <= 110 and line[-1] not in ".,;|" and line[0].isalnum()
