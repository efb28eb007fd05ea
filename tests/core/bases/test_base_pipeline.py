"""A model in Ollama's store is chosen, unpacked and trained, each step in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core import base_pipeline, document_pipeline, pipeline, training_pipeline
from core.bases.unpacked import read_note
from core.jobs import JobSnapshot, JobState
from core.project_manager import ProjectStore
from core.services import Services
from tests.core.bases.gguf_models import CHAT_TEMPLATE, put_into_store
from tests.core.bases.ollama_material import put_model
from tests.core.training.training_material import make_project
from utils.config import BaseChoice
from utils.errors import AppError
from utils.files import read_json


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
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


CHATML = (
    "{{- range $i, $_ := .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}"
    "<|im_start|>assistant\n"
)
# Ollama adds the begin token by itself to what the tokenizers of Llama 3 read, and not to what those of Qwen do.
TEMPLATES = {"llama": CHATML, "qwen2": f"<|endoftext|>{CHATML}", "qwen3": f"<|endoftext|>{CHATML}"}


def choice_of(tmp_path: Path, kind: str, quantization: str) -> BaseChoice:
    layers = (
        ("template", TEMPLATES[kind].encode()),
        ("params", b'{"stop": ["<|im_start|>", "<|im_end|>"], "temperature": 0.6}'),
        ("system", b"You are a pirate."),
    )
    store = tmp_path / "ollama_models"
    name = put_into_store(store, tmp_path / kind, kind, quantization, CHAT_TEMPLATE, layers)
    return BaseChoice(source="ollama", name=name)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "quantization"), [("llama", "q8_0"), ("qwen2", "f16"), ("qwen3", "q4_k_m")])
def test_a_model_of_ollama_is_chosen_unpacked_trained_and_exported_to_ollama(
    kind: str, quantization: str, services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each kind and each quantization once; tests of unpacking have all nine, with their agreement."""
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    project = make_project(tmp_path / "projects")
    pipeline.choose_base(project, choice_of(tmp_path, kind, quantization))
    assert not pipeline.status(project).base_ready
    unpacked = finished(services, base_pipeline.make_ready(services, project))
    assert pipeline.status(project).base_ready
    note = read_note(Path(str(unpacked["folder"])))
    assert note and note.quantization == quantization.upper()
    project.set("training", {"epochs": 1, "max_length": 128})
    trained = finished(services, training_pipeline.start_training(services, project))
    assert trained["steps"]
    project.set("output", {"format": "ollama", "quantization": "f16"})
    finished(services, pipeline.start_export(services, project))
    for folder in ("safetensors", "gguf", "ollama"):
        report = read_json(project.final_folder / folder / "verification.json")
        assert report["passed"], [check for entry in report["files"] for check in entry["checks"]]
    written = (project.final_folder / "ollama" / "Modelfile").read_text(encoding="utf-8")
    assert TEMPLATES[kind] in written
    assert "PARAMETER temperature 0.6\n" in written
    assert written.count("PARAMETER stop") == 3  # its own two, and the one more that the file ends answers with
    assert "pirate" not in written  # which training never saw


def test_an_unpacked_model_counts_the_chunks_with_its_own_tokenizer(services: Services, tmp_path: Path) -> None:
    project = services.projects.create("Physik")
    document = tmp_path / "a.md"
    document.write_text("Energie ist die Fähigkeit, Arbeit zu verrichten. " * 20, encoding="utf-8")
    finished(services, document_pipeline.start_documents(services, project, [document]))
    pipeline.choose_base(project, choice_of(tmp_path, "qwen2", "q8_0"))
    finished(services, base_pipeline.make_ready(services, project))
    finished(services, services.runner.latest(project.name, ["rechunk"]))
    assert not document_pipeline.needs_rechunk(project)
    assert base_pipeline.make_ready(services, project) is None


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("ollama_cloud", {"config": {"remote_host": "https://ollama.com"}}),
        ("ollama_architecture", {"config": {"model_family": "gemma3n"}}),
        ("ollama_missing", None),
    ],
)
def test_what_cannot_be_trained_cannot_be_chosen(
    code: str, changes: dict[str, object] | None, services: Services, tmp_path: Path
) -> None:
    project = services.projects.create("Physik")
    if changes is not None:
        put_model(tmp_path / "ollama_models", "registry.ollama.ai/library/some/latest", **changes)  # type: ignore[arg-type]
    with pytest.raises(AppError, match=code):
        pipeline.choose_base(project, BaseChoice(source="ollama", name="some"))
    assert project.load_config().base is None
    with pytest.raises(AppError, match="no_base"):
        base_pipeline.make_ready(services, project)
    with pytest.raises(AppError, match="no_base"):
        base_pipeline.start_unpacking(services, project)
