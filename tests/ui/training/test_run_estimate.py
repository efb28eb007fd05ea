"""What a training will need, in words."""

from dataclasses import replace

import pytest

from core import base_models
from core.estimates.memory import MemoryEstimate
from core.estimates.run_estimate import RunEstimate
from core.estimates.run_log import Kind
from core.estimates.run_time import TimeEstimate
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from tests.core.training.machine_material import ONE_BILLION, write_model
from ui.training import run_estimate
from ui.training.run_estimate import basis_html, time_words
from utils.config import BaseChoice

TIME = TimeEstimate(Kind("cpu", "trl", "autocast", False, 1, 1000), 1, 1.0, 0.0, 80.0, 3)


def expected(free_gib: float | None, correction: float = 1.0) -> RunEstimate:
    needed = MemoryEstimate({"process": 3.0 * 2**30}, "cpu", free_gib, correction)
    return RunEstimate(ONE_BILLION, needed, 700, None)


@pytest.mark.parametrize(
    ("seconds", "duration", "span"),
    [
        (8.3, "8 s", "8–15 s"),
        (99, "100 s", "2–3 min"),
        (252, "4 min", "4–8 min"),
        (735, "10 min", "10–25 min"),
        (3000, "50 min", "1–2 h"),
        (5399, "90 min", "1–3 h"),
        (7345, "2 h", "2–4 h"),
    ],
)
def test_a_time_is_no_more_exact_than_it_is_and_says_what_it_rests_on(view, seconds, duration, span):
    estimate = replace(expected(8.0), time=replace(TIME, training_seconds=seconds))
    assert time_words(view(), estimate) == f"etwa {duration}"
    assert "auf diesem Rechner (3)" in basis_html(view(), estimate)
    first = replace(estimate, time=replace(TIME, training_seconds=seconds, runs_known=0))
    assert time_words(view(), first) == f"etwa {span}"
    assert "kurzen Messung" in basis_html(view(), first) and "andere Programme" in basis_html(view(), first)


def test_what_cannot_be_estimated_is_not_told(view):
    assert time_words(view(), None) == basis_html(view(), None) == time_words(view(), expected(8.0)) == ""
    assert "700 Tokens" in basis_html(view(), expected(None))
    assert "+50" in basis_html(view(), expected(8.0, 1.5))


def test_the_estimate_follows_the_saved_settings_and_rests_while_a_training_runs(project, view, tmp_path, puppet):
    base = write_model(tmp_path / "model", {"all": [100_000_000]}, hidden_size=1024, num_hidden_layers=8)
    assert run_estimate.current(view()) is None
    base_models.choose_base(project, BaseChoice(source="path", name=str(base)))

    append_samples(project.samples_file, [Sample(f"q{n}", "a", str(n), Source("x", 1, n)) for n in range(20)])

    def estimated() -> tuple[float, float]:
        found = run_estimate.current(view())
        assert found is not None and found.time is not None
        return found.memory.total_gib, found.time.seconds

    before = estimated()
    project.set("training", {"batch_size": 8})
    memory, seconds = estimated()
    assert memory > before[0] and seconds != before[1]
    puppet("train")
    assert run_estimate.current(view()) is None
