"""Choices of base models and the folders they stand for."""

import json
import os
import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.jobs.runs import create_run
from core.models import bases, hub_cache, ollama_store
from core.training import readiness
from tests.core.training.machine_material import write_model
from tests.refusals import code_of
from utils.config import BaseChoice


@pytest.fixture
def folder(tmp_path):
    """A folder that looks like a model to anyone who reads headers only."""
    model = write_model(tmp_path / "model", {"a": [3, 4], "b": [5]})
    (model / "README.md").write_text("---\nlanguage: de\nlicense: apache-2.0\n---\n# A model\n")
    return model


def by_path(folder):
    return BaseChoice(source="path", name=str(folder))


def test_a_local_folder_is_used_as_it_is_and_described_from_its_headers(project, folder):
    assert bases.resolve(project, by_path(folder)) == folder
    facts = bases.describe(folder)
    assert (facts.architecture, facts.parameters) == ("LlamaForCausalLM", 17)
    assert (facts.licence, facts.context_tokens) == ("apache-2.0", 2048)


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("config.json", "base_not_a_model"),
        ("model.safetensors", "base_no_weights"),
        ("tokenizer.json", "base_no_tokenizer"),
    ],
)
def test_an_incomplete_folder_is_refused_with_what_is_missing_and_a_link_to_nothing_counts_so(folder, missing, code):
    (folder / missing).unlink()
    assert code_of(lambda: bases.check(by_path(folder))) == code
    (folder / missing).symlink_to(folder / "blob that was removed")
    assert code_of(lambda: bases.check(by_path(folder))) == code


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
    assert code_of(lambda: readiness.require_whole(folder)) == "base_torn"


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
    assert code_of(lambda: bases.check(by_path(folder))) == code


@pytest.mark.parametrize(
    ("source", "name", "code"),
    [
        ("path", "/nirgendwo/modell", "base_missing"),
        ("practice", "practice", "practice_missing"),
        ("hf", "vendor/model", "base_not_ready"),
        # A name that cannot be at Hugging Face is refused before any request.
        *(("hf", name, "base_name") for name in ("../../etc", "a/b/c", "https://example.org/x", "kein name/modell")),
    ],
)
def test_a_model_that_is_not_there_says_what_lacks(project, tmp_path, monkeypatch, source, name, code):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    choice = BaseChoice(source=source, name=name)
    assert code_of(lambda: bases.resolve(project, choice)) == code
    assert not bases.is_ready(project, choice)
    if code == "base_name":
        assert code_of(lambda: bases.check(choice)) == code


def test_the_fingerprint_changes_with_the_weights_and_no_adapter_is_put_on_a_base_that_has_changed(project, folder):
    base = {"source": "path", "name": str(folder), "folder": str(folder), "fingerprint": bases.fingerprint(folder)}
    training = create_run(project, "train", {"base": base})
    assert bases.base_of(training) == folder
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[:-1] + b"1")
    assert code_of(lambda: bases.base_of(training)) == "base_changed"


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


@pytest.mark.parametrize("variable", ["OLLAMA_MODELS", "HF_HUB_CACHE", "HF_HOME"])
def test_a_path_in_the_home_of_somebody_unknown_is_one_that_is_not_there(monkeypatch, project, variable):
    monkeypatch.setenv(variable, "~nobody at all/x")
    assert list(hub_cache.repositories()) == [] or variable == "OLLAMA_MODELS"
    assert ollama_store.list_models() == [] or variable != "OLLAMA_MODELS"
    choice = BaseChoice(source="path", name="~nobody at all/x")
    assert code_of(lambda: bases.check(choice)) == "base_missing"
