"""What a helper offers: asked on request only, and remembered where it does not answer."""

import pytest

from core import keys
from core.samples import helper_models
from tests.core.samples.fault_server import FaultServer
from utils.config import SftSettings


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch):
    monkeypatch.setattr(keys, "_in_memory", {})
    monkeypatch.setattr(helper_models, "_said", {})


def at(address):
    return SftSettings(provider="openrouter", base_url=address, model="m")


def test_models_are_fetched_on_request_and_then_known():
    with FaultServer() as server:
        settings = at(server.base_url)
        assert helper_models.known_models(settings) is None
        first = helper_models.fetch_models(settings)
        assert first.models and first.problem is None
        assert helper_models.known_models(settings) is first
        assert helper_models.fetch_models(settings) is not first
    name = first.models[0].name
    assert helper_models.known_model(settings.model_copy(update={"model": name})) == first.models[0]
    assert helper_models.known_model(settings.model_copy(update={"model": "another"})) is None


def test_where_nobody_answers_the_reason_is_told_and_known_models_are_offered():
    found = helper_models.fetch_models(at("http://127.0.0.1:9/v1"))
    assert found.problem and found.problem.code == "helper_nobody_there"
    assert len(found.models) == 6


def test_a_server_that_went_away_leaves_the_models_that_it_named():
    with FaultServer() as server:
        settings = at(server.base_url)
        named = helper_models.fetch_models(settings).models
    found = helper_models.fetch_models(settings)
    assert found.problem and found.models == named
    assert helper_models.known_models(settings) == found
