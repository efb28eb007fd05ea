"""What is true of a training setting stands on its field. A new one is a recipe of CONTRIBUTING."""

import pytest

from utils.config import Group, SettingFact, TrainingSettings, settings_with


def test_each_setting_stands_in_one_place_of_the_form():
    shown = [name for group in Group for name in settings_with(group)]
    assert shown == list(TrainingSettings.model_fields)


@pytest.mark.parametrize("fact", SettingFact)
def test_each_fact_is_true_of_some_settings_and_not_of_all(fact):
    assert 0 < len(settings_with(fact)) < len(TrainingSettings.model_fields)
