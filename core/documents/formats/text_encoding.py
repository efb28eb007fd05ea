"""Bytes → characters, in whatever encoding they are, block by block. Knows no format and no page.

Nothing is ever dropped: what an encoding cannot explain is kept byte by byte, as CP1252 reads it.
"""

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from utils.errors import AppError

BLOCK_BYTES = 256 * 1024
HEAD_BYTES = 64 * 1024
SAMPLE_BYTES = 256 * 1024
BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
ABOVE_ASCII = bytes(range(0x80, 0x100))
# What stands above ASCII in Western European text written with CP1252: letters, quotation marks, dashes, §, °, €.
WESTERN = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ€‚„…Š‹ŒŽ‘’“”•–—š›œžŸ\u00a0§«\u00ad°²³´µ·»".encode(
        "cp1252"
    )
)
CONTROL = bytes({*range(0x20)} - set(b"\t\n\v\f\r\x1b"))
UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
UNFINISHED_CHARACTER = re.compile(rb"(?:[\xc2-\xf4]|[\xe0-\xf4][\x80-\xbf]|[\xf0-\xf4][\x80-\xbf]{2})\Z")
MAX_CONTROL_SHARE = 0.01
MAX_WESTERN_SHARE = 0.25  # a Greek or Cyrillic text lies above ASCII almost whole, a Western one hardly
MAX_STRANGE_SHARE = 0.02  # of characters nobody prints, in what is taken for UTF-16


class Encoding(NamedTuple):
    """How to read a file: the codec, and what becomes of bytes it cannot explain."""

    codec: str
    errors: str = "keep_bytes"


def decode(data: bytes, name: str) -> str:
    """Bytes as text with line feeds; `name` is the file's, for the error. Raises AppError file_not_text."""
    file = io.BytesIO(data)
    return "".join(decoded_blocks(file, find_encoding(file, name)))


def decoded_blocks(file: BinaryIO, encoding: Encoding) -> Iterator[str]:
    """The whole file as text, a block at a time; every line end is a line feed."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding.codec)(encoding.errors), True)
    for block in _blocks(file):
        yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def find_encoding(file: BinaryIO, name: str) -> Encoding:
    """The encoding of a whole file, which is read once and where it is not UTF-8 once more.

    `name` is for the error. Raises AppError file_not_text.
    """
    file.seek(0)
    start = file.read(4)
    for bom, codec in BOMS:
        if start.startswith(bom):
            # A lost half of a UTF-16 character means nothing as a byte, so it becomes a replacement character.
            return Encoding(codec, "keep_bytes" if codec == "utf-8-sig" else "replace")
    counts = _counts(file)
    if (utf16 := _utf16_without_bom(file, counts)) is not None:
        return utf16
    if counts.is_binary:
        raise AppError("file_not_text", file=name)
    return Encoding("utf-8") if counts.is_utf8 else _legacy(file, counts)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        yield block


@dataclass
class _Counts:
    """What a file's bytes look like."""

    size: int = 0
    control: int = 0
    control_in_head: int = 0
    zeros_even: int = 0
    zeros_odd: int = 0
    is_utf8: bool = True

    @property
    def is_binary(self) -> bool:
        """Text has control characters too, but few: a log may hold the zeros of a machine that lost its power."""
        in_head = self.control_in_head > MAX_CONTROL_SHARE * min(self.size, HEAD_BYTES)
        return in_head or self.control > MAX_CONTROL_SHARE * self.size


def _counts(file: BinaryIO) -> _Counts:
    counts = _Counts()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    for block in _blocks(file):
        if b"\0" in block:
            first = counts.size % 2
            counts.zeros_even += block[first::2].count(0)
            counts.zeros_odd += block[1 - first :: 2].count(0)
        counts.control += _count(block, CONTROL)
        if counts.size < HEAD_BYTES:
            counts.control_in_head += _count(block[: HEAD_BYTES - counts.size], CONTROL)
        counts.size += len(block)
        if counts.is_utf8:
            counts.is_utf8 = _decodes(utf8, block)
    counts.is_utf8 = counts.is_utf8 and _decodes(utf8, b"", final=True)
    return counts


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _count(block: bytes, wanted: bytes) -> int:
    """How many bytes are among the wanted ones; translate counts ten times faster than a pattern finds."""
    return len(block) - len(block.translate(None, wanted))


def _utf16_without_bom(file: BinaryIO, counts: _Counts) -> Encoding | None:
    """UTF-16 where the zero bytes stand on one side and what they make reads like text.

    Western text has them in almost every character; Cyrillic or Japanese only in spaces, and is taken for UTF-16
    where it cannot be anything of eight bits.
    """
    most, least = max(counts.zeros_even, counts.zeros_odd), min(counts.zeros_even, counts.zeros_odd)
    if not most or least > min(0.02 * counts.size, 0.05 * most):
        return None
    if most <= 0.3 * (counts.size / 2) and counts.is_utf8 and not counts.is_binary:
        return None
    encoding = Encoding("utf-16-le" if counts.zeros_odd > counts.zeros_even else "utf-16-be", "replace")
    strange = length = 0
    for text in decoded_blocks(file, encoding):
        words = "".join(text.split())
        length += len(text)
        strange += 0 if words.isprintable() else sum(not character.isprintable() for character in words)
        strange += words.count("\ufffd")
    return encoding if strange <= MAX_STRANGE_SHARE * length else None


def _legacy(file: BinaryIO, counts: _Counts) -> Encoding:
    """The encoding of what is not clean UTF-8: UTF-8 with a few broken places, CP1252 where that reads like a Western
    language, or else what is likeliest."""
    above = western = characters = stray = 0
    carried = b""
    sample = bytearray()
    for block in _blocks(file):
        above += _count(block, ABOVE_ASCII)
        western += _count(block, WESTERN)
        if len(sample) < SAMPLE_BYTES and not block.isascii():
            sample += block[: SAMPLE_BYTES - len(sample)]
        block = carried + block
        unfinished = UNFINISHED_CHARACTER.search(block)
        carried = unfinished.group() if unfinished else b""
        rest, found = UTF8_CHARACTER.subn(b"", block.removesuffix(carried))
        characters += found
        stray += _count(rest, ABOVE_ASCII)
    stray += len(carried)
    if characters > 4 * stray:
        return Encoding("utf-8")
    if above < MAX_WESTERN_SHARE * counts.size and western >= 0.95 * above:
        return Encoding("cp1252")
    return _likeliest(bytes(sample))


def _likeliest(sample: bytes) -> Encoding:
    import charset_normalizer  # 70 ms that only such a file pays

    best = charset_normalizer.from_bytes(sample).best()
    return Encoding(best.encoding if best is not None else "cp1252")


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
