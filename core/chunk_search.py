"""Words → chunks that hold them, the best first. Knows SQL; knows no UI."""

import re
import sqlite3
import unicodedata
from dataclasses import dataclass

from core.chunk_schema import Chunk

EXCERPT_CHARACTERS = 180


@dataclass(frozen=True)
class Found:
    """A search result: the chunk, and the part of it around the words, which are set in [ ]."""

    chunk: Chunk
    excerpt: str


class _Folding(dict[int, int]):
    """Each character as the word index sees it: lower case, no accents; one for one, so that places stay."""

    def __missing__(self, code: int) -> int:
        base = unicodedata.normalize("NFD", chr(code).lower())[0]
        self[code] = ord(base)
        return ord(base)


_FOLDING = _Folding()


def folded(text: str) -> str:
    return text.translate(_FOLDING)


def find(connection: sqlite3.Connection, words: str, limit: int, offset: int) -> tuple[list[int], list[str]]:
    """Ids of the chunks found, the best first, and the words as they were looked for."""
    terms = re.findall(r"\w+", folded(words))
    for operator in (" AND ", " OR "):
        expression = operator.join(f'"{term}"*' for term in terms)
        rows = (
            terms
            and connection.execute(
                "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ? OFFSET ?",
                (expression, limit, offset),
            ).fetchall()
        )
        if rows:
            return [row[0] for row in rows], terms
    return [], terms


def excerpt(text: str, words: list[str]) -> str:
    """The part of a text around its first words found, these set in [ ]."""
    pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, words)) + r")\w*")
    hits = [match.span() for match in pattern.finditer(folded(text))]
    start = max(0, hits[0][0] - EXCERPT_CHARACTERS // 3) if hits else 0
    if start:
        start = text.find(" ", start, hits[0][0]) + 1 or start
    end = min(len(text), start + EXCERPT_CHARACTERS)
    if end < len(text):
        end = max(text.rfind(" ", start, end), hits[0][1] if hits else end)
    shown, place = [], start
    for hit_start, hit_end in hits:
        if start <= hit_start and hit_end <= end:
            shown += [text[place:hit_start], "[", text[hit_start:hit_end], "]"]
            place = hit_end
    shown.append(text[place:end])
    return ("…" if start else "") + "".join(shown).strip() + ("…" if end < len(text) else "")
