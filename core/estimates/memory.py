"""What memory one training run will need at its peak, beside what is free. Loads no torch.

Each term follows from what the trainer's libraries really hold; the factors between formula and process are fitted
on half of the grid of `python -m benchmarks.memory` and checked on the other half (docs/performance.md). What the
last runs on this machine really needed corrects the sum (`run_log.memory_correction`).
"""

from dataclasses import dataclass
from importlib.util import find_spec

from core.hardware_detector import Hardware
from core.models.model_shape import FULL_PRECISION_BYTES, Shape
from utils.config import TrainingSettings

GIB = 2**30
CPU = "cpu"
TIGHT_SHARE = 0.8  # above this share of what is free, other programs may make it fail
PROCESS_GIB = 0.57
"""What a process holds that has loaded torch, transformers, peft and trl, and trained a model of no size."""
CONTEXT_GIB = 1.4  # the driver's context and torch's workspaces on a GPU; a rule of thumb, not measured here
LOSS_CHUNK_TOKENS = 256  # trl computes logits for so many tokens at once (`_CHUNKED_LM_HEAD_CHUNK_SIZE`)
LOGIT_COPIES = 4
TOKENIZER_BYTES = 1200  # per piece of the vocabulary: measured with 131,072 of them
FOUR_BIT_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256)  # NF4, a byte for each 64, and for 256 of those a float32
PADDED_TO = 16  # `pad_to_multiple_of` of core/training/train

# What the backward pass keeps of a layer, in bytes per token and element of the hidden state, of the feed-forward
# and of the keys: counted with torch's saved_tensors_hooks on Llama and Qwen2. Norms and the residual sum are in
# float32 under autocast too; each adapted matrix keeps its input again.
KEPT = {"bfloat16": (12.9, 6.5, 4.2), "autocast": (14.9, 6.5, 2.2), "float32": (17.6, 12.9, 8.4)}
KEPT_BY_ADAPTER = {"bfloat16": 2, "autocast": 2, "float32": 4}
KEPT_BY_DROPOUT = 4  # its mask, which on a CPU is as wide as what it is laid on

FACTORS = {"activations": 1.5, "layer_inputs": 1.5}
"""Measured peak of the process per byte of a term's formula: the backward pass works beside what is kept, and not all
freed memory goes back to the system. All other formulas hold as they are."""


@dataclass(frozen=True)
class MemoryEstimate:
    """Bytes at the peak by what takes them, how earlier runs on this machine correct their sum, and what is free.

    `device` is cpu, cuda (AMD's too, as torch calls it), xpu or mps; `free_gib` is None where no tool tells.
    """

    terms: dict[str, float]
    device: str
    free_gib: float | None
    correction: float = 1.0

    @property
    def formula_gib(self) -> float:
        return sum(self.terms.values()) / GIB

    @property
    def total_gib(self) -> float:
        return self.formula_gib * self.correction

    @property
    def light(self) -> str:
        """green, amber or red; unknown where nobody tells what is free."""
        if self.free_gib is None:
            return "unknown"
        share = self.total_gib / max(self.free_gib, 1e-9)
        return "green" if share <= TIGHT_SHARE else "amber" if share <= 1 else "red"


def estimate(
    shape: Shape, settings: TrainingSettings, hardware: Hardware, longest: int, correction: float = 1.0
) -> MemoryEstimate:
    """The peak of one run whose longest sample has `longest` tokens."""
    device = device_of(hardware)
    length = padded(min(longest, settings.max_length))
    tokens = settings.batch_size * length
    compute = precision_of(shape, hardware)
    weight_bytes = 2 if compute == "bfloat16" else 4
    compute_bytes = 2 if _has_bf16(hardware) else 4
    kept_layers = 1 if settings.gradient_checkpointing else shape.layers
    matrices = shape.matrices(settings.target_modules)
    adapter = shape.adapter(settings)

    per_token = sum(
        size * width for size, width in zip(KEPT[compute], (shape.hidden, shape.feed, shape.keys), strict=True)
    )
    per_input = KEPT_BY_ADAPTER[compute] + (KEPT_BY_DROPOUT if settings.lora_dropout else 0)
    per_token += per_input * sum(inputs for inputs, _ in matrices)
    per_token += compute_bytes * settings.lora_rank * len(matrices)
    in_main_memory = device in (CPU, "mps")
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
    terms = {name: FACTORS.get(name, 1.0) * size for name, size in terms.items()}
    return MemoryEstimate(terms, device, free_gib(hardware, settings.processes), correction)


def free_gib(hardware: Hardware, processes: int = 1) -> float | None:
    """What is free where a run will compute, for each of its processes; None where no tool tells.

    Main memory is shared, while every process has a GPU of its own.
    """
    if device_of(hardware) in (CPU, "mps"):
        return hardware.free_ram_gib / processes
    return hardware.accelerator.free_memory_gib


def precision_of(shape: Shape, hardware: Hardware) -> str:
    """As core/training/engines decides: float32, bfloat16, or autocast, which computes so with weights in float32."""
    if not _has_bf16(hardware):
        return "float32"
    on_cpu = device_of(hardware) == CPU
    return "bfloat16" if not on_cpu or shape.stored_bytes > FULL_PRECISION_BYTES else "autocast"


def device_of(hardware: Hardware) -> str:
    """Where a run on this machine will compute, as torch calls it: cpu, cuda, xpu or mps."""
    return "cuda" if hardware.accelerator.kind == "rocm" else hardware.accelerator.kind


def four_bit_works(device: str) -> bool:
    """Whether weights of 4 bits can be trained on such a device, with what is installed."""
    return device != "mps" and find_spec("bitsandbytes") is not None


def _has_bf16(hardware: Hardware) -> bool:
    return hardware.bf16 and hardware.accelerator.kind != "mps"


def padded(tokens: int) -> int:
    return -(-tokens // PADDED_TO) * PADDED_TO
