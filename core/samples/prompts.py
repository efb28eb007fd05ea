"""What helper models are asked: the default prompts, and how a person's own ones are filled. Knows no provider.

A template's variables stand in braces. Only the known ones are replaced, all in one go, so braces in a document or in
a person's text are just braces. A line whose variables are all empty is left out.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from core.documents.languages import language_of
from core.documents.token_counting import local_counter
from core.samples.drafts import Task
from utils.config import SftSettings
from utils.errors import AppError

TOKENS_AROUND_MESSAGE = 5  # role and marks, about
VARIABLES = ("topic", "chunk", "language", "style", "count")
# The plan's first prompts had their topic in square brackets.
BRACKETED = re.compile(r"\[(?:THEMA|TOPIC)\]")
VARIABLE = re.compile(r"\{(" + "|".join(VARIABLES) + r")\}")
LOOKS_LIKE_VARIABLE = re.compile(r"(?<!\{)\{([A-Za-zÄÖÜäöüß_]{2,20})\}(?!\})")

SYSTEM: Mapping[str, str] = {
    "de": "Du bist Fachmann für {topic}.\n"
    "Du schreibst Beispiele aus Frage und Antwort, mit denen ein Sprachmodell ein Fachgebiet lernt. "
    "Du erfindest nichts und schreibst in fehlerfreien ganzen Sätzen.",
    "en": "You are an expert in {topic}.\n"
    "You write samples of a question and its answer from which a language model learns a subject. "
    "You make nothing up, and you write correct, whole sentences.",
}
TEMPLATE: Mapping[str, str] = {
    "de": "Schreibe {count} aus dem Text unten. Art: {style}. Sprache: {language}.\n"
    "Thema: {topic}\n"
    "- Die Frage ist ohne den Text zu verstehen: Sie nennt, worum es geht, und sagt nie „im Text“ oder „oben“.\n"
    "- Die Antwort steht im Text, ist vollständig und kommt ohne ihn aus.\n\n"
    "Text:\n{chunk}",
    "en": "Write {count} from the text below. Kind: {style}. Language: {language}.\n"
    "Topic: {topic}\n"
    "- The question is clear without the text: it names its matter and never says “in the text” or “above”.\n"
    "- The answer stands in the text, is complete, and needs no text beside it.\n\n"
    "Text:\n{chunk}",
}
TOPIC_TEMPLATE: Mapping[str, str] = {
    "de": "Schreibe {count} zum Thema {topic}. Art: {style}. Sprache: {language}.\n"
    "Schreibe nur, was sicher stimmt. Die Antwort ist vollständig und steht für sich.",
    "en": "Write {count} about {topic}. Kind: {style}. Language: {language}.\n"
    "Write only what is certainly true. The answer is complete and stands for itself.",
}
COUNT: Mapping[str, tuple[str, str]] = {
    "de": ("ein Beispiel aus Frage und Antwort", "{count} verschiedene Beispiele aus Frage und Antwort"),
    "en": ("one sample of a question and its answer", "{count} different samples of a question and its answer"),
}
FORMAT: Mapping[str, str] = {
    "de": "Antworte nur mit JSON in dieser Form, ohne ein Wort davor oder dahinter:\n{form}",
    "en": "Answer with JSON of this form only, without a word before or after it:\n{form}",
}
FORM: Mapping[str, str] = {
    "de": '{"samples": [{"instruction": "die Frage", "output": "die Antwort"}]}',
    "en": '{"samples": [{"instruction": "the question", "output": "the answer"}]}',
}
FORM_OF_TURNS: Mapping[str, str] = {
    "de": '{"samples": [{"instruction": "die erste Frage", "output": "die Antwort", '
    '"follow_ups": [{"instruction": "eine Nachfrage", "output": "die Antwort darauf"}]}]}',
    "en": '{"samples": [{"instruction": "the first question", "output": "the answer", '
    '"follow_ups": [{"instruction": "a question that follows", "output": "the answer to it"}]}]}',
}
# For weak models: what a small one is shown it does, while it copies the words of a form that is described to it.
PLAIN: Mapping[str, str] = {
    "de": "Schreibe eine Frage und ihre Antwort zu diesem Text:\n{text}",
    "en": "Write one question and its answer about this text:\n{text}",
}
SHOWN: Mapping[str, tuple[str, str, str]] = {
    "de": ("Wasser siedet bei 100 Grad. Eis schmilzt bei 0 Grad.", "Wann schmilzt Eis?", "Eis schmilzt bei 0 Grad."),
    "en": ("Water boils at 100 degrees. Ice melts at 0 degrees.", "When does ice melt?", "Ice melts at 0 degrees."),
}
SHOWN_FORM: Mapping[str, str] = {"de": "Frage: {asked}\nAntwort: {said}", "en": "Question: {asked}\nAnswer: {said}"}
OWN_FORM = re.compile(
    r"json|\byaml\b|\bxml\b|csv|\{\s*\"|^\s*\W*(?:question|frage|q|f|instruction|prompt)\s*\d*\W*:", re.I | re.M
)
FOLLOW_UPS: Mapping[str, str] = {
    "de": "Jedes Beispiel ist ein Gespräch: Auf die erste Frage folgen {more} Nachfragen mit ihren Antworten.",
    "en": "Each sample is a conversation: the first question is followed by {more} further ones with their answers.",
}
ASKED: Mapping[str, str] = {
    "de": "Diese Fragen gibt es schon, frage etwas anderes:",
    "en": "These questions are there already, ask something else:",
}
STYLES: Mapping[str, Mapping[str, str]] = {
    "de": {
        "question": "eine genaue Wissensfrage mit kurzer Antwort",
        "explanation": "eine Bitte um Erklärung mit ausführlicher Antwort",
        "summary": "eine Bitte um Zusammenfassung",
        "application": "eine Frage aus der Praxis: was in einem Fall zu tun ist",
        "comparison": "eine Frage nach einem Unterschied oder Vergleich",
        "reasoning": "eine Warum-Frage mit Begründung",
    },
    "en": {
        "question": "a precise factual question with a short answer",
        "explanation": "a request to explain something, with a detailed answer",
        "summary": "a request for a summary",
        "application": "a practical question: what to do in a certain case",
        "comparison": "a question about a difference or a comparison",
        "reasoning": "a why question with its reasons",
    },
}
# The language of the samples, in the language that the helper is asked in: German for German, else English.
LANGUAGES: Mapping[str, str] = {
    "de": "Deutsch",
    "en": "English",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "sv": "Swedish",
    "da": "Danish",
    "fi": "Finnish",
    "cs": "Czech",
    "tr": "Turkish",
    "hu": "Hungarian",
    "ro": "Romanian",
    "ja": "Japanese",
    "zh": "Chinese",
    "ko": "Korean",
    "ru": "Russian",
    "uk": "Ukrainian",
    "el": "Greek",
}
LANGUAGE_OF_TEXT = "that of the text"


def default_system(language: str) -> str:
    """The helper's role, in the language that it is asked in."""
    return SYSTEM[_spoken(language)]


