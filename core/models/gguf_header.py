"""The figures of a model in the head of its GGUF file. Reads some kilobytes; loads no weights and no library.

By the format's description (ggml, docs/gguf.md): a magic word, counts, then keys with typed values; the tokenizer's
list stands behind the figures, and of it only the length is read.
"""

import struct
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

from core.models.model_shape import Shape
from utils.files import open_file

MAGIC = b"GGUF"
VERSIONS = (2, 3)
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9
MOST_KEYS, LONGEST_STRING, LONGEST_LIST = 4096, 1 << 20, 1 << 16
TOKENS = "tokenizer.ggml.tokens"


@lru_cache(maxsize=256)
def read_shape(file: Path, parameters: float | None) -> Shape | None:
    """The model in numbers; None where the file does not tell. `parameters` is what is known of their number.

    A file of Ollama's store is named by its digest, so that what was read once stays true.
    """
    try:
        with open_file(file) as source:
            return shape_of(figures(source), parameters)
    except (OSError, struct.error, ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None


def figures(source: BinaryIO) -> dict[str, Any]:
    """Keys and values up to the list of tokens, which is left as its length. Raises ValueError for another format."""
    if source.read(4) != MAGIC or _number(source, "I") not in VERSIONS:
        raise ValueError("no GGUF")
    _number(source, "Q")  # how many tensors there are
    found: dict[str, Any] = {}
    for _ in range(min(_number(source, "Q"), MOST_KEYS)):
        key = _string(source)
        kind = _number(source, "I")
        if key == TOKENS:
            _number(source, "I")
            found[key] = _number(source, "Q")
            break
        found[key] = _value(source, kind)
    return found


def shape_of(found: dict[str, Any], parameters: float | None) -> Shape:
    """Raises KeyError or TypeError where a figure lacks or is another for each layer."""
    family = found["general.architecture"]
    hidden, feed, layers, heads = (
        int(found[f"{family}.{name}"])
        for name in ("embedding_length", "feed_forward_length", "block_count", "attention.head_count")
    )
    head = int(found.get(f"{family}.attention.key_length") or hidden // heads)
    keys = int(found.get(f"{family}.attention.head_count_kv") or heads) * head
    vocabulary = int(found.get(TOKENS) or found[f"{family}.vocab_size"])
    inner = layers * (2 * hidden * (heads * head + keys) + 3 * hidden * feed)
    outer = vocabulary * hidden
    counted = round(parameters) if parameters else inner + outer
    return Shape(
        parameters=counted,
        stored_bytes=2 * counted,  # as it will be unpacked
        hidden=hidden,
        feed=feed,
        layers=layers,
        vocabulary=vocabulary,
        queries=heads * head,
        keys=keys,
        tied=counted - inner < 1.5 * outer,
    )


def _number(source: BinaryIO, kind: str) -> Any:
    return struct.unpack(f"<{kind}", source.read(struct.calcsize(f"<{kind}")))[0]


def _string(source: BinaryIO) -> str:
    length = _number(source, "Q")
    if length > LONGEST_STRING:
        raise ValueError("a string that is too long")
    return source.read(length).decode("utf-8", errors="replace")


def _value(source: BinaryIO, kind: int) -> Any:
    if kind == STRING:
        return _string(source)
    if kind != ARRAY:
        return _number(source, NUMBERS[kind])
    inner, count = _number(source, "I"), _number(source, "Q")
    if count > LONGEST_LIST:
        raise ValueError("a list that is too long")
    return [_value(source, inner) for _ in range(count)]
