"""Choices of base models and the folders they stand for."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core import base_models
from core.project_manager import Project, ProjectStore
from core.runs import create_run
from utils.config import BaseChoice
from utils.errors import AppError


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ProjectStore(tmp_path / "projects").create("Physik")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like a model to anyone who reads headers only."""
    model = tmp_path / "model"
    model.mkdir()
    config = {"architectures": ["LlamaForCausalLM"], "max_position_embeddings": 2048}
    (model / "config.json").write_text(json.dumps(config))
    (model / "tokenizer.json").write_text("{}")
    (model / "README.md").write_text("---\nlanguage: de\nlicense: apache-2.0\n---\n# A model\n")
    save_file({"a": torch.zeros(3, 4), "b": torch.zeros(5)}, model / "model.safetensors")
    return model


def by_path(folder: Path) -> BaseChoice:
    return BaseChoice(source="path", name=str(folder))


def test_a_local_folder_is_used_as_it_is(project: Project, folder: Path) -> None:
    assert base_models.resolve(project, by_path(folder)) == folder
    assert base_models.is_ready(project, by_path(folder))


def test_a_model_is_described_from_its_headers(folder: Path) -> None:
    facts = base_models.describe(folder)
    assert (facts.architecture, facts.parameters, facts.licence, facts.context_tokens) == (
        "LlamaForCausalLM",
        17,
        "apache-2.0",
        2048,
    )


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("config.json", "base_not_a_model"),
        ("model.safetensors", "base_no_weights"),
        ("tokenizer.json", "base_no_tokenizer"),
    ],
)
def test_an_incomplete_folder_is_refused_with_what_is_missing(folder: Path, missing: str, code: str) -> None:
    (folder / missing).unlink()
    with pytest.raises(AppError, match=code):
        base_models.check(by_path(folder))


def test_a_config_that_is_no_json_is_no_model(folder: Path) -> None:
    (folder / "config.json").write_text("[")
    with pytest.raises(AppError, match="base_not_a_model"):
        base_models.check(by_path(folder))


def test_a_model_that_is_not_for_text_is_refused_by_its_architecture(folder: Path) -> None:
    (folder / "config.json").write_text('{"architectures": ["LlavaForConditionalGeneration"]}')
    with pytest.raises(AppError, match="base_not_text"):
        base_models.check(by_path(folder))


def test_a_folder_that_is_not_there_is_named(project: Project) -> None:
    choice = BaseChoice(source="path", name="/nirgendwo/modell")
    with pytest.raises(AppError, match="base_missing"):
        base_models.resolve(project, choice)
    assert not base_models.is_ready(project, choice)


def test_the_practice_model_must_be_made_first(project: Project) -> None:
    with pytest.raises(AppError, match="practice_missing"):
        base_models.resolve(project, BaseChoice(source="practice", name="practice"))


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "https://example.org/x", "kein name/modell"])
def test_a_name_that_cannot_be_at_hugging_face_is_refused_before_any_request(project: Project, name: str) -> None:
    with pytest.raises(AppError, match="base_name"):
        base_models.check(BaseChoice(source="hf", name=name))


def test_a_model_that_is_in_no_cache_is_not_ready(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    assert not base_models.is_ready(project, BaseChoice(source="hf", name="vendor/model"))


def test_the_fingerprint_changes_with_the_weights(folder: Path) -> None:
    before = base_models.fingerprint(folder)
    assert base_models.fingerprint(folder) == before
    save_file({"a": torch.ones(3, 4), "b": torch.zeros(5)}, folder / "model.safetensors")
    assert base_models.fingerprint(folder) != before


def test_an_adapter_is_not_put_on_a_base_that_has_changed_since(folder: Path, tmp_path: Path) -> None:
    project = ProjectStore(tmp_path / "projects").create("p")
    base = {"source": "path", "name": str(folder), "folder": str(folder)}
    training = create_run(project, "train", {"base": {**base, "fingerprint": base_models.fingerprint(folder)}})
    assert base_models.base_of(training) == folder
    changed = create_run(project, "train", {"base": {**base, "fingerprint": "of another model"}})
    with pytest.raises(AppError, match="base_changed"):
        base_models.base_of(changed)
