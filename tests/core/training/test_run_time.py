"""How long a training will take: a range that obeys common sense before the first run, then learns from runs."""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.hardware_detector import Accelerator
from core.project_manager import Project
from core.runs import Run
from core.samples.sft_dataset import Sample, append_sample, append_samples
from core.training import memory_estimate, row_lengths, run_time, speed_log, trainer
from core.training.model_shape import Shape
from core.training.row_lengths import Data
from core.training.speed_log import Kind, Taken
from tests.core.training.machine_material import machine
from tests.core.training.training_material import TrainingContext, make_project, make_run
from utils.config import TrainingSettings
from utils.files import append_line, write_json

CPU = machine("cpu", 12.0, 16.0)
PLACES = [
    CPU,
    replace(CPU, bf16=False),
    *(replace(CPU, accelerator=Accelerator(kind, kind, 24.0, 20.0)) for kind in ("cuda", "rocm", "xpu", "mps")),
]
SHAPE = Shape(500_000_000, 1_000_000_000, 1024, 3072, 24, 32_000, 1024, 256, tied=True)
DATA = Data(100, 10, (120, 300, 80, 500))
KIND = Kind("cpu", "trl", "autocast", False, 500_000_000)

shapes = st.builds(
    lambda hidden, layers, vocabulary: Shape(
        12 * hidden * hidden * layers + vocabulary * hidden,
        4 * (12 * hidden * hidden * layers + vocabulary * hidden),
        hidden,
        3 * hidden,
        layers,
        vocabulary,
        hidden,
        hidden,
        tied=True,
    ),
    st.sampled_from((64, 512, 4096)),
    st.integers(1, 60),
    st.sampled_from((400, 32_000, 200_000)),
)
chosen = st.builds(
    TrainingSettings,
    batch_size=st.integers(1, 16),
    epochs=st.integers(1, 20),
    gradient_accumulation=st.integers(1, 8),
    max_length=st.integers(64, 8192),
    gradient_checkpointing=st.booleans(),
    early_stopping=st.integers(0, 10),
    processes=st.integers(1, 4),
)
some_data = st.builds(
    Data,
    st.integers(1, 200_000),
    st.integers(0, 20_000),
    st.lists(st.integers(1, 20_000), min_size=1, max_size=30).map(tuple),
)
kinds = st.builds(
    Kind,
    st.sampled_from(("cpu", "cuda")),
    st.sampled_from(("trl", "unsloth")),
    st.sampled_from(("autocast", "bfloat16")),
    st.booleans(),
    st.integers(1_000, 10**11),
)
ratios = st.floats(0.01, 100)


@pytest.fixture(autouse=True)
def own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))


@given(shapes, chosen, some_data, st.sampled_from(PLACES))
def test_the_low_end_is_never_above_the_high_one(shape, training, data, hardware) -> None:
    found = run_time.formula(shape, training, data, hardware)
    assert found.training_seconds > 0 and found.setup_seconds > 0
    learned = speed_log.learned(found.kind, [])
    assert 0 < learned.low < 1 < learned.high


@given(shapes, chosen, some_data, st.sampled_from(PLACES), st.integers(1, 5000))
def test_more_tokens_never_take_less(shape, training, data, hardware, more) -> None:
    before = run_time.formula(shape, training, data, hardware)
    longer = replace(data, lengths=tuple(length + more for length in data.lengths))
    for larger in (longer, replace(data, rows=data.rows + more), replace(data, held_out=data.held_out + more)):
        found = run_time.formula(shape, training, larger, hardware)
        assert found.training_seconds >= before.training_seconds * (1 - 1e-9)
        assert found.kind == before.kind  # so what was learned from other runs counts the same


@given(kinds, st.lists(st.tuples(kinds, ratios), max_size=15))
def test_what_is_learned_is_a_range_whatever_runs_say(kind, known) -> None:
    found = speed_log.learned(kind, known)
    assert 0 < found.low < found.high < math.inf


@given(kinds, ratios, st.integers(1, 12))
@example(Kind("cuda", "trl", "autocast", False, 1000), 1.0, 2)  # no distance at all, but for rounding
def test_finished_runs_that_agree_narrow_the_range_around_them(kind, ratio, runs) -> None:
    widths, middles = [], []
    for count in range(runs + 1):
        found = speed_log.learned(kind, [(kind, ratio)] * count)
        widths.append(found.high / found.low)
        middles.append(abs(math.log(found.low * found.high) / 2 - math.log(ratio)))
    assert widths == sorted(widths, reverse=True) and widths[1] < widths[0]
    assert all(later <= earlier + 1e-12 for earlier, later in pairwise(middles))


def test_runs_that_contradict_each_other_widen_the_range() -> None:
    agree = speed_log.learned(KIND, [(KIND, 1.0)] * 6)
    differ = speed_log.learned(KIND, [(KIND, 0.5), (KIND, 2.0)] * 3)
    assert differ.high / differ.low > agree.high / agree.low


def test_a_run_of_another_size_or_kind_tells_less_and_one_elsewhere_nothing() -> None:
    def width(other: Kind) -> float:
        found = speed_log.learned(KIND, [(other, 3.0)])
        return found.high / found.low

    nothing = speed_log.learned(KIND, [])
    larger, much_larger = (replace(KIND, parameters=factor * KIND.parameters) for factor in (4, 64))
    assert width(KIND) < width(larger) < width(much_larger) < nothing.high / nothing.low
    assert width(KIND) < width(replace(KIND, four_bit=True))
    assert speed_log.learned(KIND, [(replace(KIND, device="cuda"), 3.0)]) == nothing


