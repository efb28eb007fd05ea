"""What the history says of a run in words, for the page and the command line alike. Knows no widget."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ui.page.figures import duration_words, moment_words, size_words
from ui.texts import KEYS, text

if TYPE_CHECKING:
    from core.trainer import Entry, Fact, Outcome

NOTHING = "–"
NOT_RECORDED = {"run", "error", "request", "points"}
LONGEST_VALUE = 60
HASH_SHOWN = 12
DECIMALS = 3  # of what was measured; settings are shown as they are


def when_words(entry: "Entry", language: str) -> str:
    return moment_words(entry.created, language) if entry.created else entry.id


def figure_words(run: Mapping[str, Any], language: str) -> list[str]:
    """Of a run's fields: `3.214 → 1.507` at the beginning and at the end, the best loss on held-out samples and its
    epoch, how long it took, and its size."""
    first, last, tested, epoch = (run[name] for name in ("first_loss", "loss", "eval_loss", "best_epoch"))
    key = "training.loss" if epoch is None else "history.eval"
    return [
        NOTHING if first is None or last is None else text("history.loss", language, first=first, last=last),
        NOTHING if tested is None else text(key, language, loss=tested, epoch=epoch),
        duration_words(run["seconds"], language) if run["seconds"] else NOTHING,
        size_words(run["size_bytes"], language),
    ]


def origin_words(entry: "Entry", language: str) -> str:
    """Which run it branched off or repeats; empty where it stands for itself."""
    found = []
    if entry.parent:
        found.append(text("history.branch_of", language, run=entry.parent, step=entry.parent_step or 0))
    if entry.repeats:
        found.append(text("history.repeat_of", language, run=entry.repeats))
    return " ".join(found)


def point_choices(entry: "Entry", language: str) -> list[tuple[str, str]]:
    """The checkpoints to continue from, newest first: `Step 40 · epoch 2 · tested 1.23 · best`, as far as it is
    known, and the step."""
    tested = [point.eval_loss for point in entry.points if point.eval_loss is not None]
    choices = []
    for point in reversed(entry.points):
        best = (len(tested) > 1 and point.eval_loss == min(tested)) or None
        known = {"step": point.step, "epoch": point.epoch, "eval": point.eval_loss, "best": best}
        parts = (text(f"history.point_{name}", language, value=one) for name, one in known.items() if one is not None)
        choices.append((" · ".join(parts), str(point.step)))
    return choices


def fact_label(name: str, language: str) -> str:
    """What a fact is called: by the label of its setting, by a text of its own, or by its name in the file."""
    short = name.rpartition(".")[2]
    for key in (f"history.fact.{name}", f"field.{short}" if name.startswith("training.") else ""):
        if key in KEYS:
            return text(key, language)
    return short


def value_words(name: str, value: Any, language: str) -> str:
    """A value as the settings show it; hashes are cut to what tells them apart."""
    if name.endswith("target_modules") and not value and value is not None:
        return text("history.all_layers", language)
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return text("history.yes" if value else "history.no", language)
    choice = f"choice.{name.rpartition('.')[2]}.{value}"
    if choice in KEYS:
        return text(choice, language)
    if isinstance(value, (int, float)):
        value = round(value, DECIMALS) if name.startswith("run.") else value
        return text("history.value", language, value=value)
    words = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    if name.endswith(("sha256", "fingerprint", "revision")):
        return words[:HASH_SHOWN]
    return words if len(words) <= LONGEST_VALUE else f"{words[:LONGEST_VALUE]}…"


def difference_words(fact: "Fact", language: str) -> str:
    """`torch: then 2.12, now 2.13`"""
    then, now = (value_words(fact.name, value, language) for value in fact.values)
    return text("history.difference", language, name=fact_label(fact.name, language), then=then, now=now)


def outcome_words(outcome: "Outcome", language: str) -> Iterator[str]:
    """How a repeated run compares with its original, a sentence each."""
    if outcome.differences:
        differences = "; ".join(difference_words(fact, language) for fact in outcome.differences)
        yield text("history.repeat_differs", language, differences=differences)
    else:
        yield text("history.repeat_same_place", language)
    if outcome.identical is not None:
        yield text("history.identical" if outcome.identical else "history.not_identical", language)


def record(entry: "Entry") -> dict[str, Any]:
    """A run as JSON for programs."""
    return {
        "id": entry.id,
        **{name: value for name, value in vars(entry).items() if name not in NOT_RECORDED},
        "base": entry.base_name,
        "training": dict(entry.training),
        "checkpoints": [asdict(point) for point in entry.points],
    }
