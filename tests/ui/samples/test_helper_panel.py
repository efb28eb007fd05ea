"""Whoever writes is chosen with what belongs to them; a key goes to the server's memory and is never drawn."""

import pytest

from core import keys
from core.providers import HelperModel
from core.samples import helper_models as said
from core.samples.providers.chat import HelperError
from ui.samples import helper_panel
from utils.errors import AppError

SECRET = "sk-or-v1-sehr-geheim"
MINI = HelperModel("openai/mini", "Mini", 128_000, 0.15e-6, 0.6e-6, True)


class Offering:
    """A helper that offers these models, or says why not."""

    def __init__(self, models, problem):
        self._models, self._problem = models, problem

    async def models(self):
        if self._problem:
            raise HelperError(self._problem, "stop")
        return list(self._models)

    async def close(self):
        pass


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(said, "_said", {})
    monkeypatch.setattr(keys, "_in_memory", {})
    monkeypatch.delenv(keys.ENVIRONMENT_KEY, raising=False)
    monkeypatch.delenv("OLLAMA_HOST", raising=False)


@pytest.fixture
def look(act, project):
    """What is shown of the helper with these settings."""

    def make(**settings) -> str:
        project.set("sft", settings)
        return helper_panel.helper_html(act.view())

    return make


@pytest.fixture
def says(monkeypatch):
    """Have the helper offer these models."""

    def make(*models, problem=None):
        monkeypatch.setattr(said, "open_helper", lambda settings, key: Offering(models, problem))

    return make


def test_a_provider_gets_back_the_model_and_address_that_it_had(act, project):
    def chosen(provider):
        act("helper.choose_provider", "provider", value=provider)
        found = project.load_config().sft
        return found.provider, found.model, found.base_url

    project.set("sft", {"provider": "ollama", "model": "qwen", "base_url": "http://10.0.0.5:11434"})
    assert chosen("openrouter") == ("openrouter", "", "")
    project.set("sft", {"model": "openai/mini"})
    assert chosen("practice") == ("practice", "", "")
    assert chosen("ollama") == ("ollama", "qwen", "http://10.0.0.5:11434")
    assert chosen("openrouter") == ("openrouter", "openai/mini", "")
    with pytest.raises(AppError):
        chosen("nobody")


@pytest.mark.parametrize(
    ("provider", "there", "gone"),
    [
        ("practice", "keine KI", "sft.model"),
        ("openrouter", "api-schlüssel", "pull-model"),
        ("ollama", "127.0.0.1:11434", 'type="password"'),
        ("local", "gguf-datei", "sft.base_url"),
    ],
)
def test_only_fields_that_the_provider_has_a_use_for_are_there(look, provider, there, gone):
    shown = look(provider=provider)
    assert there.lower() in shown.lower() and gone not in shown


def test_where_a_key_comes_from_is_one_click_away_as_long_as_there_is_none(look, act):
    link = '<a href="https://openrouter.ai/keys" target="_blank" rel="noreferrer">'
    assert link in look(provider="openrouter")
    assert link not in look(base_url="http://127.0.0.1:8000/v1")
    assert link in look(base_url="")
    act("helper.keep_key", key=SECRET)
    assert link not in look() and "openrouter.ai ist gesetzt" in look() and SECRET not in look()
    act("helper.forget_key")
    assert link in look()


@pytest.mark.parametrize(
    ("address", "warned"),
    [("http://192.168.1.7:8000/v1", True), ("https://192.168.1.7/v1", False), ("http://127.0.0.1:8000/v1", False)],
)
def test_a_key_that_would_cross_the_network_in_the_clear_is_told(act, project, address, warned):
    project.set("sft", {"provider": "openrouter", "base_url": address})
    answer = act("helper.keep_key", key=SECRET, remember=False)
    assert ("unverschlüsselt" in answer.notice) is warned
    keys.forget_key(address)


@pytest.mark.parametrize("key", ["", "ein Satz ist kein Schlüssel", "sk-\x00", "ß" * 20, "k" * 501])
def test_the_key_field_is_emptied_after_a_mistake_too(act, project, key, caplog):
    project.set("sft", {"provider": "openrouter"})
    answer = act("helper.keep_key", key=key)
    assert answer.empty == ("key",) and "box bad" in answer.notice
    assert not key or key not in answer.notice + caplog.text


def test_that_there_is_a_key_now_is_drawn_on_all_pages(act, project):
    project.set("sft", {"provider": "openrouter"})
    before = act.view().stamp()
    act("helper.keep_key", key=SECRET)
    assert act.view().stamp() != before


def test_models_are_listed_with_what_they_cost_and_for_their_server_only(act, look, says):
    says(MINI, HelperModel("free/one", prompt_usd=0.0, answer_usd=0.0))
    look(provider="openrouter")
    assert "Gefundene Modelle: 2" in act("helper.ask_models").notice
    shown = look(model="openai/mini")
    assert '<option value="openai/mini">Mini · 0,15 $ + 0,60 $ je Mio. Token · Kontext 128.000</option>' in shown
    assert '<option value="free/one">free/one · kostenlos</option>' in shown
    assert "JSON-Schema" in shown
    assert "steht nicht in der Liste" in look(model="tipp/fehler")
    assert "fragt den Server" in look(base_url="http://127.0.0.1:1234/v1")


def test_why_a_server_does_not_answer_stands_where_the_list_would_be_and_what_it_named_before_stays(act, look, says):
    look(provider="ollama", model="qwen:0.5b")
    for listed in ([], ["qwen:0.5b"]):
        says(*map(HelperModel, listed))
        act("helper.ask_models")
        says(problem=AppError("helper_timeout", seconds=15))
        assert act("helper.ask_models").notice == ""
        assert "box bad" in look()
        assert look().count('<option value="qwen') == len(listed)


def test_a_model_that_ollama_does_not_have_can_be_pulled(act, look, says):
    says(HelperModel("da"))
    look(provider="ollama")
    act("helper.ask_models")
    assert "pull-model" not in look(model="da")
    assert "pull-model" in look(model="fehlt")
    assert "pull-model" not in look(model="")
