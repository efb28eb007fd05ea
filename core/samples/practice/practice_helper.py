"""The practice helper: writes question–answer pairs by rules, offline. Every answer stands verbatim in its chunk.

It is for learning the way through the app: it knows grammar, not meaning. A real helper model asks better.
"""

import random
import re
from collections.abc import Generator, Iterator
from typing import NamedTuple

from core.documents.languages import language_of
from core.documents.sentences import is_clean, prose_paragraphs, split_sentences, stands_alone
from core.documents.store.chunk_store import Chunk
from core.samples.drafts import Draft, Supply, Usage, Written
from core.samples.practice.question_rules import QUESTIONS, question_for, salient_term
from utils.config import SftSettings

ORDER = ("asked", "definition", "rule", "heading", "term", "completion")  # which kind of question comes first
LEAST_OPENING, ENOUGH_OPENING, LONGEST_OPENING = 40, 120, 450  # characters of the answer to a heading
COMPLETION_SHARE = 0.4  # of a sentence's words, how many a completion question gives away
LEAST_HEADING, LONGEST_HEADING = 4, 100  # letters, characters
EMPTY_HEADING = re.compile(
    r"(?i)(?:einleitung|einführung|vorwort|überblick|übersicht|allgemeines|zusammenfassung|inhalt\w*|literatur\w*"
    r"|anhang|beispiele?|hinweise?|syntax|introduction|preface|overview|general|summary|contents|references|appendix"
    r"|examples?|notes?|description|usage|options|see also|copyright)\W*"
)
HEADING_NUMBER = re.compile(
    r"(?i)^(?:#+\s*)?(?:(?:kapitel|chapter|abschnitt|section|anhang|appendix|teil|part)\s+)?"
    r"(?:[A-Z]\.[\d.]*|[IVX]+\.|\d[\d.]*)\s+"
)
NAME = re.compile(r"(?<=[\w,] )[A-ZÄÖÜ][\w-]+")


class _Section(NamedTuple):
    """A part of a chunk under one heading; `begins` tells whether the heading itself stands in the chunk."""

    heading: str
    begins: bool
    sentences: list[str]


def write_drafts(supply: Supply, settings: SftSettings, usage: Usage) -> Generator[Written | None, None, None]:
    """The provider: for each task the next pairs of its chunk, until the chunk has no more."""
    while task := supply.take():
        usage.requests += 1
        language = language_of(task.chunk.text) if task.chunk else ""
        drafts: list[Draft] = []
        if task.chunk and language in QUESTIONS and settings.language in ("auto", language):
            pairs = _pairs_of_chunk(task.chunk, language, settings.seed)[task.turn : task.turn + task.count]
            drafts = [Draft(question, answer, language) for question, answer in pairs]
        yield Written(task, tuple(drafts))


def _pairs_of_chunk(chunk: Chunk, language: str, seed: int) -> list[tuple[str, str]]:
    """All (question, answer) of a chunk, the best first, no question twice. The same for the same chunk and seed."""
    chooser = random.Random(f"{seed}:{chunk.text}")
    names = set(NAME.findall(chunk.text))
    found: list[tuple[str, str, str]] = []
    for section in _sections(chunk):
        found.extend(_heading_pairs(section, language, chooser))
        for sentence in section.sentences:
            if is_clean(sentence, language) and stands_alone(sentence, language):
                found.extend(_sentence_pairs(sentence, section.heading, language, names, chooser))
    chooser.shuffle(found)
    answers: dict[str, str] = {}
    for _, question, answer in sorted(found, key=lambda one: ORDER.index(one[0])):
        answers.setdefault(question, answer)
    return list(answers.items())


def _sections(chunk: Chunk) -> Iterator[_Section]:
    """A chunk's sections with their sentences. What the cut of the chunk may have torn off is left out."""
    headings = [(int(offset), str(title), True) for offset, title in chunk.metadata.get("headings", [])]
    starts = [(0, str(chunk.metadata.get("heading", "")), False), *headings]
    ends = [*(offset for offset, _, _ in headings), len(chunk.text)]
    for (start, title, begins), end in zip(starts, ends, strict=True):
        text = chunk.text[start:end]
        text = text.split(title, maxsplit=1)[-1] if begins and title else text
        sentences: list[str] = []
        for number, (paragraph, is_whole) in enumerate(prose_paragraphs(text)):
            is_torn = not is_whole or (number == 0 and not begins and chunk.index > 0)
            sentences += split_sentences(paragraph)[1 if is_torn else 0 :]
        yield _Section(_tidy_heading(title), begins, sentences)


def _tidy_heading(title: str) -> str:
    """A heading without number and markup; empty where it would make no question."""
    title = HEADING_NUMBER.sub("", " ".join(title.split())).strip(" #*_:")
    says_nothing = EMPTY_HEADING.fullmatch(title) or re.search(r"[{}\\|<>=]|[.,;]$", title)
    if says_nothing or len(title) > LONGEST_HEADING or len(re.findall(r"[^\W\d_]", title)) < LEAST_HEADING:
        return ""
    return title.replace("„", "»").replace("“", "«") if "„" in title else title


def _heading_pairs(section: _Section, language: str, chooser: random.Random) -> Iterator[tuple[str, str, str]]:
    """The question that a heading asks or implies, answered by the first sentences below it that read well."""
    answer = ""
    for sentence in section.sentences if section.begins and section.heading else ():
        is_too_long = len(answer) + len(sentence) >= LONGEST_OPENING
        if is_too_long or len(answer) >= ENOUGH_OPENING or not is_clean(sentence, language):
            break
        answer = f"{answer} {sentence}".strip()
    if len(answer) >= LEAST_OPENING and section.heading.endswith("?"):
        yield "asked", section.heading, answer
    elif len(answer) >= LEAST_OPENING:
        wording = chooser.choice(QUESTIONS[language]["heading"])
        yield "heading", wording.format(heading=section.heading), answer


def _sentence_pairs(
    sentence: str, heading: str, language: str, names: set[str], chooser: random.Random
) -> Iterator[tuple[str, str, str]]:
    """The best question that a sentence answers, and, for when more are wanted, its completion."""
    wordings = QUESTIONS[language]
    words = sentence.split()
    start = " ".join(words[: max(4, round(len(words) * COMPLETION_SHARE))]).rstrip(",;:–-")
    yield "completion", chooser.choice(wordings["completion"]).format(start=start), sentence
    if found := question_for(sentence, language, names):
        yield *found, sentence
    elif term := salient_term(sentence, language):
        is_beside = heading and not heading.endswith("?") and term.lower() not in heading.lower()
        wording = chooser.choice(wordings["term_in_section" if is_beside else "term"])
        yield "term", wording.format(heading=heading, term=term), sentence
