"""How long one training run will take, as a range, and how far that was off afterwards. Loads no torch.

Counted are the floating point operations that the trainer's libraries really do: per token and weight two forward,
two more backward through frozen weights, and two again where activations are computed anew. Beside them each batch
costs a fixed time per layer, whatever is in it, which is all there is to small models. What one operation costs here
is learned from finished runs; before the first one the range is as wide as machines differ.
"""

import json
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from core import hardware_detector
from core.documents.token_counting import TokenCounter, local_counter, tokenizer_counter
from core.hardware_detector import Hardware
from core.runs import Run
from core.samples.sft_dataset import Sample, count_samples, decode_sample, presentable
from core.training import energy
from core.training.energy import Power
from core.training.memory_estimate import (
    CPU,
    FULL_PRECISION_BYTES,
    TEMPLATE_TOKENS,
    Shape,
    padded,
    place_of,
    read_shape,
)
from utils import config
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import append_line, read_json, read_lines, write_json

FILE_NAME = "speed.jsonl"
TIME_FILE = "time.json"
READ_BYTES = 2_000_000  # a file up to this size is read whole; of a larger one so many lines at so many places are:
PLACES_READ, LINES_AT_EACH = 40, 10
LINES_READ = PLACES_READ * LINES_AT_EACH
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

PRIOR_FACTOR = {CPU: 4.0}
PRIOR_FACTOR_ELSEWHERE = 6.0
"""Before anything is known, nine of ten machines are at most so many times faster or slower than the rates above."""
SCATTER = 0.3
"""Two runs of the same kind differ by about so much, in natural logarithms: by their batches and lengths, which the
formula tells only so well, and by what else the machine does."""
OF_NINE_IN_TEN = 1.645
SIZES_APART = math.log(4)
"""A run with a model four times as large tells e^-0.5 as much as one with the same model."""
OTHER_KIND = 1.5  # and another engine, precision or 4-bit puts it so much further away
RUNS_LOOKED_AT = 9


@dataclass(frozen=True)
class Range:
    """Between two amounts, in nine of ten cases."""

    low: float
    high: float

    def __add__(self, other: "Range") -> "Range":
        return Range(self.low + other.low, self.high + other.high)

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Data:
    """The rows to train on and to test with, and the lengths in tokens of some of them, uncut."""

    rows: int
    held_out: int
    lengths: tuple[int, ...]


@dataclass(frozen=True)
class Kind:
    """What decides how fast operations are done: runs are compared by this."""

    device: str
    engine: str
    precision: str
    four_bit: bool
    parameters: int


@dataclass(frozen=True)
class Formula:
    """What a run would take on a machine with the usual rates."""

    kind: Kind
    steps: int
    setup_seconds: float
    training_seconds: float


@dataclass(frozen=True)
class TimeEstimate:
    """How long a run will take, from its start to its end, and what energy it will draw."""

    formula: Formula
    seconds: Range
    power: Power
    runs_known: int

    @property
    def watt_hours(self) -> Range:
        return Range(self.seconds.low * self.power.low / 3600, self.seconds.high * self.power.high / 3600)


@dataclass(frozen=True)
class Taken:
    """What a finished run took beside its formula; a line of the machine-wide speed.jsonl."""

    at: float
    kind: Kind
    formula_setup: float
    formula_training: float
    setup_seconds: float
    training_seconds: float


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
    cores = cores_in_use(shape, settings.processes)
    known = sum(distance(found.kind, run.kind) < OTHER_KIND for run in runs)
    return TimeEstimate(found, seconds, energy.power_of(hardware, cores, settings.processes), known)


def outlook(
    folder: Path, samples_file: Path, settings: TrainingSettings, hardware: Hardware, data: Data | None = None
) -> TimeEstimate | None:
    """How long training the model in `folder` will take here; None where it or the samples cannot be told."""
    shape = read_shape(folder)
    data = data or read_data(samples_file, folder, settings.held_out_share)
    return estimate(shape, settings, data, hardware) if shape and data else None


