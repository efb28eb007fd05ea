"""Whether a training fits, in words: before it, while it runs, and how far the estimate was off afterwards."""

import json

import pytest

from core import base_pipeline
from core.jobs import JobState
from core.runs import create_run
from core.training.memory_estimate import Estimate, Place
from core.training.memory_outlook import Outlook, Way
from ui import memory_panel
from ui.memory_panel import after_html, memory_html, outlook_html
from ui.view import View
from utils.config import BaseChoice

WAYS = (Way("batch_size", 2, 1.5), Way("max_length", 512, 0.5), Way("four_bit", True, 0.001))


@pytest.fixture
def view(services, project):
    return lambda: View(services, "de", project.name)


def expected(free_gib: float | None, correction: float = 1.0) -> Outlook:
    return Outlook(Estimate({"process": 3.0 * 2**30}, correction), Place("cpu", True), free_gib, 700, WAYS)


@pytest.mark.parametrize(
    ("free_gib", "words", "tone"),
    [(8.0, "✓ Passt", "good"), (3.5, "! Knapp", "warn"), (2.0, "✗ Zu groß", "bad"), (None, "? Wie viel", "info")],
)
def test_the_light_is_told_in_words_a_sign_and_a_colour(view, free_gib, words, tone):
    shown = outlook_html(view(), expected(free_gib))
    assert words in shown
    assert f'class="box {tone}"' in shown
    assert "3,0 GiB" in shown


def test_only_what_does_not_fit_easily_says_what_to_change(view):
    red = outlook_html(view(), expected(2.0))
    assert "Batch-Größe halbieren (−1,5 GiB)" in red
    assert "auf 512 Tokens" in red
    assert "4-Bit" not in red  # it would save next to nothing
    assert "Das hilft" not in outlook_html(view(), expected(8.0))


def test_what_earlier_runs_changed_is_told(view):
    assert "+20 %" in outlook_html(view(), expected(8.0, 1.2))
    assert "frühere Läufe" not in outlook_html(view(), expected(8.0))


def test_after_a_run_the_estimates_error_is_told(project, view):
    run = create_run(project, "train", {})
    memory = {"ram_gib": 2.0, "estimated_gib": 2.2, "needed_gib": 2.0}
    run.write_state(JobState.DONE, result={"run": run.id, "memory": memory})
    assert "geschätzt 2,20 GiB, gebraucht 2,00 GiB (Fehler +10 %)" in memory_html(view())


def test_a_run_of_an_earlier_version_tells_nothing(project, view):
    run = create_run(project, "train", {})
    run.write_state(JobState.DONE, result={"run": run.id})
    assert after_html(view()) == ""


def test_while_a_training_runs_its_own_estimate_is_shown(project, view, puppet):
    create_run(project, "train", {"memory": {"estimated_gib": 2.5}})
    puppet("train")
    assert "2,5 GiB" in memory_html(view())
    assert "Passt" not in memory_html(view())


def test_the_estimate_follows_the_saved_settings(project, view, tmp_path):
    config = {"architectures": ["LlamaForCausalLM"], "hidden_size": 1024, "num_hidden_layers": 8}
    config |= {"num_attention_heads": 8, "vocab_size": 1000}
    header = json.dumps({"all": {"shape": [100_000_000]}}).encode()
    base = tmp_path / "model"
    base.mkdir()
    (base / "config.json").write_text(json.dumps(config))
    (base / "tokenizer.json").write_text("{}")
    (base / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    assert memory_html(view()) == ""
    base_pipeline.choose_base(project, BaseChoice(source="path", name=str(base)))

    def estimated() -> float:
        found = memory_panel.current(view())
        assert found is not None
        return found.estimate.total_gib

    before = estimated()
    project.set("training", {"batch_size": 8})
    assert estimated() > before
    assert "Speicher für dieses Training" in memory_html(view())
