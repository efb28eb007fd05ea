"""How far a chunk supports an answer: which of the answer's words stand in it, and where. Knows words, no meaning.

    share = Σ weight · found / Σ weight        over the different content words of the answer

Content words are all but words of one letter and the commonest of the Western languages. A number weighs 2, a pair
of Chinese, Japanese, Korean or Thai characters ½, any other word 1. `found` is 1 where the chunk has the same stem
or the same number, 0.9 where it has another form of the stem (the first five letters or more, and two thirds of the
longer one, are the same), 0.8 where the word is part of a compound of the chunk ("Energie" in "Bewegungsenergie") or
ends with a word of the chunk. An answer without content words ("Ja.") needs no support: its share is 1.

The share tells copies and paraphrases from answers about something else; that an answer says the opposite of the
chunk it cannot tell. Of 18 answers about a German text in other words (tests/core/samples/supported_answers.py) the
lowest has 0.50, half of them 0.73 or more; of 16 that somebody invented about the same matters the highest has 0.15.
Of 1,208 sentences of six German and English handbooks held against a chunk elsewhere in the same book 89 % stay
below 0.4, of those held against another book 98 %. 0.7 ms for a new chunk of 2 kB, 0.1 ms for each answer to one
that was seen.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.documents.languages import STOP_WORDS
from core.documents.sentences import split_sentences

UNSUPPORTED_BELOW = 0.4
NUMBER_WEIGHT = 2.0
CHARACTER_PAIR_WEIGHT = 0.5
SAME_BEGINNING = 0.9
PART_OF_COMPOUND = 0.8
LEAST_BEGINNING = 5  # letters
LEAST_BEGINNING_SHARE = 0.66
LEAST_PART = 5
LONG_SENTENCE = 400  # characters: rather a list or a table

_EAST = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0e7f"
_TOKEN = re.compile(rf"(?P<number>\d+(?:[.,:]\d+)*)|(?P<east>[{_EAST}]+)|[^\W\d_{_EAST}]{{2,}}")
_HIRAGANA = re.compile(r"[\u3040-\u309f]+")
_THOUSANDS = re.compile(r"(?<=\d)[.,](?=\d{3}(?:\D|$))")
_ENDINGS = re.compile(r"(?:ungen|ung|ingen|isch\w{0,2}|lich\w{0,2}|ern|end\w{0,2}|en|er|em|es|st|ing|ed|ly|e|n|s|t)$")
_LEAST_STEM = 4
_FOLDED = str.maketrans("äöüßáàâéèêëíìîïóòôúùûñç", "aousaaaeeeeiiiiooouuunc")
_PARAGRAPH = re.compile(r"\n\s*\n")
_MORE_COMMON_WORDS = (
    "aber alle allem allen aller alles also andere anderen auch außerdem beim beiden bereits besonders dabei "
    "dadurch dafür daher damit dann daran darauf darin davon dazu denn deren dessen deshalb dort durch ebenfalls "
    "eben etwa etwas euer falls gegen genau gibt hier ihm ihn ihnen ihr ihre ihrem ihren ihrer immer indem ins "
    "ist jede jedem jeden jeder jedes jedoch kein keine keinen keiner können könnte man mehrere muss müssen nach "
    "nachdem neben noch nun ob obwohl oft ohne schon sehr sein seine seinem seinen seiner seit sobald sogar "
    "solche soll sollte somit sondern sonst sowie sowohl statt trotz überhaupt um und uns unter viel viele vom "
    "vor während was wegen weil weiter welche welchem welchen welcher welches wenig weniger wer werde wieder wo "
    "wobei wodurch wollen würde zwar zwischen antwort frage text laut about after again against also although "
    "always any because been before being below between both could did does doing down during each either even "
    "every few further get gets got has have having he her here hers him his however into it's just like many me "
    "might more most much my neither never no nor of off often on once only other our ours out over own per said "
    "same she since some such than that's their theirs them themselves then these those through thus to too under "
    "until up upon very via was well were what whether while who whom whose why with within without would yet you "
    "your answer question text according ja nein wahr falsch richtig yes true false"
)
_COMMON = frozenset(
    word.lower().translate(_FOLDED)
    for words in (*(STOP_WORDS[language] for language in ("de", "en", "fr", "es", "it", "nl")), _MORE_COMMON_WORDS)
    for word in words.split()
)


@dataclass(frozen=True)
class Support:
    """`share` of an answer that a chunk supports, 0 to 1; the sentence that does so best, in characters of the chunk.

    `start` and `end` are 0 where no sentence does.
    """

    share: float
    start: int
    end: int


@dataclass(frozen=True)
class _Chunk:
    """What is asked of a chunk, for each of its words the sentences that hold it."""

    folded: str
    sentences: tuple[tuple[int, int], ...]
    stems: dict[str, set[int]]
    beginnings: dict[str, list[str]]


def support_of(output: str, chunk_text: str) -> Support:
    """How far the chunk supports the answer, by the formula above."""
    chunk = _read_chunk(chunk_text)
    wanted = dict(_words(output.lower().translate(_FOLDED)))
    total = sum(weight for _, weight in wanted.values())
    if not total:
        return Support(1.0, 0, 0)
    gained = 0.0
    of_sentence: dict[int, float] = defaultdict(float)
    for stem, (word, weight) in wanted.items():
        found, places = _find(word, stem, chunk)
        gained += weight * found
        for place in places:
            of_sentence[place] += weight * found
    if not of_sentence:
        return Support(0.0, 0, 0)
    best = max(of_sentence, key=lambda place: (of_sentence[place], -_length(chunk.sentences[place])))
    return Support(gained / total, *chunk.sentences[best])


def content_words(text: str) -> Iterator[tuple[str, float]]:
    """The stems of a text's content words, numbers and pairs of characters with their weights, in their order."""
    for stem, (_, weight) in _words(text.lower().translate(_FOLDED)):
        yield stem, weight