def _least_share(settings: TrainingSettings, data: Data) -> float:
    """What of a training is done at least, if it stops early because its first epoch was the best one."""
    if not settings.early_stopping or not data.held_out:
        return 1.0
    return min(1.0, (1 + settings.early_stopping) / settings.epochs)


def formula(shape: Shape, settings: TrainingSettings, data: Data, hardware: Hardware) -> Formula:
    """The time of a run at the usual rates."""
    place = place_of(hardware)
    weights_bf16 = place.bf16 and (place.kind != CPU or shape.stored_bytes > FULL_PRECISION_BYTES)
    precision = "bfloat16" if weights_bf16 else "autocast" if place.bf16 else "float32"
    kind = Kind(place.kind, hardware.engine, precision, settings.four_bit, shape.parameters)
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


def learned(kind: Kind, known: Sequence[tuple[Kind, float]]) -> Range:
    """What to multiply a formula with: (kind, seconds per second of the formula) of earlier runs, oldest first.

    The nearer runs have more weight; the prior has one too, as an observation so uncertain as machines differ. Each
    run makes the range narrower, unless they contradict each other.
    """
    prior = math.log(PRIOR_FACTOR.get(kind.device, PRIOR_FACTOR_ELSEWHERE)) / OF_NINE_IN_TEN
    newest_first = [(other, ratio) for other, ratio in reversed(known) if other.device == kind.device]
    here = [(distance(kind, other), math.log(ratio)) for other, ratio in newest_first]
    nearest = sorted(here, key=lambda run: run[0])[:RUNS_LOOKED_AT]
    weights = [math.exp(-(apart**2) / 2) for apart, _ in nearest]
    precision = 1 / prior**2 + sum(weights) / SCATTER**2
    middle = sum(weight * ratio for weight, (_, ratio) in zip(weights, nearest, strict=True)) / SCATTER**2 / precision
    spread = sum(weight * (ratio - middle) ** 2 for weight, (_, ratio) in zip(weights, nearest, strict=True))
    scatter = max(SCATTER**2, spread / sum(weights)) if sum(weights) > 1 else SCATTER**2
    width = OF_NINE_IN_TEN * math.sqrt(scatter + 1 / precision)
    return Range(math.exp(middle - width), math.exp(middle + width))


def distance(one: Kind, other: Kind) -> float:
    """How little a run of one kind says about one of another, from 0. Lengths and batches do not count, so that more
    tokens always take longer."""
    sizes = abs(math.log(max(1, one.parameters) / max(1, other.parameters))) / SIZES_APART
    same = (one.engine, one.precision, one.four_bit) == (other.engine, other.precision, other.four_bit)
    return sizes + (0.0 if same else OTHER_KIND)


