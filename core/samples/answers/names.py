"""What models call the parts of a sample (instruction, input, output) in many languages."""

import re

from core.samples.exchange.files import COLUMNS

INPUT_NAMES = frozenset(("input", "eingabe"))  # the instruction, or what belongs to one
INSTRUCTION_NAMES = frozenset((*COLUMNS["instruction"].split(), "q", "问")) - INPUT_NAMES
OUTPUT_NAMES = frozenset((*COLUMNS["output"].split(), "a", "答"))
KNOWN_KEYS = INSTRUCTION_NAMES | INPUT_NAMES | OUTPUT_NAMES | {"follow_ups", "samples", "role", "content"}

_KEY_PARTS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"\d+")


def plain_key(key: str) -> str:
    """A key's letters, in lower case."""
    return "".join(_KEY_PARTS.findall(key)).lower()


def role_of(key: str) -> tuple[str, str]:
    """Which part of a sample a key names (instruction, input, output or ""), and the number in it."""
    named, number = plain_key(key), "".join(_DIGITS.findall(key))
    for role, names in (("instruction", INSTRUCTION_NAMES), ("output", OUTPUT_NAMES), ("input", INPUT_NAMES)):
        if named in names:
            return role, number
    return "", number


def role_of_many(key: str) -> str:
    """Which part of several samples a key names, in the singular or plural of most languages."""
    named = plain_key(key)
    return next((role for end in (named, named[:-1], named[:-2]) if (role := role_of(end)[0])), "")
