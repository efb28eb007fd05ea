import json
import os
import stat

import pytest

from core import keys
from utils.errors import AppError

SERVER = "https://example.org/v1"


@pytest.fixture(autouse=True)
def nothing_known(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path))
    monkeypatch.delenv("OPENROUTER_API_KEY", raising=False)
    monkeypatch.setattr(keys, "_in_memory", {})


def test_a_key_is_given_only_to_the_address_that_it_was_set_for():
    keys.set_key(SERVER, " sk-secret \n")
    assert keys.key_of("https://EXAMPLE.org:443/other") == "sk-secret"
    for other in ("http://example.org/v1", "https://example.org:444/v1", "https://example.org.evil.net/v1", ""):
        assert keys.key_of(other) is None


def test_a_key_stays_in_memory_unless_it_shall_be_remembered(tmp_path, monkeypatch):
    keys.set_key(SERVER, "sk-old")
    assert not list(tmp_path.iterdir())
    keys.set_key(SERVER, "sk-old", remember=True)
    file = tmp_path / "keys.json"
    assert json.loads(file.read_text()) == {"https://example.org:443": "sk-old"}
    assert os.name != "posix" or stat.S_IMODE(file.stat().st_mode) == 0o600
    monkeypatch.setattr(keys, "_in_memory", {})  # as after a restart
    assert keys.has_key(SERVER)
    keys.set_key(SERVER, "sk-new")
    assert "sk-old" not in file.read_text()
    assert keys.key_of(SERVER) == "sk-new"
    keys.forget_key(SERVER)
    assert not keys.has_key(SERVER)


def test_the_environments_key_goes_to_no_address_that_somebody_wrote_into_a_project(monkeypatch):
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-environment")
    assert keys.key_of("") == keys.key_of(keys.OPENROUTER) == "sk-environment"
    for other in (SERVER, "http://127.0.0.1/v1", "http://openrouter.ai/api/v1", "https://openrouter.ai:444/api/v1"):
        assert keys.key_of(other) is None


@pytest.mark.parametrize("key", ["", "   ", "zwei worte", "schlüssel", "a\x00b", "x" * 501])
def test_what_can_be_no_key_is_refused_without_repeating_it(key):
    with pytest.raises(AppError) as caught:
        keys.set_key(SERVER, key)
    assert caught.value.code == "key_invalid"
    assert not caught.value.params


def test_a_damaged_file_of_keys_holds_nothing_and_stops_nobody(tmp_path):
    (tmp_path / "keys.json").write_text("{")
    assert keys.key_of(SERVER) is None
    keys.set_key(SERVER, "sk-secret", remember=True)
    assert keys.key_of(SERVER) == "sk-secret"
