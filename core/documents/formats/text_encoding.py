"""Bytes → characters, in whatever encoding they are, block by block. Knows no format and no page.

Nothing is ever dropped: what an encoding cannot explain is kept byte by byte, as CP1252 reads it.
"""

import codecs
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from utils.errors import AppError

BLOCK_BYTES = 256 * 1024
HEAD_BYTES = 64 * 1024
SAMPLE_BYTES = 64 * 1024
LONGEST_LINE = 512  # longer ones are looked at in pieces
DECLARED_WITHIN = 4096
ABOVE_ASCII = bytes(range(0x80, 0x100))
CONTROL = bytes({*range(0x20)} - set(b"\t\n\v\f\r\x1b"))
DECLARATION = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*[\w.:-]+""", re.IGNORECASE)
STRAY = re.compile("[\udc80-\udcff]")
SEVERAL_ABOVE_ASCII = re.compile(rb"[\x80-\xff]{4}")
LEAST_ABOVE_ASCII = 8  # bytes, each on its own, that tell one of the alphabets of Latin letters from another
LEAST_DIFFERENT = 4
MAX_CONTROL_SHARE = 0.01
MAX_STRAY_SHARE = 0.1  # of bytes above ASCII, in what is UTF-8 with a few broken places
# What people have: of the world's encodings many fit a short text equally well.
ENCODINGS = (
    "utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig", "iso2022_jp_2", "cp932", "euc_jis_2004", "gb18030",
    "big5hkscs", "cp949", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874",
    "koi8-r", "koi8-u", "iso8859-1", "iso8859-2", "iso8859-5", "iso8859-7", "iso8859-8", "iso8859-9",
)  # fmt: skip
DOS_ENCODINGS = ("cp850", "cp852", "cp866")
LATIN = frozenset((
    "cp1250", "cp1252", "cp1254", "cp1257", "iso8859-1", "iso8859-2", "iso8859-9", "cp850", "cp852",
))  # fmt: skip
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WESTERN = ("Windows-1252", "ISO-8859-1", "cp850")  # as chardet writes them

# The same letters, and quotation marks besides: what pages that name the smaller one are written in.
AS_BROWSERS_READ = {"iso8859-1": "cp1252", "iso8859-9": "cp1254", "ascii": "cp1252"}


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
    """The encoding of a whole file, which is read once: what a mark names, UTF-8 where its bytes are that but for a
    few, else what chardet finds, from what a web page says of itself or from the words that are not ASCII.

    `name` is for the error. Raises AppError file_not_text.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if marked := _marked(head):
        return marked
    if b"\0" in head or b"\x1b$" in head or head.startswith((*MARKS,)):
        found = _detected(head)
        if found.codec.startswith(("utf", "iso2022")):
            return found
    size = control = above = strays = 0
    utf8 = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    for block in _blocks(file):
        size += len(block)
        control += _count(block, CONTROL)
        above += 0 if block.isascii() else _count(block, ABOVE_ASCII)
        strays += len(STRAY.findall(utf8.decode(block)))
    strays += len(utf8.decode(b"", final=True))
    if max(control / max(size, 1), _count(head, CONTROL) / max(len(head), 1)) > MAX_CONTROL_SHARE:
        raise AppError("file_not_text", file=name)
    return Encoding("utf-8") if strays <= MAX_STRAY_SHARE * above else _legacy(file, head)


def _marked(head: bytes) -> Encoding | None:
    """The encoding that a mark names, where what follows is written in it. Spares most such files the long look."""
    for mark, codec in MARKS.items():
        if head.startswith(mark) and not head.startswith(codecs.BOM_UTF32_LE):
            with suppress(UnicodeDecodeError):
                codecs.getincrementaldecoder(codec)().decode(head)
                return _encoding(codec)
    return None


def _encoding(codec: str) -> Encoding:
    # A lost half of a UTF-16 character means nothing as a byte, so it becomes a replacement character.
    return Encoding(codec, "replace" if codec.startswith(("utf-16", "utf-32")) else "keep_bytes")


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while block := file.read(BLOCK_BYTES):
        yield block


def _count(block: bytes | bytearray, wanted: bytes) -> int:
    """How many bytes are among the wanted ones; translate counts ten times faster than a pattern finds."""
    return len(block) - len(block.translate(None, wanted))


def _legacy(file: BinaryIO, head: bytes) -> Encoding:
    """The encoding of what is not UTF-8, from the lines that are not ASCII: a few Russian comments in a program."""
    file.seek(0)
    sample, words = b"\n".join(DECLARATION.findall(head[:DECLARED_WITHIN])), bytearray()
    for line in iter(partial(file.readline, LONGEST_LINE), b""):
        words += b"" if line.isascii() else line
        if len(words) > SAMPLE_BYTES:
            break
    # A few letters tell nothing, however often they come, and in most places they are Western ones.
    is_told = _count(words, ABOVE_ASCII) >= LEAST_ABOVE_ASCII or SEVERAL_ABOVE_ASCII.search(words)
    if not sample and (not is_told or len({*words} & {*ABOVE_ASCII}) < LEAST_DIFFERENT):
        return Encoding("cp1252")
    # Where each stands among letters of ASCII they are Latin: a few words of Italian look like Russian as well.
    return _detected(sample + b"\n" + words, latin=not sample and not SEVERAL_ABOVE_ASCII.search(words))


def _detected(sample: bytes, latin: bool = False) -> Encoding:
    import chardet  # 0.1 s that only such a file pays

    is_dos = _count(sample, bytes(range(0x80, 0xB0))) > _count(sample, bytes(range(0xC0, 0x100)))  # most letters
    usual = (*ENCODINGS, *DOS_ENCODINGS) if is_dos else ENCODINGS
    candidates = [name for name in usual if name in LATIN or not latin]
    found = chardet.detect_all(sample, include_encodings=candidates)
    best = max(found, key=_likelihood)
    codec = codecs.lookup(best["encoding"] or "cp1252").name
    return _encoding(AS_BROWSERS_READ.get(codec, codec))


def _likelihood(found: Any) -> float:
    """How likely a finding of chardet is. Western languages come most often; Lithuanian looks almost like Icelandic,
    which a tenth as many people write."""
    usual = 0.75 if found["language"] == "is" else 1.5 if found["encoding"] in WESTERN else 1
    return float(found["confidence"]) * usual


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
