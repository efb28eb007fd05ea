"""What memory one training run will need at its peak. Knows a model's config.json and settings; loads no torch.

Each term follows from what the trainer's libraries really hold; the factors between formula and process are fitted
on half of the grid of `python -m benchmarks.memory` and checked on the other half (docs/performance.md).
"""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from statistics import median
from typing import Any

from core import base_models
from core.documents.token_counting import tokenizer_counter
from core.hardware_detector import Hardware
from core.runs import Run
from core.samples.sft_dataset import Sample, iterate_samples, presentable, usable
from utils import config
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import append_line, read_json, read_lines

GIB = 2**30
CPU = "cpu"
PROCESS_GIB = 0.57
"""What a process holds that has loaded torch, transformers, peft and trl, and trained a model of no size."""
CONTEXT_GIB = 1.4  # the driver's context and torch's workspaces on a GPU; a rule of thumb, not measured here
FULL_PRECISION_BYTES = 600_000_000  # as core/training/engines decides on a CPU: above, weights are kept in bfloat16
LOSS_CHUNK_TOKENS = 256  # trl computes logits for so many tokens at once (`_CHUNKED_LM_HEAD_CHUNK_SIZE`)
LOGIT_COPIES = 4
TOKENIZER_BYTES = 1200  # per piece of the vocabulary: measured with 131,072 of them
FOUR_BIT_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)  # NF4, a byte for each 64, and for 256 of those a float32
PADDED_TO = 16  # `pad_to_multiple_of` of core/training/trainer
TEMPLATE_TOKENS = 24  # what a chat template adds to question and answer
TOKENIZED_SAMPLES = 32  # so many of the samples with the most characters are counted in tokens

# What the backward pass keeps of a layer, in bytes per token and element of the hidden state, of the feed-forward
# and of the keys: counted with torch's saved_tensors_hooks on Llama and Qwen2. Norms and the residual sum are in
# float32 under autocast too; each adapted matrix keeps its input again.
KEPT = {"bfloat16": (12.9, 6.5, 4.2), "autocast": (14.9, 6.5, 2.2), "float32": (17.6, 12.9, 8.4)}
KEPT_BY_ADAPTER = {"bfloat16": 2, "autocast": 2, "float32": 4}
KEPT_BY_DROPOUT = 4  # its mask, which on a CPU is as wide as what it is laid on

FACTORS = {"activations": 1.5, "layer_inputs": 1.5}
"""Measured peak of the process per byte of a term's formula: the backward pass works beside what is kept, and not all
freed memory goes back to the system. All other formulas hold as they are."""

RATIOS_REMEMBERED = 9
CORRECTION_BOUNDS = (0.7, 1.6)
FILE_NAME = "memory.jsonl"
TIGHT_SHARE = 0.8  # above this share of what is free, other programs may make it fail


