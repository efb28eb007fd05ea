"""Figures, names and checks in the words of a language. Knows no widget: commands start quickly."""

from datetime import datetime
from typing import Any

from ui.texts import error_text, text

SIGNS = {"ok": "✓", "warn": "!", "bad": "✗"}
# Of the lights that tell whether memory is enough.
LIGHT_SIGNS = {"green": "✓", "amber": "!", "red": "✗", "unknown": "?"}
LIGHT_TONES = {"green": "good", "amber": "warn", "red": "bad", "unknown": "info"}


def duration_words(seconds: float, language: str) -> str:
    """A length of time in the two units that matter."""
    whole = round(seconds)
    if whole < 60:
        return text("time.seconds", language, seconds=whole)
    if whole < 3600:
        return text("time.minutes", language, minutes=whole // 60, seconds=whole % 60)
    return text("time.hours", language, hours=whole // 3600, minutes=whole % 3600 // 60)


def about_words(low: float, high: float, language: str) -> str:
    """A length of time in seconds that is only estimated: whole minutes, then steps of five, then whole hours."""
    unit, seconds = ("hours", 3600) if high >= 5400 else ("minutes", 60)
    ends = (max(1, round(end / seconds)) for end in (low, high))
    shown = [str(end if unit == "hours" or end < 10 else 5 * round(end / 5)) for end in ends]
    return text(f"time.about_{unit}", language, span="–".join(dict.fromkeys(shown)))


def size_words(size_bytes: int, language: str) -> str:
    """A size in the unit that fits."""
    for unit, limit in (("kb", 10**6), ("mb", 10**9)):
        if size_bytes < limit:
            return text(f"size.{unit}", language, value=size_bytes / (limit / 1000))
    return text("size.gb", language, value=size_bytes / 10**9)


def rounded(value: float, digits: int = 2) -> float:
    """To so many digits that count: 0.00732 → 0.0073. For what is not known any better, or not worth reading."""
    return float(f"{value:.{digits}g}")


def model_words(source: str, name: str, language: str) -> str:
    """What a base model is called: the practice model has a name in each language."""
    return text("model.source.practice", language) if source == "practice" else name


def moment_words(moment: str, language: str) -> str:
    """Day and minute of an ISO time, as the language writes them; what is no time stays as it is."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    parts = {name: getattr(at, name) for name in ("year", "month", "day", "hour", "minute")}
    return text("figure.moment", language, **parts)


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
