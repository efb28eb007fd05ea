"""A model in Ollama's store is chosen and unpacked; test_whole_way_of_ollama.py goes on to training and export."""

import pytest

from core import base_models, rag_processor
from core.jobs.job import JobState
from tests.core.models.gguf_models import CHAT_TEMPLATE, put_into_store
from tests.core.models.ollama_material import put_model
from tests.refusals import code_of
from utils.config import BaseChoice


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("OLLAMA_MODELS", "CUSTOM_AI_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def finished(services, job):
    end = services.runner.wait(job.id, 300)
    assert end.state == JobState.DONE, end.error


def test_an_unpacked_model_counts_the_chunks_with_its_own_tokenizer(services, project, tmp_path):
    document = tmp_path / "a.md"
    document.write_text("Energie ist die Fähigkeit, Arbeit zu verrichten. " * 20, encoding="utf-8")
    finished(services, rag_processor.start_documents(services, project, [document]))
    name = put_into_store(tmp_path / "ollama_models", tmp_path / "made", "qwen2", "q8_0", CHAT_TEMPLATE)
    base_models.choose_base(project, BaseChoice(source="ollama", name=name))
    finished(services, base_models.make_ready(services, project))
    finished(services, services.runner.latest(project.name, ["rechunk"]))
    assert not rag_processor.needs_rechunk(project)
    assert base_models.make_ready(services, project) is None


def test_what_cannot_be_trained_cannot_be_chosen(services, project, tmp_path):
    config = {"remote_host": "https://ollama.com"}
    put_model(tmp_path / "ollama_models", "registry.ollama.ai/library/some/latest", config=config)
    for name, code in (("some", "ollama_cloud"), ("other", "ollama_missing")):
        choice = BaseChoice(source="ollama", name=name)
        assert code_of(lambda: base_models.choose_base(project, choice)) == code  # noqa: B023
    assert project.load_config().base is None
    assert code_of(lambda: base_models.make_ready(services, project)) == "no_base"
