"""What the quality checks found in each sample: held in memory, and beside the samples for the next start.

It can be done without: what is missing or damaged is found again.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from core.samples.store.held_lines import Stamp, stamp_at
from utils.files import read_json, write_text_atomic

MOST_HELD = 64


@dataclass(frozen=True)
class Finding:
    """Something doubtful. `detail` is a phrase, a number or the key of a text, `of_id` the sample it is like.

    `share` is how much it is like that sample, or how much of it the chunk supports, 0 to 1.
    """

    kind: str
    detail: str = ""
    of_id: str = ""
    share: float | None = None


class Verdict(NamedTuple):
    """What was found in a sample that said this (`Line.content`), and whether it was rejected then.

    `support` is the share of its answer that its chunk supports, None without one.
    """

    content: int
    is_rejected: bool = False
    support: float | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, eq=False)
class Findings:
    """The verdicts on a project's samples by their ids, and the limits that they were checked with.

    One is equal to itself alone: to compare all verdicts would take longer than to do the work again.
    """

    limits: str = ""
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def of(self, sample_id: str, content: int) -> Verdict | None:
        """What was found in a sample as it is now."""
        verdict = self.verdicts.get(sample_id)
        return verdict if verdict is not None and verdict.content == content else None


def findings_of(path: Path) -> Findings:
    """What is noted in a project's file of findings, and what was found since that was written."""
    stamp = stamp_at(path)
    if path not in _HELD or _HELD[path][0] != stamp:
        while len(_HELD) >= MOST_HELD:
            _HELD.pop(next(iter(_HELD)), None)
        _HELD[path] = stamp, _read(path)
    return _HELD[path][1]


def add(path: Path, limits: str, verdicts: Mapping[str, Verdict]) -> None:
    """Have all in this process see what was found; what was found with other limits goes. `save` writes it."""
    known = findings_of(path)
    others = known.verdicts if known.limits == limits else {}
    _HELD[path] = stamp_at(path), Findings(limits, {**others, **verdicts})


def save(path: Path, ids: Iterable[str]) -> None:
    """Write what was found in the samples that there still are."""
    known = findings_of(path)
    kept = {own: known.verdicts[own] for own in ids if own in known.verdicts}
    written = {own: [*verdict[:-1], *map(asdict, verdict.findings)] for own, verdict in kept.items()}
    write_text_atomic(path, json.dumps({"limits": known.limits, "found": written}))
    _HELD[path] = stamp_at(path), Findings(known.limits, kept)


def _read(path: Path) -> Findings:
    try:
        written = read_json(path)
        verdicts = {
            own: Verdict(content, is_rejected, support, tuple(Finding(**each) for each in findings))
            for own, (content, is_rejected, support, *findings) in written["found"].items()
        }
        return Findings(written["limits"], verdicts)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return Findings()


# Only ever replaced entry by entry, so any thread may look.
_HELD: dict[Path, tuple[Stamp | None, Findings]] = {}
