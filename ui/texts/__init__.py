"""Every word a person reads: a folder of TOML files for each language. Knows keys; knows no widget and no core.

A line of a file is `"key" = "words"`; all languages have the same keys, with the same `{placeholders}`, which whoever
uses the key fills. Errors have two keys: `error.<code>` says what happened, `hint.<code>` what to do.
A further language is a further folder.
"""

import contextlib
import locale
import os
import string
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils import config
from utils.errors import AppError


def read_language(folder: Path) -> dict[str, str]:
    """All words of one language. Raises ValueError where two files have the same key."""
    words: dict[str, str] = {}
    for file in sorted(folder.glob("*.toml")):
        more = tomllib.loads(file.read_text(encoding="utf-8"))
        if twice := words.keys() & more.keys():
            raise ValueError(f"text keys defined twice: {sorted(twice)}")
        words |= more
    return words


FOLDERS = sorted(file.parent for file in Path(__file__).parent.glob("*/language.toml"))
WORDS = {folder.name: read_language(folder) for folder in FOLDERS}
LANGUAGES = tuple(WORDS)
KEYS = WORDS["en"].keys()


class _Formatter(string.Formatter):
    """str.format with numbers as the language writes them: 0,05 and 12.345 in German, 0.05 and 12,345 in English."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.signs = str.maketrans({".": words["locale.decimal"], ",": words["locale.thousands"]})

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return format(value, format_spec)
        if isinstance(value, float) and not format_spec:
            written = f"{value:.6f}".rstrip("0").rstrip(".") if 1e-6 <= abs(value) < 1e9 else f"{value:g}"
        else:
            written = format(value, format_spec)
        return written.translate(self.signs)


_FORMATTERS = {language: _Formatter(words) for language, words in WORDS.items()}


def text(key: str, language: str, /, **params: object) -> str:
    """The words of `key` in `language`, filled with `params`."""
    words = _FORMATTERS[language].vformat(WORDS[language][key], (), params)
    return words.encode("utf-8", "backslashreplace").decode()  # names of files may hold bytes that are no UTF-8


def optional_text(key: str, language: str, otherwise: str = "") -> str:
    """The words of a key that there may be; else `otherwise`."""
    return text(key, language) if key in KEYS else otherwise


def message_text(key: str, params: Mapping[str, Any], language: str) -> str:
    """The words of a job's message. Old runs may hold keys that no longer exist: those are shown as they are."""
    try:
        return text(key, language, **_labelled(params, language))
    except (KeyError, ValueError, TypeError, AttributeError, IndexError):
        return " ".join([key, *(f"{name}={value}" for name, value in params.items())])


def error_text(code: str, language: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """What happened and what to do about it; the hint is empty where there is nothing to do."""
    hint = f"hint.{code}"
    happened = message_text(f"error.{code}", params, language)
    return happened, message_text(hint, params, language) if hint in KEYS else ""


def _labelled(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Settings are named by their label, not by their name in the code."""
    label = f"field.{params.get('field')}"
    return {**params, "field": text(label, language)} if label in KEYS else dict(params)


def person_language() -> str:
    """The language chosen in the settings, else the terminal's where we speak it, else English."""
    with contextlib.suppress(AppError):  # damaged settings are reported where they are needed
        chosen = config.load_app_settings().language
        if chosen in LANGUAGES:
            return chosen
    terminal = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    spoken = terminal or locale.getlocale()[0] or ""
    ours = (name for name in LANGUAGES if spoken.startswith(tuple(text("locale.names", name).split())))
    return next(ours, "en")
