"""What a helper model wrote → pairs of instruction and output. Knows text only; takes no pair that is not whole.

Small models write JSON in many wrong ways: with prose and thinking around it, other names for the keys, broken
commas and quotation marks. All of these are understood (`repair` reads the JSON, `plain` what has none). Of an answer
that was cut off nothing is taken, not even what looks whole: nobody can tell whether it is.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from core.samples.answers.names import KNOWN_KEYS, plain_key, role_of, role_of_many
from core.samples.answers.plain import read_plain
from core.samples.answers.repair import BROKEN_KEY, Members, Number, leaves_a_quote_open, next_start, read_json
from core.samples.exchange.formats import ROLES

FOLLOW_UP_NAMES = frozenset(("followups", "nachfragen", "folgefragen", "turns"))
MOST_DEPTH = 30

_INVISIBLE = re.compile("[\ufeff\u200b\u2060]")
_TAGS = r"(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis)"
_THINKING_BEGINS = re.compile(rf"<{_TAGS}>|\[THINK\]|◁think▷", re.IGNORECASE)
_THINKING_ENDS = re.compile(rf"</{_TAGS}>|\[/THINK\]|◁/think▷", re.IGNORECASE)

_PARTS = (
    r"(?:instructions?|outputs?|questions?|answers?|response|frage|antwort|anweisung|ausgabe|aufgabe|prompt)"
    r"(?:\s+(?:here|hier|text|goes|einfügen|\d+))*"
)
_ARTICLES = (
    r"(?:(?:die|deine|ihre|hier|the|your|first|second|erste|zweite|next|kommt|steht|here|goes|is|follow-?up"
    r"|vollständige|ausführliche|complete|full|detailed)\s+)*"
)
# An example's words, which small models copy. A question is made of more than an answer may be.
_NO_ANSWER = re.compile(
    rf"[\s.…]*|(?!<output>)[<\[{{(\s]*{_ARTICLES}{_PARTS}[>\]}})\s]*(?:\.\.+|…)?|n/?a|tbd|x{{3,}}|lorem ipsum.*"
    rf"|(?!<output>)[<\[{{]+[^<>\[\]{{}}]*\b{_PARTS}\b[^<>\[\]{{}}]*[>\]}}]+",
    re.IGNORECASE | re.DOTALL,
)
_NO_QUESTION = re.compile(
    rf"<[^<>]{{1,80}}>|\[[^\[\]]{{1,80}}\]|\{{\{{?[^{{}}]{{1,80}}\}}?\}}"
    rf"|\W*(?:string|text|str|null|none|todo)\W*|\W*(?:(?:eine|a|an)\s+)*{_ARTICLES}{_PARTS}\W*",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"[\"”“„]\s*(?:instruction|output|input|question|answer|prompt|response|frage|antwort)[\"”“]\s*:\s*[\"“„\[{]",
    re.IGNORECASE,
)
_TOKEN = r"(?:<\|[\w ]{2,30}\|>|</?s>|\[/?INST\]|<(?:start|end)_of_turn>|<｜[^｜]{1,40}｜>)"
# A control token that was not meant as text: before the first word, or right after the end of a sentence.
_LEAKED_TOKEN = re.compile(rf"^{_TOKEN}+\s*(?=[A-ZÄÖÜ\n])|[.!?…。！？]{_TOKEN}(?:\s*$|\n|{_TOKEN})")
_DAMAGED = re.compile(r"[\ud800-\udfff\x00\ufffd]")
_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Pair:
    """One instruction and its output, and what follows in the same conversation."""

    instruction: str
    output: str
    follow_ups: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Parsed:
    """The whole pairs of an answer. `problem` is empty where there is one, else what kept all from being taken:

    cut_off (the answer ends too early), empty (nothing but thinking), no_json (no samples, but prose), no_samples
    (JSON, but no whole pair in it).
    """

    pairs: tuple[Pair, ...]
    problem: str


def parse_answer(text: str, finished: bool) -> Parsed:
    """The pairs in a helper's answer, in its order and none twice. `finished` is what the server said of its end."""
    if not finished:
        return Parsed((), "cut_off")
    said = _without_thinking(_INVISIBLE.sub("", text)).replace("\r\n", "\n").strip()
    if not said:
        return Parsed((), "empty")
    reading = read_json(said, KNOWN_KEYS)
    if reading.is_cut:
        return Parsed((), "cut_off")
    if reading.values:
        collector = _Collector()
        pairs = tuple(dict.fromkeys(collector.pairs_in(list(reading.values), 0)))
        if collector.is_cut:
            return Parsed((), "cut_off")
        return Parsed(pairs, "" if pairs else "no_samples")
    plain, breaks_off = read_plain(said)
    if breaks_off:
        return Parsed((), "cut_off")
    pairs = tuple(dict.fromkeys(Pair(asked, answer) for asked, answer in plain if _is_whole(asked, answer)))
    return Parsed(pairs, "" if pairs else "no_samples" if plain else "no_json")


