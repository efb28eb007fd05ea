"""The practice helper: writes question–answer pairs by rules, offline. Every answer stands verbatim in its chunk.

It is for learning the way through the app: it knows grammar, not meaning. A real helper model asks better.
"""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.documents.chunk_store import Chunk
from core.practice.question_rules import accusative, question_for, take_apart
from core.practice.sentences import (
    WORD,
    detect_language,
    is_clean,
    names_its_matter,
    points_elsewhere,
    prose_paragraphs,
    split_sentences,
    stands_alone,
)
from core.practice.word_lists import COMMON_WORDS
from core.practice.wordings import QUESTIONS
from core.samples.drafts import Draft, Supply, Usage, Written
from utils.config import SftSettings

MAX_ANSWER_CHARACTERS = 450
MAX_HEADING_CHARACTERS = 140
MAX_HEADING_IN_QUESTION = 70
# Which kind of question comes first when a chunk is asked for only one.
RANK = {"asked": 0.0, "definition": 0.2, "rule": 0.5, "heading": 0.9, "subject": 1.5, "term": 2.2, "completion": 3.5}
RANK_SPREAD = 0.9
COMPLETION_SHARE = 0.4  # of a sentence's words, how many a completion question gives away
EMPTY_HEADINGS = re.compile(
    r"(?:einleitung|einführung|vorwort|überblick|übersicht|allgemeines|zusammenfassung|inhalt\w*|literatur\w*|index|anhang"
    r"|glossar|beispiele?|hinweise?|syntax|introduction|preface|overview|general|summary|contents|references|bibliography"
    r"|appendix|glossary|examples?|notes?|description|usage|options|see also|copyright|sonstiges|miscellaneous)\W*",
    re.IGNORECASE,
)
# Nouns and pronouns that any sentence may hold.
TELLING = re.compile(
    r"^(?!(?:Beispiele?|Fälle?|Fall|Weise|Arte?n?|Teile?|Zeit|Regel|Seiten?|Fragen?|Text|Ihnen|Ihre?[nmrs]?|case|same|way)$)"
)
GOES_ON = re.compile(r"(?:Es|Sie|Er|It|They)\b")
NOUN_PHRASE_EN = (
    r"(?<=\b[Tt]he )(?:[a-zA-Z][\w-]+ )?[a-zA-Z][\w-]+"
    r"(?=[.,;]| (?:is|are|was|of|to|in|for|on|by|and|will|can|must|should|may|that|which|from|with|has|have|when)\b)"
)
HEADING_NUMBER = re.compile(
    r"^(?:#+\s*)?(?:(?:kapitel|chapter|abschnitt|section|anhang|appendix|teil|part)\s+)?"
    r"(?:[A-Z]\.(?:\d+(?:\.\d+)*\.?)?|[IVX]+\.|\d+(?:\.\d+)*\.?)\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class _Pair:
    """A question, its answer, and what kind of question it is."""

    kind: str
    question: str
    answer: str


@dataclass(frozen=True)
class _Section:
    """A part of a chunk under one heading; `begins` tells whether the heading itself stands in the chunk."""

    heading: str
    begins: bool
    paragraphs: tuple[tuple[str, ...], ...]


def write_drafts(supply: Supply, settings: SftSettings, usage: Usage) -> Generator[Written | None, None, None]:
    """The provider: for each task the next pairs of its chunk, until the chunk has no more."""
    while task := supply.take():
        usage.requests += 1
        chunk = task.chunk
        language = detect_language(chunk.text) if chunk else None
        drafts: tuple[Draft, ...] = ()
        if chunk and language and settings.language in ("auto", language):
            pairs = _pairs_of_chunk(_Key(chunk), language, settings.seed)[task.turn : task.turn + task.count]
            drafts = tuple(Draft(pair.question, pair.answer, language) for pair in pairs)
        yield Written(task, drafts)


@dataclass(frozen=True, eq=False)
class _Key:
    """A chunk as a cache key: by its id and text, because its metadata cannot be hashed."""

    chunk: Chunk

    def __hash__(self) -> int:
        return hash((self.chunk.id, self.chunk.text))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and (self.chunk.id, self.chunk.text) == (other.chunk.id, other.chunk.text)


@lru_cache(maxsize=2048)
def _pairs_of_chunk(key: _Key, language: str, seed: int) -> list[_Pair]:
    """All pairs of a chunk, the best first, no question twice. The same for the same chunk, language and seed."""
    sections = _sections(key.chunk, language)
    names = _names(sections)
    frequency = Counter(word.casefold() for word in WORD.findall(key.chunk.text))
    pairs: list[_Pair] = []
    for section in sections:
        pairs.extend(_heading_pairs(section, language, seed))
        for paragraph in section.paragraphs:
            for number, sentence in enumerate(paragraph):
                if is_clean(sentence, language) and stands_alone(sentence, language):
                    following = paragraph[number + 1] if number + 1 < len(paragraph) else ""
                    pairs.extend(_sentence_pairs(sentence, following, section, (language, seed, names, frequency)))
    chooser = random.Random(f"{seed}:{key.chunk.text}")
    ranked = sorted(pairs, key=lambda pair: RANK[pair.kind] + chooser.random() * RANK_SPREAD)
    seen: set[str] = set()
    return [pair for pair in ranked if not (pair.question in seen or seen.add(pair.question))]  # type: ignore[func-returns-value]


def _sections(chunk: Chunk, language: str) -> list[_Section]:
    """A chunk's sections with their sentences. What the cut of the chunk may have torn off is left out."""
    places = [(int(offset), str(title)) for offset, title in chunk.metadata.get("headings", [])]
    inherited = str(chunk.metadata.get("heading", ""))
    starts = [(0, inherited, False)] if not places or places[0][0] > 0 else []
    starts += [(offset, title, True) for offset, title in places]
    sections = []
    for number, (offset, title, begins) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(chunk.text)
        text = chunk.text[offset:end]
        if begins:
            text = text[text.find(title) + len(title) :] if title in text else text
        paragraphs: list[list[str]] = []
        for paragraph, is_whole in prose_paragraphs(text):
            torn = not is_whole or (not paragraphs and not begins and chunk.index > 0)
            paragraphs.append(split_sentences(paragraph)[1 if torn else 0 :])
        sections.append(_Section(_tidy_heading(title), begins, tuple(tuple(p) for p in paragraphs if p)))
    return sections


def _tidy_heading(title: str) -> str:
    """A heading without number and markup; empty where it would make no question."""
    title = HEADING_NUMBER.sub("", " ".join(title.split())).strip(" #*_:")
    says_nothing = EMPTY_HEADINGS.fullmatch(title) or re.search(r"[{}\\|<>=]", title)
    if says_nothing or len(title) > MAX_HEADING_CHARACTERS or len(re.findall(r"[^\W\d_]", title)) < 4:
        return ""
    return title.replace("„", "»").replace("“", "«") if "„" in title else title


def _heading_pairs(section: _Section, language: str, seed: int) -> list[_Pair]:
    """The question that a heading asks or implies, answered by the sentences that follow it."""
    answer = _opening(section, language) if section.begins and section.heading else ""
    if not answer:
        return []
    if section.heading.endswith(("?", "?!")):
        return [_Pair("asked", section.heading, answer)]
    if section.heading.endswith((".", ",", ";")):
        return []
    return [
        _Pair(
            "heading", _phrase("heading", section.heading + answer, language, seed, heading=section.heading), answer
        )
    ]


def _opening(section: _Section, language: str) -> str:
    """The first sentences below a heading, as long as they read well; empty where the section opens otherwise."""
    answer = ""
    for paragraph in section.paragraphs[:2]:
        for sentence in paragraph:
            fits = len(answer) + len(sentence) < MAX_ANSWER_CHARACTERS
            if not is_clean(sentence, language) or points_elsewhere(sentence) or not fits:
                return answer if len(answer) >= 40 else ""
            answer = f"{answer} {sentence}".strip()
        if len(answer) >= 120:
            break
    return answer if len(answer) >= 40 else ""


def _sentence_pairs(
    sentence: str, following: str, section: _Section, setting: tuple[str, int, frozenset[str], Counter[str]]
) -> list[_Pair]:
    """The best question that a sentence answers, and, for when more are wanted, its completion."""
    language, seed, names, frequency = setting
    pairs: list[_Pair] = []
    if names_its_matter(sentence):
        pairs.append(_Pair("completion", _completion(sentence, language, seed), sentence))
        found = question_for(sentence, language, names)
        if found:
            kind, question = found
            # What a definition is followed by usually goes on about the same thing.
            goes_on = kind == "definition" and is_clean(following, language) and GOES_ON.match(following)
            return [*pairs, _Pair(kind, question, f"{sentence} {following}" if goes_on else sentence)]
        statement = take_apart(sentence, language, names)
        subject = accusative(statement, language) if statement else None
        if subject and len(subject) > 3:
            return [*pairs, _Pair("subject", _phrase("subject", sentence, language, seed, subject=subject), sentence)]
    term = _salient_term(sentence, language, frequency)
    short = 0 < len(section.heading) <= MAX_HEADING_IN_QUESTION
    if term and short and term.casefold() not in section.heading.casefold():
        kind = "term_in_question" if section.heading.endswith("?") else "term_in_section"
        question = _phrase(kind, sentence, language, seed, heading=section.heading, term=term)
        pairs.append(_Pair("term", question, sentence))
    elif term and names_its_matter(sentence):
        pairs.append(_Pair("term", _phrase("term", sentence, language, seed, term=term), sentence))
    return pairs


def _salient_term(sentence: str, language: str, frequency: Counter[str]) -> str:
    """What a sentence is most about: a long, often mentioned noun; in English one with its article."""
    pattern = r"(?<=\s)[A-ZÄÖÜ][\w-]+(?:/\w+)?" if language == "de" else NOUN_PHRASE_EN
    best, best_score = "", 0.0
    for match in re.finditer(pattern, sentence):
        term = match.group()
        words = [word.casefold() for word in term.split()]
        if len(term) < 4 or not TELLING.search(term) or any(word in COMMON_WORDS[language] for word in words):
            continue
        score = min(len(term), 16) + 3 * min(frequency[words[-1]], 4)
        if score > best_score:
            best, best_score = term, score
    return best if best_score >= 10 else ""


def _completion(sentence: str, language: str, seed: int) -> str:
    words = sentence.split()
    start = " ".join(words[: max(4, round(len(words) * COMPLETION_SHARE))]).rstrip(",;:–-")
    return _phrase("completion", sentence, language, seed, start=start)


def _phrase(kind: str, about: str, language: str, seed: int, **parts: str) -> str:
    """One of the wordings for a kind of question; which one follows from the seed and what it is about."""
    wordings = QUESTIONS[language][kind]
    digest = hashlib.sha256(f"{seed}:{about}".encode()).digest()
    return wordings[digest[0] % len(wordings)].format(**parts)


def _names(sections: Iterable[_Section]) -> frozenset[str]:
    """Words that are capitalised in mid-sentence: nouns in German, names in English."""
    return frozenset(
        word
        for section in sections
        for paragraph in section.paragraphs
        for sentence in paragraph
        for word in sentence.split()[1:]
        if word[0].isupper() and word.isalnum()
    )
