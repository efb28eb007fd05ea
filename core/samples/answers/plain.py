"""Questions and answers that a model wrote without JSON: "Frage: …" and "Antwort: …" at the beginnings of lines."""

import re
from itertools import pairwise

_QUESTION_MARKERS = "frage|question|q|f|instruction|anweisung|aufgabe|prompt|user|nutzer|benutzer|input"
_ANSWER_MARKERS = "antwort|answer|a|output|response|ausgabe|lösung|musterantwort|assistant|assistent"
_MARKER = re.compile(  # with a colon, or alone on its line as a heading
    rf"""^[ \t]*(?:[-*•>][ \t]+|\d{{1,3}}[.)][ \t]*|(?P<heading>\#{{1,6}})[ \t]*)?(?P<bold>\*\*|__)?[ \t]*
    (?:(?P<question>{_QUESTION_MARKERS})|(?P<answer>{_ANSWER_MARKERS}))
    [ \t]*(?:\(?[#]?\d{{1,4}}\)?)?[ \t]*(?:\*\*|__)?[ \t]*
    (?:[:：][ \t]*(?:(?:\*\*|__)(?=\s))?|(?(heading)$|(?(bold)$|(?!))))""",
    re.IGNORECASE | re.VERBOSE | re.MULTILINE,
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


def read_plain(text: str) -> tuple[list[tuple[str, str]], bool]:
    """The questions and answers between markers that take turns, and whether the last answer breaks off."""
    markers = list(_MARKER.finditer(text))
    parts: list[tuple[bool, str]] = []
    for number, marker in enumerate(markers):
        is_last = number + 1 == len(markers)
        end = len(text) if is_last else markers[number + 1].start()
        parts.append((marker["question"] is not None, _said(text[marker.end() : end], is_last)))
    pairs = [
        (asked, said)
        for (is_question, asked), (is_question_too, said) in pairwise(parts)
        if is_question and not is_question_too and asked and said
    ]
    ends_with_question = bool(parts) and parts[-1][0]
    breaks_off = bool(pairs) and (ends_with_question or not _WHOLE_END.search(parts[-1][1]))
    return pairs, breaks_off


def _said(part: str, is_last: bool) -> str:
    """What stands after a marker, without what leads to the next pair and, at the end, what is said to the reader."""
    lines = part.strip().split("\n")
    while lines and (not lines[-1].strip() or _SEPARATOR.fullmatch(lines[-1])) and not _closes_code(lines):
        lines.pop()
    paragraphs = re.split(r"\n\s*\n", "\n".join(lines).strip())
    while is_last and len(paragraphs) > 1 and _CHAT.match(paragraphs[-1].strip()):
        paragraphs.pop()
    said = "\n\n".join(paragraphs)
    return said.strip()


def _closes_code(lines: list[str]) -> bool:
    """Whether the last line is the fence at the end of a program that belongs to the answer."""
    return lines[-1].strip() == "```" and sum(line.lstrip().startswith("```") for line in lines) % 2 == 0
