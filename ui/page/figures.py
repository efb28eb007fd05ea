"""Figures, names and checks in the words of a language. Knows no widget: commands start quickly."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ui.texts import error_text, text

MEASURED_SPAN = 2.0
"""The first training of SmolLM2 135M computed 1.4 and 1.9 times as long as the short measurement had said, on two
cores that others used too (docs/performance.md)."""
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


def about_words(seconds: float, runs_known: int, language: str) -> str:
    """A length of time that is only estimated: seconds or minutes, from ten on in steps of five, or whole hours; a
    span, until runs of this kind have shown it."""
    high = seconds * (1 if runs_known else MEASURED_SPAN)
    unit, size = ("seconds", 1) if high < 100 else ("minutes", 60) if high < 5400 else ("hours", 3600)
    ends = (max(1, round(end / size)) for end in (seconds, high))
    shown = [str(end if unit == "hours" or end < 10 else 5 * round(end / 5)) for end in ends]
    return text(f"time.about_{unit}", language, span="–".join(dict.fromkeys(shown)))


def size_words(size_bytes: int, language: str) -> str:
    """A size in the unit that fits."""
    for unit, limit in (("kb", 10**6), ("mb", 10**9)):
        if size_bytes < limit:
            return text(f"size.{unit}", language, value=size_bytes / (limit / 1000))
    return text("size.gb", language, value=size_bytes / 10**9)


def range_words(bounds: tuple[float, float], write: Callable[[float], str], language: str) -> str:
    """`1,200–1,500`; one figure where both ends read the same."""
    low, high = map(write, bounds)
    return low if low == high else text("estimate.range", language, low=low, high=high)


def cost_words(cost_usd: tuple[float, float] | None, language: str) -> str:
    """Two digits of each amount, so that the price of a small order is more than 0.00."""
    if cost_usd is None:
        return text("estimate.cost_unknown", language)
    low, high = map(rounded, cost_usd)
    return text("estimate.dollars", language, low=low, high=high) if high else text("estimate.free", language)


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
