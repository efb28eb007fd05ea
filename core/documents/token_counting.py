"""How many tokens a text has, for cutting it into chunks. Loads no model.

A language repeats its words, so a text is counted word by word from memory, and only new words are tokenized. That
gives the same number as tokenizing the text at once wherever a tokenizer never joins two words into one token.
"""

import gzip
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from core.models import bases
from core.project_manager import Project
from utils.errors import AppError
from utils.files import sha256_of

LOCAL_NAME = "local-32k"
VOCABULARY_FILE = Path(__file__).with_name("vocabulary.json.gz")
# A word with the space before it, up to three digits, a few other characters, white space: the pieces that the local
# vocabulary was made of.
LOCAL_PIECE = re.compile(r" ?[^\W\d_]{1,24}| ?\d{1,3}| ?(?:[^\w\s]|_){1,8}|\s{1,24}(?!\S)|\s{1,24}")
LETTER_OF_SPACE = "Ġ"  # a byte-level vocabulary spells each byte as a letter, plain ones as themselves
LONGEST_REMEMBERED = 40  # characters; longer are lines of Chinese, data, and the like: they hardly come again
MAX_REMEMBERED = 250_000
TOLERATED_DIFFERENCE = 0.02
TRIED_TEXT = (
    "Die Größe 3,5 m² (siehe S. 12–14) ist »relativ«.\n\n  - don't use foo_bar(x) == 42;\n\tÜber 1.000.000 €!\n"
    "エネルギーは保存されます。日本語 Привет мир, 你好。 https://a.b/c?d=e&f#g [1] ... “quoted” end.\r\n\r\n"
    "Last  line"
)


class TokenCounter(NamedTuple):
    """A way to count. `count` is fast and may be a little off; `exact` gives true numbers, for many texts at once.

    `name` is stored with each chunk.
    """

    name: str
    count: Callable[[str], int]
    exact: Callable[[Sequence[str]], list[int]]


class Remembered(dict[str, int]):
    """What was counted once → number of its tokens; whatever is new is counted when it is first asked for."""

    def __init__(self, count: Callable[[str], int]) -> None:
        super().__init__()
        self._count = count

    def __missing__(self, key: str) -> int:
        tokens = self._count(key)
        if len(key) <= LONGEST_REMEMBERED:
            if len(self) >= MAX_REMEMBERED:
                for old in list(islice(self, MAX_REMEMBERED // 2)):
                    del self[old]
            self[key] = tokens
        return tokens


def _by_words(count: Callable[[str], int]) -> Callable[[str], int]:
    """The same count, by words: `count` gets each with the space before it."""
    words = Remembered(lambda word: count(f" {word}") if word else 0)

    def count_text(text: str) -> int:
        return sum(map(words.__getitem__, text.split(" ")))

    return count_text


@cache
def local_counter() -> TokenCounter:
    """Counts with a vocabulary of our own, for the time before a base model is chosen.

    32,768 byte-level pieces, made from manuals in fifteen languages, half of them German and English. Today's models
    have larger vocabularies, so they usually need fewer tokens for the same text.
    """
    import tokenizers  # 60 ms that only whoever counts pays

    model = tokenizers.Tokenizer.from_str(gzip.decompress(VOCABULARY_FILE.read_bytes()).decode()).model
    bytes_of = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)

    def count_piece(piece: str) -> int:
        if piece.isascii() and piece.isprintable():
            return len(model.tokenize(piece.replace(" ", LETTER_OF_SPACE)))
        return sum(len(model.tokenize(letters)) for letters, _ in bytes_of.pre_tokenize_str(piece))

    pieces = Remembered(count_piece)

    def count_pieces(text: str) -> int:
        return sum(map(pieces.__getitem__, LOCAL_PIECE.findall(text)))

    words = Remembered(lambda word: count_pieces(f" {word}"))

    def count(text: str) -> int:
        # A line end is a token, other white space is not: for a vocabulary of our own that may be so.
        return sum(map(words.__getitem__, text.split())) + text.count("\n")

    return TokenCounter(LOCAL_NAME, count, lambda texts: [count(text) for text in texts])


def tokenizer_counter(tokenizer_file: Path, name: str, forgetful: bool = False) -> TokenCounter:
    """Counts with a model's `tokenizer.json`. Raises AppError `tokenizer_unreadable`.

    `forgetful` is for the app, which counts now and then for days: what the library remembers of words is never given
    back (0.23), some MB for each tokenizer that was opened. It counts 1.5 times slower without.
    """
    import tokenizers

    try:
        tokenizer = tokenizers.Tokenizer.from_file(str(tokenizer_file))
    except Exception as error:  # the library raises nothing more exact
        raise AppError("tokenizer_unreadable", file=str(tokenizer_file)) from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if forgetful and hasattr(tokenizer.model, "_resize_cache"):  # only some kinds of vocabulary remember words
        tokenizer.model._resize_cache(0)

    def count_at_once(text: str) -> int:
        return len(tokenizer.encode(text, add_special_tokens=False).ids)

    def exact(texts: Sequence[str]) -> list[int]:
        return [len(found.ids) for found in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    return TokenCounter(name, _remembering(count_at_once), exact)


def counter_of(project: Project, forgetful: bool = False) -> TokenCounter:
    """Counts as the project's base model will, or with the local vocabulary while there is none on this machine."""
    name = counter_name(project)
    file = _tokenizer_file(project)
    return local_counter() if name == LOCAL_NAME or file is None else tokenizer_counter(file, name, forgetful)


def counter_name(project: Project) -> str:
    """The name of what `counter_of` gives: the model, and what tells one version of its tokenizer from another."""
    base, file = project.load_config().base, _tokenizer_file(project)
    if base is None or file is None:
        return LOCAL_NAME
    stamp = file.stat()
    return f"{Path(base.name).name}#{_digest(file, stamp.st_mtime_ns, stamp.st_size)}"


def _tokenizer_file(project: Project) -> Path | None:
    base = project.load_config().base
    folder = bases.local_folder(project, base) if base else None
    file = folder / "tokenizer.json" if folder else None
    return file if file and file.is_file() else None


@lru_cache(maxsize=64)
def _digest(file: Path, changed_ns: int, size: int) -> str:
    """Begins the file's hash; the other arguments make it be read again when it changes."""
    return sha256_of(file)[:8]


def _remembering(count_at_once: Callable[[str], int]) -> Callable[[str], int]:
    """A count that remembers words, where that agrees with the tokenizer; else the tokenizer itself.

    Some tokenizers put a space before whatever they get: those are asked for words without their own.
    """
    whole = count_at_once(TRIED_TEXT)
    for count_word in (count_at_once, lambda word: count_at_once(word.removeprefix(" "))):
        count = _by_words(count_word)
        if abs(count(TRIED_TEXT) - whole) <= TOLERATED_DIFFERENCE * whole:
            return count
    return count_at_once
