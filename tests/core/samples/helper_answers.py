"""What the servers of tests and benchmarks answer: questions and answers from sentences of the text in the prompt."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

SENTENCE = re.compile(r"[A-ZÄÖÜ][^.!?\n]{20,300}[.!?](?=\s|$)")
TEXT_BEGINS = re.compile(r"^(?:Text|Abschnitt|Chunk):\s*", re.MULTILINE)
TEXT_ENDS = re.compile(r"\n\n(?:Diese Fragen|These questions|Antworte nur|Answer with|Jedes Beispiel|Each sample)")
WANTED = re.compile(r"\b(?:Schreibe|Write) (\d+)\b")
WORDS_IN_QUESTION = 6


class AnswerMaker:
    """Answers of which no two are alike as long as the texts have sentences that were not used yet."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def answer(self, messages: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """{"samples": […]}, as many as the prompt asks for."""
        prompt = messages[-1]["content"]
        wanted = WANTED.search(prompt)
        sentences = sentences_of(prompt)
        unused = [sentence for sentence in sentences if sentence not in self._used]
        chosen = (unused + sentences)[: int(wanted[1]) if wanted else 1]
        self._used |= set(chosen)
        return {"samples": [{"instruction": question_about(sentence), "output": sentence} for sentence in chosen]}

    def take_back(self, answer: Mapping[str, Any]) -> None:
        """The answer did not arrive whole: its sentences may be used again."""
        self._used -= {sample["output"] for sample in answer["samples"]}


def sentences_of(prompt: str) -> list[str]:
    """The whole sentences of the text that a prompt is about."""
    begin = TEXT_BEGINS.search(prompt)
    text = prompt[begin.end() :] if begin else prompt
    end = TEXT_ENDS.search(text)
    return SENTENCE.findall(text[: end.start()] if end else text) or ["Dazu steht in diesem Text nichts."]


def question_about(sentence: str) -> str:
    words = sentence.rstrip(".!?").split()
    return f"Was ist über „{' '.join(words[:WORDS_IN_QUESTION])}“ bekannt?"


def as_json(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False)