def read_data(samples_file: Path, base_folder: Path, held_out_share: float) -> Data | None:
    """The rows of a project, as well as some of its lines tell; None where there are none."""
    lines, share = _some_lines(samples_file)
    samples = [sample for line in lines if (sample := decode_sample(line.strip()))]
    texts = [text for sample in samples if sample.status != "rejected" for text in _row_texts(sample)]
    if not texts:
        return None
    rows = round(len(texts) if share == 1 else len(texts) * count_samples(samples_file) / len(samples))
    held_out = math.ceil(held_out_share * rows)
    some = texts[:: max(1, len(texts) // LINES_READ)]
    lengths = [count + TEMPLATE_TOKENS for count in _counter(base_folder).exact(some)]
    return Data(max(1, rows - held_out), held_out, tuple(lengths))


def _counter(base_folder: Path) -> TokenCounter:
    """The base model's own way to count, or nearly so."""
    file = base_folder / "tokenizer.json"
    try:
        return tokenizer_counter(file, base_folder.name, forgetful=True) if file.is_file() else local_counter()
    except AppError:
        return local_counter()


def _some_lines(path: Path) -> tuple[list[bytes], float]:
    """All lines of a small file; of a large one some behind evenly spaced places.

    Also gives the share of the file that was read.
    """
    if not path.is_file():
        return [], 1
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= READ_BYTES:
            return file.readlines(), 1
        lines: list[bytes] = []
        for number in range(PLACES_READ):
            file.seek(number * size // PLACES_READ)
            file.readline()  # a long line is hit more often, but those behind it are like any others
            lines += islice(file, LINES_AT_EACH)
    return lines, sum(map(len, lines)) / size


def _row_texts(sample: Sample) -> Iterator[str]:
    """A conversation is one row for each answer, with all that was said before."""
    said = ""
    for question, answer in ((sample.instruction, sample.output), *sample.follow_ups):
        said = f"{said}\n{question}\n{answer}"
        yield presentable(said)


def for_request(found: TimeEstimate) -> dict[str, Any]:
    """An estimate as it is frozen in a run's request."""
    return {
        "kind": asdict(found.formula.kind),
        "steps": found.formula.steps,
        "formula_setup": round(found.formula.setup_seconds, 3),
        "formula_training": round(found.formula.training_seconds, 3),
        "seconds": [round(found.seconds.low, 1), round(found.seconds.high, 1)],
        "watt_hours": [round(found.watt_hours.low, 3), round(found.watt_hours.high, 3)],
    }


def note_setup(run: Run) -> None:
    """Keep how long this process took until the first step, which no curve tells. A run's first session counts."""
    if not (run.folder / TIME_FILE).is_file():
        seconds = time.time() - psutil.Process().create_time()
        write_json(run.folder / TIME_FILE, {"setup_seconds": round(seconds, 3)})


def note_run(run: Run, device: str, steps: int) -> None:
    """Keep how long a finished run took, for later estimates on this machine."""
    before, taken = _estimated(run), seconds_of(run)
    if not before or taken is None or before["kind"]["device"] != device or not before["steps"]:
        return
    setup, training = taken
    done = Taken(
        at=round(time.time(), 3),
        kind=Kind(**before["kind"]),
        formula_setup=before["formula_setup"],
        formula_training=before["formula_training"] * min(1.0, steps / before["steps"]),
        setup_seconds=setup,
        training_seconds=training,
    )
    append_line(log_file(), json.dumps(asdict(done)))


def seconds_of(run: Run) -> tuple[float, float] | None:
    """How long a run prepared and how long it trained, in all its sessions; None where that is not known."""
    last = None
    for line in read_lines(run.metrics_file):
        last = line
    if last is None or not (run.folder / TIME_FILE).is_file():
        return None
    return read_json(run.folder / TIME_FILE)["setup_seconds"], json.loads(last)["seconds"]


def _estimated(run: Run) -> dict[str, Any] | None:
    """The estimate frozen in a run's request. None for a branch, whose curves tell its parent's seconds too."""
    return None if "branch" in run.request else run.request.get("time")


def result(run: Run) -> dict[str, Any] | None:
    """What a run took beside its estimate; None where there was none."""
    before, taken = _estimated(run), seconds_of(run)
    if not before or taken is None:
        return None
    return {"estimated_seconds": before["seconds"], "seconds": round(sum(taken), 1)}


def noted_runs() -> list[Taken]:
    """What earlier runs on this machine took, in their order."""
    found = []
    for text in read_lines(log_file()):
        try:
            fields: Mapping[str, Any] = json.loads(text)
            run = Taken(**{**fields, "kind": Kind(**fields["kind"])})
            if min(run.formula_setup, run.formula_training, run.setup_seconds, run.training_seconds) > 0:
                found.append(run)
        except (ValueError, TypeError, KeyError):
            continue  # half a line, or one of another version
    return found


def log_file() -> Path:
    """Where it is kept how long runs on this machine took."""
    return config.config_folder() / FILE_NAME