def default_template(language: str, with_chunk: bool = True) -> str:
    """The helper's task, in the language that it is asked in; for documents or for a topic alone."""
    return (TEMPLATE if with_chunk else TOPIC_TEMPLATE)[_spoken(language)]


def has_own_form(settings: SftSettings) -> bool:
    """Whether a person's own template says in which form the helper answers."""
    return OWN_FORM.search(settings.user_template) is not None


def plain_messages_for(task: Task, settings: SftSettings) -> tuple[dict[str, str], ...]:
    """What a weak helper is asked for a task: one question with its answer, after it was shown another one."""
    spoken = _spoken(language_for(task, settings) or "en")
    text, asked, said = SHOWN[spoken]
    subject = task.chunk.text if task.chunk else settings.topic.strip()
    request, answer = PLAIN[spoken], SHOWN_FORM[spoken]
    return (
        {"role": "user", "content": request.format(text=text)},
        {"role": "assistant", "content": answer.format(asked=asked, said=said)},
        {"role": "user", "content": request.replace("{text}", subject)},
    )


def is_shown(asked: str) -> bool:
    """Whether a question is the one that a weak helper was shown."""
    return any(asked.strip() == question for _, question, _ in SHOWN.values())


def messages_for(task: Task, settings: SftSettings) -> tuple[dict[str, str], ...]:
    """What the helper is asked for a task. A person's own prompts stand in place of the default ones, and where they
    name a form for the answer, no other is asked for.
    """
    chunk = task.chunk.text if task.chunk else ""
    wanted = language_for(task, settings)
    spoken = _spoken(wanted or "en")
    values = {
        "topic": settings.topic.strip(),
        "chunk": chunk,
        "language": LANGUAGES.get(wanted or "", LANGUAGE_OF_TEXT),
        "style": STYLES[spoken][style_of(task, settings)],
        "count": COUNT[spoken][task.count > 1].format(count=task.count),
    }
    system = filled(settings.system_prompt or SYSTEM[spoken], values)
    template = settings.user_template or default_template(spoken, with_chunk=task.chunk is not None)
    parts = [filled(template, values)]
    if task.asked:
        parts.append("\n".join([ASKED[spoken], *(f"- {question}" for question in task.asked)]))
    if settings.turns > 1:
        parts.append(FOLLOW_UPS[spoken].format(more=settings.turns - 1))
    if not has_own_form(settings):
        form = FORM_OF_TURNS if settings.turns > 1 else FORM
        parts.append(FORMAT[spoken].replace("{form}", form[spoken]))
    asked = {"role": "user", "content": "\n\n".join(parts)}
    return ({"role": "system", "content": system}, asked) if system.strip() else (asked,)


