"""A model in Ollama's store is chosen and unpacked; test_whole_way_of_ollama.py goes on to training and export."""

import pytest

from core import base_models, rag_processor
from core.jobs.job import JobState
from core.models.split_rules import SPLIT_RULES
from tests.core.models.gguf_models import CHAT_TEMPLATE, put_into_store
from tests.core.models.gguf_vocabularies import write_byte_level
from tests.core.models.ollama_material import put_model
from tests.refusals import code_of, refusal_of
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


@pytest.mark.parametrize(
    ("name", "code", "original"),
    [
        ("registry.ollama.ai/library/llama3.2/3b", "ollama_instead", "meta-llama/Llama-3.2-3B-Instruct"),
        ("registry.ollama.ai/library/qwen3/0.6b", "ollama_instead", "Qwen/Qwen3-0.6B"),
        ("registry.ollama.ai/library/smollm2/135m", "ollama_instead", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("registry.ollama.ai/library/of-tomorrow/latest", "ollama_tokenizer", None),
    ],
)
def test_where_a_tokenizer_cannot_be_rebuilt_the_original_weights_are_named(name, code, original, tmp_path):
    file = write_byte_level(tmp_path / "a.gguf", "of tomorrow", SPLIT_RULES["gpt-2"].patterns)
    put_model(tmp_path / "ollama_models", name, file.read_bytes(), {"model_type": "", "model_family": "llama"})
    choice = BaseChoice(source="ollama", name=":".join(name.split("/")[2:]))
    error = refusal_of(lambda: base_models.require_trainable(choice))
    assert (error.code, error.params.get("original"), error.params["kind"]) == (code, original, "of tomorrow")
