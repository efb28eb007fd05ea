"""Presets: from model, data and machine to training settings, each with its reasons. Loads no torch.

What is learned follows from the data: how often, in how many steps, how fast. How it is computed follows from the
memory: batch, checkpointing, 4-bit, which change nothing or little of what is learned. Numbers are those of

- Unsloth's guide (unsloth.ai/docs, "LoRA fine-tuning hyperparameters"): learning rate 2e-4, 1 to 3 epochs, rank 16 or
  32, alpha once or twice the rank, all linear layers, an effective batch of 16;
- LLaMA-Factory (examples/train_lora/llama3_lora_sft.yaml, an 8B model): 1e-4, 3 epochs, rank 8, effective batch 8,
  cosine, at most 2048 tokens;
- "LoRA Without Regret" (Schulman et al. 2025, and TRL's page of that name): all layers; the best learning rate hardly
  depends on the rank and is about 1.5 times higher in runs of about a hundred steps; large batches hurt; a rank is
  enough where the adapter has as many weights as there are tokens to learn: rank 16 of a model of a billion weights
  has 11 million, the tokens of some 50,000 answers;

and, for the steps that a small data set needs and for when to stop early, a choice of our own. An epoch that is no
better than the one before is usual, with few held-out samples and a learning rate that still falls: two are not.
"""

from dataclasses import dataclass
from typing import Any

from core import hardware_detector
from core.estimates import memory, row_lengths, run_log
from core.hardware_detector import Hardware
from core.models import bases, model_shape
from core.models.model_shape import Shape
from core.project_manager import Project
from core.samples.store.split import totals_of
from utils import config
from utils.config import HELD, LEARNED, TrainingSettings, bounds, settings_with
from utils.errors import Message


@dataclass(frozen=True)
class Aim:
    """What a preset wants. `epochs` for few, for some, and for many samples; `steps` are the fewest that teach."""

    epochs: tuple[int, int, int]
    steps: int
    lora_rank: int
    early_stopping: int
    practice_epochs: int
    practice_rate: float = bases.PRACTICE_LEARNING_RATE


PRESETS = {
    "quick": Aim(epochs=(2, 1, 1), steps=30, lora_rank=8, early_stopping=0, practice_epochs=2),
    "balanced": Aim(epochs=(4, 3, 2), steps=60, lora_rank=16, early_stopping=2, practice_epochs=3),
    "thorough": Aim(
        # So often at the full rate, the practice model knows its samples by heart: on the documents of `demo` its
        # held-out loss ended at 1.54, at half the rate at 1.16 (other seeds: 1.01, 1.96), while the balanced preset
        # came to 1.40 (1.11, 2.08).
        epochs=(6, 5, 3),
        steps=120,
        lora_rank=32,
        early_stopping=2,
        practice_epochs=6,
        practice_rate=bases.PRACTICE_LEARNING_RATE / 2,
    ),
}
FEW_SAMPLES, MANY_SAMPLES = 300, 5000
LARGEST_BATCH = 16
LARGE_PARAMETERS = 7e9
SHORT_STEPS, LONG_STEPS = 100, 1000
FEWEST_MEASURED = 8  # held-out samples: the loss on fewer says too little to stop a training
USUAL_LENGTH, QUICK_LENGTH = 1024, 2048
LENGTH_STEP = 64
SHORTEST, LONGEST = bounds(TrainingSettings, "max_length")


@dataclass(frozen=True)
class Situation:
    """What presets are chosen for. `samples` are learned from, `held_out` ones measured with; `longest` is in tokens.

    `shape` is None where no model is chosen, or where its config tells too little; `context_tokens` where unknown.
    """

    shape: Shape | None
    samples: int
    held_out: int
    longest: int
    hardware: Hardware
    practice: bool = False
    context_tokens: int | None = None
    four_bit_works: bool = True
    correction: float = 1.0


