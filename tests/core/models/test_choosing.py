"""A model in Ollama's store is chosen and unpacked; test_whole_way_of_ollama.py goes on to training and export."""

from pathlib import Path

import pytest

from core import base_models, rag_processor
from core.jobs.job import JobSnapshot, JobState
from core.jobs.services import Services
from core.project_manager import ProjectStore
from tests.core.models.gguf_models import CHAT_TEMPLATE, put_into_store
from tests.core.models.ollama_material import put_model
from utils.config import BaseChoice
from utils.errors import AppError


@pytest.fixture
def services(tmp_path, monkeypatch):
    for name in ("OLLAMA_MODELS", "CUSTOM_AI_CACHE", "CUSTOM_AI_CONFIG"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    made = Services(ProjectStore(tmp_path / "projects"))
    yield made
    made.runner.shutdown()


def finished(services: Services, job: JobSnapshot | None) -> dict[str, object]:
    assert job
    end = services.runner.wait(job.id, 300)
    assert end.state == JobState.DONE, end.error
    return end.result or {}


def choice_of(tmp_path: Path, kind: str, quantization: str) -> BaseChoice:
    name = put_into_store(tmp_path / "ollama_models", tmp_path / kind, kind, quantization, CHAT_TEMPLATE)
    return BaseChoice(source="ollama", name=name)


def test_an_unpacked_model_counts_the_chunks_with_its_own_tokenizer(services, tmp_path):
    project = services.projects.create("Physik")
    document = tmp_path / "a.md"
    document.write_text("Energie ist die Fähigkeit, Arbeit zu verrichten. " * 20, encoding="utf-8")
    finished(services, rag_processor.start_documents(services, project, [document]))
    base_models.choose_base(project, choice_of(tmp_path, "qwen2", "q8_0"))
    finished(services, base_models.make_ready(services, project))
    finished(services, services.runner.latest(project.name, ["rechunk"]))
    assert not rag_processor.needs_rechunk(project)
    assert base_models.make_ready(services, project) is None


def test_what_cannot_be_trained_cannot_be_chosen(services, tmp_path):
    project = services.projects.create("Physik")
    config = {"remote_host": "https://ollama.com"}
    put_model(tmp_path / "ollama_models", "registry.ollama.ai/library/some/latest", config=config)
    for name, code in (("some", "ollama_cloud"), ("other", "ollama_missing")):
        with pytest.raises(AppError, match=code):
            base_models.choose_base(project, BaseChoice(source="ollama", name=name))
    assert project.load_config().base is None
    with pytest.raises(AppError, match="no_base"):
        base_models.make_ready(services, project)
