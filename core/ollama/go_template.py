"""Go templates as Ollama fills them in, as far as templates of chats need it. Knows neither Ollama nor models.

The language is that of Go's text/template; what surrounds it follows `template/template.go` of Ollama (commit
0097ef5): messages of one role that follow each other are joined, a template that does not name `.Messages` is filled
in once for each turn, and at its last turn everything behind `.Response` is left out.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Message = Mapping[str, str]

STRING = r'"(?:\\.|[^"\\])*"|`[^`]*`'
INSIDE = rf"/\*.*?\*/|{STRING}|[^\"`}}]|\}}(?!\}})"
ACTION = re.compile(rf"\{{\{{(-(?=\s))?\s*((?:{INSIDE})*?)\s*((?<=\s)-)?\}}\}}", re.DOTALL)
TOKEN = re.compile(rf"\s*({STRING}|:=|[(),|=]|-?\d+|\$?(?:\.?[A-Za-z_]\w*)+|\$|\.)")


class UnsupportedTemplate(ValueError):
    """The template uses something that is not understood here."""


@dataclass(frozen=True)
class _Node:
    """One piece: `kind` is text, print, set, if or range; what the other fields hold depends on it."""

    kind: str
    text: str = ""
    names: tuple[str, ...] = ()
    expression: Any = None
    body: "list[_Node]" = field(default_factory=list)
    otherwise: "list[_Node]" = field(default_factory=list)


class _Cut(Exception):
    """Everything behind `.Response` is left out."""


def fill(template: str, messages: Sequence[Message], system: str = "", *, think: bool = False) -> str:
    """The prompt that Ollama makes of a conversation; `system` is the model's own, used where the messages have none.

    `think` is what newer versions switch on by themselves where a template knows of it. Raises UnsupportedTemplate.
    """
    thinking = {"Think": think, "IsThinkSet": think}
    if system and all(message["role"] != "system" for message in messages):
        messages = [{"role": "system", "content": system}, *messages]
    nodes = parse(template)
    joined = collate(messages)
    if re.search(r"\.Messages\b", template):
        systems = "\n\n".join(message["content"] for message in messages if message["role"] == "system")
        named = [variables(message) for message in joined]
        return execute(nodes, {**values(system=systems), **thinking, "Messages": named})
    if not re.search(r"\.Response\b", template):
        nodes = [*nodes, _Node("print", expression=["field", "", "Response"])]
    return "".join(by_turns(nodes, joined, thinking))


def by_turns(nodes: list[_Node], messages: Sequence[Message], thinking: Mapping[str, bool]) -> Iterator[str]:
    """A template that knows a system text, a prompt and a response only, filled in once for each turn."""
    turn = {"system": "", "user": "", "assistant": ""}
    for message in messages:
        later = {"system": ("user", "assistant"), "user": ("assistant",), "assistant": ()}[message["role"]]
        if any(turn[role] for role in later):
            yield execute(nodes, {**values(*turn.values()), **thinking})
            turn = dict.fromkeys(turn, "")
        turn[message["role"]] = message["content"]
    yield execute(nodes, {**values(*turn.values()), **thinking}, cut=True)


def values(system: str = "", prompt: str = "", response: str = "") -> dict[str, Any]:
    """What every template may name."""
    known: dict[str, Any] = {"System": system, "Prompt": prompt, "Response": response, "Suffix": ""}
    return known | {"Tools": [], "ThinkLevel": ""}


def variables(message: Message) -> dict[str, Any]:
    """A message as templates see it."""
    known = {"Role": message["role"], "Content": message["content"]}
    return known | {"Thinking": "", "ToolCalls": [], "ToolName": "", "Images": []}


def collate(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Messages of one role that follow each other, joined."""
    joined: list[dict[str, str]] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1]["content"] += "\n\n" + message["content"]
        else:
            joined.append(dict(message))
    return joined


def parse(template: str) -> list[_Node]:
    """The template in pieces. Raises UnsupportedTemplate."""
    pieces = list(_pieces(template))
    nodes, rest = _block(pieces, 0)
    if rest < len(pieces):
        raise UnsupportedTemplate(pieces[rest][1])
    return nodes


def _pieces(template: str) -> Iterator[tuple[bool, str]]:
    """(whether it is an action, its content) along the template; white space is trimmed where dashes ask for it."""
    position, trimmed = 0, False
    for found in ACTION.finditer(template):
        words = template[position : found.start()]
        words = words.lstrip() if trimmed else words
        yield False, words.rstrip() if found[1] else words
        if not found[2].startswith("/*"):
            yield True, found[2].strip()
        position, trimmed = found.end(), bool(found[3])
    rest = template[position:]
    if "{{" in rest:
        raise UnsupportedTemplate(rest[:40])
    yield False, rest.lstrip() if trimmed else rest


def _block(pieces: list[tuple[bool, str]], position: int) -> tuple[list[_Node], int]:
    """The nodes up to the `end` or `else` that closes this block, and where that stands."""
    nodes: list[_Node] = []
    while position < len(pieces):
        is_action, content = pieces[position]
        word, _, rest = content.partition(" ")
        if not is_action:
            nodes.append(_Node("text", text=content))
        elif word in ("end", "else"):
            break
        elif word in ("if", "range"):
            node, position = _branches(word, rest, pieces, position + 1)
            nodes.append(node)
        elif word in ("with", "block", "define", "template", "break", "continue"):
            raise UnsupportedTemplate(content)
        else:
            nodes.append(_action(_tokens(content)))
        position += 1
    return nodes, position


