"""What is doubtful about samples: findings that a person decides on. Knows samples and the texts of chunks.

The gate rejects nothing. What it looks for stands in KINDS; each has its name and its meaning in ui/texts/gate.py.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from core.documents.languages import language_of
from core.samples.doubtful_phrases import left_over, points_to_text, refusal
from core.samples.likeness import SeenSamples, answer_print, question_print
from core.samples.personal_data import personal_data
from core.samples.sft_dataset import Sample, Source
from core.samples.supply import same
from core.samples.support import UNSUPPORTED_BELOW, support_of

KINDS: tuple[str, ...] = (
    "duplicate",
    "near_duplicate",
    "too_short",
    "too_long",
    "wrong_language",
    "unsupported",
    "source_gone",
    "refusal",
    "template_text",
    "personal_data",
)
POINTS_TO_TEXT = "gate.detail.points_to_text"  # a detail of template_text
TICK_EVERY = 20  # samples
FEW_WORDS = 3
FEW_WORDS_OF_EXPLANATION = 6
CHARACTERS_FOR_WORD = 2  # of Chinese and Japanese

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:[-'’.,][^\W_]+)*")
_EAST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_WANTS_EXPLANATION = re.compile(
    r"\b(?:warum|wieso|weshalb|inwiefern|erkläre?\w*|erläutere?\w*|beschreibe?\w*|begründe?\w*|vergleiche?\w*"
    r"|diskutiere?|fasse?\b.*\bzusammen|zusammenfassung|was bedeutet|was versteht man|wie funktioniert"
    r"|welche(?:r|n)? unterschied\w*|why|explain|describe|discuss|compare|summari[sz]e|how (?:does|do|can|to)"
    r"|what does .* mean|difference)\b",
    re.IGNORECASE | re.DOTALL,
)
_ENDS_AS_QUESTION = re.compile(r"[?？][\s\"'”“»)]*$")
_WANTS_FEW_WORDS = re.compile(
    r"\W*(?:nenne?|name|gib|wähle|list|ja oder nein|wahr oder falsch|richtig oder falsch|true or false"
    r"|übersetze|translate|berechne|rechne|calculate|vervollständige|complete)\b"
    r"|.*(?:wahr oder falsch|richtig oder falsch|true or false)",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Finding:
    """Something doubtful. `detail` is a phrase, a number or the key of a text, `of_id` the sample it is like.

    `share` is how much it is like that sample, or how much of it the chunk supports, 0 to 1.
    """

    kind: str
    detail: str = ""
    of_id: str = ""
    share: float | None = None


@dataclass(frozen=True)
class Limits:
    """What samples have to keep to. `language` is a code, or "auto" for that of each sample's chunk."""

    max_tokens: int
    count_tokens: Callable[[str], int]
    language: str


def check_samples(
    samples: Iterable[Sample],
    chunk_text: Callable[[int], str | None],
    limits: Limits,
    tick: Callable[[], None],
) -> Iterator[tuple[str, list[Finding], float | None]]:
    """For each sample its id, what was found, and the share of its answer that its chunk supports (None without one).

    Of two samples that are alike the later one is told. `tick` is called regularly and may raise to stop. What the
    generator has measured of the support is not measured again, unless a person has changed the answer.
    """
    gate = _Gate(chunk_text, limits)
    for number, sample in enumerate(samples):
        if number % TICK_EVERY == 0:
            tick()
        support = gate.support(sample)
        yield sample.id, list(gate.findings(sample, support)), support