def test_the_newest_runs_count() -> None:
    slow, fast = [(KIND, 5.0)] * 20, [(KIND, 0.5)] * speed_log.RUNS_LOOKED_AT
    assert 0.5 in speed_log.learned(KIND, [*slow, *fast])
    assert 5.0 not in speed_log.learned(KIND, [*slow, *fast])


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=40), st.integers(1, 16), st.integers(64, 4096))
def test_a_batch_is_as_long_as_its_longest_row_at_most_the_limit(lengths, batch, limit) -> None:
    found = run_time.expected_longest(lengths, batch, limit)
    padded = [memory_estimate.padded(min(length, limit)) for length in lengths]
    assert sum(padded) / len(padded) - 1e-6 <= found <= max(padded) + 1e-6
    assert run_time.expected_longest(lengths, 1, limit) == pytest.approx(sum(padded) / len(padded))


def test_early_stopping_lowers_only_the_low_end() -> None:
    usual = run_time.estimate(SHAPE, TrainingSettings(epochs=10), DATA, CPU)
    early = run_time.estimate(SHAPE, TrainingSettings(epochs=10, early_stopping=1), DATA, CPU)
    assert early.seconds.low < usual.seconds.low and early.seconds.high == usual.seconds.high


def test_gradient_checkpointing_takes_longer() -> None:
    plain, saving = (
        run_time.formula(SHAPE, TrainingSettings(gradient_checkpointing=on), DATA, CPU) for on in (False, True)
    )
    assert 1.1 < saving.training_seconds / plain.training_seconds < 1.6


def test_the_rows_of_a_project_are_counted_in_tokens(tmp_path: Path, base: Path) -> None:
    project = make_project(tmp_path)
    append_sample(project.samples_file, Sample("Was?", "Licht.", "t", follow_ups=(("Und?", "Ja."), ("So?", "Nein."))))
    append_sample(project.samples_file, Sample("Nein?", "Nein.", "r", status="rejected"))
    append_sample(project.samples_file, Sample("Halb \ud83d?", "Ja.", "h"))
    data = row_lengths.read_data(project.samples_file, base, 0.25, 42)
    assert data is not None
    assert (data.rows + data.held_out, data.held_out, len(data.lengths)) == (28, 7, 28)
    assert row_lengths.read_data(tmp_path / "none.jsonl", base, 0.1, 42) is None


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A large file in which every third sample is thirty times as long."""
    file = tmp_path / "many.jsonl"
    texts = ["Licht. " * (300 if number % 3 == 0 else 10) for number in range(6000)]
    append_samples(file, (Sample(f"Frage {number}?", text, str(number)) for number, text in enumerate(texts)))
    assert file.stat().st_size > row_lengths.READ_BYTES
    return file


def test_of_a_large_file_some_lines_tell_the_whole(many: Path, base: Path) -> None:
    data = row_lengths.read_data(many, base, 0.1, 42)
    assert data is not None and data.rows + data.held_out == 6000
    assert len(data.lengths) <= 2 * row_lengths.LINES_READ
    long = sum(length > 400 for length in data.lengths) / len(data.lengths)
    assert 0.2 < long < 0.45  # a long line is no likelier than it is


@pytest.fixture
def finished(tmp_path: Path, base: Path) -> Iterator[tuple[Project, Run]]:
    project = make_project(tmp_path / "projects")
    run = make_run(project, base, epochs=1)
    expected = run_time.outlook(base, project.samples_file, TrainingSettings(epochs=1), CPU)
    assert expected is not None
    write_json(run.folder / "run.json", {**run.request, "time": run_time.for_request(expected)})
    result = trainer.run(TrainingContext(), run)
    assert result["time"]["estimated_seconds"] == [round(expected.seconds.low, 1), round(expected.seconds.high, 1)]
    assert result["time"]["seconds"] == round(sum(speed_log.seconds_of(run) or ()), 1) > 0
    yield project, run


def test_a_finished_run_is_noted_and_makes_the_next_estimate_narrower(
    finished: tuple[Project, Run], base: Path
) -> None:
    project, _ = finished
    (noted,) = speed_log.noted_runs()
    assert noted.kind.device == "cpu" and noted.training_seconds > 0
    before = speed_log.learned(noted.kind, [])
    after = run_time.outlook(base, project.samples_file, TrainingSettings(epochs=1), CPU)
    assert after is not None and after.runs_known == 1
    assert after.seconds.high / after.seconds.low < before.high / before.low


def test_a_run_without_an_estimate_or_on_another_device_teaches_nothing(tmp_path: Path, base: Path) -> None:
    run = make_run(make_project(tmp_path), base, epochs=1)
    result = trainer.run(TrainingContext(), run)
    assert result["time"] is None
    write_json(run.folder / "run.json", {**run.request, "time": {"kind": asdict(KIND), "steps": 3}})
    speed_log.note_run(run, "cuda", 3)
    assert speed_log.noted_runs() == []


def test_half_a_line_and_lines_of_other_versions_are_passed_over() -> None:
    good = Taken(1.0, KIND, 10.0, 100.0, 12.0, 150.0)
    append_line(speed_log.log_file(), json.dumps(asdict(good)))
    for bad in ("{half", "[]", "3", json.dumps(asdict(good) | {"new": 1}), json.dumps({**asdict(good), "kind": 1})):
        append_line(speed_log.log_file(), bad)
    append_line(speed_log.log_file(), json.dumps(asdict(good) | {"training_seconds": 0}))
    assert speed_log.noted_runs() == [good]
