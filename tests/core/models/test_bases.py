"""Choices of base models and the folders they stand for."""

import json
import os
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from core.jobs.runs import create_run
from core.models import bases, hub_cache, ollama_store
from core.project_manager import ProjectStore
from core.training import readiness
from utils.config import BaseChoice
from utils.errors import AppError


@pytest.fixture
def project(tmp_path):
    return ProjectStore(tmp_path / "projects").create("Physik")


@pytest.fixture
def folder(tmp_path):
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


def test_a_local_folder_is_used_as_it_is(project, folder):
    assert bases.resolve(project, by_path(folder)) == folder
    assert bases.is_ready(project, by_path(folder))


def test_a_model_is_described_from_its_headers(folder):
    facts = bases.describe(folder)
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
def test_an_incomplete_folder_is_refused_with_what_is_missing(folder, missing, code):
    (folder / missing).unlink()
    with pytest.raises(AppError, match=code):
        bases.check(by_path(folder))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
def test_weights_and_a_card_that_never_answer_or_are_nested_without_end_keep_nobody_waiting(folder):
    os.mkfifo(folder / "pipe.safetensors")
    (folder / "device.safetensors").symlink_to("/dev/zero")
    for name, table in (("deep", b"[" * 100_000), ("huge", b'{"a": {"shape": [1e999]}}'), ("text", b"\xff" * 9)):
        (folder / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(table)) + table)
    (folder / "README.md").unlink()
    os.mkfifo(folder / "README.md")
    facts = bases.describe(folder)
    assert (facts.parameters, facts.licence) == (17, None)
    with pytest.raises(AppError, match="base_torn"):
        readiness.require_whole(folder)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        *((text, "base_not_a_model") for text in ("[", "[" * 100_000, "[" * 900 + "]" * 900, "9" * 10_000, "\x00")),
        ('"\\ud800"', "base_not_a_model"),
        ('{"architectures": ["LlavaForConditionalGeneration"]}', "base_not_text"),
    ],
)
def test_a_config_of_no_text_model_is_refused(folder, content, code):
    (folder / "config.json").write_text(content)
    with pytest.raises(AppError, match=code):
        bases.check(by_path(folder))


@pytest.mark.parametrize(
    ("source", "name", "code"),
    [
        ("path", "/nirgendwo/modell", "base_missing"),
        ("practice", "practice", "practice_missing"),
        ("hf", "vendor/model", "base_not_ready"),
    ],
)
def test_a_model_that_is_not_there_says_what_lacks(project, tmp_path, monkeypatch, source, name, code):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    choice = BaseChoice.model_validate({"source": source, "name": name})
    with pytest.raises(AppError, match=code):
        bases.resolve(project, choice)
    assert not bases.is_ready(project, choice)


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "https://example.org/x", "kein name/modell"])
def test_a_name_that_cannot_be_at_hugging_face_is_refused_before_any_request(project, name):
    with pytest.raises(AppError, match="base_name"):
        bases.check(BaseChoice(source="hf", name=name))


def test_the_fingerprint_changes_with_the_weights(folder):
    before = bases.fingerprint(folder)
    assert bases.fingerprint(folder) == before
    save_file({"a": torch.ones(3, 4), "b": torch.zeros(5)}, folder / "model.safetensors")
    assert bases.fingerprint(folder) != before


def test_an_adapter_is_not_put_on_a_base_that_has_changed_since(folder, tmp_path):
    project = ProjectStore(tmp_path / "projects").create("p")
    base = {"source": "path", "name": str(folder), "folder": str(folder)}
    training = create_run(project, "train", {"base": {**base, "fingerprint": bases.fingerprint(folder)}})
    assert bases.base_of(training) == folder
    changed = create_run(project, "train", {"base": {**base, "fingerprint": "of another model"}})
    with pytest.raises(AppError, match="base_changed"):
        bases.base_of(changed)


SINGLE = st.none() | st.booleans() | st.integers() | st.floats() | st.just(10**400) | st.text(max_size=3)
ANY = st.recursive(SINGLE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
LLAMA = st.just(["LlamaForCausalLM"])
CONFIGS = st.fixed_dictionaries(
    {"architectures": LLAMA | ANY}, optional={"text_config": ANY, "max_position_embeddings": ANY}
)
TENSORS = st.dictionaries(
    st.sampled_from(["__metadata__", "a", "b"]), st.fixed_dictionaries({"shape": st.lists(SINGLE) | ANY}) | ANY
)
INDICES = st.fixed_dictionaries({"weight_map": st.dictionaries(st.text(max_size=3), SINGLE) | ANY}) | ANY


@settings(max_examples=150, deadline=None)
@given(
    config=CONFIGS | ANY,
    tensors=TENSORS | ANY,
    index=st.none() | INDICES,
    length=st.none() | st.integers(0, 2**64 - 1),
)
@example(config={"architectures": {"a": 1}}, tensors={}, index=None, length=None)
@example(config={"architectures": ["LlamaForCausalLM"], "text_config": "none"}, tensors={}, index=None, length=None)
@example(config={"architectures": ["LlamaForCausalLM"]}, tensors={"a": {}}, index=None, length=2**63)
@example(config={"architectures": ["LlamaForCausalLM"]}, tensors={}, index={"weight_map": {"a": 5}}, length=None)
def test_whatever_a_folder_of_the_cache_holds_the_list_is_shown(tmp_path_factory, config, tensors, index, length):
    folder = tmp_path_factory.mktemp("wild")
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_text("{}")
    table = json.dumps(tensors).encode()
    head = (len(table) if length is None else length).to_bytes(8, "little")
    (folder / "model.safetensors").write_bytes(head + table)
    if index is not None:
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    if bases.is_whole(folder):
        facts = bases.describe(folder)
        assert facts.context_tokens is None or isinstance(facts.context_tokens, int)
        assert isinstance(facts.architecture, str)


def test_weights_that_are_a_link_to_nothing_are_no_weights(project, folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder / "blob that was removed")
    with pytest.raises(AppError, match="base_no_weights"):
        bases.resolve(project, by_path(folder))


@pytest.mark.parametrize("variable", ["OLLAMA_MODELS", "HF_HUB_CACHE", "HF_HOME"])
def test_a_path_in_the_home_of_somebody_unknown_is_one_that_is_not_there(monkeypatch, project, variable):
    monkeypatch.setenv(variable, "~nobody at all/x")
    assert list(hub_cache.repositories()) == [] or variable == "OLLAMA_MODELS"
    assert ollama_store.list_models() == [] or variable != "OLLAMA_MODELS"
    with pytest.raises(AppError, match="base_missing"):
        bases.check(BaseChoice(source="path", name="~nobody at all/x"))
