"""JSON as small models write it → values. Knows brackets and quotation marks; knows nothing of samples.

Where JSON is broken, the hard part is where a string ends: "Das heißt „Energie", nicht „Kraft"." closes three times
to a machine and once to a reader. So that is decided here, by what follows a quotation mark (a comma and a key, a
closing bracket …) and by which inner quotation marks are still open. json-repair then mends the commas, but of each
string it sees only a number: whatever it guesses, it can neither cut nor join what the model has said.
"""

import json
import re
import string
from dataclasses import dataclass
from typing import Any

import json_repair

from core.samples.answers.backslashes import ESCAPE, decoded, with_doubled_backslashes

MOST_DEPTH = 40  # of brackets
MOST_KEY_CHARACTERS = 200
BROKEN_KEY = "!"  # a member of each object that holds something unreadable
UNREADABLE = ""  # instead of a string of which nobody can tell where it ends

_CLOSERS = {'"': '"', "'": "'", "“": '”“"', "”": '”"'}
_QUOTES = "".join(_CLOSERS)
_VALUE_BEGINS = rf"(?=\s*(?:[{_QUOTES}{{\[\d/-]|true|false|null|none|$))"
_QUOTED_KEY = (
    rf"[{_QUOTES}](?P<key>[^{_QUOTES}\n]{{1,{MOST_KEY_CHARACTERS}}})[{_QUOTES}]\s*(?:=>|[:=：]){_VALUE_BEGINS}"
)
_KEY = re.compile(_QUOTED_KEY, re.IGNORECASE)
_BARE_KEY = re.compile(rf"(?P<key>[^\W\d]\w{{0,40}})\s*:(?!//){_VALUE_BEGINS}", re.IGNORECASE)
_HALF_KEY = re.compile(r"[\"'](?P<key>[^\W\d]\w{0,40})\s*:\s*(?=[\"'\[{])")
_START = re.compile(rf"\{{\s*(?:{_QUOTED_KEY}|[\"']?(?P<bare>[^\W\d]\w{{0,40}})\s*:{_VALUE_BEGINS})", re.IGNORECASE)
# What is left of a bracket whose first key was never written to its end.
_CUT_START = re.compile(rf"[{{\[]\s*(?:[{_QUOTES}]?[\w -]*[{_QUOTES}]?\s*:?)?\s*$")
_ARRAYS = re.compile(r'\[\s*\[\s*"')
_BETWEEN = re.compile(r"(?:\s|//[^\n]*|#[^\n]*|/\*.*?\*/)*", re.DOTALL)
_ESCAPE_OR_QUOTE = re.compile(r"\\.|[\"'“”„‘’`]", re.DOTALL)
_LITERAL = re.compile(r"(?:true|false|null|none|-?\d[\d.]*(?:e[+-]?\d+)?)(?=\s*[,\]}\n])", re.IGNORECASE)
_WORD = re.compile(r"\w+|.", re.DOTALL)
_ESCAPED_START = re.compile(r"[{\[]\s*(?:\\n\s*)*\\[\"\\]")
_SWALLOWED_KEY = re.compile(rf"(?<=[.?!…])\s*[,\n]\s*{_QUOTED_KEY}", re.IGNORECASE)
# A string that was mended, but holds what should have ended it.
_TWO_STRINGS = re.compile(r"[\"'”“]\s*\+?\s*\n\s*\+?\s*[\"'“„]|[\"']\s*\+\s*[\"']|(?<!\w)\" \"")


class Members(list[tuple[str, Any]]):
    """The members of an object in their order; a key may stand in it twice."""


class Number(str):
    """A number as it was written, or, in broken JSON, true or false."""


@dataclass(frozen=True)
class Reading:
    """The JSON in a text: values (Members, lists, strings, Numbers, None …), and whether the last one is cut off."""

    values: tuple[Any, ...]
    is_cut: bool


def read_json(text: str, known_keys: frozenset[str]) -> Reading:
    """All JSON objects and arrays of objects in a text, whatever stands around them.

    `known_keys` (lower case) are those that may stand without quotation marks.
    """
    values: list[Any] = []
    text = with_doubled_backslashes(text)
    if _ESCAPED_START.search(text) and next_start(text, 0, known_keys) is None:
        text = with_doubled_backslashes(decoded(text))
    place = 0
    while (start := next_start(text, place, known_keys)) is not None:
        value, place = _strict_value(text, start)
        if place < 0:
            reader = _BrokenJson(text, start, known_keys)
            if not reader.read():
                return Reading(tuple(values), True)
            value, place = reader.value(), reader.place
        values.append(value)
    if not values and (arrays := _ARRAYS.search(text)):
        value, end = _strict_value(text, arrays.start())
        return Reading((value,), False) if end > 0 else Reading((), True)
    return Reading(tuple(values), bool(_CUT_START.search(text[place:].strip()[-MOST_KEY_CHARACTERS:])))


