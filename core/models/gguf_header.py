"""What a GGUF file says of its model in its head: figures and names. Reads some kilobytes; loads no weights.

By the format's description (ggml, docs/gguf.md): a magic word, counts, then keys with typed values. Of long
lists, such as the tokenizer's, only the length is kept.
"""

import mmap
import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

from utils.files import open_file

MAGIC = b"GGUF"
VERSIONS = (2, 3)
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
MOST_KEYS, LONGEST_STRING, LONGEST_LIST, MOST_TOKENS = 4096, 1 << 20, 1 << 10, 1 << 21
TOKENS, KIND, PRE = (f"tokenizer.ggml.{name}" for name in ("tokens", "model", "pre"))
UNREADABLE = (OSError, struct.error, ValueError, KeyError, TypeError, ArithmeticError, RecursionError)


@lru_cache(maxsize=256)
def read_head(file: Path) -> dict[str, Any]:
    """Keys and values, up to the tokens where the tokenizer is known by then; nothing where the file is no GGUF.

    A file of Ollama's store is named by its digest, so that what was read once stays true.
    """
    try:
        with open_file(file) as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return figures(Head(content))
    except UNREADABLE:
        return {}


class Head:
    """Values one after the other, from the beginning of a file."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self._place = len(MAGIC)

    def starts(self) -> bool:
        return self._content[: len(MAGIC)] == MAGIC and self.number("I") in VERSIONS

    def number(self, kind: str) -> Any:
        value = struct.unpack_from(f"<{kind}", self._content, self._place)[0]
        self._place += struct.calcsize(f"<{kind}")
        return value

    def string(self) -> str:
        length = self.number("Q")
        if length > LONGEST_STRING:
            raise ValueError("a string that is too long")
        self._place += length
        return self._content[self._place - length : self._place].decode("utf-8", errors="replace")

    def value(self, kind: int) -> Any:
        if kind == STRING:
            return self.string()
        if kind != ARRAY:
            return self.number(NUMBERS[kind])
        inner, count = self.number("I"), self.number("Q")
        if count <= LONGEST_LIST:
            return [self.value(inner) for _ in range(count)]
        self.skip(inner, count)
        return count

    def skip(self, kind: int, count: int) -> None:
        if count > MOST_TOKENS:
            raise ValueError("a list that is too long")
        if kind != STRING:
            self._place += count * struct.calcsize(f"<{NUMBERS[kind]}")
            return
        length = struct.Struct("<Q").unpack_from
        place = self._place
        for _ in range(count):
            place += 8 + length(self._content, place)[0]
        self._place = place


def figures(head: Head) -> dict[str, Any]:
    """Raises ValueError for another format."""
    if not head.starts():
        raise ValueError("no GGUF")
    head.number("Q")  # how many tensors there are
    found: dict[str, Any] = {}
    for _ in range(min(head.number("Q"), MOST_KEYS)):
        key = head.string()
        value = head.value(head.number("I"))
        found[key] = len(value) if key == TOKENS and isinstance(value, list) else value
        if TOKENS in found and (PRE in found or found.get(KIND, "gpt2") != "gpt2"):
            break
    return found
