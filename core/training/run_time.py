"""How long one training run will take, as a range. Loads no torch.

Counted are the floating point operations that the trainer's libraries really do: per token and weight two forward,
two more backward through frozen weights, and two again where activations are computed anew. Beside them each batch
costs a fixed time per layer, whatever is in it, which is all there is to small models. What one operation costs here
is learned from finished runs (speed_log); before the first one the range is as wide as machines differ.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core import hardware_detector
from core.hardware_detector import Hardware
from core.training.memory_estimate import CPU, padded, place_of, precision_of
from core.training.model_shape import Shape, read_shape
from core.training.row_lengths import Data, read_data
from core.training.speed_log import OTHER_KIND, Kind, Range, distance, learned, noted_runs
from utils.config import TrainingSettings

SINGLE_CORE_BYTES = 100_000_000  # as core/training/engines decides: a smaller model computes on one core

RATES = {"cpu float32": 2e10, "cpu bfloat16": 5e10, "cuda": 2.5e13, "xpu": 1.5e13, "mps": 2e12}
"""Floating point operations per second, of one core or one device, that a training gets out of what is there."""
LOGIT_OPERATIONS = 600
"""Loss, entropy and the best token, from each logit: memory is read and written for that as long as in so many."""
LAYER_SECONDS = {CPU: 0.0025, "cuda": 0.0012, "xpu": 0.002, "mps": 0.003}
"""What a batch costs per layer beside its operations: some hundred calls forward and backward."""
BATCH_SECONDS = 0.01
SAVE_SECONDS = 0.5
SETUP_SECONDS = 12.0
READ_BYTES_PER_SECOND = 4e8
ROW_SECONDS = 0.0005


@dataclass(frozen=True)
class Formula:
    """What a run would take on a machine with the usual rates."""

    kind: Kind
    steps: int
    setup_seconds: float
    training_seconds: float


@dataclass(frozen=True)
class TimeEstimate:
    """How long a run will take, from its start to its end."""

    formula: Formula
    seconds: Range
    runs_known: int


def estimate(shape: Shape, settings: TrainingSettings, data: Data, hardware: Hardware) -> TimeEstimate:
    """How long a training of these rows will take on this machine, learned from the runs before."""
    found = formula(shape, settings, data, hardware)
    runs = noted_runs()
    training, setup = (
        learned(found.kind, [(run.kind, ratio(run)) for run in runs])
        for ratio in (
            lambda run: run.training_seconds / run.formula_training,
            lambda run: run.setup_seconds / run.formula_setup,
        )
    )
    seconds = Range(
        setup.low * found.setup_seconds + training.low * found.training_seconds * _least_share(settings, data),
        setup.high * found.setup_seconds + training.high * found.training_seconds,
    )
    known = sum(distance(found.kind, run.kind) < OTHER_KIND for run in runs)
    return TimeEstimate(found, seconds, known)


def outlook(
    folder: Path, samples_file: Path, settings: TrainingSettings, hardware: Hardware, data: Data | None = None
) -> TimeEstimate | None:
    """How long training the model in `folder` will take here; None where it or the samples cannot be told."""
    shape = read_shape(folder)
    data = data or read_data(samples_file, folder, settings.held_out_share, settings.seed)
    return estimate(shape, settings, data, hardware) if shape and data else None


def _least_share(settings: TrainingSettings, data: Data) -> float:
    """What of a training is done at least, if it stops early because its first epoch was the best one."""
    if not settings.early_stopping or not data.held_out:
        return 1.0
    return min(1.0, (1 + settings.early_stopping) / settings.epochs)


def formula(shape: Shape, settings: TrainingSettings, data: Data, hardware: Hardware) -> Formula:
    """The time of a run at the usual rates."""
    place = place_of(hardware)
    kind = Kind(place.kind, hardware.engine, precision_of(shape, place), settings.four_bit, shape.parameters)
    if place.kind == CPU:
        rate = RATES[f"cpu {'bfloat16' if place.bf16 else 'float32'}"] * cores_in_use(shape, settings.processes)
        rate /= settings.processes  # they share the cores
    else:
        rate = RATES[place.kind]
    each = settings.batch_size * settings.gradient_accumulation * settings.processes
    steps = settings.epochs * math.ceil(data.rows / each) if data.rows else 0
    length = expected_longest(data.lengths, settings.batch_size, settings.max_length)
    in_layers, in_head = forward_operations(shape, settings, length)
    # Forward, backward as much again, and forward anew where nothing is kept; trl's loss keeps nothing of the head.
    repeats = 3 if settings.gradient_checkpointing else 2
    layer = LAYER_SECONDS[place.kind] * shape.layers
    operations = settings.batch_size * (repeats * in_layers + 3 * in_head)
    batch = BATCH_SECONDS + layer * repeats / 2 + operations / rate
    test = BATCH_SECONDS + layer / 4 + settings.batch_size * (in_layers + in_head) / rate
    tests = settings.epochs * math.ceil(data.held_out / (settings.batch_size * settings.processes))
    training = steps * settings.gradient_accumulation * batch + tests * test + settings.epochs * SAVE_SECONDS
    setup = SETUP_SECONDS + shape.stored_bytes / READ_BYTES_PER_SECOND + (data.rows + data.held_out) * ROW_SECONDS
    return Formula(kind, steps, setup, training)


def forward_operations(shape: Shape, settings: TrainingSettings, length: float) -> tuple[float, float]:
    """Operations to read a row of `length` tokens, in the layers and in the head: two per weight and token.

    In the layers also attention's two products, each of length × length; in the head what the loss does with each
    logit in float32.
    """
    layers = length * (2 * (shape.linear + shape.adapter(settings)) + 4 * length * shape.queries * shape.layers)
    return layers, length * shape.vocabulary * (2 * shape.hidden + LOGIT_OPERATIONS)


def expected_longest(lengths: Sequence[int], batch_size: int, max_length: int) -> float:
    """The mean over batches of the longest row in each, as the trainer pads them; rows are drawn at random."""
    cut = sorted(padded(min(length, max_length)) for length in lengths)
    count = len(cut)
    shares = (((place + 1) / count) ** batch_size - (place / count) ** batch_size for place in range(count))
    return sum(length * share for length, share in zip(cut, shares, strict=True))


def cores_in_use(shape: Shape, processes: int) -> int:
    """The cores that all processes together compute with, as core/training/engines decides."""
    single = shape.stored_bytes < SINGLE_CORE_BYTES
    cores = hardware_detector.cores_for_work()
    return min(cores, processes) if single else cores


def for_request(found: TimeEstimate) -> dict[str, Any]:
    """An estimate as it is frozen in a run's request."""
    return {
        "kind": asdict(found.formula.kind),
        "steps": found.formula.steps,
        "formula_setup": round(found.formula.setup_seconds, 3),
        "formula_training": round(found.formula.training_seconds, 3),
        "seconds": [round(found.seconds.low, 1), round(found.seconds.high, 1)],
    }
