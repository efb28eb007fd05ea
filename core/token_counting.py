"""How many tokens a text has, for cutting it into chunks. Loads no model."""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from utils.errors import AppError

# A vocabulary of today's size needs about 1.3 tokens for an English word and 1.9 for a German one. This rule counts
# a little more, so that a chunk rarely exceeds its limit once the model that will read it is known.
PIECE = re.compile(r"[A-Za-z]{1,4}|\n{1,4}|[^\S\n]{2,16}|[^\sA-Za-z]")


class TokenCounter(NamedTuple):
    """A way to count; `name` is stored with each chunk."""

    name: str
    count: Callable[[str], int]


@lru_cache(maxsize=65_536)
def _count_by_rule(text: str) -> int:
    return len(PIECE.findall(text))


def rule_counter() -> TokenCounter:
    """Counts without any vocabulary: up to four plain letters, some spaces, or one other character are a token."""
    return TokenCounter("rule-4-letters", _count_by_rule)


def tokenizer_counter(tokenizer_file: Path) -> TokenCounter:
    """Counts with a model's `tokenizer.json`. Raises AppError `tokenizer_unreadable`."""
    import tokenizers  # 60 ms that only projects with a local base model pay

    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # the library raises nothing more exact
        raise AppError("tokenizer_unreadable", file=str(tokenizer_file)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()

    @lru_cache(maxsize=65_536)
    def count(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    return TokenCounter(tokenizer_file.parent.name, count)
