"""Presets on the page: which one holds and why, and that a click sets it."""

import re
from pathlib import Path

import pytest

from core import base_models
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_samples
from tests.core.training.training_material import make_base
from ui.texts import KEYS
from ui.training.preset_panel import name_of, presets_html, why_html
from utils.config import BaseChoice, TrainingSettings, change_app_settings


@pytest.fixture
def full_project(services, project, tmp_path: Path):
    append_samples(project.samples_file, [Sample(f"Was ist {n}?", f"{n} ist eine Zahl.", str(n)) for n in range(100)])
    base_models.choose_base(project, BaseChoice(source="path", name=str(make_base(tmp_path / "base"))))
    return project


def pressed(shown: str) -> list[str]:
    return re.findall(r'data-of="(\w+)" aria-pressed="true"', shown)


def test_without_samples_no_preset_is_offered(view):
    assert presets_html(view()) == why_html(view()) == ""
    assert name_of(view()) == "Voreinstellung"


def test_own_values_are_called_so_and_those_of_new_projects_are_not(project, view):
    project.set("training", {"epochs": 7})
    assert name_of(view()) == "Eigene Einstellungen"
    change_app_settings(training={"epochs": 7})
    assert name_of(view()) == "Voreinstellung"


def test_the_preset_that_holds_is_marked_named_and_explained(act, full_project, view):
    assert pressed(presets_html(view())) == []
    for name, words in (("quick", "Schnell"), ("balanced", "Ausgewogen"), ("thorough", "Gründlich")):
        act("training.preset", name)
        assert pressed(presets_html(view())) == [name]
        assert name_of(view()) == words
    assert "6 × durch 90 Beispiele" in why_html(view()) and "LoRA-Rang 32" in why_html(view())
    full_project.set("training", {"epochs": 7})
    assert pressed(presets_html(view())) == [] and name_of(view()) == "Eigene Einstellungen"


def test_settings_that_would_now_be_computed_otherwise_say_so(act, full_project, view):
    act("training.preset", "balanced")
    assert "ein Klick" not in presets_html(view()).lower()
    full_project.set("training", {"gradient_checkpointing": True})
    assert pressed(presets_html(view())) == ["balanced"]
    assert "passt jetzt anderes besser" in presets_html(view())


@pytest.mark.parametrize("name", ["", "QUICK", "../quick", "quick\x00", "none"])
def test_what_is_no_preset_changes_nothing(act, full_project, name):
    before = full_project.load_config()
    act("training.preset", name)
    assert full_project.load_config() == before


def test_every_training_setting_has_its_explanation():
    for name in TrainingSettings.model_fields:
        assert f"about.{name}" in KEYS
