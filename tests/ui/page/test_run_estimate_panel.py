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
from ui.page import run_estimate_panel
from ui.page.run_estimate_panel import estimate_html, needed_html
from ui.page.view import View
from utils.config import BaseChoice

TIME = TimeEstimate(Kind("cpu", "trl", "autocast", False, 1, 1000), 1, 1.0, 0.0, 80.0, 3)


@pytest.fixture
def view(services, project):
    return lambda: View(services, "de", project.name)


def expected(free_gib: float | None, correction: float = 1.0) -> RunEstimate:
    needed = MemoryEstimate({"process": 3.0 * 2**30}, "cpu", free_gib, correction)
    return RunEstimate(ONE_BILLION, needed, 700, None)


@pytest.mark.parametrize(
    ("free_gib", "words", "tone"),
    [(8.0, "✓ Passt", "good"), (3.5, "! Knapp", "warn"), (2.0, "✗ Zu groß", "bad"), (None, "? Wie viel", "info")],
)
def test_the_light_is_told_in_words_a_sign_and_a_colour(view, free_gib, words, tone):
    shown = needed_html(view(), expected(free_gib))
    assert words in shown
    assert f'class="box {tone}"' in shown
    assert "3,0 GiB" in shown


@pytest.mark.parametrize(("seconds", "duration"), [(8.3, "8 s"), (252, "4 min 10 s"), (7345, "2 h 1 min")])
def test_a_time_is_no_more_exact_than_it_is_and_says_what_it_rests_on(view, seconds, duration):
    estimate = replace(expected(8.0), time=replace(TIME, training_seconds=seconds))
    shown = needed_html(view(), estimate)
    assert f"etwa {duration}" in shown
    assert "auf diesem Rechner (3)" in shown and "andere Programme" in shown
    measured = needed_html(view(), replace(estimate, time=replace(TIME, runs_known=0)))
    assert "kurzen Messung" in measured and "andere Programme" in measured


def test_the_estimate_follows_the_saved_settings(project, view, tmp_path):
    base = write_model(tmp_path / "model", {"all": [100_000_000]}, hidden_size=1024, num_hidden_layers=8)
    assert estimate_html(view()) == ""
    base_models.choose_base(project, BaseChoice(source="path", name=str(base)))

    append_samples(project.samples_file, [Sample(f"q{n}", "a", str(n), Source("x", 1, n)) for n in range(20)])

    def estimated() -> tuple[float, float]:
        found = run_estimate_panel.current(view())
        assert found is not None and found.time is not None
        return found.memory.total_gib, found.time.seconds

    before = estimated()
    project.set("training", {"batch_size": 8})
    memory, seconds = estimated()
    assert memory > before[0] and seconds != before[1]
    assert "geschätzte Dauer" in estimate_html(view())
    assert "Speicher und Dauer dieses Trainings" in estimate_html(view())
