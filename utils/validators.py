"""Checks of what people type and files hold: names that become folders, values with bounds, numbers."""

import math
import re
import sys
import unicodedata
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from utils.errors import AppError

Model = TypeVar("Model", bound=BaseModel)

MAX_NAME_BYTES = 120  # leaves room for suffixes below the 255 bytes that file systems allow
ENDS_OF_ADDRESSES = re.compile(
    r"/+(?:(?:chat/)?completions|responses|embeddings|models|api/(?:chat|generate|tags|show|version|ps))/*$",
    re.IGNORECASE,
)
FORBIDDEN_IN_NAMES = set('<>:"/\\|?*')
# Control, invisible (also right-to-left overrides), lone surrogates, private use, not assigned, lines.
FORBIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Windows opens these as devices whatever their extension; COM¹ and its kin count too.
RESERVED_NAMES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{device}{digit}" for device in ("com", "lpt") for digit in "0123456789¹²³"
}


def project_name(name: object) -> str:
    """`name` as a folder name that every operating system takes, in NFC.

    Raises AppError: name_empty, name_too_long, name_forbidden_character, name_reserved, name_dots.
    """
    text = composed(name)
    if not text:
        raise AppError("name_empty")
    if len(text.encode("utf-8", errors="replace")) > MAX_NAME_BYTES:
        raise AppError("name_too_long", limit=MAX_NAME_BYTES)
    for character in text:
        if character in FORBIDDEN_IN_NAMES or unicodedata.category(character) in FORBIDDEN_CATEGORIES:
            shown = character if character.isprintable() else f"U+{ord(character):04X}"
            raise AppError("name_forbidden_character", character=shown)
    if text.startswith(".") or text.endswith("."):
        raise AppError("name_dots")
    if text.split(".")[0].rstrip().casefold() in RESERVED_NAMES:
        raise AppError("name_reserved", name=text)
    return text


def composed(name: object) -> str:
    """A name as it is compared: a Mac writes umlauts as two characters, and nobody sees blanks around it."""
    return unicodedata.normalize("NFC", str(name or "")).strip()


def http_address(typed: str) -> str:
    """An address of a server as it is meant: without spaces, quotes and query, and not that of one of its functions.

    Without a scheme it is https for a host with a domain and no port, else http, as local servers have it.
    """
    scheme, separator, rest = typed.strip().strip("\"'<>").rpartition("://")
    address = ENDS_OF_ADDRESSES.sub("", rest.partition("?")[0].partition("#")[0].rstrip("/"))
    if separator or not address:
        return f"{scheme.lower()}{separator}{address}"
    host = address.partition("/")[0]
    is_public = re.fullmatch(r"(?:[\w-]+\.)+[a-zA-Z]{2,}", host) and not host.endswith(
        (".local", ".lan", ".internal")
    )
    return f"{'https' if is_public else 'http'}://{address}"


def checked(kind: type[Model], values: dict[str, Any]) -> Model:
    """`values` as a checked record. Raises AppError (field_too_small, field_too_large, field_not_a_number,
    field_not_a_choice, field_invalid) that names the first field that does not fit."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise field_error(error) from None


def field_error(error: ValidationError) -> AppError:
    """The first problem of a pydantic error, as one that a person can read.

    `field` is the field's name; a text `field.<name>` is its label.
    """
    problem = error.errors(include_url=False)[0]
    # Of a list, the place in it says nothing to a person.
    field = next((part for part in reversed(problem["loc"]) if isinstance(part, str)), "")
    bounds = problem.get("ctx", {})
    if isinstance(problem["input"], float) and math.isnan(problem["input"]):
        return AppError("field_not_a_number", field=field)
    match problem["type"]:
        case "greater_than_equal" | "greater_than":
            return AppError("field_too_small", field=field, limit=bounds.get("ge", bounds.get("gt")))
        case "less_than_equal" | "less_than":
            return AppError("field_too_large", field=field, limit=bounds.get("le", bounds.get("lt")))
        case "int_parsing" | "int_type" | "int_from_float" | "float_parsing" | "float_type" | "finite_number":
            return AppError("field_not_a_number", field=field)
        case "literal_error":
            return AppError("field_not_a_choice", field=field, choices=bounds.get("expected", ""))
        case "string_too_short" | "missing":
            return AppError("field_empty", field=field)
        case _:
            return AppError("field_invalid", field=field)


def first_problem(error: ValidationError) -> str:
    """Where a stored file does not fit, in the file's own words: `training.epochs`."""
    return ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"]) or "?"


def number(value: object, otherwise: float | None = None) -> float | None:
    """A number that can be shown in a curve, else `otherwise`: JSON also knows NaN, and integers of any length."""
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    return value if good else otherwise  # type: ignore[return-value]
