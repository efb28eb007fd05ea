"""Widgets take label, bounds and kind from the setting; what does not fit is said in the chosen language."""

import gradio as gr
import pytest

from ui.page import forms
from ui.texts import error_text
from utils.config import ChunkSettings, OutputSettings, SftSettings, TrainingSettings
from utils.errors import AppError

SECTIONS = (ChunkSettings, OutputSettings, SftSettings, TrainingSettings)


def test_widgets_take_kind_bounds_and_steps_from_the_setting():
    with gr.Blocks():
        rank, rate = (
            forms.widget(TrainingSettings, name, "de", slider=True) for name in ("lora_rank", "learning_rate")
        )
        assert isinstance(forms.widget(TrainingSettings, "four_bit", "de"), gr.Checkbox)
        choice = forms.widget(OutputSettings, "quantization", "de")
    assert (rank.minimum, rank.maximum, rank.value, rank.step) == (8, 64, 16, 1)
    assert (rate.minimum, rate.maximum, rate.step) == (1e-5, 1e-3, 1e-5)
    assert [value for _, value in choice.choices] == ["f16", "q8_0", "q4_k_m"]


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_setting_has_a_widget_with_a_label(section, language):
    for name in section.model_fields:
        with gr.Blocks():
            assert forms.widget(section, name, language).label


@pytest.mark.parametrize(
    ("section", "values", "sentence"),
    [
        ("training", {"epochs": 0}, "„Epochen“ ist zu klein: Der kleinste erlaubte Wert ist 1."),
        ("training", {"learning_rate": 1}, "„Lernrate“ ist zu groß: Der größte erlaubte Wert ist 0,001."),
        ("documents", {"chunk_tokens": None}, "„Länge eines Abschnitts (Tokens)“ ist keine passende Zahl."),
        ("sft", {"samples": 10.5}, "„Anzahl Beispiele“ ist keine passende Zahl."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_german_and_nothing_is_lost(project, section, values, sentence):
    before = project.load_config()
    with pytest.raises(AppError) as refused:
        project.set(section, values)
    assert error_text(refused.value.code, "de", refused.value.params)[0] == sentence
    assert project.load_config() == before
