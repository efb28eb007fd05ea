"""Every word a person reads, in German and English. Knows keys and languages; knows no widget and no core.

Each area has a file with one dict, `TEXTS[key] = (German, English)`; `{placeholders}` are filled by whoever uses the
key. Errors have two keys: `error.<code>` says what happened, `hint.<code>` what to do.
"""

import string
from collections.abc import Mapping
from typing import Any

from ui.texts import (
    bundle_readme,
    common,
    core,
    corpus,
    documents,
    export,
    failures,
    formats,
    frame,
    gate,
    helpers,
    history,
    hub,
    model,
    ollama_bases,
    ollama_export,
    preflight,
    review,
    samples,
    samples_tab,
    steps,
    terminal,
    training,
    training_settings,
)

LANGUAGES = ("de", "en")
AREAS: tuple[Mapping[str, tuple[str, str]], ...] = tuple(
    area.TEXTS
    for area in (
        bundle_readme,
        common,
        core,
        terminal,
        frame,
        steps,
        documents,
        corpus,
        formats,
        helpers,
        history,
        model,
        hub,
        ollama_bases,
        preflight,
        review,
        samples,
        gate,
        samples_tab,
        training,
        training_settings,
        export,
        ollama_export,
        failures,
    )
)


def merged(areas: tuple[Mapping[str, tuple[str, str]], ...]) -> dict[str, tuple[str, str]]:
    """All areas as one table. Raises ValueError where two areas define the same key."""
    table: dict[str, tuple[str, str]] = {}
    for area in areas:
        if twice := table.keys() & area.keys():
            raise ValueError(f"text keys defined twice: {sorted(twice)}")
        table.update(area)
    return table


TEXTS = merged(AREAS)


class _Formatter(string.Formatter):
    """str.format with numbers as the language writes them: 0,05 and 12.345 in German, 0.05 and 12,345 in English."""

    def __init__(self, language: str) -> None:
        self.language = language

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return format(value, format_spec)
        if isinstance(value, float) and not format_spec:
            written = f"{value:.6f}".rstrip("0").rstrip(".") if 1e-6 <= abs(value) < 1e9 else f"{value:g}"
        else:
            written = format(value, format_spec)
        return written.translate(_GERMAN_NUMBERS) if self.language == "de" else written


_GERMAN_NUMBERS = str.maketrans(",.", ".,")
_FORMATTERS = {language: _Formatter(language) for language in LANGUAGES}


def text(key: str, language: str, /, **params: object) -> str:
    """The words of `key` in `language`, filled with `params`."""
    words = _FORMATTERS[language].vformat(TEXTS[key][LANGUAGES.index(language)], (), params)
    return words.encode("utf-8", "backslashreplace").decode()  # names of files may hold bytes that are no UTF-8


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
    return happened, message_text(hint, params, language) if hint in TEXTS else ""


def _labelled(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Settings are named by their label, not by their name in the code."""
    label = f"field.{params.get('field')}"
    return {**params, "field": text(label, language)} if label in TEXTS else dict(params)
