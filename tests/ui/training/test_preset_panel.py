"""Presets on the page: which one holds and why, fields that follow it, and values that no widget offers."""

from pathlib import Path

import gradio as gr
import pytest

from core import base_models
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_samples
from core.training import presets
from tests.core.training.training_material import make_base
from ui import tab_training
from ui.page import forms
from ui.training.preset_panel import blocked, button_update, followed, preset_html
from utils.config import BaseChoice, Group, TrainingSettings, settings_with


@pytest.fixture
def full_project(services, project, tmp_path: Path):
    append_samples(project.samples_file, [Sample(f"Was ist {n}?", f"{n} ist eine Zahl.", str(n)) for n in range(100)])
    base_models.choose_base(project, BaseChoice(source="path", name=str(make_base(tmp_path / "base"))))
    return project


def test_without_samples_no_preset_can_be_chosen_and_the_reason_is_told(view):
    assert "Beispiele" in blocked(view())
    assert blocked(view()) in preset_html(view())
    assert button_update("quick", view())["interactive"] is False


def test_the_preset_that_holds_is_marked_and_explained(services, full_project, view):
    assert "eigene Einstellungen" in preset_html(view())
    presets.apply(full_project, "thorough", services.hardware())
    shown = preset_html(view())
    assert "Gewählt: Gründlich." in shown and "6 × durch 90 Beispiele" in shown and "LoRA-Rang 32" in shown
    assert [button_update(name, view())["value"] for name in presets.PRESETS] == [
        "Schnell",
        "Ausgewogen",
        "✓ Gründlich",
    ]
    full_project.set("training", {"epochs": 7})
    assert "eigene Einstellungen" in preset_html(view())


def test_settings_that_would_now_be_computed_otherwise_say_so(services, full_project, view):
    presets.apply(full_project, "balanced", services.hardware())
    assert "ein Klick passt sie an" not in preset_html(view())
    full_project.set("training", {"gradient_checkpointing": True})
    assert "Gewählt: Ausgewogen." in preset_html(view())
    assert "ein Klick passt sie an" in preset_html(view())


def test_every_browsers_fields_follow_a_preset_and_nobodys_own_values(services, full_project, view):
    with gr.Blocks():
        fields = forms.widgets(TrainingSettings, TrainingSettings.model_fields, "de")
    assert followed("epochs", fields["epochs"], view()) == gr.update()
    presets.apply(full_project, "balanced", services.hardware())
    for name, field in fields.items():
        value = getattr(full_project.load_config().training, name)
        assert followed(name, field, view())["value"] == (list(value) if isinstance(value, tuple) else value)
    full_project.set("training", {"lora_rank": 24})
    assert followed("epochs", fields["epochs"], view()) == gr.update()


def test_a_value_that_no_widget_offers_is_offered_once_it_is_set(project):
    project.set("training", {"lora_rank": 24, "lora_alpha": 128, "batch_size": 3})
    settings = project.load_config()
    with gr.Blocks():
        fields = forms.widgets(TrainingSettings, settings_with(Group.MAIN), "de", offered=tab_training.OFFERED)
    rank = forms.shown("training", "lora_rank", fields["lora_rank"], settings)
    assert (rank["value"], rank["choices"]) == (24, [8, 16, 24, 32, 64])
    assert forms.shown("training", "lora_alpha", fields["lora_alpha"], settings)["choices"] == [16, 32, 64, 128]
    assert forms.shown("training", "batch_size", fields["batch_size"], settings) == 3  # a box for numbers here


def test_every_training_setting_has_its_explanation():
    for name in TrainingSettings.model_fields:
        assert forms.explanation(name, "de") and forms.explanation(name, "en")


def test_several_choices_are_boxes_to_tick_and_none_is_one_of_them(project):
    with gr.Blocks():
        boxes = forms.widget(TrainingSettings, "target_modules", "en")
    assert isinstance(boxes, gr.CheckboxGroup) and len(boxes.choices) == 7
    assert "nothing ticked all linear layers" in (boxes.info or "")
    for ticked in (["v_proj", "q_proj"], []):
        project.set("training", {"target_modules": ticked})
        shown = forms.shown("training", "target_modules", boxes, project.load_config())
        assert shown == sorted(ticked)