def _find(word: str, stem: str, chunk: _Chunk) -> tuple[float, set[int]]:
    """How well a word is found in a chunk, and the sentences that hold it."""
    places = chunk.stems.get(stem)
    if places is not None:
        return 1.0, places
    if not word.isalpha() or len(stem) < _LEAST_STEM:
        return 0.0, set()
    similar = [
        other
        for other in chunk.beginnings.get(stem[:LEAST_BEGINNING], ())
        if _shared_beginning(stem, other) >= LEAST_BEGINNING_SHARE * max(len(stem), len(other))
    ]
    if similar:
        return SAME_BEGINNING, set().union(*(chunk.stems[other] for other in similar))
    if len(stem) >= LEAST_PART:
        places = set()
        place = chunk.folded.find(stem)
        while place >= 0:
            places.add(_sentence_at(chunk, place))
            place = chunk.folded.find(stem, place + len(stem))
        for length in range(LEAST_PART, len(stem) - 2):
            places |= chunk.stems.get(stem[-length:], set())
        if places:
            return PART_OF_COMPOUND, places
    return 0.0, set()


@lru_cache(maxsize=256)
def _read_chunk(text: str) -> _Chunk:
    folded = text.lower().translate(_FOLDED)
    if len(folded) != len(text):  # a few capitals become two letters
        text = folded
    sentences = tuple(_sentences(text))
    stems: dict[str, set[int]] = defaultdict(set)
    beginnings: dict[str, list[str]] = defaultdict(list)
    for number, (start, end) in enumerate(sentences):
        for stem, (word, _) in _words(folded[start:end]):
            if len(stem) >= LEAST_BEGINNING and stem not in stems and word.isalpha():
                beginnings[stem[:LEAST_BEGINNING]].append(stem)
            stems[stem].add(number)
    return _Chunk(folded, sentences, dict(stems), dict(beginnings))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence stands; what is too long for one is taken line by line."""
    place = 0
    for paragraph in _PARAGRAPH.split(text):
        for sentence in split_sentences(paragraph):
            parts = sentence.split("\n") if len(sentence) > LONG_SENTENCE else [sentence]
            for part in filter(None, map(str.strip, parts)):
                start = text.find(part, place)
                place = start + len(part)
                yield start, place


def _words(folded: str) -> Iterator[tuple[str, tuple[str, float]]]:
    """The content words of a text in small letters: stem, (word, weight)."""
    for match in _TOKEN.finditer(folded):
        token = match[0]
        if match.lastgroup == "number":
            number = _THOUSANDS.sub("", token).replace(",", ".")
            yield number, (number, NUMBER_WEIGHT)
        elif match.lastgroup == "east":
            pairs = [token[place : place + 2] for place in range(len(token) - 1)] or [token]
            yield from ((pair, ("", CHARACTER_PAIR_WEIGHT)) for pair in pairs if not _HIRAGANA.fullmatch(pair))
        elif token not in _COMMON:
            yield _stem(token), (token, 1.0)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """A word without its ending, so that most forms of a German or English word become the same."""
    for _ in range(2):
        ending = _ENDINGS.search(word, _LEAST_STEM)
        if ending is None:
            break
        word = word[: ending.start()]
    return word.replace("ss", "s")


def _shared_beginning(first: str, second: str) -> int:
    length = min(len(first), len(second))
    return next((place for place in range(length) if first[place] != second[place]), length)


def _sentence_at(chunk: _Chunk, place: int) -> int:
    return max(bisect_right(chunk.sentences, (place, len(chunk.folded))) - 1, 0)


def _length(sentence: tuple[int, int]) -> int:
    return sentence[1] - sentence[0]
