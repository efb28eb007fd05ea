"""Which of many samples ask what another one has asked before. Knows words, numbers of samples and nothing else.

Two samples are near-duplicates where their instructions have the same content words, or nearly the same ones and
answers that are alike (`_are_alike`). Question words and "not" count too: "Wer …" and "Wann …" ask for different
things. Each sample is compared only with those that share one of its rarer words: two sets that have half of their
words in common have to meet in the rarer half of them (prefix filtering, Chaudhuri, Ganti and Kaushik 2006). Of an
answer only the 32 smallest hashes of its words are kept (bottom-k sketch, Broder 1997).
"""

import re
import zlib
from array import array
from collections import defaultdict

from core.samples.checks.support import content_words

SAME_ANSWER = 0.8
LIKE_ANSWER = 0.35
NEARLY_SAME_QUESTION = 0.75
LIKE_QUESTION = 0.5
SKETCH_SIZE = 32
MOST_COMPARED = 48  # of the samples that share a word, the latest
_TURNING_WORDS = re.compile(
    r"\b(?:nicht|keine?\w?|ohne|not|no|without|wer|wen|wem|wessen|wann|wo|wohin|woher|warum|weshalb|wieso|wozu|wie|who|whom|whose|when|where|why|how|which)\b"
)


class SeenSamples:
    """The samples so far. For 100,000 of them it holds about 60 MB."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._questions: list[bytes] = []
        self._answers: list[bytes] = []
        self._of_question: dict[bytes, int] = {}
        self._counts: dict[int, int] = defaultdict(int)
        self._with_word: dict[int, array[int]] = defaultdict(lambda: array("i"))
        self._numbers_of: dict[str, int] = {}

    def closest(self, question: bytes, answer: bytes) -> tuple[str, float] | None:
        """The id of the sample that this one is most like, and how much (0 to 1); None where it is like none."""
        if not question:
            return None
        same = self._of_question.get(question)
        if same is not None:
            return self.ids[same], (1 + _shared_sketch(answer, self._answers[same])) / 2
        own = set(_numbers(question))
        best = None
        candidates: set[int] = set()
        for word in self._rarest(question):
            candidates.update(self._with_word[word][-MOST_COMPARED:] if word in self._with_word else ())
        for candidate in candidates:
            if not self.ids[candidate]:
                continue
            other = _numbers(self._questions[candidate])
            shared = len(own.intersection(other))
            asked = shared / (len(own) + len(other) - shared)
            if asked < LIKE_QUESTION:
                continue
            said = _shared_sketch(answer, self._answers[candidate])
            if _are_alike(asked, said) and (best is None or asked + said > 2 * best[1]):
                best = self.ids[candidate], (asked + said) / 2
        return best

    def take(self, sample_id: str, question: bytes, answer: bytes) -> None:
        """Remember a sample, for those that come later."""
        number = self._numbers_of[sample_id] = len(self.ids)
        self.ids.append(sample_id)
        self._questions.append(question)
        self._answers.append(answer)
        if question:
            self._of_question.setdefault(question, number)
        for word in self._rarest(question):
            places = self._with_word[word]
            places.append(number)
            if len(places) > 4 * MOST_COMPARED:
                del places[:-MOST_COMPARED]
        for word in _numbers(question):
            self._counts[word] += 1

    def forget(self, sample_id: str) -> None:
        """Compare no other sample with this one any more."""
        number = self._numbers_of.pop(sample_id)
        self.ids[number] = ""
        if self._of_question.get(self._questions[number]) == number:
            del self._of_question[self._questions[number]]

    def _rarest(self, question: bytes) -> list[int]:
        """The rarer half of a question's words, and one more."""
        words = sorted(_numbers(question), key=lambda word: (self._counts.get(word, 0), word))
        return words[: len(words) // 2 + 1]


def question_fingerprint(instruction: str) -> bytes:
    """What an instruction asks: the hashes of its content words and the words that turn its meaning, sorted.

    Empty where it names nothing ("Was ist das?").
    """
    words = {stem for stem, _ in content_words(instruction)}
    if not words:
        return b""
    words.update(f"{word}?" for word in _TURNING_WORDS.findall(instruction.lower()))
    return array("I", sorted({zlib.crc32(word.encode(errors="replace")) for word in words})).tobytes()


def answer_fingerprint(output: str) -> bytes:
    """The smallest hashes of an answer's content words, sorted."""
    hashes = {zlib.crc32(stem.encode(errors="replace")) for stem, _ in content_words(output)}
    return array("I", sorted(hashes)[:SKETCH_SIZE]).tobytes()


def _are_alike(asked: float, said: float) -> bool:
    """Whether two samples are near-duplicates, by the shares of words that questions and answers have in common."""
    return (asked >= NEARLY_SAME_QUESTION and said >= LIKE_ANSWER) or (asked >= LIKE_QUESTION and said >= SAME_ANSWER)


def _numbers(stored: bytes) -> "memoryview[int]":
    return memoryview(stored).cast("I")


def _shared_sketch(first: bytes, second: bytes) -> float:
    """About the share of words that two answers have in common; two empty ones are the same."""
    if first == second:
        return 1.0
    one, other = set(_numbers(first)), set(_numbers(second))
    smallest = sorted(one | other)[:SKETCH_SIZE]
    return sum(word in one and word in other for word in smallest) / len(smallest)