@dataclass(frozen=True)
class Preset:
    """Values of TrainingSettings, what they amount to in a sentence, and why they are what they are.

    `fit_reasons` tell how it is computed, `reasons` what is learned.
    """

    name: str
    values: dict[str, Any]
    plan: Message
    reasons: tuple[Message, ...]
    fit_reasons: tuple[Message, ...]

    def equals(self, settings: TrainingSettings) -> bool:
        """Whether `settings` learn the same, however they make it fit."""
        same_batch = settings.batch_size * settings.gradient_accumulation == self.effective_batch
        return same_batch and all(
            getattr(settings, name) == self.values[name] for name in (*settings_with(HELD), *settings_with(LEARNED))
        )

    def fits(self, settings: TrainingSettings) -> bool:
        """Whether `settings` are this preset's in everything, also in how they are computed."""
        return all(getattr(settings, name) == value for name, value in self.values.items())

    @property
    def words(self) -> list[Message]:
        """The plan and all reasons."""
        return [self.plan, *self.reasons, *self.fit_reasons]

    @property
    def effective_batch(self) -> int:
        return self.values["batch_size"] * self.values["gradient_accumulation"]


def choose(name: str, situation: Situation, kept: TrainingSettings) -> Preset:
    """The preset `name` for a situation; of `kept` its processes count."""
    usual = TrainingSettings().model_dump()
    values = {field: usual[field] for field in settings_with(HELD)}
    learning = _practice if situation.practice else _learning
    learned, steps, why_learned = learning(name, situation, kept)
    length, why_length = _length(name, situation)
    effective = learned.pop("effective_batch")
    values |= {**learned, "max_length": length}
    fitted, why_fitted = _fitted(config.changed(kept, **values), situation, effective)
    values |= fitted
    plan = Message(
        "preset.plan",
        {
            "epochs": values["epochs"],
            "samples": situation.samples,
            "steps": steps,
            "effective": effective * kept.processes,
            "rank": values["lora_rank"],
            "rate": values["learning_rate"],
        },
    )
    return Preset(name, values, plan, tuple(why_learned), (*why_length, *why_fitted))


def situation_of(project: Project, hardware: Hardware) -> Situation:
    """What presets for this project are chosen for, as it is now. Reads the samples."""
    settings = project.load_config()
    base = settings.base
    folder = bases.local_folder(project, base) if base else None
    shape = model_shape.read_shape(folder) if folder else None
    context = bases.describe(folder).context_tokens if folder else None
    device = memory.device_of(hardware)
    training = settings.training
    sizes = totals_of(project.samples_file).split(training.held_out_share, training.seed)
    longest = row_lengths.longest_tokens(project.samples_file, folder, context or LONGEST) if folder else None
    return Situation(
        shape=shape,
        samples=sizes.learned,
        held_out=sizes.held_out,
        longest=longest if sizes.learned and longest else USUAL_LENGTH,
        hardware=hardware,
        practice=base is not None and base.source == "practice",
        context_tokens=context,
        four_bit_works=memory.four_bit_works(device),
        correction=run_log.memory_correction(device),
    )


def apply(project: Project, name: str, hardware: Hardware) -> Preset:
    """Set the project's training settings to a preset. Returns it, with its reasons."""
    preset = choose(name, situation_of(project, hardware), project.load_config().training)
    project.set("training", preset.values)
    return preset


def _patience(aim: Aim, epochs: int, held_out: int) -> int:
    """Early stopping where it can end anything before the last epoch, and where its loss is measured well enough."""
    return aim.early_stopping if aim.early_stopping + 1 < epochs and held_out >= FEWEST_MEASURED else 0


