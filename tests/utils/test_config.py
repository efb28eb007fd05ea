"""Settings: bounds, strictness, and errors that name the field."""

import pytest

from utils import config
from utils.errors import AppError
from utils.validators import checked


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({"epochs": 0}, "field_too_small", "epochs"),
        ({"epochs": 21}, "field_too_large", "epochs"),
        ({"epochs": "many"}, "field_not_a_number", "epochs"),
        ({"epochs": 1.5}, "field_not_a_number", "epochs"),
        ({"epochs": None}, "field_not_a_number", "epochs"),
        ({"learning_rate": float("nan")}, "field_not_a_number", "learning_rate"),
        ({"learning_rate": 1}, "field_too_large", "learning_rate"),
        ({"scheduler": "zigzag"}, "field_not_a_choice", "scheduler"),
        ({"learning_rat": 1e-4}, "field_invalid", "learning_rat"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name(values, code, field):
    with pytest.raises(AppError) as refused:
        checked(config.TrainingSettings, values)
    assert (refused.value.code, refused.value.params["field"]) == (code, field)


def test_changed_checks_new_values_also_as_text_and_leaves_the_old_settings_alone():
    before = config.TrainingSettings()
    after = config.changed(before, epochs="7", learning_rate="1e-4")  # as flags come
    assert (before.epochs, after.epochs, after.learning_rate) == (3, 7, 1e-4)
    with pytest.raises(AppError):
        config.changed(before, epochs=99)


def test_machine_wide_settings_are_kept_and_default_where_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path))
    assert config.load_app_settings() == config.AppSettings()
    config.save_app_settings(config.AppSettings(language="de"))
    assert config.load_app_settings().language == "de"


def test_defaults_of_two_projects_are_not_shared():
    first, second = config.ProjectConfig(), config.ProjectConfig()
    first.training.epochs = 9
    assert second.training.epochs == 3
