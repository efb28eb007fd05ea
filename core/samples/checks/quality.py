"""What is doubtful about samples: findings that a person decides on. Knows samples and the texts of chunks.

They reject nothing. What they look for stands in KINDS; each has its name and its meaning in ui/texts/*/review.toml.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.documents.languages import language_of
from core.samples.checks.doubtful_phrases import left_over, points_to_text, refusal
from core.samples.checks.likeness import SeenSamples, answer_fingerprint, question_fingerprint
from core.samples.checks.personal_data import personal_data
from core.samples.checks.support import UNSUPPORTED_BELOW, support_of
from core.samples.store.findings import Finding, Findings, Verdict
from core.samples.store.held_lines import Held, Line
from core.samples.store.sample import Sample, Source, hash_of
from core.samples.store.sft_dataset import sample_in
from core.samples.supply import same

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
MOST_KEPT = 2
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
class Limits:
    """What samples have to keep to. `language` is a code, or "auto" for that of each sample's chunk."""

    max_tokens: int
    count_tokens: Callable[[str], int]
    language: str


class QualityChecks:
    """The checks of one project. It remembers what samples ask and say, so that only what is new has to be checked.

    Of two samples that are alike the one that is checked later is told, which in a file that is checked for the first
    time is the later one.
    """

    def __init__(self) -> None:
        self._seen = SeenSamples()
        self._by_instruction: dict[int, str] = {}
        self._taken: dict[str, tuple[int, int]] = {}  # content and instruction by the sample's id
        self._chunk_languages: dict[int, str | None] = {}  # None: the chunk has gone

    def wanted(self, held: Held, known: Findings, tick: Callable[[], None]) -> list[tuple[str, Line]]:
        """The samples to check, by their ids: new and changed ones, those rejected or usable again, and those that
        were like another one that is not there, or not as it was. All others are compared with from now on.
        """
        lines = dict(zip(held.ids, held.samples, strict=True))
        verdicts = {own: verdict for own, line in lines.items() if (verdict := known.of(own, line.content))}
        usable = {
            own for own, verdict in verdicts.items() if lines[own].status != "rejected" and not verdict.is_rejected
        }
        wanted = [
            (own, line)
            for own, line in lines.items()
            if own not in verdicts
            or verdicts[own].is_rejected != (line.status == "rejected")
            or any(finding.of_id and finding.of_id not in usable for finding in verdicts[own].findings)
        ]
        stay = usable.difference(own for own, _ in wanted)
        for own, (content, _) in list(self._taken.items()):
            if own not in stay or lines[own].content != content:
                self._forget(own)
        for number, own in enumerate([own for own in lines if own in stay and own not in self._taken]):
            if number % TICK_EVERY == 0:
                tick()
            sample = sample_in(lines[own])
            self._take(own, lines[own], *_asked_and_said(sample))
        return wanted

    def check(
        self,
        wanted: Iterable[tuple[str, Line]],
        chunk_text: Callable[[int], str | None],
        limits: Limits,
        tick: Callable[[], None],
    ) -> Iterator[tuple[str, Verdict]]:
        """What is found in each of these, by their ids. `tick` is called regularly and may raise to stop.

        What the generator has measured of the support is not measured again, unless a person has changed the answer.
        """
        for number, (own, line) in enumerate(wanted):
            if number % TICK_EVERY == 0:
                tick()
            sample = sample_in(line)
            support = self._support(sample, chunk_text)
            instruction, question, answer = _asked_and_said(sample)
            found = [*self._likeness(instruction, question, answer), *self._findings(sample, support, limits)]
            is_rejected = line.status == "rejected"  # what was rejected makes no other one a duplicate
            if not is_rejected:
                self._take(own, line, instruction, question, answer)
            yield own, Verdict(line.content, is_rejected, support, tuple(found))

    def _take(self, own: str, line: Line, instruction: int, question: bytes, answer: bytes) -> None:
        self._by_instruction.setdefault(instruction, own)
        self._seen.take(own, question, answer)
        self._taken[own] = line.content, instruction

    def _forget(self, own: str) -> None:
        _, instruction = self._taken.pop(own)
        if self._by_instruction.get(instruction) == own:
            del self._by_instruction[instruction]
        self._seen.forget(own)

    def _support(self, sample: Sample, chunk_text: Callable[[int], str | None]) -> float | None:
        chunk_id = sample.source.chunk_id if sample.source else None
        if chunk_id is None:
            return None
        is_known = sample.support is not None and sample.status != "edited"
        if is_known and chunk_id in self._chunk_languages:
            return sample.support if self._chunk_languages[chunk_id] is not None else None
        text = chunk_text(chunk_id)
        if chunk_id not in self._chunk_languages:
            self._chunk_languages[chunk_id] = None if text is None else language_of(text)
        if text is None:
            return None
        return sample.support if is_known else round(support_of(sample.output, text).share, 3)

    def _findings(self, sample: Sample, support: float | None, limits: Limits) -> Iterator[Finding]:
        turns = ((sample.instruction, sample.output), *sample.follow_ups)
        answers = [said for _, said in turns]
        whole = "\n".join(part for turn in turns for part in turn)
        if any(is_too_short(asked, said) for asked, said in turns):
            yield Finding("too_short")
        if len(whole.encode(errors="replace")) > limits.max_tokens:  # no token is shorter than a byte
            tokens = limits.count_tokens(whole)
            if tokens > limits.max_tokens:
                yield Finding("too_long", str(tokens))
        yield from self._language(sample, "\n".join(answers), whole, limits.language)
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
        return self._chunk_languages.get(source.chunk_id, "") is None

    def _likeness(self, instruction: int, question: bytes, answer: bytes) -> Iterator[Finding]:
        """Whether a sample that was checked before asks the same."""
        if earlier := self._by_instruction.get(instruction):
            yield Finding("duplicate", of_id=earlier)
        elif closest := self._seen.closest(question, answer):
            yield Finding("near_duplicate", of_id=closest[0], share=round(closest[1], 3))

    def _language(self, sample: Sample, answers: str, whole: str, wanted: str) -> Iterator[Finding]:
        if wanted == "auto":
            chunk_id = sample.source.chunk_id if sample.source else None
            wanted = (self._chunk_languages.get(chunk_id) if chunk_id is not None else None) or ""
        found = language_of(answers) or language_of(whole) if wanted else ""
        if found and found != wanted:
            yield Finding("wrong_language", f"language.name.{found}")


def checks_of(samples_file: Path, situation: str) -> QualityChecks:
    """The checks of a project, with all they remember while the situation, its chunks and limits, is the same."""
    known = _CHECKS.pop(samples_file, None)
    checks = known[1] if known and known[0] == situation else QualityChecks()
    _CHECKS[samples_file] = situation, checks
    while len(_CHECKS) > MOST_KEPT:
        _CHECKS.pop(next(iter(_CHECKS)))
    return checks


def _asked_and_said(sample: Sample) -> tuple[int, bytes, bytes]:
    """What tells whether another sample asks the same, in the same words or in others."""
    instruction = hash_of(same(sample.instruction).encode(errors="replace"))
    return instruction, question_fingerprint(sample.instruction), answer_fingerprint(sample.output)


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


_CHECKS: dict[Path, tuple[str, QualityChecks]] = {}
