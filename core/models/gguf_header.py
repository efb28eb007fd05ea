"""What a GGUF file says of its model in its head: figures and names. Reads some megabytes; loads no weights."""

import struct
from functools import lru_cache
from pathlib import Path
from typing import Any

from utils.files import open_file

TOKENS, KIND, PRE = (f"tokenizer.ggml.{name}" for name in ("tokens", "model", "pre"))
UNREADABLE = (OSError, struct.error, ValueError, LookupError, TypeError, ArithmeticError, RecursionError)


@lru_cache(maxsize=256)
def stored_head(file: Path) -> dict[str, Any]:
    """The head of a file of Ollama's store: named by its digest, so that what was read once stays true."""
    return read_head(file)


def read_head(file: Path) -> dict[str, Any]:
    """Keys and values, of a long list its length; nothing where the file is no GGUF."""
    from core.models.gguf_reader import Head  # half of what a command would load, and most meet no GGUF

    try:
        with open_file(file):  # which refuses what never answers
            fields = Head(file).fields
        found = {name: field.contents() for name, field in fields.items()}
    except UNREADABLE:
        return {}
    return {
        name: len(value) if name == TOKENS and isinstance(value, list) else value for name, value in found.items()
    }