def next_start(text: str, place: int, known_keys: frozenset[str]) -> int | None:
    """Where the next object with a key begins, or the array of such; None where there is none."""
    for match in _START.finditer(text, place):
        if match["bare"] and match["bare"].lower() not in known_keys:
            continue
        before = text[place : match.start()]
        around = before[len(before.rstrip("[" + string.whitespace)) :]
        return match.start() - (len(around.lstrip()) if "[" in around else 0)
    return None


class OpenQuotes:
    """Which inner quotation marks of a text are still open, read from left to right."""

    def __init__(self) -> None:
        self.marks: list[str] = []

    def take(self, mark: str, before: str) -> None:
        """`before` is the character before the mark: what stands at the end of a word opens nothing."""
        at_the_end = before.isalnum() or before in ".,;!?)"
        if mark == "„":
            self.marks.append("„")
        elif self.marks and (mark == '"' or mark == "”" or (mark == "“" and (at_the_end or self.marks[-1] == "„"))):
            self.marks.pop()
        elif (mark == "“" and not at_the_end) or mark == '"':
            self.marks.append(mark)


def leaves_a_quote_open(text: str) -> bool:
    """Whether a text opens „ or “ and never closes it: then its end is missing.

    It happens where a server holds a model to a schema, and the model closes „ with the mark that ends the string.
    """
    quotes = OpenQuotes()
    for match in re.finditer(r"[„“”\"]", text):
        quotes.take(match[0], text[match.start() - 1 : match.start()])
    return "„" in quotes.marks or "“" in quotes.marks


def _strict_value(text: str, start: int) -> tuple[Any, int]:
    """The value that begins here and where it ends, -1 where it is not JSON. Line breaks in strings are let pass."""
    decoder = json.JSONDecoder(object_pairs_hook=Members, parse_int=Number, parse_float=Number, strict=False)
    try:
        return decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, -1