def _without_thinking(text: str) -> str:
    """What a model said after it thought. Tags inside of JSON are no thinking, but what somebody asks about."""
    while begin := _THINKING_BEGINS.search(text):
        start = next_start(text, 0, KNOWN_KEYS)
        if start is not None and start < begin.start():
            break
        end = _THINKING_ENDS.search(text, begin.end())
        if end is None:
            return text[: begin.start()]
        text = text[: begin.start()] + text[end.end() :]
    for end in reversed(list(_THINKING_ENDS.finditer(text))):
        rest = text[end.end() :]
        # In a string of JSON, what comes after the tag ends with its mark.
        if '"' not in rest or next_start(rest, 0, KNOWN_KEYS) is not None or read_plain(rest)[0]:
            return rest
    return text


class _Collector:
    """Walks through what was read and takes every whole pair."""

    def __init__(self) -> None:
        self.is_cut = False

    def pairs_in(self, value: Any, depth: int) -> Iterator[Pair]:
        if depth > MOST_DEPTH:
            return
        if isinstance(value, Members):
            own = list(self._own_pairs(value)) or list(_side_by_side(value))
            yield from own or self._pairs_of_all((member for _, member in value), depth)
        elif isinstance(value, list):
            if _is_conversation(value):
                yield from _conversation(value)
            elif value and all(_is_pair(item) for item in value):
                yield from (Pair(asked.strip(), said.strip()) for asked, said in value if _is_whole(asked, said))
            else:
                yield from self._pairs_of_all(value, depth)
        elif isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            reading = read_json(value, KNOWN_KEYS)
            self.is_cut = self.is_cut or reading.is_cut
            yield from self.pairs_in(list(reading.values), depth + 1)

    def _pairs_of_all(self, values: Iterable[Any], depth: int) -> Iterator[Pair]:
        for value in values:
            yield from self.pairs_in(value, depth + 1)

    def _own_pairs(self, members: Members) -> Iterator[Pair]:
        """The pairs whose texts stand in this very object; usually one."""
        if any(key == BROKEN_KEY for key, _ in members):
            return
        follow_ups: list[tuple[str, str]] = []
        for key, value in members:
            if plain_key(key) in FOLLOW_UP_NAMES:
                follow_ups = self._follow_ups(value)
        for asked, said in _asked_and_said(members):
            if asked and said and _is_whole(asked, said):
                yield Pair(asked, said, tuple(follow_ups))

    def _follow_ups(self, value: Any) -> list[tuple[str, str]]:
        """The turns up to one that is not whole: what comes after it hangs in the air."""
        turns: list[tuple[str, str]] = []
        for item in value if isinstance(value, list) and not isinstance(value, Members) else [value]:
            pairs = list(self.pairs_in(item, 1))
            if len(pairs) != 1:
                break
            turns.append((pairs[0].instruction, pairs[0].output))
            turns.extend(pairs[0].follow_ups)
        return turns


def _is_pair(item: Any) -> bool:
    """Whether this is a question and its answer, without names."""
    return (
        isinstance(item, list) and [type(part) for part in item] == [str, str] and not item[1].rstrip().endswith("?")
    )


def _side_by_side(members: Members) -> Iterator[Pair]:
    """The pairs of an object with a list of all questions and one of all answers, or with answers by question."""
    lists = {role_of_many(key): value for key, value in members if isinstance(value, list)}
    asked, said = lists.get("instruction", []), lists.get("output", [])
    if members and all(key.rstrip().endswith(("?", "？")) for key, _ in members):
        asked, said = [key for key, _ in members], [value for _, value in members]
    if len(asked) == len(said) and all(type(text) is str for text in (*asked, *said)):
        yield from (
            Pair(one.strip(), other.strip()) for one, other in zip(asked, said, strict=True) if _is_whole(one, other)
        )


