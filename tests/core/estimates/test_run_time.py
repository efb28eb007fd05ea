"""How long a training will take: from a short measurement at first, then from what the last runs here computed."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.estimates import memory, run_estimate, run_log, run_time
from core.estimates.row_lengths import Rows
from core.estimates.run_log import Needed
from core.hardware_detector import Accelerator
from core.models.model_shape import Shape
from core.training import reporter, train
from tests.core.training.machine_material import machine
from tests.core.training.training_material import TrainingContext, make_project, make_run
from utils.config import TrainingSettings
from utils.files import write_json

CPU = machine("cpu", 12.0, 16.0)
PLACES = [
    CPU,
    replace(CPU, bf16=False),
    *(replace(CPU, accelerator=Accelerator(kind, kind, 24.0, 20.0)) for kind in ("cuda", "rocm", "xpu", "mps")),
]
SHAPE = Shape(500_000_000, 1_000_000_000, 1024, 3072, 24, 32_000, 1024, 256, tied=True)
ROWS = Rows(100, 10, (120, 300, 80, 500), 500)

shapes = st.builds(
    lambda hidden, layers: replace(SHAPE, parameters=12 * hidden * hidden * layers, queries=hidden, layers=layers),
    st.sampled_from((64, 512, 4096)),
    st.integers(1, 60),
)
chosen = st.builds(
    TrainingSettings,
    batch_size=st.integers(1, 16),
    epochs=st.integers(1, 20),
    gradient_accumulation=st.integers(1, 8),
    max_length=st.integers(64, 8192),
    gradient_checkpointing=st.booleans(),
    processes=st.integers(1, 4),
)
some_rows = st.builds(
    Rows,
    st.integers(1, 200_000),
    st.integers(0, 20_000),
    st.lists(st.integers(1, 20_000), min_size=1, max_size=30).map(tuple),
    st.just(1),
)


@pytest.fixture(autouse=True)
def own_config(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))


def noted(settings, **more):
    """What a run with these settings needed, which computed a million operations in a second."""
    found = run_time.estimate(SHAPE, settings, ROWS, CPU)
    usual = {"formula_gib": 1.0, "measured_gib": 1.0, "setup_seconds": 7.0, "training_seconds": found.work / 1e6}
    return Needed(found.kind, work=found.work, **(usual | more))


@given(shapes, chosen, some_rows, st.sampled_from(PLACES), st.integers(1, 5000))
def test_more_tokens_never_take_less(shape, training, rows, hardware, more):
    before = run_time.estimate(shape, training, rows, hardware)
    assert before.seconds > before.setup_seconds > 0
    longer = replace(rows, lengths=tuple(length + more for length in rows.lengths))
    for larger in (longer, replace(rows, rows=rows.rows + more), replace(rows, held_out=rows.held_out + more)):
        assert run_time.estimate(shape, training, larger, hardware).seconds >= before.seconds * (1 - 1e-9)


@given(st.lists(st.integers(1, 4000), min_size=1, max_size=40), st.integers(1, 16), st.integers(64, 4096))
def test_a_batch_is_as_long_as_its_longest_row_at_most_the_limit(lengths, batch, limit):
    found = run_time.expected_longest(lengths, batch, limit)
    padded = [memory.padded(min(length, limit)) for length in lengths]
    assert sum(padded) / len(padded) - 1e-6 <= found <= max(padded) + 1e-6
    assert run_time.expected_longest(lengths, 1, limit) == pytest.approx(sum(padded) / len(padded))


def test_the_last_runs_of_the_same_kind_say_how_fast_it_goes_and_others_nothing(monkeypatch):
    settings, longer = TrainingSettings(), TrainingSettings(epochs=9, batch_size=8)
    others = [noted(TrainingSettings(**change)) for change in ({"four_bit": True}, {"processes": 2})]
    before = run_time.estimate(SHAPE, settings, ROWS, CPU)
    runs = [noted(settings, training_seconds=noted(settings).work / speed) for speed in (9e9, 1e6, 2e6, 3e6)]
    monkeypatch.setattr(run_log, "noted_runs", lambda: others)
    assert run_time.estimate(SHAPE, settings, ROWS, CPU) == before and before.runs_known == 0
    monkeypatch.setattr(run_log, "noted_runs", lambda: [*runs, *others])
    found = run_time.estimate(SHAPE, longer, ROWS, CPU)
    assert (found.runs_known, found.setup_seconds) == (4, 7.0)
    assert found.training_seconds == pytest.approx(found.work / 2.5e6)  # one odd run does not decide


def test_before_the_first_run_the_machine_is_measured(monkeypatch):
    assert 1e9 < run_time._core_speed() < 1e13
    monkeypatch.setattr(run_time, "_core_speed", lambda: 1e10)
    monkeypatch.setattr(run_time.hardware_detector, "cores_for_work", lambda: 4)
    small = replace(SHAPE, stored_bytes=1_000_000)
    one, all_four = (run_time.estimate(shape, TrainingSettings(), ROWS, CPU) for shape in (small, SHAPE))
    share = run_time.SHARE_REACHED[one.kind.precision]
    assert one.training_seconds == pytest.approx(one.work / (1e10 * share))
    assert all_four.training_seconds == pytest.approx(one.training_seconds / 4)


def test_a_busy_machine_does_not_change_the_next_estimate(tmp_path, base, monkeypatch):
    estimates = []
    for slower in (1, 10):
        clock = SimpleNamespace(monotonic=lambda by=slower: by * time.monotonic(), strftime=time.strftime)
        cpu = iter((5.0, 25.0))
        monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / f"config {slower}"))
        monkeypatch.setattr(reporter, "time", clock)
        monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=time.monotonic, thread_time=lambda: next(cpu)))  # noqa: B023
        project = make_project(tmp_path / f"projects {slower}")
        settings = TrainingSettings(epochs=1)
        expected = run_estimate.of_files(base, project.samples_file, settings, CPU)
        run = make_run(project, base, epochs=1)
        write_json(run.folder / "run.json", run.request | run_estimate.for_request(expected))
        train.run(TrainingContext(), run)
        found = run_estimate.of_files(base, project.samples_file, settings, CPU)
        assert found.time is not None and found.time.runs_known == 1
        estimates.append(found.time)
    assert estimates[0] == estimates[1]
    assert estimates[0].seconds == pytest.approx(25.0)