def _learning(name: str, situation: Situation, kept: TrainingSettings) -> tuple[dict[str, Any], int, list[Message]]:
    """What is learned: values with an `effective_batch` for each process, the steps, and why."""
    aim, samples = PRESETS[name], max(1, situation.samples)
    epochs = aim.epochs[0 if samples < FEW_SAMPLES else 1 if samples < MANY_SAMPLES else 2]
    wanted = min(LARGEST_BATCH, epochs * samples // aim.steps) // kept.processes
    effective = 1 << max(0, wanted.bit_length() - 1)  # a power of two, which batches divide
    steps = epochs * -(-samples // (effective * kept.processes))
    rate, reasons = 2e-4, []
    if situation.shape and situation.shape.parameters >= LARGE_PARAMETERS:
        rate = 1e-4
        reasons.append(Message("preset.why.large_model"))
    if effective * kept.processes < LARGEST_BATCH:
        reasons.append(Message("preset.why.small_batch", {"effective": effective * kept.processes}))
    if steps < SHORT_STEPS:
        rate *= 1.5
        reasons.append(Message("preset.why.short"))
    elif name == "thorough" and steps >= LONG_STEPS:
        rate /= 2
        reasons.append(Message("preset.why.long"))
    patience = _patience(aim, epochs, situation.held_out)
    if patience:
        reasons.append(Message("preset.why.early_stopping"))
    values = {
        "epochs": epochs,
        "learning_rate": round(rate, 6),
        "lora_rank": aim.lora_rank,
        "lora_alpha": 2 * aim.lora_rank,
        "early_stopping": patience,
        "effective_batch": effective,
    }
    return values, steps, reasons


def _practice(name: str, situation: Situation, kept: TrainingSettings) -> tuple[dict[str, Any], int, list[Message]]:
    """The practice model has values of its own, and presets differ in how often it sees the samples."""
    aim = PRESETS[name]
    steps = aim.practice_epochs * -(-max(1, situation.samples) // kept.processes)
    suited = {field: value for field, value in bases.PRACTICE_TRAINING.items() if field != "batch_size"}
    patience = _patience(aim, aim.practice_epochs, situation.held_out)
    suited |= {"epochs": aim.practice_epochs, "learning_rate": aim.practice_rate}
    values = {**suited, "early_stopping": patience, "effective_batch": 1}
    return values, steps, [Message("preset.why.practice")]


def _length(name: str, situation: Situation) -> tuple[int, list[Message]]:
    """Room for the longest sample, as far as the model reads; a quick run cuts those that are very long."""
    rounded = -(-situation.longest // LENGTH_STEP) * LENGTH_STEP
    length = max(USUAL_LENGTH, rounded)
    reasons = []
    if name == "quick" and length > QUICK_LENGTH:
        length = QUICK_LENGTH
        reasons.append(Message("preset.why.cut", {"tokens": length}))
    return max(SHORTEST, min(length, situation.context_tokens or LONGEST, LONGEST)), reasons


def _fitted(wanted: TrainingSettings, situation: Situation, effective: int) -> tuple[dict[str, Any], list[Message]]:
    """How to compute it in the memory that is free, and what that cost."""
    offered = hardware_detector.batch_size_choices(situation.hardware)
    batches = [size for size in reversed(offered) if size <= effective]
    if situation.shape is None or memory.free_gib(situation.hardware) is None:
        known = "memory_unknown" if situation.shape else "no_model"
        careful = situation.hardware.has_gpu and not situation.practice
        why = [] if situation.practice else [Message(f"preset.why.{known}")]
        return _way(effective, min(2, effective), careful, False), why
    for four_bit in (False, True) if situation.four_bit_works else (False,):
        ways = [_way(effective, batch, again, four_bit) for again in (False, True) for batch in batches]
        lights = [_light(config.changed(wanted, **way), situation) for way in ways]
        # The quickest that fits easily; where none does, the most sparing that fits at all.
        fitting = [way for way, light in zip(ways, lights, strict=True) if light == "green"][:1]
        fitting += [way for way, light in zip(ways, lights, strict=True) if light == "amber"][-1:]
        if fitting:
            why = _why(fitting[0], fitting[0]["batch_size"] < batches[0])
            tight = [] if "green" in lights else [Message("preset.why.tight")]
            return fitting[0], [*why, *tight]
    least = _way(effective, 1, True, situation.four_bit_works)
    return least, [Message("preset.why.too_large")]


def _way(effective: int, batch: int, again: bool, four_bit: bool) -> dict[str, Any]:
    """One way to compute the same; the later in the ladder, the slower or the less precise."""
    return {
        "batch_size": batch,
        "gradient_checkpointing": again,
        "four_bit": four_bit,
        "gradient_accumulation": effective // batch,
    }


def _light(settings: TrainingSettings, situation: Situation) -> str:
    assert situation.shape is not None
    shape, hardware = situation.shape, situation.hardware
    return memory.estimate(shape, settings, hardware, situation.longest, situation.correction).light


def _why(way: dict[str, Any], smaller: bool) -> list[Message]:
    """What had to be done for the memory's sake; the strongest measure stands for the weaker ones."""
    if way["four_bit"]:
        return [Message("preset.why.four_bit")]
    if way["gradient_checkpointing"]:
        return [Message("preset.why.checkpointing", {"batch": way["batch_size"]})]
    return [Message("preset.why.batch", {"batch": way["batch_size"]})] if smaller else []
