"""What helper models are asked: the default prompts, and how a person's own ones are filled. Knows no provider.

A template's variables stand in braces. Only the known ones are replaced, all in one go, so braces in a document or in
a person's text are just braces. A line whose variables are all empty is left out.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
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

OWN_FORM = re.compile(
    r"json|\byaml\b|\bxml\b|csv|\{\s*\"|^\s*\W*(?:question|frage|q|f|instruction|prompt)\s*\d*\W*:", re.I | re.M
)
WORDS: Mapping[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""All that a helper is told, by the language that it is told in."""
# The language of the samples, in the language that the helper is asked in: German for German, else English.
NAMES_OF_LANGUAGES = (
    "de:Deutsch en:English fr:French es:Spanish it:Italian pt:Portuguese nl:Dutch pl:Polish sv:Swedish da:Danish"
    " fi:Finnish cs:Czech tr:Turkish hu:Hungarian ro:Romanian ja:Japanese zh:Chinese ko:Korean ru:Russian"
    " uk:Ukrainian el:Greek"
)
LANGUAGES = dict(pair.split(":") for pair in NAMES_OF_LANGUAGES.split())
LANGUAGE_OF_TEXT = "that of the text"


def default_system(language: str) -> str:
    """The helper's role, in the language that it is asked in."""
    return WORDS[_spoken(language)]["system"]


def default_template(language: str, with_chunk: bool = True) -> str:
    """The helper's task, in the language that it is asked in; for documents or for a topic alone."""
    return WORDS[_spoken(language)]["template" if with_chunk else "topic_template"]


def has_own_form(settings: SftSettings) -> bool:
    """Whether a person's own template says in which form the helper answers."""
    return OWN_FORM.search(settings.user_template) is not None


def plain_messages_for(task: Task, settings: SftSettings) -> tuple[dict[str, str], ...]:
    """What a weak helper is asked for a task: one question with its answer, after it was shown another one."""
    words = WORDS[_spoken(language_for(task, settings) or "en")]
    subject = task.chunk.text if task.chunk else settings.topic.strip()
    return (
        {"role": "user", "content": words["plain"].replace("{text}", words["shown_text"])},
        {"role": "assistant", "content": words["shown_form"].format_map(words)},
        {"role": "user", "content": words["plain"].replace("{text}", subject)},
    )


def is_shown(asked: str) -> bool:
    """Whether a question is the one that a weak helper was shown."""
    return any(asked.strip() == words["shown_question"] for words in WORDS.values())


def messages_for(task: Task, settings: SftSettings) -> tuple[dict[str, str], ...]:
    """What the helper is asked for a task. A person's own prompts stand in place of the default ones, and where they
    name a form for the answer, no other is asked for.
    """
    chunk = task.chunk.text if task.chunk else ""
    wanted = language_for(task, settings)
    spoken = _spoken(wanted or "en")
    words = WORDS[spoken]
    values = {
        "topic": settings.topic.strip(),
        "chunk": chunk,
        "language": LANGUAGES.get(wanted or "", LANGUAGE_OF_TEXT),
        "style": words["styles"][style_of(task, settings)],
        "count": words["several" if task.count > 1 else "one"].format(count=task.count),
    }
    system = filled(settings.system_prompt or words["system"], values)
    template = settings.user_template or default_template(spoken, with_chunk=task.chunk is not None)
    parts = [filled(template, values)]
    if task.asked:
        parts.append("\n".join([words["asked"], *(f"- {question}" for question in task.asked)]))
    if settings.turns > 1:
        parts.append(words["follow_ups"].format(more=settings.turns - 1))
    if not has_own_form(settings):
        form = words["form_of_turns" if settings.turns > 1 else "form"]
        parts.append(words["format"].replace("{form}", form))
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