@dataclass(frozen=True)
class Shape:
    """A model in numbers. `queries` and `keys` are the widths of one token's queries and keys.

    Experts of which only some work on a token count as one feed-forward of their width, which is too little.
    """

    parameters: int
    stored_bytes: int
    hidden: int
    feed: int
    layers: int
    vocabulary: int
    queries: int
    keys: int
    tied: bool

    @property
    def embeddings(self) -> int:
        """Weights that 4-bit leaves as they are."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def linear(self) -> int:
        return max(0, self.parameters - self.embeddings)

    def matrices(self, target_modules: Collection[str]) -> list[tuple[int, int]]:
        """(inputs, outputs) of each matrix of a layer that gets an adapter: the named ones, or without names all."""
        sizes = {
            "q_proj": (self.hidden, self.queries),
            "k_proj": (self.hidden, self.keys),
            "v_proj": (self.hidden, self.keys),
            "o_proj": (self.queries, self.hidden),
            "gate_proj": (self.hidden, self.feed),
            "up_proj": (self.hidden, self.feed),
            "down_proj": (self.feed, self.hidden),
        }
        return [sizes[name] for name in target_modules or sizes]

    def adapter(self, settings: TrainingSettings) -> int:
        """The weights of an adapter with these settings."""
        widths = sum(inputs + outputs for inputs, outputs in self.matrices(settings.target_modules))
        return self.layers * settings.lora_rank * widths


@dataclass(frozen=True)
class Place:
    """Where a run will compute: cpu, cuda (AMD's too, as torch calls it), xpu or mps."""

    kind: str
    bf16: bool


@dataclass(frozen=True)
class Estimate:
    """Bytes at the peak by what takes them, and how earlier runs on this machine correct their sum."""

    terms: dict[str, float]
    correction: float = 1.0

    @property
    def formula_gib(self) -> float:
        return sum(self.terms.values()) / GIB

    @property
    def total_gib(self) -> float:
        return self.formula_gib * self.correction


def estimate(
    shape: Shape, settings: TrainingSettings, place: Place, longest: int, correction: float = 1.0
) -> Estimate:
    """The peak of one run whose longest sample has `longest` tokens."""
    length = padded(min(longest, settings.max_length))
    tokens = settings.batch_size * length
    weights_bf16 = place.bf16 and (place.kind != CPU or shape.stored_bytes > FULL_PRECISION_BYTES)
    weight_bytes = 2 if weights_bf16 else 4
    compute = "bfloat16" if weights_bf16 else "autocast" if place.bf16 else "float32"
    compute_bytes = 2 if place.bf16 else 4
    kept_layers = 1 if settings.gradient_checkpointing else shape.layers
    matrices = shape.matrices(settings.target_modules)
    adapter = shape.adapter(settings)

    per_token = sum(
        size * width for size, width in zip(KEPT[compute], (shape.hidden, shape.feed, shape.keys), strict=True)
    )
    per_input = KEPT_BY_ADAPTER[compute] + (KEPT_BY_DROPOUT if settings.lora_dropout else 0)
    per_token += per_input * sum(inputs for inputs, _ in matrices)
    per_token += compute_bytes * settings.lora_rank * len(matrices)
    in_main_memory = place.kind in (CPU, "mps")
    terms = {
        "process": (PROCESS_GIB if in_main_memory else CONTEXT_GIB) * GIB,
        "tokenizer": TOKENIZER_BYTES * shape.vocabulary if in_main_memory else 0,
        "weights": weight_bytes * shape.parameters,
        # Under autocast each matrix is copied in bfloat16, and the copy is kept for the backward pass.
        "copies": 2 * shape.linear * kept_layers / shape.layers if compute == "autocast" else 0,
        # Adapter weights, gradients and Adam's two moments; trl turns a 4-bit model's adapter into bfloat16.
        "adapter": (8 if settings.four_bit else 16) * adapter,
        # Where a layer is computed again, its gradients need as much room beside it.
        "activations": tokens * min(shape.layers, 2 * kept_layers) * per_token,
        # Only the inputs of all layers stay where they are computed again.
        "layer_inputs": tokens * shape.layers * shape.hidden * 4 if settings.gradient_checkpointing else 0,
        # Where samples of different length meet, a mask of length × length is kept by each layer.
        "mask": settings.batch_size * length**2 * kept_layers * compute_bytes,
        # In float32: scores, their logarithms and exponentials, and a gradient.
        "logits": LOGIT_COPIES * min(LOSS_CHUNK_TOKENS, tokens) * shape.vocabulary * 4,
        "head_copy": 2 * shape.vocabulary * shape.hidden if compute == "autocast" else 0,
    }
    if settings.four_bit:
        terms["weights"] = FOUR_BIT_BYTES * shape.linear + weight_bytes * shape.embeddings
        # One matrix at a time is unpacked.
        terms["copies"] = compute_bytes * shape.hidden * shape.feed
    return Estimate({name: FACTORS.get(name, 1.0) * size for name, size in terms.items()}, correction)


def padded(tokens: int) -> int:
    return -(-tokens // PADDED_TO) * PADDED_TO


def place_of(hardware: Hardware) -> Place:
    """Where a run on this machine will compute, as core/training/engines decides once torch is loaded."""
    kind = "cuda" if hardware.accelerator.kind == "rocm" else hardware.accelerator.kind
    return Place(kind, hardware.bf16 and kind != "mps")


def read_shape(folder: Path) -> Shape | None:
    """The model in `folder` in numbers; None where its config does not tell them in words that are known here."""
    try:
        found = read_json(folder / "config.json")
        found = found.get("text_config") or found
        facts = base_models.describe(folder)
        hidden, layers, heads = (
            _first(found, *names)
            for names in (
                ("hidden_size", "n_embd", "d_model"),
                ("num_hidden_layers", "n_layer", "num_layers"),
                ("num_attention_heads", "n_head"),
            )
        )
        head = _first(found, "head_dim", default=hidden // heads)
        return Shape(
            parameters=facts.parameters,
            stored_bytes=sum(path.stat().st_size for path in folder.glob("*.safetensors")),
            hidden=hidden,
            feed=_first(found, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden),
            layers=layers,
            vocabulary=_first(found, "vocab_size"),
            queries=heads * head,
            keys=_first(found, "num_key_value_heads", default=heads) * head,
            tied=bool(found.get("tie_word_embeddings", True)),
        )
    except (KeyError, ValueError, OSError, OverflowError):
        return None  # training will say what is wrong with the folder


def _first(found: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    """The first of these entries that is there. Raises KeyError where none is and there is no default."""
    value = next((found[name] for name in names if isinstance(found.get(name), int)), default)
    if value is None:
        raise KeyError(names[0])
    return value


def longest_tokens(samples_file: Path, base_folder: Path, max_length: int) -> int:
    """The tokens of the longest row to train on, at most `max_length`; that itself where none is known."""
    samples = usable(iterate_samples(samples_file)) if samples_file.is_file() else []
    largest = nlargest(TOKENIZED_SAMPLES, map(_words_of, samples), key=len)
    file = base_folder / "tokenizer.json"
    if not largest or not file.is_file():
        return max_length
    try:
        counts = tokenizer_counter(file, base_folder.name, forgetful=True).exact(largest)
    except AppError:
        return max_length
    return min(max_length, max(counts) + TEMPLATE_TOKENS)


def _words_of(sample: Sample) -> str:
    turns = ((sample.instruction, sample.output), *sample.follow_ups)
    return presentable("\n".join(part for turn in turns for part in turn))


@dataclass(frozen=True)
class Needed:
    """What a run needed beside what was estimated; a line of the machine-wide memory.jsonl.

    `formula_gib` is the estimate before earlier runs corrected it: later corrections are learned from that.
    """

    at: float
    device: str
    formula_gib: float
    estimated_gib: float
    measured_gib: float

    @property
    def error(self) -> float:
        """How far the estimate was off, as a share of what was needed; positive where it was too high."""
        return self.estimated_gib / self.measured_gib - 1


def correction(kind: str) -> float:
    """What to multiply formulas with on this machine: the median of the last runs' ratios, within bounds.

    The formula itself has one vote, so that a single odd run does not decide.
    """
    ratios = [run.measured_gib / run.formula_gib for run in noted_runs() if run.device == kind]
    low, high = CORRECTION_BOUNDS
    return min(high, max(low, median([1.0, *ratios[-RATIOS_REMEMBERED:]])))


def compare(request: Mapping[str, Any], memory: Mapping[str, Any]) -> Needed | None:
    """What a run needed beside its estimate; None where it computed elsewhere than was expected, or had none."""
    before = request.get("memory")
    if not before or before["device"] != memory["device"]:
        return None
    measured = memory["ram_gib"]
    if memory["device"] == "cuda":
        measured = memory["device_reserved_gib"] + CONTEXT_GIB
    return Needed(
        at=round(time.time(), 3),
        device=memory["device"],
        formula_gib=before["formula_gib"],
        estimated_gib=before["estimated_gib"],
        measured_gib=round(measured, 3),
    )


def note_run(run: Run, memory: Mapping[str, Any]) -> None:
    """Keep what a run needed, for later estimates on this machine."""
    needed = compare(run.request, memory)
    if needed and needed.measured_gib > 0:
        append_line(log_file(), json.dumps(vars(needed)))


def noted_runs() -> list[Needed]:
    """What earlier runs on this machine needed, in their order."""
    found = []
    for text in read_lines(log_file()):
        try:
            needed = Needed(**json.loads(text))
            if min(needed.formula_gib, needed.estimated_gib, needed.measured_gib) > 0:
                found.append(needed)
        except (ValueError, TypeError):
            continue  # half a line, or one of another version
    return found


def log_file() -> Path:
    """Where it is kept what runs on this machine needed."""
    return config.config_folder() / FILE_NAME


def free_gib(hardware: Hardware) -> float | None:
    """What is free where the run will compute; None where no tool tells."""
    if hardware.accelerator.kind in (CPU, "mps"):
        return hardware.free_ram_gib
    return hardware.accelerator.free_memory_gib


@dataclass(frozen=True)
class Way:
    """A setting with a value that takes less memory."""

    name: str
    value: Any
    saved_gib: float


@dataclass(frozen=True)
class Outlook:
    """What a training with the project's present settings will need, and what is free for it."""

    estimate: Estimate
    place: Place
    free_gib: float | None
    longest_tokens: int
    savings: tuple[Way, ...]

    @property
    def light(self) -> str:
        """green, amber or red; unknown where nobody tells what is free."""
        return light_of(self.estimate.total_gib, self.free_gib)


def light_of(needed_gib: float, free_gib: float | None) -> str:
    """green, amber or red; unknown where nobody tells what is free."""
    if free_gib is None:
        return "unknown"
    share = needed_gib / max(free_gib, 1e-9)
    return "green" if share <= TIGHT_SHARE else "amber" if share <= 1 else "red"


def outlook(
    folder: Path, samples_file: Path, settings: TrainingSettings, hardware: Hardware, longest: int | None = None
) -> Outlook | None:
    """What training the model in `folder` will need here. None where the model cannot be told from its config."""
    shape = read_shape(folder)
    if shape is None:
        return None
    place = place_of(hardware)
    longest = longest or longest_tokens(samples_file, folder, settings.max_length)
    corrected = correction(place.kind)
    found = estimate(shape, settings, place, longest, corrected)
    ways = []
    for name, value in _ways_to_save(settings, place, longest):
        changed = config.changed(settings, **{name: value})
        saved = found.total_gib - estimate(shape, changed, place, longest, corrected).total_gib
        if saved > 0:
            ways.append(Way(name, value, saved))
    savings = tuple(sorted(ways, key=lambda way: -way.saved_gib))
    return Outlook(found, place, free_for_each(hardware, place, settings.processes), longest, savings)


def free_for_each(hardware: Hardware, place: Place, processes: int) -> float | None:
    """What is free for each of the processes: main memory is shared, while every one has a GPU of its own."""
    free = free_gib(hardware)
    return free / processes if free is not None and place.kind in (CPU, "mps") else free


def _ways_to_save(settings: TrainingSettings, place: Place, longest: int) -> list[tuple[str, Any]]:
    """Settings that would take less memory, each with the value to try: (name, value)."""
    ways: list[tuple[str, Any]] = []
    if settings.batch_size > 1:
        ways.append(("batch_size", settings.batch_size // 2))
    if not settings.gradient_checkpointing:
        ways.append(("gradient_checkpointing", True))
    if not settings.four_bit and place.kind != "mps":
        ways.append(("four_bit", True))
    shorter = min(longest, settings.max_length) // 2
    if shorter >= config.TrainingSettings.model_fields["max_length"].metadata[0].ge:
        ways.append(("max_length", shorter))
    return ways


def for_request(found: Outlook) -> dict[str, Any]:
    """An outlook as it is frozen in a run's request."""
    return {
        "device": found.place.kind,
        "formula_gib": round(found.estimate.formula_gib, 3),
        "estimated_gib": round(found.estimate.total_gib, 3),
        "free_gib": None if found.free_gib is None else round(found.free_gib, 3),
        "light": found.light,
        "longest_tokens": found.longest_tokens,
        "terms_mib": {name: round(size / 2**20) for name, size in found.estimate.terms.items()},
    }
