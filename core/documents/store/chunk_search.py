"""Words → chunks that hold them, as FTS5 ranks them (BM25). Knows SQL; knows no UI.

Chunks with the very words come first, then those with words that begin so (if they have two letters), or with another
way to write umlauts.
Where no chunk holds all words, those with any of them are found.

Case and accents do not count: "uber" finds "über". A word with umlauts or ß also finds "ueber", "Strasse"; one with
ae, oe, ue or ss finds ä, ö, ü, ß too, behind the chunks that have it as it was typed. Scripts without spaces are
searched for characters in a row, so that a Japanese word is found inside a sentence.
"""

import re
import sqlite3  # noqa: TID251
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.documents.store.chunk_schema import UNSPACED, Chunk, has_cjk, indexed_text

MAX_WORDS = 12
MAX_WORD_CHARACTERS = 64
EXCERPT_CHARACTERS = 180
FIRST_EASTERN = 0x2E80
SURE_SPELLINGS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
# Not in Dauer, neue, Quelle, bequem.
UMLAUT_SPELLED_OUT = re.compile(r"(?<![aeq])ue|ae|oe")


_Thing = TypeVar("_Thing")


@dataclass(frozen=True)
class Found:
    """A search result: the chunk, and the part of it around the words, which are set in [ ]."""

    chunk: Chunk
    excerpt: str


class _Folding(dict[int, int]):
    """Each character as the word index sees it: lower case, no accents; one for one, so that places stay."""

    def __missing__(self, code: int) -> int:
        if code >= FIRST_EASTERN:  # Japanese voicing marks look like accents, and tell words apart
            self[code] = code
            return code
        parts = unicodedata.normalize("NFD", chr(code).lower())
        self[code] = ord(parts[0]) if all(map(unicodedata.combining, parts[1:])) else code
        return self[code]


_FOLDING = _Folding()


def find(connection: sqlite3.Connection, query: str, limit: int, offset: int) -> tuple[list[int], list[str]]:
    """Ids of the chunks found, the best first, and the words to set off in their texts."""
    words = _words(query)
    exact = [" OR ".join(map(_phrase, _sure_spellings(word))) for word in words]
    wide = [" OR ".join(map(_beginning, _spellings(word))) for word in words]
    ids: list[int] = []
    for operator in (" AND ", " OR ")[: len(words)]:
        for groups in (exact, wide):
            if len(ids) < offset + limit:
                expression = operator.join(f"({group})" for group in groups)
                rows = connection.execute(
                    "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ?",
                    (expression, len(ids) + offset + limit),
                )
                ids = _unique([*ids, *(row[0] for row in rows)])
        if ids:
            break
    return ids[offset : offset + limit], _unique(spelling for word in words for spelling in _spellings(word))


def excerpt(text: str, words: Sequence[str]) -> str:
    """The part of a text around its first words found, these set in [ ]."""
    hits = [match.span() for match in _pattern(words).finditer(folded(text))]
    start = max(0, hits[0][0] - EXCERPT_CHARACTERS // 3) if hits else 0
    if start:
        start = text.find(" ", start, hits[0][0]) + 1 or start
    end = min(len(text), start + EXCERPT_CHARACTERS)
    if end < len(text):
        end = max(text.rfind(" ", start + EXCERPT_CHARACTERS // 2, end), hits[0][1] if hits else 0) + 1 or end
    shown, place = [], start
    for hit_start, hit_end in hits:
        if start <= hit_start and hit_end <= end:
            shown += [text[place:hit_start], "[", text[hit_start:hit_end], "]"]
            place = hit_end
    shown.append(text[place:end])
    return ("…" if start else "") + "".join(shown).strip() + ("…" if end < len(text) else "")


def folded(text: str) -> str:
    """A text without case and accents, each character in its place."""
    return text.translate(_FOLDING)


def _words(query: str) -> list[str]:
    text = UNSPACED.sub(lambda match: f" {match[0]} ", unicodedata.normalize("NFC", query))
    words = re.findall(r"[^\W_]+", text)
    return _unique(word.lower()[:MAX_WORD_CHARACTERS] for word in words)[:MAX_WORDS]


def _sure_spellings(word: str) -> list[str]:
    """A word without accents, and with its umlauts and ß spelled out."""
    return _unique([folded(word), folded(word.translate(SURE_SPELLINGS)), folded(word.replace("ß", "ss"))])


def _spellings(word: str) -> list[str]:
    """These and guesses: what may be an umlaut or ß that was spelled out."""
    sure = _sure_spellings(word)
    guesses = [UMLAUT_SPELLED_OUT.sub(lambda match: match[0][0], spelling) for spelling in sure]
    return _unique([*sure, *guesses, *(spelling.replace("ss", "ß") for spelling in [*sure, *guesses])])


def _phrase(word: str) -> str:
    """A word as FTS5 takes it; one of a script without spaces is the characters in a row that the index has."""
    return f'"{indexed_text(word, exact=True)}"' if has_cjk(word) else f'"{word}"'


def _beginning(word: str) -> str:
    """Words that begin so. What begins with one letter is next to everything, so a letter stands for itself."""
    return f"{_phrase(word)} *" if len(word) > 1 or has_cjk(word) else _phrase(word)


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Where words begin in a folded text; those of a script without spaces anywhere."""
    spaced_out = [re.escape(word) + r"\w*" for word in words if not has_cjk(word)]
    anywhere = [re.escape(word) for word in words if has_cjk(word)]
    return re.compile(
        "|".join([*anywhere, r"(?<![^\W_])(?:" + "|".join(spaced_out) + ")"] if spaced_out else anywhere)
    )


def _unique(things: Iterable[_Thing]) -> list[_Thing]:
    return list(dict.fromkeys(things))
