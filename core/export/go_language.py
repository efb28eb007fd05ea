"""The language of Go's text/template, as far as templates of chats need it. Knows nothing of chats.

What is not understood is refused, never guessed.
"""

import json
import re
from collections import ChainMap, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from utils.files import parse_json

STRING = r'"(?:\\.|[^"\\])*"|`[^`]*`'
INSIDE = rf"/\*.*?\*/|{STRING}|[^\"`}}]|\}}(?!\}})"
# What the look ahead found is taken as it is: where nobody closes an action, all other ways to read what follows
# would be tried, for hours. (A possessive repeat says the same, and fails in Python 3.11.2, which is Debian 12's.)
ACTION = re.compile(rf"\{{\{{(?=((?:{INSIDE})*))\1\}}\}}", re.DOTALL)
TOKEN = re.compile(rf"\s*({STRING}|:=|[(,|=]|\)(?:\.[A-Za-z_]\w*)*|-?\d+|\$?(?:\.?[A-Za-z_]\w*)+|\$|\.)")


class UnsupportedTemplate(ValueError):
    """The template uses something that is not understood here."""


@dataclass(frozen=True)
class Node:
    """One piece: `kind` is text, print, declare, set, if, with, range, break or continue.

    What the other fields hold depends on it.
    """

    kind: str
    text: str = ""
    names: tuple[str, ...] = ()
    expression: Any = None
    body: "list[Node]" = field(default_factory=list)
    otherwise: "list[Node]" = field(default_factory=list)


def parse(template: str) -> list[Node]:
    """The template in pieces. Raises UnsupportedTemplate."""
    pieces = list(_pieces(template))
    nodes, rest = _block(pieces, 0)
    if rest < len(pieces):
        raise UnsupportedTemplate(pieces[rest][1])
    return nodes


def _pieces(template: str) -> Iterator[tuple[bool, str]]:
    """(whether it is an action, its content) along the template; white space is trimmed where dashes ask for it."""
    position, trimmed = 0, False
    while (start := template.find("{{", position)) >= 0:
        found = ACTION.match(template, start)
        if found is None:
            raise UnsupportedTemplate(template[start : start + 40])
        words = template[position:start].lstrip() if trimmed else template[position:start]
        inside = found[1]
        dash_before = inside.startswith("-") and inside[1:2].isspace()
        trimmed = inside.endswith("-") and inside[-2:-1].isspace()
        yield False, words.rstrip() if dash_before else words
        content = inside[dash_before : len(inside) - trimmed].strip()
        if not content.startswith("/*"):
            yield True, content
        position = found.end()
    yield False, template[position:].lstrip() if trimmed else template[position:]


def _block(pieces: list[tuple[bool, str]], position: int) -> tuple[list[Node], int]:
    """The nodes up to the `end` or `else` that closes this block, and where that stands."""
    nodes: list[Node] = []
    while position < len(pieces):
        is_action, content = pieces[position]
        word, _, rest = content.partition(" ")
        if not is_action:
            nodes.append(Node("text", text=content))
        elif word in ("end", "else"):
            break
        elif word in ("if", "with", "range"):
            node, position = _branches(word, rest, pieces, position + 1)
            nodes.append(node)
        elif content in ("break", "continue"):
            nodes.append(Node(content))
        elif word in ("block", "define", "template"):
            raise UnsupportedTemplate(content)
        else:
            nodes.append(_action(_tokens(content)))
        position += 1
    return nodes, position


def _action(tokens: list[str]) -> Node:
    """A variable that is declared or set, or a value that is printed."""
    if len(tokens) > 2 and tokens[1] in (":=", "="):
        kind = "declare" if tokens[1] == ":=" else "set"
        return Node(kind, names=(tokens[0],), expression=_parsed(tokens[2:]))
    return Node("print", expression=_parsed(tokens))


def _branches(word: str, head: str, pieces: list[tuple[bool, str]], position: int) -> tuple[Node, int]:
    """An `if`, `with` or `range` with what follows its `else`; ends at its `end`."""
    tokens = _tokens(head)
    names: tuple[str, ...] = ()
    if ":=" in tokens:
        split = tokens.index(":=")
        names, tokens = tuple(token for token in tokens[:split] if token != ","), tokens[split + 1 :]
    body, position = _block(pieces, position)
    otherwise: list[Node] = []
    if position < len(pieces) and pieces[position][1].startswith("else"):
        following = pieces[position][1].removeprefix("else").strip()
        if following.startswith("if "):
            node, position = _branches("if", following[3:], pieces, position + 1)
            return Node(word, names=names, expression=_parsed(tokens), body=body, otherwise=[node]), position
        otherwise, position = _block(pieces, position + 1)
    if position >= len(pieces) or pieces[position][1] != "end":
        raise UnsupportedTemplate(f"{word} {head}")
    return Node(word, names=names, expression=_parsed(tokens), body=body, otherwise=otherwise), position


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
            inner = _parsed(tokens[position + 1 : end])
            path = tokens[end].split(".")[1:]
            operands.append(["of", inner, *path] if path else inner)
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
        depth += (tokens[index] == "(") - tokens[index].startswith(")")
        if depth == 0:
            return index
    raise UnsupportedTemplate(" ".join(tokens))


