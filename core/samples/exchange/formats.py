"""Records from elsewhere → questions and answers, and samples as others want them. Knows records; knows no file.

- Fields: ours; Alpaca with `input` and `history`; prompt and completion, question and answer and what else they are
  called (exchange_files.COLUMNS); conversations as in ShareGPT; messages with roles.
- Several turns become a question, its answer, and what follows. Messages in a row from the same side are one. What an
  assistant says before the first question and a question without an answer are left out.
- A system message is put before the question that follows it, since a model is trained here on questions and answers
  only and would not see it otherwise. "You are a helpful assistant." and the like say nothing and are left out.
- A turn of weight 0 is one that nobody should learn from. What asks about a picture or a sound is refused.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.samples.exchange.files import COLUMNS, BadRecord, column_of, guarded
from core.samples.store.sample import Sample, presentable

MAX_TEXT_CHARACTERS = 100_000  # about 25,000 tokens, more than any model that is trained here reads
CONVERSATIONS = ("conversations", "conversation", "messages", "dialog", "dialogue", "chat", "turns", "contents")
SYSTEM = ("system", "system_prompt", "system_message", "systemprompt", "system_instruction", "systeminstruction")
MEDIA = ("image", "images", "video", "videos", "audio", "audios")
TEXT_PARTS = ("text", "input_text", "output_text")
WEIGHTS = ("weight", "train", "loss")  # of a message, as OpenAI, Axolotl and Swift call it
ROLES = {
    **dict.fromkeys(("human", "user", "prompter", "nutzer", "mensch"), "user"),
    **dict.fromkeys(("gpt", "assistant", "model", "bot", "chatgpt", "ai", "chatbot", "assistent"), "assistant"),
    **dict.fromkeys(("system", "developer"), "system"),
}
SAYS_NOTHING = re.compile(
    r"\s*(?:you are an? (?:(?:very |most )?(?:helpful|useful|friendly|honest)[, and]*)+ (?:ai )?assistant"
    r"|du bist ein(?:e)? (?:hilfreiche[rs]? )?(?:ki-)?assistent(?:in)?)[.!]?\s*",
    re.IGNORECASE,
)
CSV_COLUMNS = ("instruction", "output", "follow_ups", "status", "document", "page", "chunk_id")

Turns = tuple[tuple[str, str], ...]


def turns_of(record: Mapping[str, Any]) -> Turns:
    """What a record asks and says, at least once each. Raises BadRecord."""
    fields = {name.casefold(): value for name, value in record.items()}
    if isinstance(fields.get("row"), Mapping):  # as Hugging Face's server of data sets hands them out
        return turns_of(fields["row"])
    if any(fields.get(name) for name in MEDIA):
        raise BadRecord("exchange.bad.not_text")
    system = next((fields[name] for name in SYSTEM if fields.get(name)), "")
    before = [("system", _said(system))] if isinstance(system, (str, Mapping)) else []
    for name in CONVERSATIONS:
        if isinstance(fields.get(name), list):
            return _checked(_paired([*before, *_messages(fields[name])]))
    if fields.get("label") is False and "completion" in fields:  # as KTO is taught what not to say
        raise BadRecord("exchange.bad.unwanted")
    asked, said = _field(fields, "instruction"), _answer(fields)
    if isinstance(said, list) and all(
        isinstance(each, Mapping) for each in said
    ):  # messages, which may begin with the prompt's
        asked = _messages(asked) if isinstance(asked, list) else [("user", _said(asked))] if asked else []
        later = _messages(said)
        return _checked(_paired([*before, *(asked if later[:1] != asked[:1] else ()), *later]))
    extra = _field(fields, "input")
    if asked is None or asked == "":
        asked, extra = extra, None
    for value, missing in ((asked, "exchange.bad.no_question"), (said, "exchange.bad.no_answer")):
        if value is None or (isinstance(value, str) and not value.strip()):
            raise BadRecord(missing)
        if not isinstance(value, str):
            raise BadRecord("exchange.bad.not_text")
    if isinstance(extra, str) and extra.strip():
        asked = f"{asked}\n\n{extra}"
    asked = _with_system([text for _, text in before], str(asked))
    return _checked([*_history(fields.get("history")), (asked, str(said)), *_follow_ups(fields.get("follow_ups"))])


def as_messages(sample: Sample) -> dict[str, Any]:
    """The form that most trainers read: messages with the roles user and assistant in turns."""
    said = [
        {"role": side, "content": text}
        for turn in ((sample.instruction, sample.output), *sample.follow_ups)
        for side, text in zip(("user", "assistant"), turn, strict=True)
    ]
    return {"messages": said}


def as_row(sample: Sample) -> list[str]:
    """The cells of a table, under CSV_COLUMNS; none of them is taken for a formula."""
    source = sample.source
    later = [{"instruction": asked, "output": said} for asked, said in sample.follow_ups]
    cells = (
        sample.instruction,
        sample.output,
        json.dumps(later, ensure_ascii=False) if later else "",
        sample.status,
        source.document if source else "",
        source.page if source else None,
        source.chunk_id if source else None,
    )
    return [
        guarded(presentable(cell)) if isinstance(cell, str) else str("" if cell is None else cell) for cell in cells
    ]


def _field(fields: Mapping[str, Any], column: str) -> Any:
    """The value under the first of the names that a field has elsewhere, and that is there."""
    values = (fields[name] for name in COLUMNS[column].split() if fields.get(name) not in (None, ""))
    return next(values, next((fields[name] for name in fields if column_of(name) == column), None))


def _answer(fields: Mapping[str, Any]) -> Any:
    """The answer; a number or a truth value as text, of several that are right (SQuAD) the first, and of choices
    (MMLU) the one of that number."""
    value, choices = _field(fields, "output"), fields.get("choices")
    if isinstance(choices, list) and type(value) is int and 0 <= value < len(choices):
        return choices[value]
    if value is fields.get("answers") and value:
        value = value.get("text") if isinstance(value, Mapping) else value
        value = (value or [None])[0] if isinstance(value, list) else value
        value = value.get("text") if isinstance(value, Mapping) and "text" in value else value
    return json.dumps(value) if isinstance(value, (int, float)) else value


def _messages(messages: Sequence[Any]) -> list[tuple[str, str]]:
    """Sides and texts; the side of an answer that nobody should learn from is "skipped". Raises BadRecord."""
    found = []
    for message in messages:
        if not isinstance(message, Mapping):
            raise BadRecord("exchange.bad.not_an_object")
        side = next((message[name] for name in ("from", "role", "speaker", "type") if name in message), None)
        role = ROLES.get(side.casefold()) if isinstance(side, str) else None
        if role is None:
            raise BadRecord("exchange.bad.unknown_role")
        if role == "assistant" and any(message.get(name) in (0, "0") for name in WEIGHTS):
            role = "skipped"
        content = next(
            (message[name] for name in ("value", "content", "text", "parts", "data") if name in message), None
        )
        found.append((role, _said(content)))
    return found


def _said(content: Any) -> str:
    """The text of a message, which may come in parts. Raises BadRecord where some of it is no text."""
    if isinstance(content, Mapping):
        content = next((content[name] for name in ("parts", "content", "text") if name in content), None)
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise BadRecord("exchange.bad.not_text")
    parts = [
        part.get("text") if isinstance(part, Mapping) and part.get("type", "text") in TEXT_PARTS else part
        for part in content
    ]
    if not all(isinstance(part, str) for part in parts):
        raise BadRecord("exchange.bad.not_text")
    return "\n\n".join(map(str, parts))


def _paired(messages: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Messages as questions with their answers. Raises BadRecord where there is none."""
    rules: list[str] = []  # for the question that comes next, or is under way
    turns: list[tuple[str, str]] = []
    asked: list[str] = []
    said: list[str] = []

    def close() -> None:
        if said:
            turns.append((_with_system(rules, "\n\n".join(asked)), "\n\n".join(said)))
            rules.clear()
        asked.clear()
        said.clear()

    any_asked = False
    for role, text in messages:
        if role == "skipped":
            close()
        elif not text.strip():
            continue
        elif role == "assistant":
            if asked:
                said.append(text)
        else:
            if said:
                close()
            (rules if role == "system" else asked).append(text)
            any_asked |= role == "user"
    close()
    if not turns:
        raise BadRecord("exchange.bad.no_answer" if any_asked else "exchange.bad.no_question")
    return turns