def _asked_and_said(members: Members) -> Iterator[tuple[str, str]]:
    """Instructions with their outputs, by the numbers in their keys or else by their order."""
    groups: dict[str, dict[str, str]] = {}
    current = 0
    for key, value in members:
        role, number = role_of(key)
        said = _text_of(value, role)
        if not role or said is None:
            continue
        name = f"n{number}" if number else f"o{current}"
        if role in groups.get(name, {}) and not (role == "output" and "instruction" not in groups[name]):
            # A second output belongs to no instruction; a second instruction begins the next pair.
            if role == "output":
                continue
            current += 1
            name = f"o{current}"
        groups.setdefault(name, {})[role] = said
    for group in groups.values():
        instruction, extra = group.get("instruction", ""), group.get("input", "").strip()
        if not instruction:
            instruction, extra = extra, ""
        if extra and not (_NO_QUESTION.fullmatch(extra) or _NO_ANSWER.fullmatch(extra)):
            instruction = f"{instruction}\n\n{extra}"
        yield instruction.strip(), group.get("output", "").strip()


def _text_of(value: Any, role: str) -> str | None:
    """A member's text; a list of several strings is an answer of several lines."""
    if isinstance(value, (Number, bool)):
        return str(value).lower() if role == "output" else ""
    if isinstance(value, str):
        return value
    if role and isinstance(value, Members):
        return value[0][1] if len(value) == 1 and type(value[0][1]) is str else None
    if role == "output" and isinstance(value, list):
        lines = [item.strip() for item in value if type(item) is str and item.strip()]
        if len(lines) == len(value) and not any(line[0] in "{[" for line in lines):
            return "\n".join(lines)
    return None


def _is_conversation(items: list[Any]) -> bool:
    return bool(items) and all(isinstance(item, Members) and _message(item) is not None for item in items)


def _message(members: Members) -> tuple[str, str] | None:
    """Who says what in {"role", "content"} or {"from", "value"}."""
    fields = {key.strip().lower(): value for key, value in members}
    role, said = fields.get("role", fields.get("from")), fields.get("content", fields.get("value"))
    if not isinstance(role, str) or BROKEN_KEY in fields:
        return None
    return ROLES.get(role.strip().lower(), ""), said if type(said) is str else ""


def _conversation(items: list[Any]) -> Iterator[Pair]:
    """The turns of a conversation up to one that is not whole, as one pair with what follows it."""
    messages = [message for item in items if (message := _message(item)) and message[0] != "system"]
    turns: list[tuple[str, str]] = []
    for (asker, asked), (sayer, said) in zip(messages[::2], messages[1::2], strict=False):
        asked, said = asked.strip(), said.strip()
        if (asker, sayer) != ("user", "assistant") or not _is_whole(asked, said):
            break
        turns.append((asked, said))
    if turns:
        yield Pair(*turns[0], tuple(turns[1:]))


def _is_whole(asked: str, said: str) -> bool:
    """Whether both are texts that somebody meant, and not pieces of JSON or of the example that was shown."""
    if not _LETTER.search(asked) or " ".join(asked.casefold().split()) == " ".join(said.casefold().split()):
        return False
    if _NO_QUESTION.fullmatch(asked) or _NO_ANSWER.fullmatch(asked) or _NO_ANSWER.fullmatch(said):
        return False
    return not any(
        _holds_a_key(part) or _DAMAGED.search(part) or _holds_a_token(part) or leaves_a_quote_open(part)
        for part in (asked, said)
    )


def _holds_a_key(part: str) -> bool:
    """Whether it swallowed the object's next key; JSON that an answer shows has its quotation marks in pairs."""
    return any(part.count('"', 0, key.start()) % 2 for key in _KEY.finditer(part))


def _holds_a_token(part: str) -> bool:
    """Whether a control token has leaked into a text; one that a text is about stands in a sentence."""
    leaked = _LEAKED_TOKEN.search(part)
    return leaked is not None and not (leaked[0].strip(".!? \n") == "</s>" and "<s>" in part)
