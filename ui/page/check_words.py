"""The words of a check before a training, for page and terminal. Knows no widget."""

from typing import Any

from ui.page.figures import model_words
from ui.texts import error_text, text

SIGNS = {"ok": "✓", "warn": "!", "bad": "✗"}


def check_words(check: dict[str, Any], language: str) -> str:
    """What was found, or what keeps a training from starting and what to do."""
    if check["refusal"]:
        return refusal_words(check["refusal"], check["params"], language)
    params = check["params"]
    if check["name"] in ("base", "base_changed"):
        params = {"name": model_words(params.get("source", ""), params["name"], language)}
    return text(f"check.{check['name']}.{check['state']}", language, **params)


def refusal_words(code: str, params: dict[str, Any], language: str) -> str:
    """An error in one line: what happened and what to do."""
    return " ".join(filter(None, error_text(code, language, params)))
