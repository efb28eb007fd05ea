"""Which models of the list to take first: on this machine, for this language. Knows shapes, memory and time."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core import access
from core.estimates import memory, run_log, run_time
from core.estimates.row_lengths import Rows
from core.estimates.what_fits import USUAL_TOKENS, Listed, shape_of_ollama
from core.hardware_detector import GIB, Hardware
from core.models import hub_models
from core.models.hub_models import HubModel
from core.models.model_shape import Shape
from core.models.ollama_store import OllamaModel
from utils.config import TrainingSettings

FIRST_SAMPLES = 50
FIRST_ROWS = Rows(45, 5, (200,), 200)
"""What a first training is counted with while there are no samples: 50 of usual length, a tenth of them held out."""
PATIENCE_SECONDS = 4 * 3600.0
"""A first training that takes longer is recommended to nobody."""
NEAR = 1.3
"""Models whose sizes differ by no more than this factor are equals: what is on this machine already goes first."""
NAMED_LANGUAGES = ("de", "en")
"""Those that the list names of each model; whether a model speaks any other one, it only says as "many more"."""


@dataclass(frozen=True)
class Candidate:
    """A model of the list as it can be taken here: `source` is hf or ollama.

    `light` is that of its memory; `seconds` is how long a training takes, `runs_known` how many earlier ones of this
    model say so; `download_bytes` is 0 where it is here.
    """

    source: str
    name: str
    shape: Shape
    languages: tuple[str, ...]
    light: str
    seconds: float
    download_bytes: int = 0
    runs_known: int = 0

    @property
    def short(self) -> str:
        """Its name without that of who made it."""
        return self.name.rpartition("/")[2]

    def speaks(self, language: str) -> bool:
        """Whether the list says that the model speaks a language."""
        return language in self.languages or ("+" in self.languages and language not in NAMED_LANGUAGES)

    def is_near(self, other: "Candidate") -> bool:
        return abs(self._size - other._size) <= math.log(NEAR)

    @property
    def _size(self) -> float:
        return math.log(self.shape.parameters)


def candidates(
    listed: Iterable[Listed],
    ollama: Iterable[OllamaModel],
    settings: TrainingSettings,
    hardware: Hardware,
    rows: Rows | None,
) -> list[Candidate]:
    """What whoever asks can take of the curated list, also as Ollama has it; of other models nobody knows whether
    they are any good. Without `rows`, a training is one of FIRST_SAMPLES samples.

    Left out is what asks to accept terms first, what the disk has no room for, and downloads for a guest.
    """
    correction = run_log.memory_correction(memory.device_of(hardware))
    fetchable_bytes = hardware.free_disk_gib * GIB if access.asking().is_host else 0.0

    def candidate(source: str, name: str, shape: Shape, known: HubModel, download_bytes: int) -> Candidate:
        light = memory.estimate(shape, settings, hardware, USUAL_TOKENS, correction).light
        time = run_time.estimate(shape, settings, rows or FIRST_ROWS, hardware)
        return Candidate(source, name, shape, known.languages, light, time.seconds, download_bytes, time.runs_known)

    found = []
    for one in listed:
        known = hub_models.curated(one.name)
        is_fetchable = not one.is_gated and one.size_bytes < fetchable_bytes
        if known and one.shape and not one.problem and (one.is_here or is_fetchable):
            found.append(candidate("hf", one.name, one.shape, known, 0 if one.is_here else one.size_bytes))
    for model in ollama:
        original = hub_models.original_of(model.name, model.parameters)
        known = hub_models.curated(original.name) if original else None
        shape = shape_of_ollama(model) if known and not model.problem else None
        if known and shape:
            found.append(candidate("ollama", model.name, shape, known, 0))
    return found


def recommended(found: Iterable[Candidate], language: str) -> dict[str, Candidate]:
    """At most three of them, of different sizes: "fastest" is the smallest, "best" the largest, "balanced" between.

    Only what fits into memory, rather not tightly; what speaks the language, if anything does; and what is trained
    within PATIENCE_SECONDS, if anything is.
    """
    fitting = [one for one in found if one.light != "red"]
    speaking = [one for one in fitting if one.speaks(language)] or fitting
    easily = [one for one in speaking if one.light != "amber"] or speaking
    ranked = sorted(easily, key=lambda one: one.shape.parameters)
    ranked = [one for one in ranked if one.seconds <= PATIENCE_SECONDS] or ranked[:1]
    if not ranked:
        return {}
    ends = ranked[0], ranked[-1]
    middle = math.sqrt(ends[0].shape.parameters * ends[1].shape.parameters)
    between = [one for one in ranked if not any(one.is_near(end) for end in ends)]
    chosen = {"fastest": _equal_at_hand(ranked, ends[0])}
    if between:
        nearest = min(between, key=lambda one: abs(math.log(one.shape.parameters / middle)))
        chosen["balanced"] = _equal_at_hand(between, nearest)
    if not ends[0].is_near(ends[1]):
        chosen["best"] = _equal_at_hand(ranked, ends[1])
    return chosen


def _equal_at_hand(ranked: Sequence[Candidate], wanted: Candidate) -> Candidate:
    """The candidate itself, or an equal that needs no download; whole weights before the rounded ones of Ollama."""

    def order(one: Candidate) -> tuple[bool, bool, float]:
        return one.download_bytes > 0, one.source != "hf", abs(one.shape.parameters - wanted.shape.parameters)

    return min((one for one in ranked if one.is_near(wanted)), key=order)