def _action(tokens: list[str]) -> _Node:
    """A variable that is set, or a value that is printed."""
    if ":=" in tokens:
        return _Node("set", names=(tokens[0],), expression=_parsed(tokens[2:]))
    return _Node("print", expression=_parsed(tokens))


def _branches(word: str, head: str, pieces: list[tuple[bool, str]], position: int) -> tuple[_Node, int]:
    """An `if` or `range` with what follows its `else`; ends at its `end`."""
    tokens = _tokens(head)
    names: tuple[str, ...] = ()
    if ":=" in tokens:
        split = tokens.index(":=")
        names, tokens = tuple(token for token in tokens[:split] if token != ","), tokens[split + 1 :]
    body, position = _block(pieces, position)
    otherwise: list[_Node] = []
    if position < len(pieces) and pieces[position][1].startswith("else"):
        following = pieces[position][1].removeprefix("else").strip()
        if following.startswith("if "):
            node, position = _branches("if", following[3:], pieces, position + 1)
            return _Node(word, names=names, expression=_parsed(tokens), body=body, otherwise=[node]), position
        otherwise, position = _block(pieces, position + 1)
    if position >= len(pieces) or pieces[position][1] != "end":
        raise UnsupportedTemplate(f"{word} {head}")
    return _Node(word, names=names, expression=_parsed(tokens), body=body, otherwise=otherwise), position


def _tokens(expression: str) -> list[str]:
    found, position = [], 0
    while position < len(expression.rstrip()):
        token = TOKEN.match(expression, position)
        if token is None:
            raise UnsupportedTemplate(expression)
        found.append(token[1])
        position = token.end()
    return found


def _parsed(tokens: list[str]) -> Any:
    """An operand, or a call: ["call", function, operand, …]. Raises UnsupportedTemplate."""
    operands: list[Any] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token == "(":
            end = _closing(tokens, position)
            operands.append(_parsed(tokens[position + 1 : end]))
            position = end
        else:
            operands.append(_operand(token))
        position += 1
    if not operands:
        raise UnsupportedTemplate("empty")
    if operands[0][0] == "function":
        return ["call", operands[0][1], *operands[1:]]
    if len(operands) > 1:
        raise UnsupportedTemplate(" ".join(tokens))
    return operands[0]


def _closing(tokens: list[str], position: int) -> int:
    depth = 0
    for index in range(position, len(tokens)):
        depth += (tokens[index] == "(") - (tokens[index] == ")")
        if depth == 0:
            return index
    raise UnsupportedTemplate(" ".join(tokens))


def _operand(token: str) -> list[Any]:
    if token[0] == '"':
        return ["value", json.loads(token)]
    if token[0] == "`":
        return ["value", token[1:-1]]
    if re.fullmatch(r"-?\d+", token):
        return ["value", int(token)]
    if token in ("true", "false"):
        return ["value", token == "true"]
    if token[0] in "$.":
        variable, _, path = token.partition(".")
        return ["field", variable, *filter(None, path.split("."))]
    if token in FUNCTIONS or token in ("and", "or"):
        return ["function", token]
    raise UnsupportedTemplate(token)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "not": lambda value: not value,
    "eq": lambda value, *others: any(value == other for other in others),
    "ne": lambda value, other: value != other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
    "len": len,
    "slice": lambda value, start, end=None: value[start:end],
    "index": lambda value, key: value[key],
    "json": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
}


def execute(nodes: list[_Node], data: dict[str, Any], *, cut: bool = False) -> str:
    """The text that the nodes give. `cut` leaves out what stands behind `.Response`. Raises UnsupportedTemplate."""
    written: list[str] = []
    try:
        _run(nodes, {"": data, "$": data}, written, cut)
    except _Cut:
        pass
    except (KeyError, TypeError, IndexError) as problem:
        raise UnsupportedTemplate(str(problem)) from None
    return "".join(written)


def _run(nodes: list[_Node], scope: dict[str, Any], written: list[str], cut: bool) -> None:
    for node in nodes:
        if node.kind == "text":
            written.append(node.text)
        elif node.kind == "set":
            scope[node.names[0]] = _value(node.expression, scope)
        elif node.kind == "print":
            written.append(_shown(_value(node.expression, scope)))
            if cut and node.expression == ["field", "", "Response"]:
                raise _Cut
        elif node.kind == "if":
            _run(node.body if _value(node.expression, scope) else node.otherwise, dict(scope), written, cut)
        else:
            _repeat(node, scope, written, cut)


def _repeat(node: _Node, scope: dict[str, Any], written: list[str], cut: bool) -> None:
    items = _value(node.expression, scope)
    if not items:
        _run(node.otherwise, dict(scope), written, cut)
    for number, item in enumerate(items):
        named = dict(zip(node.names, (number, item) if len(node.names) == 2 else (item,), strict=False))
        _run(node.body, {**scope, **named, "": item}, written, cut)


def _value(expression: list[Any], scope: dict[str, Any]) -> Any:
    kind, *parts = expression
    if kind == "value":
        return parts[0]
    if kind == "field":
        found = scope[parts[0]]
        for name in parts[1:]:
            found = found[name]
        return found
    function, *operands = parts
    if function in ("and", "or"):  # which stop at the first operand that decides
        found = None
        for operand in operands:
            found = _value(operand, scope)
            if bool(found) == (function == "or"):
                break
        return found
    return FUNCTIONS[function](*(_value(operand, scope) for operand in operands))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int):
        return str(value)
    raise UnsupportedTemplate(f"no text: {value!r}")