def _operand(token: str) -> list[Any]:
    if token[0] == '"':
        try:
            return ["value", parse_json(token)]
        except ValueError:  # what only Go can read, such as \a
            raise UnsupportedTemplate(token) from None
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


def _length(value: Any) -> int:
    return len(value.encode() if isinstance(value, str) else value)


def _slice(value: Any, start: int = 0, end: int | None = None) -> Any:
    if isinstance(value, str) or not 0 <= start <= (len(value) if end is None else end) <= len(value):
        raise IndexError("out of range, or a slice of a text")  # which Go counts in bytes
    return value[start:end]


def _index(value: Any, key: Any) -> Any:
    if isinstance(value, str) or (isinstance(key, int) and key < 0):
        raise IndexError("out of range, or a byte of a text")
    return value[key]


def _printf(pattern: str, *values: Any) -> str:
    verbs = [verb for verb in re.findall("%.", pattern) if verb != "%%"]
    fitting = [("%v", "%s") if isinstance(value, str) else ("%v", "%d") for value in values]
    if len(verbs) != len(values) or any(verb not in known for verb, known in zip(verbs, fitting, strict=True)):
        raise UnsupportedTemplate(pattern)
    return re.sub("%[vd]", "%s", pattern) % tuple(map(_shown, values))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "not": lambda value: not value,
    "eq": lambda value, *others: any(value == other for other in others),
    "ne": lambda value, other: value != other,
    "lt": lambda value, other: value < other,
    "le": lambda value, other: value <= other,
    "gt": lambda value, other: value > other,
    "ge": lambda value, other: value >= other,
    "len": _length,
    "slice": _slice,
    "index": _index,
    "printf": _printf,
    "json": lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
}
Scope = ChainMap[str, Any]
"""The variables of each block around, the innermost first; "$" is all the data, "" what a dot means here."""


def execute(nodes: list[Node], data: Mapping[str, Any]) -> str:
    """The text that the nodes give. Raises UnsupportedTemplate, also where Ollama would print `<no value>`."""
    written: list[str] = []
    known = defaultdict(lambda: None, data)  # what is missing counts as no
    try:
        _run(nodes, ChainMap({"": known, "$": known}), written)
    except (KeyError, TypeError, IndexError, ValueError) as problem:
        raise UnsupportedTemplate(str(problem)) from None
    return "".join(written)


def _run(nodes: list[Node], scope: Scope, written: list[str]) -> str:
    """Write what the nodes give; returns break or continue where one of them was reached."""
    for node in nodes:
        left = ""
        if node.kind == "text":
            written.append(node.text)
        elif node.kind == "print":
            written.append(_shown(_value(node.expression, scope)))
        elif node.kind == "declare":
            scope[node.names[0]] = _value(node.expression, scope)
        elif node.kind == "set":
            block = next((block for block in scope.maps if node.names[0] in block), None)
            if block is None:
                raise UnsupportedTemplate(node.names[0])
            block[node.names[0]] = _value(node.expression, scope)
        elif node.kind in ("break", "continue"):
            left = node.kind
        elif node.kind == "range":
            left = _repeat(node, scope, written)
        else:
            value = _value(node.expression, scope)
            named = dict.fromkeys(node.names, value) | ({"": value} if node.kind == "with" and value else {})
            left = _run(node.body if value else node.otherwise, scope.new_child(named), written)
        if left:
            return left
    return ""


def _repeat(node: Node, scope: Scope, written: list[str]) -> str:
    items = _value(node.expression, scope)
    if not items:
        return _run(node.otherwise, scope.new_child(), written)
    for number, item in enumerate(items):
        named = dict(zip(node.names, (number, item) if len(node.names) == 2 else (item,), strict=False))
        if _run(node.body, scope.new_child({**named, "": item}), written) == "break":
            break
    return ""


def _value(expression: list[Any], scope: Scope) -> Any:
    kind, *parts = expression
    if kind == "value":
        return parts[0]
    if kind in ("field", "of"):
        found = scope[parts[0]] if kind == "field" else _value(parts[0], scope)
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


def field_names(nodes: list[Node]) -> Iterator[str]:
    """Every field that a template names."""
    for node in nodes:
        yield from fields_of(node.expression)
        yield from field_names([*node.body, *node.otherwise])


def fields_of(expression: Any) -> Iterator[str]:
    if not isinstance(expression, list) or not expression:
        return
    if expression[0] == "field":
        yield from expression[2:]
    else:
        for part in expression[1:]:
            yield from fields_of(part)
