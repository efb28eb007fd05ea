"""Fields take label, bounds and kind from the setting; what does not fit is said in the chosen language."""

import re
from typing import get_args

import pytest

from ui.page import fields
from ui.page.fields import Field, written
from ui.texts import error_text
from utils.config import ProjectConfig, Quantization
from utils.errors import AppError


def test_a_slider_takes_bounds_steps_and_value_from_the_setting(view, project):
    rate = fields.setting(view(), "training", "learning_rate", slider=True)
    assert 'min="0.00001" max="0.001" step="0.00001" value="0.0002"' in rate
    project.set("training", {"lora_rank": 64})
    assert re.search(
        r'min="8" max="64" step="1" value="64"', fields.setting(view(), "training", "lora_rank", slider=True)
    )


def test_a_choice_offers_what_the_setting_takes_and_also_what_is_set_by_hand(view, project):
    quantization = fields.setting(view(), "output", "quantization")
    assert re.findall(r'value="(\w+)"[ >]', quantization)[1:] == list(get_args(Quantization))
    project.set("training", {"lora_rank": 24})
    assert re.findall(r'value="(\d+)"', fields.setting(view(), "training", "lora_rank", offered=(8, 16))) == [
        "8",
        "16",
        "24",
    ]


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_setting_has_a_field_with_a_label(view, language):
    for section in fields.SECTIONS:
        for name in type(getattr(ProjectConfig(), section)).model_fields:
            drawn = fields.setting(view(language), section, name)
            assert re.search(r"<(label|legend)[^>]*>[^<]", drawn), name


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("training.epochs", "0", "„Epochen“ ist zu klein: Der kleinste erlaubte Wert ist 1."),
        ("training.learning_rate", "1,0", "„Lernrate“ ist zu groß: Der größte erlaubte Wert ist 0,001."),
        ("documents.chunk_tokens", None, "„Länge eines Abschnitts (Tokens)“ ist keine passende Zahl."),
        ("sft.samples", "10,5", "„Anzahl Beispiele“ ist keine passende Zahl."),
        ("sft.samples", ["x"], "„Anzahl Beispiele“ ist keine passende Zahl."),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_german_and_nothing_is_lost(act, project, name, value, sentence):
    before = project.load_config()
    with pytest.raises(AppError) as refused:
        act("set", name, value=value)
    assert error_text(refused.value.code, "de", refused.value.params)[0] == sentence
    assert project.load_config() == before


@pytest.mark.parametrize(("typed", "kept"), [("0,0003", 0.0003), ("3e-4", 0.0003), (" 0.0003", 0.0003)])
def test_a_number_may_be_typed_as_people_write_it(act, project, typed, kept):
    act("set", "training.learning_rate", value=typed)
    assert project.load_config().training.learning_rate == kept


@pytest.mark.parametrize("of", ["", "base.name", "training", "schema_version.x", "training.nonsense"])
def test_only_settings_can_be_set(act, project, of):
    with pytest.raises(AppError):
        act("set", of, value="x")


def test_words_from_outside_cannot_become_markup():
    drawn = Field('a"b', "<b>", '"><script>').text('"><script>', [("<i>", '"')], placeholder='"x')
    assert "<script>" not in drawn and "<i>" not in drawn and "<b>" not in drawn
    assert "&quot;&gt;&lt;script&gt;" in drawn


def test_numbers_are_written_out():
    assert [written(value) for value in (2e-4, 1e-5, 3, 0.5, 1.0)] == ["0.0002", "0.00001", "3", "0.5", "1"]