def _with_system(system: Sequence[str], question: str) -> str:
    return "\n\n".join([*(text for text in system if text.strip() and not SAYS_NOTHING.fullmatch(text)), question])


def _history(value: Any) -> list[tuple[str, str]]:
    """What was said before, as Alpaca's history has it. Raises BadRecord."""
    turns = value if isinstance(value, list) else []
    return _texts(turn if isinstance(turn, list) and len(turn) == 2 else (None, None) for turn in turns)


def _follow_ups(value: Any) -> list[tuple[str, str]]:
    """What was said after that, in our own format. Raises BadRecord."""
    turns = value if isinstance(value, list) else []
    fields = (turn if isinstance(turn, Mapping) else {} for turn in turns)
    return _texts((turn.get("instruction"), turn.get("output")) for turn in fields)


def _texts(turns: Iterable[Sequence[Any]]) -> list[tuple[str, str]]:
    found = [(asked, said) for asked, said in turns]
    if not all(isinstance(text, str) for turn in found for text in turn):
        raise BadRecord("exchange.bad.not_text")
    return found


def _checked(turns: Sequence[tuple[str, str]]) -> Turns:
    """Turns without what no model, browser or database takes. Raises BadRecord for empty ones and too long ones."""
    clean = tuple((_clean(asked), _clean(said)) for asked, said in turns)
    if any(len(text) > MAX_TEXT_CHARACTERS for turn in clean for text in turn):
        raise BadRecord("exchange.bad.too_long")
    if not all(asked.strip() for asked, _ in clean):
        raise BadRecord("exchange.bad.no_question")
    if not all(said.strip() for _, said in clean):
        raise BadRecord("exchange.bad.no_answer")
    return clean


def _clean(text: str) -> str:
    return presentable(text).replace("\0", "")
