"""Sentences that can stand alone, German and English. Knows text; knows no question and no model."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from core.documents.formats.page_text import PAGE_NUMBER
from core.documents.formats.printed import BULLET, DOT_LEADER, SENTENCE_END, blocks_of_lines
from core.practice.word_lists import ABBREVIATIONS, COMMON_WORDS, LEANING_WORDS, POINTING_WORDS

# What a sentence leans on may also be more than one word.
LEANING_PHRASES = {
    "de": r"(?:Zum Beispiel|Einige davon|Als Nächstes|Alle? diese|In dies\w+)\b",
    "en": r"(?:(?:In addition|For example|For instance|In (?:this|that|these|such|both)|Some of|One of these)\b"
    r"|The (?:same|following|above|latter|former)\b)",
}


def _any_of(words: Iterable[str]) -> str:
    """A pattern for any of these words; a trailing * stands for any ending."""
    return "(?:" + "|".join(sorted(word.replace("*", r"\w*") for word in words)) + r")\b"


LEANING = {
    language: re.compile(f"{_any_of(words)}|{LEANING_PHRASES[language]}") for language, words in LEANING_WORDS.items()
}
POINTING = re.compile(
    rf"\b{_any_of(POINTING_WORDS)}|\b(?:vgl\.|nächsten Seite|next page|o\.\s?g\.)"
    r"|\b(?:p\.|page|chapter|section|figure|table|Abschnitt|Kapitel|Abbildung|Tabelle|Listing|Seite)\s?\d",
    re.IGNORECASE,
)
EARLY_CHARACTERS = 30
EARLY_PRONOUN = {  # "Fehlt es, …", "Where it is missing, …"
    "de": re.compile(r"\b(?:es|sie|er|ihn|ihm|davon|dazu|dabei|damit|daran|darin|darüber|dort)\b"),
    "en": re.compile(r"\b(?:it|its|they|them|their|there|he|she)\b"),
}
DEMONSTRATIVE = re.compile(r"\b(?:dies\w{0,2}|jene\w?|solch\w*|this|these|those|such)\b", re.IGNORECASE)
ABBREVIATED = re.compile(r"[^\W\d_]|\d{1,2}|[ivx]{1,5}|(?:[^\W\d_]\.)+[^\W\d_]?")
CODE = re.compile(
    r", \d+ [a-zäöü]|[\\{}<>|=_~^$#@]|://|https?:|\w\(\)|--\w|\s/\w+/|\.\.\.|…|\. \. |[^\w\s]{4}|□|\ufffd|[←→]"
)
SENTENCE_BREAK = re.compile(r"(?<=[.!?])(?P<close>[\"'”“’»)\]]*)\s+(?=[⁰¹²³⁴⁵⁶⁷⁸⁹]*\s?[\"'„“”»«(\[]*[A-ZÄÖÜ0-9])")
LEAST_LINE = 50  # characters; what is shorter and ends no sentence is a title, not a torn paragraph
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@lru_cache(maxsize=4096)
def detect_language(text: str) -> str | None:
    """ "de", "en", or None where a text is neither or too short to tell."""
    words = [word.casefold() for word in WORD.findall(text[:6000])]
    hits = {language: sum(word in common for word in words) for language, common in COMMON_WORDS.items()}
    best = max(hits, key=lambda language: hits[language])
    other = min(hits, key=lambda language: hits[language])
    if hits[best] < 3 or hits[best] < 0.12 * len(words) or hits[best] < 1.5 * hits[other]:
        return None
    return best


def prose_paragraphs(text: str) -> Iterator[tuple[str, bool]]:
    """The paragraphs of a text that are prose: (on one line, is it whole); no lists, tables, code or contents.

    A paragraph is not whole where the one before it breaks off in mid-sentence, as at the end of a printed page.
    """
    before = ""
    for part in re.split(r"\n\s*\n", text):
        lines = [line.strip() for line in part.split("\n")]
        if any(line.startswith(("```", "$ ", "# ", "> ", "|")) for line in lines):
            continue
        for block in blocks_of_lines(lines):
            if PAGE_NUMBER.fullmatch(block.text):
                continue
            if len(block.text) >= 30 and not DOT_LEADER.search(block.text) and not BULLET.match(block.text):
                yield block.text, len(before) < LEAST_LINE or SENTENCE_END.search(before) is not None
            before = block.text


def split_sentences(paragraph: str) -> list[str]:
    """A paragraph's sentences, verbatim. The last one may be cut off; `is_clean` tells."""
    sentences, start = [], 0
    for match in SENTENCE_BREAK.finditer(paragraph):
        if _is_abbreviation(paragraph[start : match.start()]):
            continue
        sentences.append(paragraph[start : match.end("close")].strip())
        start = match.end()
    sentences.append(paragraph[start:].strip())
    return [sentence for sentence in sentences if sentence]


def _is_abbreviation(before: str) -> bool:
    """Whether the full stop at the end of `before` belongs to an abbreviation, an initial or a German ordinal."""
    if not before.endswith("."):
        return False
    last = before[:-1].rsplit(None, 1)[-1].lstrip("(„\"'»[").casefold() if before[:-1].strip() else ""
    return last in ABBREVIATIONS or ABBREVIATED.fullmatch(last) is not None


def is_clean(sentence: str, language: str) -> bool:
    """Whether a sentence is whole, readable prose in this language; it may still lean on the one before it."""
    words = WORD.findall(sentence)
    if not 5 <= len(words) <= 45 or not 35 <= len(sentence) <= 320:
        return False
    if not re.match(r"[\"„“»]?[A-ZÄÖÜ]", sentence) or not re.search(r"[^\W\d_\s]\w*[)\"“”»’]*[.!]$", sentence):
        return False
    if CODE.search(sentence) or sentence.count("(") != sentence.count(")"):
        return False
    if (
        sentence.count("„") > sentence.count("“")
        or sentence.count("»") != sentence.count("«")
        or sentence.count('"') % 2
    ):
        return False
    letters = sum(character.isalpha() or character.isspace() for character in sentence)
    if letters < 0.88 * len(sentence) or sum(len(word) == 1 for word in words) > 0.15 * len(words):
        return False
    if sum(word.isupper() and len(word) > 1 for word in words) > 0.25 * len(words):
        return False
    common = sum(word.casefold() in COMMON_WORDS[language] for word in words)
    return common >= max(2, 0.2 * len(words))


def stands_alone(sentence: str, language: str) -> bool:
    """Whether a clean sentence can be understood by someone who knows the heading it stands under."""
    leans = LEANING[language].match(sentence) or EARLY_PRONOUN[language].search(sentence[:EARLY_CHARACTERS])
    return not leans and not points_elsewhere(sentence)


def points_elsewhere(sentence: str) -> bool:
    """Whether a sentence sends the reader to another place: "see below", "Abschnitt 4"."""
    return POINTING.search(sentence) is not None


def names_its_matter(sentence: str) -> bool:
    """Whether a sentence can be understood without its heading too: no "this" before it has said what it is about."""
    return DEMONSTRATIVE.search(sentence[:80]) is None
