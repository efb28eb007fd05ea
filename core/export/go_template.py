"""Prompts as Ollama makes them of a conversation and a template. Knows neither Ollama nor models.

It follows `template/template.go` of Ollama (commit fb30760): messages of one role that follow each other are joined,
a template that does not name `.Messages` is filled in once for each turn, and at its last turn everything behind
`.Response` is left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.export.go_language import Node, UnsupportedTemplate, execute, field_names, fields_of, parse

Message = Mapping[str, str]

RESPONSE = ["field", "", "Response"]


def fill(template: str, messages: Sequence[Message], system: str = "", *, think: bool = False) -> str:
    """The prompt that Ollama makes of a conversation; `system` is the model's own, used where it opens with none.

    `think` is what newer versions switch on by themselves where a template knows of it. Raises UnsupportedTemplate.
    """
    thinking = {"Think": think, "IsThinkSet": think, "ThinkLevel": ""}
    if system and messages[0]["role"] != "system":
        messages = [{"role": "system", "content": system}, *messages]
    nodes = parse(template)
    named = set(field_names(nodes))
    joined = collate(messages)
    if "Messages" in named:
        systems = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
        known = {
            "System": systems,
            "Messages": [variables(message) for message in joined],
            "Response": "",
            "Tools": [],
        }
        return execute(nodes, {**known, **thinking})
    if "Response" not in named:
        nodes = [*nodes, Node("print", expression=RESPONSE)]
    return "".join(by_turns(nodes, joined, thinking))


def by_turns(nodes: list[Node], messages: Sequence[Message], thinking: Mapping[str, object]) -> Iterator[str]:
    """A template that knows a system text, a prompt and a response only, filled in once for each turn."""
    turn = {"system": "", "user": "", "assistant": ""}
    for message in messages:
        later = {"system": ("user", "assistant"), "user": ("assistant",), "assistant": ()}[message["role"]]
        if any(turn[role] for role in later):
            yield execute(nodes, {**turn_values(turn), **thinking})
            turn = dict.fromkeys(turn, "")
        turn[message["role"]] = message["content"]
    yield execute(before_response(nodes)[0], {**turn_values(turn), **thinking})


def turn_values(turn: Mapping[str, str]) -> dict[str, Any]:
    """What a template for single turns may name."""
    return {"System": turn["system"], "Prompt": turn["user"], "Response": turn["assistant"]}


def before_response(nodes: list[Node]) -> tuple[list[Node], bool]:
    """The nodes without `.Response` and all that is written behind it, and whether it was there.

    It goes by how the template is written, not by which of its branches are taken. Raises UnsupportedTemplate.
    """
    kept: list[Node] = []
    for node in nodes:
        if node.kind in ("print", "declare", "set") and "Response" in fields_of(node.expression):
            if node.expression != RESPONSE:
                raise UnsupportedTemplate("a function of .Response")
            return kept, True
        body, found = before_response(node.body)
        if found and node.otherwise:
            raise UnsupportedTemplate("else behind .Response")  # which Ollama itself breaks at
        otherwise, found_later = before_response(node.otherwise)
        kept.append(replace(node, body=body, otherwise=otherwise))
        if found or found_later:
            return kept, True
    return kept, False


def variables(message: Message) -> dict[str, Any]:
    """A message as templates see it."""
    known = {"Role": message["role"], "Content": message["content"]}
    return known | {"Thinking": "", "ToolCalls": [], "ToolName": "", "ToolCallID": "", "Images": []}


def collate(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages of one role that follow each other, joined."""
    joined: list[dict[str, str]] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1]["content"] += "\n\n" + message["content"]
        else:
            joined.append(dict(message))
    return joined
