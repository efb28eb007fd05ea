"""An answer of OpenAI's chat protocol, in the shapes that servers give it → its text and its end. Sends nothing."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from core.samples.providers.http_errors import part_of

# Servers have their own words for how an answer ended; every other word, or none, says that it came to its end.
CUT_OFF = re.compile(
    r"length|max|limit|window|error|time_?out|abort|cancel|insufficient|cut_?off|incomplete|pause|load|truncat"
    r"|interrupt|repetition"
)
FILTERED = re.compile(
    r"filter|safety|sensitive|recitation|prohibited|blocked|blocklist|spii|toxic|guardrail|refusal|moderat|risk|language"
)
End = Literal["whole", "cut_off", "filtered"]
THINKING = ("reasoning_content", "reasoning", "thinking")
TEXT_PARTS = ("text", "output_text", None)


def choice_of(content: Any) -> Mapping[str, Any] | None:
    """The first choice of an answer, or what stands in its place where a server knows no choices."""
    choices = content.get("choices") if isinstance(content, dict) else None
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        return choices[0]
    if not choices and (part_of(content, "message") or (isinstance(content, dict) and content.get("content"))):
        return content
    return None


def said_in(choice: Mapping[str, Any]) -> str:
    """What a model says.

    Asked for JSON, servers put it where they see fit: into a call of a tool, into an object, into what the model
    thinks. What it thinks is taken for its answer only where it is JSON and nothing else is there.
    """
    message = part_of(choice, "message") or choice
    said = plain_text(message.get("content")) or plain_text(choice.get("text"))
    if said.strip():
        return said
    calls = message.get("tool_calls")
    call = part_of(calls[0] if isinstance(calls, list) and calls else None, "function") or part_of(
        message, "function_call"
    )
    if call:
        return plain_text(call.get("arguments"))
    thoughts = (plain_text(message.get(name)).strip() for name in THINKING)
    return next((thought for thought in thoughts if thought.startswith(("{", "[", "```"))), "")


def end_of(choice: Mapping[str, Any]) -> End:
    """How the answer ended."""
    reason = str(choice.get("finish_reason") or choice.get("stop_reason") or "").lower()
    return "filtered" if FILTERED.search(reason) else "cut_off" if CUT_OFF.search(reason) else "whole"


def plain_text(content: Any) -> str:
    """A text that may come in parts, or as the JSON that it should hold; thinking among the parts is left out."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(
        isinstance(part, dict) and ("type" in part or "text" in part) for part in content
    ):
        return "".join(str(part.get("text") or "") for part in content if part.get("type") in TEXT_PARTS)
    return json.dumps(content, ensure_ascii=False) if content else ""


def put_together(events: Sequence[Any], is_ended: bool) -> dict[str, Any]:
    """The pieces of a stream as one answer. `is_ended` says whether the server said that there are no more."""
    pieces: dict[str, list[str]] = {}
    reason: Any = None
    usage: Any = None
    for event in events:
        choice = choice_of(event) or {}
        delta = part_of(choice, "delta") or part_of(choice, "message") or choice
        reason = choice.get("finish_reason") or choice.get("done_reason") or reason
        usage = part_of(event, "usage") or usage
        for name, text in texts_of(delta):
            pieces.setdefault(name, []).append(text)
    message: dict[str, Any] = {name: "".join(texts) for name, texts in pieces.items()}
    if "arguments" in message:
        message["function_call"] = {"arguments": message.pop("arguments")}
    if reason is None and not is_ended:
        reason = "cut_off"
    return {"choices": [{"message": message, "finish_reason": reason}], "usage": usage}


def texts_of(delta: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """What a piece of a stream adds to each part of the message."""
    for name in ("content", "text", *THINKING):
        if delta.get(name):
            yield "content" if name == "text" else name, plain_text(delta[name])
    calls = delta.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        if arguments := part_of(call, "function").get("arguments"):
            yield "arguments", plain_text(arguments)
