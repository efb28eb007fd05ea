"""Which models can be trained on this machine, told before anything is loaded or fetched. Knows shapes and memory."""

from dataclasses import dataclass

from core.estimates import memory, run_log
from core.estimates.memory import MemoryEstimate
from core.hardware_detector import Hardware
from core.models import bases, hub_cache, hub_models, model_shape, unpacked
from core.models.hub_models import HubModel
from core.models.model_shape import Shape
from core.models.ollama_store import OllamaModel
from utils import config
from utils.config import TrainingSettings

USUAL_TOKENS = 512
"""The length of sample that is counted with, as long as nobody knows the real ones."""


@dataclass(frozen=True)
class Fit:
    """A model with LoRA on its own weights, and on weights of 4 bits; None where 4 bits do not work here."""

    lora: MemoryEstimate
    four_bit: MemoryEstimate | None


@dataclass(frozen=True)
class Listed:
    """A repository as the list shows it. `problem` is the code of the AppError that says why it cannot be trained."""

    name: str
    licence: str | None
    size_bytes: int
    context_tokens: int | None
    is_here: bool
    is_gated: bool = False
    languages: tuple[str, ...] = ()
    shape: Shape | None = None
    problem: str = ""
    architecture: str = ""


def fit(shape: Shape, settings: TrainingSettings, hardware: Hardware) -> Fit:
    """What the project's settings would need for a model of this shape, beside what is free now."""
    device = memory.device_of(hardware)
    correction = run_log.memory_correction(device)

    def needed(four_bit: bool) -> MemoryEstimate:
        changed = config.changed(settings, four_bit=four_bit)
        return memory.estimate(shape, changed, hardware, USUAL_TOKENS, correction)

    return Fit(needed(False), None if device == "mps" else needed(True))


def hub_list() -> list[Listed]:
    """What is on this machine already, then the rest of the curated list, smallest first."""
    here = [found for name in hub_cache.repositories() if (found := cached(name))]
    names = {one.name for one in here}
    return [*here, *(offered(model) for model in hub_models.CURATED if model.name not in names)]


def cached(name: str) -> Listed | None:
    """A repository of the cache that is there completely; None where it is no model, or only a part of one."""
    folder = hub_cache.snapshot(name)
    if folder is None or not bases.is_whole(folder):
        return None
    facts = bases.describe(folder)
    known = hub_models.curated(name)
    return Listed(
        name=name,
        licence=known.licence if known else facts.licence,
        size_bytes=facts.size_bytes,
        context_tokens=facts.context_tokens,
        is_here=True,
        languages=known.languages if known else (),
        shape=model_shape.read_shape(folder),
        problem=bases.problem_of(folder),
        architecture=facts.architecture,
    )


def offered(model: HubModel) -> Listed:
    """A model of the list that would be a download."""
    return Listed(
        name=model.name,
        licence=model.licence,
        size_bytes=model.download_bytes,
        context_tokens=model.context_tokens,
        is_here=False,
        is_gated=model.is_gated,
        languages=model.languages,
        shape=model.shape,
    )


def shape_of_ollama(model: OllamaModel) -> Shape | None:
    """The shape of a model of Ollama: of its folder where it was unpacked before, else as its file says."""
    folder = unpacked.folder_of(model.digest)
    if unpacked.read_note(folder) is not None:
        return model_shape.read_shape(folder)
    billions = hub_models.billions_of(model.parameters)
    return model_shape.shape_in_gguf(model.file, billions * 1e9 if billions else None) if model.file else None
