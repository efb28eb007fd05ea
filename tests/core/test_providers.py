"""The table of providers: what its records name is there. A new one is a recipe of CONTRIBUTING."""

from pkgutil import resolve_name
from typing import get_args

import pytest

from core.providers import address_of, leaves_machine, place_of, provider_of
from ui.texts import KEYS
from utils.config import Provider, SftSettings


@pytest.mark.parametrize("name", get_args(Provider))
def test_what_a_record_names_is_there(name):
    provider = provider_of(name)
    assert provider.writes_by_rules or callable(resolve_name(provider.client))
    assert provider.settings <= SftSettings.model_fields.keys()
    assert (provider.own_address is not None) == ("base_url" in provider.settings)
    assert f"choice.provider.{name}" in KEYS
    assert provider.writes_by_rules or f"writer.about.{name}" in KEYS
    assert provider.own_address is None or f"writer.address_about.{name}" in KEYS


def test_each_provider_has_its_own_address_unless_another_one_is_chosen(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "gpu-box")
    assert address_of(SftSettings(provider="openrouter")) == "https://openrouter.ai/api/v1"
    assert address_of(SftSettings(provider="ollama")) == "http://gpu-box:11434"
    assert address_of(SftSettings(provider="local")) == address_of(SftSettings(provider="practice")) == ""
    chosen = SftSettings(provider="openrouter", base_url="http://127.0.0.1:1/v1/")
    assert (address_of(chosen), place_of(chosen)) == ("http://127.0.0.1:1/v1", "127.0.0.1:1")


@pytest.mark.parametrize(
    ("settings", "leaves"),
    [
        (SftSettings(provider="openrouter"), True),
        (SftSettings(provider="openrouter", base_url="http://localhost:1234"), False),
        (SftSettings(provider="ollama"), False),
        (SftSettings(provider="ollama", base_url="http://gpu-box:11434"), True),
        (SftSettings(provider="local", model="model.gguf"), False),
        (SftSettings(), False),
    ],
)
def test_texts_leave_this_machine_only_for_another_ones_address(settings, leaves):
    assert leaves_machine(settings) == leaves
