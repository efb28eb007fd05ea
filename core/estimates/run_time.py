"""How long one training run will take on a machine with nothing else to do. Loads no torch.

It is work over speed. Work is what the steps compute, counted so that a speed carries over to other lengths and
batches. Speed is what the last runs of the same kind really reached here (`run_log`); before the first one it follows
from a short measurement on this machine.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

from core import hardware_detector
from core.estimates import run_log
from core.estimates.memory import CPU, device_of, padded, precision_of
from core.estimates.row_lengths import Rows
from core.estimates.run_log import Kind
from core.hardware_detector import Hardware
from core.models.model_shape import SINGLE_CORE_BYTES, Shape
from utils.config import TrainingSettings

SETUP_SECONDS = 6.0
"""Until the first step: mostly libraries that are loaded."""
LAYER_OPERATIONS = {CPU: 5e7}
LAYER_OPERATIONS_ELSEWHERE = 3e10
"""What a layer costs each time it is called, whatever is in the batch, in operations that could be done meanwhile."""
SHARE_REACHED = {"float32": 0.25, "autocast": 0.65, "bfloat16": 0.65}
"""What a training gets out of a core, of what a product of matrices in float32 gets out of it."""
USUAL_SPEED = {"cuda": 2.5e13, "xpu": 1.5e13, "mps": 2e12}
"""Operations per second of devices that only torch could measure, which the app does not load."""
MEASURED_WIDTH, MEASURED_MATRICES, MEASURED_TIMES = 64, 200, 20
"""Larger matrices are multiplied by several threads, which wait for each other where other programs want their cores:
at load 14 those of 96 were 20 times as slow as alone, in CPU seconds too, and those of 64 as fast as ever."""
CLOCK_SECONDS = 1 / 64
"""The coarsest clock of CPU time, that of Windows."""


@dataclass(frozen=True)
class TimeEstimate:
    """How long a run will take, from its start to its end, and how many earlier runs say so."""

    kind: Kind
    steps: int
    work: float
    setup_seconds: float
    training_seconds: float
    runs_known: int

    @property
    def seconds(self) -> float:
        return self.setup_seconds + self.training_seconds


def estimate(shape: Shape, settings: TrainingSettings, rows: Rows, hardware: Hardware) -> TimeEstimate:
    """How long a training of these rows will take on this machine."""
    device, precision = device_of(hardware), precision_of(shape, hardware)
    kind = Kind(device, hardware.engine, precision, settings.four_bit, settings.processes, shape.parameters)
    steps, work = work_of(shape, settings, rows, device)
    known = run_log.runs_like(kind)
    if known:
        setup = median(run.setup_seconds for run in known)
        speed = median(run.work / run.training_seconds for run in known)
    else:
        setup, speed = SETUP_SECONDS, _measured_speed(kind, shape)
    return TimeEstimate(kind, steps, work, setup, work / speed, len(known))


def work_of(shape: Shape, settings: TrainingSettings, rows: Rows, device: str) -> tuple[int, float]:
    """(steps, operations) of one process: per weight and token two forward, two backward through frozen weights, and
    two where activations are computed anew; a batch of the check after an epoch only goes forward.
    So count Kaplan et al. (2020, arXiv 2001.08361, section 2.1), here without the gradients of frozen weights.

    A batch is padded to its longest row. Attention adds two products of length × length in each layer.
    """
    in_a_step = settings.batch_size * settings.gradient_accumulation * settings.processes
    steps = settings.epochs * math.ceil(rows.rows / in_a_step)
    checks = settings.epochs * math.ceil(rows.held_out / (settings.batch_size * settings.processes))
    forwards = steps * settings.gradient_accumulation * (3 if settings.gradient_checkpointing else 2) + checks
    length = expected_longest(rows.lengths, settings.batch_size, settings.max_length)
    row = length * (2 * shape.parameters + 4 * length * shape.queries * shape.layers)
    calls = shape.layers * LAYER_OPERATIONS.get(device, LAYER_OPERATIONS_ELSEWHERE)
    return steps, forwards * (settings.batch_size * row + calls)


def expected_longest(lengths: Sequence[int], batch_size: int, max_length: int) -> float:
    """The mean over batches of the longest row in each, as the trainer pads them; rows are drawn at random."""
    cut = sorted(padded(min(length, max_length)) for length in lengths)
    count = len(cut)
    shares = (((place + 1) / count) ** batch_size - (place / count) ** batch_size for place in range(count))
    return sum(length * share for length, share in zip(cut, shares, strict=True))


def _measured_speed(kind: Kind, shape: Shape) -> float:
    """Operations per second of each process, before any run of the kind is known."""
    if kind.device != CPU:
        return USUAL_SPEED[kind.device]
    cores = hardware_detector.cores_for_work()
    in_use = 1 if shape.stored_bytes < SINGLE_CORE_BYTES else max(1, cores // kind.processes)
    return _core_speed() * SHARE_REACHED[kind.precision] * in_use


@cache
def _core_speed() -> float:
    """Operations per CPU second in products of matrices, by one core; takes some 30 ms."""
    import numpy  # what is not trained needs none

    matrices = numpy.ones((MEASURED_MATRICES, MEASURED_WIDTH, MEASURED_WIDTH), numpy.float32)
    started = time.thread_time()
    for _ in range(MEASURED_TIMES):
        numpy.matmul(matrices, matrices)
    seconds = max(time.thread_time() - started, CLOCK_SECONDS)
    return 2 * MEASURED_WIDTH**3 * MEASURED_MATRICES * MEASURED_TIMES / seconds