class _Gate:
    """What is remembered from sample to sample."""

    def __init__(self, chunk_text: Callable[[int], str | None], limits: Limits) -> None:
        self.chunk_text = chunk_text
        self.limits = limits
        self.seen = SeenSamples()
        self.by_instruction: dict[bytes, str] = {}
        self.chunk_languages: dict[int, str | None] = {}  # None: the chunk has gone

    def support(self, sample: Sample) -> float | None:
        chunk_id = sample.source.chunk_id if sample.source else None
        if chunk_id is None:
            return None
        is_known = sample.support is not None and sample.status != "edited"
        if is_known and chunk_id in self.chunk_languages:
            return sample.support if self.chunk_languages[chunk_id] is not None else None
        text = self.chunk_text(chunk_id)
        if chunk_id not in self.chunk_languages:
            self.chunk_languages[chunk_id] = None if text is None else language_of(text)
        if text is None:
            return None
        return sample.support if is_known else round(support_of(sample.output, text).share, 3)

    def findings(self, sample: Sample, support: float | None) -> Iterator[Finding]:
        turns = ((sample.instruction, sample.output), *sample.follow_ups)
        answers = [said for _, said in turns]
        whole = "\n".join(part for turn in turns for part in turn)
        yield from self._likeness(sample)
        if any(is_too_short(asked, said) for asked, said in turns):
            yield Finding("too_short")
        if len(whole.encode(errors="replace")) > self.limits.max_tokens:  # no token is shorter than a byte
            tokens = self.limits.count_tokens(whole)
            if tokens > self.limits.max_tokens:
                yield Finding("too_long", str(tokens))
        yield from self._language(sample, "\n".join(answers), whole)
        if support is not None and support < UNSUPPORTED_BELOW:
            yield Finding("unsupported", share=support)
        if sample.source is not None and self._has_lost_text(sample.source):
            yield Finding("source_gone", sample.source.document)
        if phrase := next(filter(None, map(refusal, answers)), ""):
            yield Finding("refusal", phrase)
        if phrase := next(filter(None, (left_over(part) for turn in turns for part in turn)), ""):
            yield Finding("template_text", phrase)
        elif points_to_text(whole):
            yield Finding("template_text", POINTS_TO_TEXT)
        for kind in personal_data(whole):
            yield Finding("personal_data", f"gate.detail.{kind}")

    def _has_lost_text(self, source: Source) -> bool:
        if source.chunk_id is None:
            return source.former_chunk_id is not None
        return self.chunk_languages.get(source.chunk_id, "") is None

    def _likeness(self, sample: Sample) -> Iterator[Finding]:
        """Whether an earlier sample asks the same. What was rejected makes no other one a duplicate."""
        instruction = same(sample.instruction).encode(errors="replace")
        earlier = self.by_instruction.get(instruction)
        question, answer = question_print(sample.instruction), answer_print(sample.output)
        if earlier is not None:
            yield Finding("duplicate", of_id=earlier)
        elif closest := self.seen.closest(question, answer):
            yield Finding("near_duplicate", of_id=closest[0], share=round(closest[1], 3))
        if sample.status != "rejected":
            self.by_instruction.setdefault(instruction, sample.id)
            self.seen.take(sample.id, question, answer)

    def _language(self, sample: Sample, answers: str, whole: str) -> Iterator[Finding]:
        wanted = self.limits.language
        if wanted == "auto":
            chunk_id = sample.source.chunk_id if sample.source else None
            wanted = (self.chunk_languages.get(chunk_id) if chunk_id is not None else None) or ""
        found = language_of(answers) or language_of(whole) if wanted else ""
        if found and found != wanted:
            yield Finding("wrong_language", f"language.name.{found}")


def is_too_short(asked: str, said: str) -> bool:
    """Whether an answer has fewer words than its question wants.

    A question for a name, a number or yes or no may be answered with one word, one that wants an explanation may not.
    """
    words = len(_WORD.findall(said))
    east = len(_EAST.findall(said))
    words -= east - east // CHARACTERS_FOR_WORD
    if words == 0:
        return True
    if _WANTS_EXPLANATION.search(asked):
        return words < FEW_WORDS_OF_EXPLANATION
    if _ENDS_AS_QUESTION.search(asked) or _WANTS_FEW_WORDS.match(asked):
        return False
    return words < FEW_WORDS
