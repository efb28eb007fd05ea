"""Whoever writes is chosen with what belongs to them; a key goes to the server's memory and into no component."""

import pytest

from core import keys
from core.providers import HelperModel
from core.samples import helper_models as said
from core.samples.providers.chat import HelperError
from ui.page.view import View
from ui.samples import helper_models, helper_panel
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
def look(services, project):
    """What a place shows for these settings."""

    def make(render, **settings):
        project.set("sft", settings)
        return render(View(services, "de", "Physik"))

    return make


@pytest.fixture
def says(monkeypatch):
    """Have the helper offer these models."""

    def make(*models, problem=None):
        monkeypatch.setattr(said, "open_helper", lambda settings, key: Offering(models, problem))

    return make


def test_a_provider_gets_back_the_model_and_address_that_it_had(project):
    project.set("sft", {"provider": "ollama", "model": "qwen", "base_url": "http://10.0.0.5:11434"})
    first = helper_panel.choose_provider(project, {"provider": "openrouter", "kept": {}})
    assert (first["model"], first["base_url"]) == ("", "")
    assert project.load_config().sft.provider == "openrouter"
    second = helper_panel.choose_provider(project, {"provider": "ollama", "kept": first["kept"]})
    assert (second["model"], second["base_url"]) == ("qwen", "http://10.0.0.5:11434")
    assert project.load_config().sft.model == "qwen"


@pytest.mark.parametrize(
    ("address", "warned"),
    [("http://192.168.1.7:8000/v1", True), ("https://192.168.1.7/v1", False), ("http://127.0.0.1:8000/v1", False)],
)
def test_a_key_that_would_cross_the_network_in_the_clear_is_told(frame, project, address, warned):
    project.set("sft", {"provider": "openrouter"})
    answer = helper_panel.keep_key(frame, project, {"key": SECRET, "remember": False, "base_url": address})
    assert ("unverschlüsselt" in answer.get("notice", "")) is warned
    keys.forget_key(address)


@pytest.mark.parametrize(
    ("key", "base_url"), [("", ""), ("ein Satz ist kein Schlüssel", ""), (SECRET, "ftp://example.org")]
)
def test_the_key_field_is_emptied_after_a_mistake_too(frame, project, key, base_url, caplog):
    answer = helper_panel.keep_key(frame, project, {"key": key, "remember": False, "base_url": base_url})
    assert answer["key"] == ""
    assert "box bad" in answer["notice"]
    assert not key or key not in answer["notice"] + caplog.text


def test_models_are_listed_with_what_they_cost_and_for_their_server_only(frame, project, look, says):
    says(MINI, HelperModel("free/one", prompt_usd=0.0, answer_usd=0.0))
    project.set("sft", {"provider": "openrouter"})
    answer = helper_panel.ask_models(frame, project, {"base_url": ""})
    assert "Gefundene Modelle: 2" in answer["notice"]
    offered = look(helper_panel.model_field)["choices"]
    assert offered[0] == ("Mini · 0,15 $ + 0,60 $ je Mio. Token · Kontext 128.000", "openai/mini")
    assert offered[1] == ("free/one · kostenlos", "free/one")
    assert "JSON-Schema" in look(helper_models.about_html, model="openai/mini")
    assert "steht nicht in der Liste" in look(helper_models.about_html, model="tipp/fehler")
    assert "Liste aktualisieren" in look(helper_models.about_html, base_url="http://127.0.0.1:1234/v1")


def test_why_a_server_does_not_answer_stands_where_the_list_would_be_and_what_it_named_before_stays(
    frame, project, look, says
):
    project.set("sft", {"provider": "ollama", "model": "qwen:0.5b"})
    for listed in ([], ["qwen:0.5b"]):
        says(*map(HelperModel, listed))
        helper_panel.ask_models(frame, project, {"base_url": ""})
        says(problem=AppError("helper_timeout", seconds=15))
        assert helper_panel.ask_models(frame, project, {"base_url": ""}) is None
        assert "box bad" in look(helper_models.about_html)
        assert look(helper_panel.model_field)["choices"] == [(name, name) for name in listed]
