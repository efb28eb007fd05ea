"""Questions and answers that a model wrote without JSON.

In their order of trust: "Frage: …" and "Antwort: …" at the beginnings of lines, tags, a table, and questions that
stand out (numbered, bold, as headings), each with its answer below.
"""

import csv
import html
import re
import textwrap
from collections.abc import Sequence
from itertools import pairwise

from core.samples.answers.names import INPUT_NAMES, INSTRUCTION_NAMES, OUTPUT_NAMES, role_of

_QUESTION_MARKERS = "|".join(
    sorted((*INSTRUCTION_NAMES, *INPUT_NAMES, "f", "nutzer", "benutzer"), key=len, reverse=True)
)
_ANSWER_MARKERS = "|".join(sorted((*OUTPUT_NAMES, "lösung", "musterantwort", "assistent"), key=len, reverse=True))
_MARKER = re.compile(  # with a colon, or alone on its line as a heading
    rf"""^[ \t]*(?:[-*•>][ \t]+|\d{{1,3}}[.)][ \t]*|(?P<heading>\#{{1,6}})[ \t]*)?(?P<bold>\*\*|__)?[ \t]*
    (?:(?P<question>{_QUESTION_MARKERS})|(?P<answer>{_ANSWER_MARKERS}))
    [ \t]*(?:\(?[#]?\d{{1,4}}\)?)?[ \t]*(?:\*\*|__)?[ \t]*
    (?:[:：][ \t]*(?:(?:\*\*|__)(?=\s))?|(?(heading)$|(?(bold)$|(?!))))""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
)
# "Q. …", "Q) …" and "Q - …", and an answer in the line of its question, as the markers above would stand.
_OTHER_MARKER = re.compile(r"^([ \t]*[QFA]\d{0,3})(?:[.)]|[ \t]+[-–—])(?=[ \t])", re.MULTILINE)
_IN_THE_LINE = re.compile(rf"(?<=[?？؟])[ \t]+(?=(?:{_ANSWER_MARKERS})[ \t]?\d*[:：])", re.IGNORECASE)
_TAG = re.compile(r"<(?P<name>[^\W\d_]+)[^<>]{0,80}>(?P<said>.*?)</(?P=name)>", re.DOTALL)
_STANDS_OUT = re.compile(  # a question after a sign that it is one of several, or before one that its answer follows
    r"""^[ \t]*(?:(?P<sign>(?=[-*•\#\d_]))|(?=[^\n?？]*[?？؟][ \t]*(?:->|=>|→|\n[ \t]*\S)))
    (?:[-*•][ \t]+|\#{1,6}[ \t]+)?(?:\d{1,3}[.)][ \t]*)?(?:\*\*|__)?(?:\d{1,3}[.)][ \t]*)?
    (?P<asked>[^\W\d_][^?？؟\n]{2,400}[?？؟])(?:\*\*|__)?[ \t]*(?:(?:->|=>|[-–—→]|\s*:)[ \t])?""",
    re.VERBOSE | re.MULTILINE,
)
_SEPARATOR = re.compile(
    r"[ \t]*(?:[-=_*]{3,}|\#{1,6}[^\n]*|\d{1,3}[.)]|\*\*[^*\n]{1,40}\*\*|```\w*"
    r"|(?:beispiel|example|paar|pair|sample)\s*\d*:?)[ \t]*",
    re.IGNORECASE,
)
_WHOLE_END = re.compile(r"[.!?…。！？][)\"“”»'’*_\]]*$|```$")
_CHAT = re.compile(
    r"(?:ich hoffe|lass(?:e|t)? (?:es )?mich|gerne? |falls du|wenn du|soll ich|möchtest du|viel erfolg|diese fragen"
    r"|hinweis:|i hope|let me know|feel free|these questions|would you like|note:|if you)",
    re.IGNORECASE,
)

_BLOCK = re.compile(r"[|>][-+]?[ \t]*\n")  # how YAML begins a text of several lines

Pairs = list[tuple[str, str]]


def read_plain(text: str) -> tuple[Pairs, bool]:
    """The questions and answers in a text, and whether the last answer breaks off."""
    text = _IN_THE_LINE.sub("\n", text)
    if not re.search(r"^[ \t]*B[.)]", text, re.MULTILINE):  # else A is one of several choices
        text = _OTHER_MARKER.sub(r"\1:", text)
    markers = list(_MARKER.finditer(text))
    parts = [
        (marker["question"] is not None, said) for marker, said in zip(markers, _between(text, markers), strict=True)
    ]
    pairs = _paired(parts)
    if pairs:
        return pairs, parts[-1][0] or not _WHOLE_END.search(parts[-1][1])
    if pairs := _tagged(text):
        return pairs, False
    if pairs := _in_a_table(text):
        last = text.rstrip()
        return pairs, last.endswith(pairs[-1][1]) and not _WHOLE_END.search(last)
    questions = list(_STANDS_OUT.finditer(text))
    # Among questions that have a sign, one without belongs to an answer.
    questions = [found for found in questions if found["sign"] is not None] or questions
    pairs = [(found["asked"], said) for found, said in zip(questions, _between(text, questions), strict=True)]
    is_one_that_is_asked_back = len(pairs) == 1 and questions[0]["sign"] is None
    if not pairs or is_one_that_is_asked_back or not all(said for _, said in pairs):
        return [], False  # questions, to none of which anything is said
    return pairs, not _WHOLE_END.search(pairs[-1][1])


def _paired(parts: Sequence[tuple[bool, str]]) -> Pairs:
    """Questions that are followed by their answer, of parts of which each is a question or not."""
    return [
        (asked, said)
        for (is_question, asked), (is_question_too, said) in pairwise(parts)
        if is_question and not is_question_too and asked and said
    ]


def _between(text: str, places: Sequence[re.Match[str]]) -> list[str]:
    """What stands after each of these places, up to the next."""
    ends = [*(place.start() for place in places[1:]), len(text)]
    return [_said(text[place.end() : end], place is places[-1]) for place, end in zip(places, ends, strict=False)]


def _tagged(text: str) -> Pairs:
    parts: list[tuple[bool, str]] = []
    while found := list(_TAG.finditer(text)):
        roles = [role_of(tag["name"])[0] for tag in found]
        if "output" in roles:
            parts = [
                (role != "output", html.unescape(tag["said"]).strip())
                for tag, role in zip(found, roles, strict=True)
                if role
            ]
            break
        text = "\n".join(tag["said"] for tag in found)
    return _paired(parts)


def _in_a_table(text: str) -> Pairs:
    """The rows of a table in Markdown, or with another sign between its cells, whose head names both parts."""
    lines = [line.strip().strip("|") for line in text.split("\n") if line.strip()]
    for number, line in enumerate(lines):
        for delimiter in "|\t;,":
            roles = [role_of(cell)[0] for cell in line.split(delimiter)]
            if "instruction" not in roles or "output" not in roles or len(roles) > 6:
                continue
            if delimiter == "|":
                rows = [row.split("|") for row in lines[number + 1 :]]
            else:
                rows = list(csv.reader(lines[number + 1 :], delimiter=delimiter, skipinitialspace=True))
            asked, said = roles.index("instruction"), roles.index("output")
            cells = [[cell.strip() for cell in row] for row in rows if len(row) == len(roles)]
            return [(row[asked], row[said]) for row in cells if row[asked].strip(":- ") and row[said]]
    return []


def _said(part: str, is_last: bool) -> str:
    """What stands after a marker, without what leads to the next pair and, at the end, what is said to the reader."""
    lines = part.strip().split("\n")
    while lines and (not lines[-1].strip() or _SEPARATOR.fullmatch(lines[-1])) and not _closes_code(lines):
        lines.pop()
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    while is_last and paragraphs and _CHAT.match(paragraphs[-1].strip()):
        paragraphs.pop()
    said = "\n\n".join(paragraphs).strip()
    if block := _BLOCK.match(said):
        said = textwrap.dedent(said[block.end() :]).strip()
    return said[1:-1] if len(said) > 2 and said[0] == said[-1] == '"' and '"' not in said[1:-1] else said


def _closes_code(lines: list[str]) -> bool:
    """Whether the last line is the fence at the end of a program that belongs to the answer."""
    return lines[-1].strip() == "```" and sum(line.lstrip().startswith("```") for line in lines) % 2 == 0
