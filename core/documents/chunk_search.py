"""Words → chunks that hold them, the best first, in bounded time. Knows SQL; knows no UI.

FTS5's own ranking and its own search for beginnings read all that there is of a word, which takes up to three seconds
over a million chunks. So here both are bounded:

- Chunks with the very words come first. They are ranked by BM25 as long as one of the words is in at most 20,000
  chunks; words that are in more only have to be there, for BM25 would give them next to no weight anyway. Where every
  word is that frequent, the best of 300 chunks are shown, taken evenly from the whole store.
- Then come chunks with words that begin so, and other ways to write umlauts: at most 120 such words altogether, at
  most 300 chunks.
- Where no chunk holds all words, those with any of them are found.

Case and accents do not count: "uber" finds "über". A word with umlauts or ß also finds "ueber", "Strasse"; one with
ae, oe, ue or ss finds ä, ö, ü, ß too, behind the chunks that have it as it was typed. Scripts without spaces are
searched for characters in a row, so that a Japanese word is found inside a sentence.
"""

import json
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.documents.chunk_schema import UNSPACED, Chunk, has_cjk, indexed_text

FREQUENT = 20_000
CANDIDATES = 300
WINDOWS = 5
MAX_WORDS = 12
MAX_WORD_CHARACTERS = 64
MAX_BEGINNINGS = 120
MAX_RANKED_PHRASES = 16
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
    if not words:
        return [], []
    connection.execute("CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab ('main', 'chunk_words', 'instance')")
    search = _Search(connection, offset + limit)
    exact = [[_phrase(spelling) for spelling in _sure_spellings(word)] for word in words]
    spellings = [spelling for word in words for spelling in _sure_spellings(word)]
    ids = search.best(exact, " AND ")
    if len(ids) < offset + limit:
        spellings = [spelling for word in words for spelling in _spellings(word)]
        wide = [
            _unique(group + search.beginnings(word, MAX_BEGINNINGS // len(words)))
            for word, group in zip(words, exact, strict=True)
        ]
        ids = _unique(ids + search.candidates(wide, " AND ", spellings))
        if not ids and len(words) > 1:
            ids = search.best(exact, " OR ")
            if len(ids) < offset + limit:
                ids = _unique(ids + search.candidates(wide, " OR ", spellings))
    return ids[offset : offset + limit], spellings


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


def _roughly_folded(text: str) -> str:
    """Much the same, ten times faster, for counting words."""
    text = text.lower()
    if not text.isascii():
        for accented, plain in ("äa", "öo", "üu", "ée", "èe", "áa", "íi", "óo", "àa"):
            text = text.replace(accented, plain)
    return text


class _Search:
    """One search over one connection, up to its first `needed` chunks."""

    def __init__(self, connection: sqlite3.Connection, needed: int) -> None:
        self._connection = connection
        self._needed = needed

    def best(self, groups: Sequence[Sequence[str]], operator: str) -> list[int]:
        """Chunks with one phrase of each group, or of any, ranked by the groups that are not everywhere."""
        counts = [len(self._matching(_any_of(group), FREQUENT + 1)) for group in groups]
        if operator == " AND " and 0 in counts:
            return []
        ranking = [
            group
            for group, count in zip(groups, counts, strict=True)
            if 0 < count <= FREQUENT // max(1, len(groups) - 1)
        ]
        if not ranking or sum(map(len, ranking)) > MAX_RANKED_PHRASES:
            return self.candidates(groups, operator, _bare(groups))
        condition, values = "", [operator.join(map(_any_of, ranking))]
        if operator == " AND " and len(ranking) < len(groups):
            condition = "AND +rowid IN (SELECT rowid FROM chunk_words WHERE chunk_words MATCH ?)"
            values.append(operator.join(map(_any_of, groups)))
        rows = self._connection.execute(
            f"SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? {condition} ORDER BY rank LIMIT ?",
            (*values, self._needed),
        )
        return [row[0] for row in rows]

    def candidates(self, groups: Sequence[Sequence[str]], operator: str, words: Sequence[str]) -> list[int]:
        """Some chunks with one phrase of each group, or of any, those first that hold the most of the words."""
        expression = operator.join(_any_of(group) for group in groups)
        ids = self._matching(expression, CANDIDATES + 1)
        if len(ids) > CANDIDATES:
            # Asked for together, SQLite would read the whole table.
            first, last = (
                self._connection.execute(f"SELECT {end}(id) FROM documents").fetchone()[0] for end in ("min", "max")
            )
            width = (last - first) // WINDOWS + 1
            ids = [
                found
                for start in range(first, last + 1, width)
                for found in self._matching(expression, CANDIDATES // WINDOWS, (start, start + width))
            ]
        starts = [word if has_cjk(word) else f" {word}" for word in words]
        scores = {}
        for chunk_id, text in self._connection.execute(
            "SELECT id, chunk_text FROM documents WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
        ):
            text = _roughly_folded(text)
            hits = [count for start in starts if (count := text.count(start))]
            scores[chunk_id] = (len(hits) + sum(hits) / (sum(hits) + 3)) / (500 + len(text)) ** 0.5
        return sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))

    def beginnings(self, word: str, most: int) -> list[str]:
        """Phrases for the words that begin like this word in one of its spellings."""
        spellings = _spellings(word)
        phrases = [_phrase(spelling) for spelling in spellings]
        for spelling in spellings:
            terms = self._terms(spelling, most)
            if len(terms) == most:
                # Too many: a few with each next letter rather than the first of the alphabet.
                letters, place = [], spelling + "\x01"
                while term := self._next_term(spelling, place):
                    letters.append(term[len(spelling)])
                    place = spelling + letters[-1] + "\U0010ffff"
                each = max(1, most // max(1, len(letters)))
                terms = [term for letter in letters for term in self._terms(spelling + letter, each)]
            phrases += [f'"{term}"' for term in terms if '"' not in term]
        return _unique(phrases)[: most + len(spellings)]

    def _terms(self, start: str, most: int) -> list[str]:
        terms: list[str] = []
        place = start
        while len(terms) < most and (term := self._next_term(start, place)):
            terms.append(term)
            place = term + "\x01"
        return terms

    def _next_term(self, start: str, place: str) -> str | None:
        """The first word of the index from `place` on that begins with `start`.

        One step for each word is fast, because SQLite would read all places where a word occurs before the next.
        """
        row = self._connection.execute(
            "SELECT term FROM temp.vocabulary WHERE term >= ? LIMIT 1", (place,)
        ).fetchone()
        return row[0] if row and row[0].startswith(start) else None

    def _matching(self, expression: str, most: int, ids: tuple[int, int] | None = None) -> list[int]:
        condition = "AND rowid >= ? AND rowid < ?" if ids else ""
        rows = self._connection.execute(
            f"SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? {condition} LIMIT ?",
            (expression, *(ids or ()), most),
        )
        return [row[0] for row in rows]


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


def _any_of(phrases: Sequence[str]) -> str:
    return f"({' OR '.join(phrases)})"


def _bare(groups: Sequence[Sequence[str]]) -> list[str]:
    return [phrase.strip('"') for group in groups for phrase in group]


def _pattern(words: Sequence[str]) -> re.Pattern[str]:
    """Where words begin in a folded text; those of a script without spaces anywhere."""
    spaced_out = [re.escape(word) + r"\w*" for word in words if not has_cjk(word)]
    anywhere = [re.escape(word) for word in words if has_cjk(word)]
    return re.compile(
        "|".join([*anywhere, r"(?<![^\W_])(?:" + "|".join(spaced_out) + ")"] if spaced_out else anywhere)
    )


def _unique(things: Iterable[_Thing]) -> list[_Thing]:
    return list(dict.fromkeys(things))