def schema_for(task: Task, settings: SftSettings) -> dict[str, Any]:
    """The JSON schema of the wanted answer, in the strict form that all servers take."""
    pair = {"instruction": {"type": "string"}, "output": {"type": "string"}}
    sample: dict[str, Any] = dict(pair)
    if settings.turns > 1:
        sample["follow_ups"] = {"type": "array", "items": _record(pair)}
    return _record({"samples": {"type": "array", "items": _record(sample)}})


def language_for(task: Task, settings: SftSettings) -> str | None:
    """The language that the samples shall have: the set one or the chunk's; None where nobody can tell."""
    if settings.language != "auto":
        return settings.language
    return _language_of(task.chunk.text if task.chunk else settings.topic) or None


@lru_cache(maxsize=256)  # it is asked several times of each task
def _language_of(text: str) -> str:
    return language_of(text)


def style_of(task: Task, settings: SftSettings) -> str:
    """The kind of question of a task: they take turns, and neighbouring chunks begin with different ones."""
    first = task.chunk.id if task.chunk else 0
    return settings.styles[(first + task.turn) % len(settings.styles)]


def filled(template: str, values: Mapping[str, str]) -> str:
    """A template with its variables replaced, without the lines that only hold empty ones."""
    lines = []
    for line in BRACKETED.sub("{topic}", template).split("\n"):
        names = VARIABLE.findall(line)
        if not names or any(values[name] for name in names):
            lines.append(VARIABLE.sub(lambda found: values[found.group(1)], line))
    return "\n".join(lines).strip()


def problems(template: str, with_chunk: bool = True) -> list[AppError]:
    """What is wrong with a person's template; it works all the same, but not as they may think."""
    found = [
        AppError("prompt_unknown_variable", name=name, known=", ".join(f"{{{known}}}" for known in VARIABLES))
        for name in dict.fromkeys(LOOKS_LIKE_VARIABLE.findall(template))
        if name not in VARIABLES
    ]
    if template.strip() and with_chunk and "{chunk}" not in template:
        found.append(AppError("prompt_without_chunk"))
    return found


def _spoken(language: str) -> str:
    """The language that a helper is asked in: German for German, else English."""
    return "de" if language == "de" else "en"


def _record(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def estimated_tokens(messages: Sequence[Mapping[str, str]]) -> int:
    """About how many tokens messages have; helpers count with tokenizers that are not here."""
    counter = local_counter()
    return sum(counter.count(message["content"]) + TOKENS_AROUND_MESSAGE for message in messages)