class _BrokenJson:
    """One value of broken JSON: `read` makes a skeleton of it in which each string is a number."""

    def __init__(self, text: str, start: int, known_keys: frozenset[str]) -> None:
        self.text = text
        self.place = start
        self.known_keys = known_keys
        self.strings: list[str] = []
        self.skeleton: list[str] = []
        self.open: list[str] = []  # brackets
        self.broken: list[bool] = []  # of each of these, whether something unreadable stands in it
        self.awaits = "value"  # or: key, comma

    def read(self) -> bool:
        """Read up to the bracket that closes the first; False where the text ends before."""
        while True:
            self.place = self._skip(self.place)
            if self.place >= len(self.text) or len(self.open) > MOST_DEPTH:
                return False
            character = self.text[self.place]
            if character in "{[":
                self._take_opening(character)
            elif character in "}]":
                if self._take_closing(character):
                    return True
            elif character in ",;":
                if self.awaits == "comma":
                    self.skeleton.append(",")
                    self.awaits = "key" if self.open[-1] == "{" else "value"
                self.place += 1
            elif character in _QUOTES and not self.text.startswith("```", self.place):
                if not self._take_string():
                    return False
            elif self._take_bare():
                return True

    def value(self) -> Any:
        """The value, mended; objects that hold anything unreadable have a member BROKEN_KEY."""
        return self._with_strings(json_repair.loads("".join(self.skeleton), skip_json_loads=True))

    def _skip(self, place: int) -> int:
        match = _BETWEEN.match(self.text, place)
        return match.end() if match else place

    def _take_opening(self, bracket: str) -> None:
        if self.open and self.open[-1] == "{" and self.awaits != "value":
            if bracket == "{" and self.open[-2:-1] == ["["]:
                self._close()  # somebody forgot to close the object before
            else:
                self.broken[-1] = True
            self.skeleton.append(",")
        elif self.awaits == "comma":
            self.skeleton.append(",")
        self.open.append(bracket)
        self.broken.append(False)
        self.skeleton.append(bracket)
        self.awaits = "key" if bracket == "{" else "value"
        self.place += 1

    def _take_closing(self, bracket: str) -> bool:
        """Whether that was the last one. Brackets inside that nobody closed are closed with it."""
        opening = "{" if bracket == "}" else "["
        self.place += 1
        if opening in self.open:
            while self.open[-1] != opening:
                self._close()
            self._close()
        return not self.open

    def _close(self) -> None:
        bracket = self.open.pop()
        if self.broken.pop() and bracket == "{":
            self.skeleton.append(f',"{BROKEN_KEY}":null')
        self.skeleton.append("}" if bracket == "{" else "]")
        self.awaits = "comma"

    def _take_string(self) -> bool:
        """A key or a value in quotation marks; False where it never ends."""
        in_object = self.open[-1] == "{"
        if in_object and self.awaits != "value":
            key = _KEY.match(self.text, self.place)
            if key is None and (half := _HALF_KEY.match(self.text, self.place)):
                key = half if half["key"].lower() in self.known_keys else None
            if key is None:
                self.broken[-1] = True
                self.place += 1
                return True
            self._add_key(key)
            return True
        start = self.place + 1
        end = self._end_of_string(start, self.text[self.place], in_object)
        if end < 0:
            return False
        self.place = end + 1
        if in_object and (key := self._swallowed_key(start, end)):
            end = self.place = key.start()
        raw = self.text[start:end]
        bare = ESCAPE.sub("", raw)
        self.skeleton.append((", " if self.awaits == "comma" else "") + f'"{len(self.strings)}"')
        self.strings.append(UNREADABLE if _TWO_STRINGS.search(bare) or _KEY.search(bare) else decoded(raw))
        self.awaits = "comma"
        return True

    def _swallowed_key(self, start: int, end: int) -> re.Match[str] | None:
        """The next key, where a sentence before it was not closed: "Was ist das?, "output": …"."""
        for key in _SWALLOWED_KEY.finditer(self.text, start, end):
            if key["key"].strip().lower() in self.known_keys:
                return key
        return None

    def _add_key(self, key: re.Match[str]) -> None:
        if self.awaits == "comma":
            self.skeleton.append(",")
        self.skeleton.append(f'"{len(self.strings)}":')
        self.strings.append(decoded(key["key"]))
        self.place = key.end()
        self.awaits = "value"

    def _take_bare(self) -> bool:
        """What stands without quotation marks. True where the JSON ends, though nobody closed the last brackets."""
        if self.open[-1] == "{" and self.awaits != "value":
            key = _BARE_KEY.match(self.text, self.place)
            if key and key["key"].lower() in self.known_keys:
                self._add_key(key)
                return False
        literal = _LITERAL.match(self.text, self.place) if self.awaits == "value" else None
        if literal:
            self.skeleton.append(f'"{len(self.strings)}"')
            self.strings.append(Number(literal[0]))
            self.place = literal.end()
            self.awaits = "comma"
            return False
        if self.awaits == "comma" and self.text.startswith("```", self.place):
            while self.open:
                self._close()
            return True
        word = _WORD.match(self.text, self.place)
        self.place = word.end() if word else self.place + 1
        if word and word[0] not in (".", "…"):
            self.broken[-1] = True
        return False

    def _end_of_string(self, start: int, opening: str, in_object: bool) -> int:
        """Where the mark stands that ends the string which begins at `start`; -1 where there is none."""
        quotes = OpenQuotes()
        for match in _ESCAPE_OR_QUOTE.finditer(self.text, start):
            mark = match[0]
            if mark in _CLOSERS[opening] and self._goes_on_after(match.end(), in_object):
                return match.start()
            if opening == '"':
                # A string that began with a straight mark may end with a round one, if that ends nothing else.
                is_its_own = mark in ("“", "”") and not quotes.marks and not self.text[match.start() - 1].isspace()
                if is_its_own and match.end() < len(self.text) and self._goes_on_after(match.end(), in_object):
                    return match.start()
                quotes.take(mark.lstrip("\\"), self.text[match.start() - 1])
        return -1

    def _goes_on_after(self, place: int, in_object: bool) -> bool:
        """Whether JSON goes on at a place as it does after a string."""
        after = self._skip(place)
        if after >= len(self.text):
            return True
        character = self.text[after]
        if character in ",;":
            return self._goes_on_after_comma(after + 1, in_object)
        if character == "]" or (character == "}" and in_object):
            return self._goes_on_after_bracket(after + 1)
        return in_object and self._is_key(after, "\n" in self.text[place:after])

    def _goes_on_after_comma(self, place: int, in_object: bool) -> bool:
        after = self._skip(place)
        if after >= len(self.text):
            return True
        character = self.text[after]
        if not in_object:
            return character in _QUOTES or character in "]{["
        if character == "}":
            return self._goes_on_after_bracket(after + 1)
        if character == "{":
            return _START.match(self.text, after) is not None
        return self._is_key(after, True)

    def _goes_on_after_bracket(self, place: int) -> bool:
        """After a bracket comes another one, a comma and no word, or a new line; after the last one anything."""
        after = self._skip(place)
        if after >= len(self.text) or len(self.open) == 1 or "\n" in self.text[place:after]:
            return True
        if self.text[after] in ",;":
            behind = self._skip(after + 1)
            is_new_line = "\n" in self.text[after:behind]
            return behind >= len(self.text) or is_new_line or self.text[behind] in f"{{[]}}.…{_QUOTES}"
        return self.text[after] in "]}{`<"

    def _is_key(self, place: int, any_name: bool) -> bool:
        """Whether a key stands here: one in quotation marks (of any name, or a known one), or a known one without."""
        if quoted := _KEY.match(self.text, place):
            return any_name or quoted["key"].strip().lower() in self.known_keys
        bare = _BARE_KEY.match(self.text, place)
        return bare is not None and bare["key"].lower() in self.known_keys

    def _with_strings(self, value: Any) -> Any:
        if isinstance(value, dict):
            return Members((self._string(key), self._with_strings(member)) for key, member in value.items())
        if isinstance(value, list):
            return [self._with_strings(item) for item in value]
        return self._string(value) if isinstance(value, str) else None

    def _string(self, number: str) -> str:
        return self.strings[int(number)] if number.isdecimal() and int(number) < len(self.strings) else BROKEN_KEY
