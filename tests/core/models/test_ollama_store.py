import json
import os

import gguf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.models import ollama_store
from core.models.ollama_store import find_model, list_models
from tests.core.models.gguf_vocabularies import written
from tests.core.models.ollama_material import TYPE, put_model

LLAMA = "registry.ollama.ai/library/llama3.2/3b"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path))
    return tmp_path


def test_a_model_is_listed_with_its_file_kind_and_size(store):
    assert list_models() == [] and find_model("llama3.2:3b") is None
    put_model(store, LLAMA, b"GGUF and weights")
    (model,) = list_models()
    assert (model.name, model.family) == ("llama3.2:3b", "llama")
    assert (model.parameters, model.quantization) == ("3.2B", "Q4_K_M")
    assert model.file.read_bytes() == b"GGUF and weights"
    assert model.file.name == f"sha256-{model.digest}" and not model.problem
    assert model.texts == {"template": "{{ .Prompt }}"}
    assert model.size_bytes == len(b"GGUF and weights") + len("{{ .Prompt }}")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (LLAMA, "llama3.2:3b"),
        ("registry.ollama.ai/mannix/deepseek/latest", "mannix/deepseek:latest"),
        ("hf.co/bartowski/Llama-GGUF/Q4_K_M", "hf.co/bartowski/Llama-GGUF:Q4_K_M"),
    ],
)
def test_models_have_the_names_that_ollama_shows(store, path, name):
    put_model(store, path)
    assert [model.name for model in list_models()] == [name]


def test_a_model_without_a_tag_is_its_latest(store):
    put_model(store, "registry.ollama.ai/library/qwen3/latest", config={"model_family": "qwen3"})
    assert find_model("qwen3") == find_model("qwen3:latest") != None  # noqa: E711
    assert find_model("qwen3:8b") is None


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        ("ollama_cloud", {"config": {"remote_host": "https://ollama.com", "remote_model": "x"}, "weights": b""}),
        ("ollama_tensor_layers", {"weights": b"", "layers": (("tensor", b"t1"), ("tensor", b"t2"))}),
        ("ollama_vision", {"layers": (("projector", b"p"),)}),
        ("ollama_vision", {"config": {"model_families": ["llama", "clip"]}}),
        ("ollama_adapter", {"layers": (("adapter", b"a"),)}),
        ("ollama_architecture", {"config": {"model_family": "gemma3n"}}),
        ("ollama_architecture", {"config": {"model_family": "llama4"}}),
        ("ollama_incomplete", {"weights": b""}),
    ],
)
def test_what_cannot_be_trained_says_why_before_anyone_chooses_it(store, problem, change):
    put_model(store, LLAMA, **change)
    assert [model.problem for model in list_models()] == [problem]


FIRST = {"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2"}
MERGES = {"tokenizer.ggml.merges": [f"a b{number}" for number in range(5000)]}


def head_of(folder, family, keys):
    """A GGUF without weights that says so, its keys in this order."""
    writer = gguf.GGUFWriter(folder / "head.gguf", family)
    for key, value in keys.items():
        add = {str: writer.add_string, list: writer.add_array, float: writer.add_float32}[type(value)]
        add(key, value)
    writer.add_token_list([f"token {number}" for number in range(3000)])
    return written(writer, folder / "head.gguf").read_bytes()


@pytest.mark.parametrize(
    ("problem", "kind", "family", "keys"),
    [
        ("", "qwen2", "qwen2", FIRST),
        ("", "qwen2", "llama", {**MERGES, **FIRST}),  # as Ollama's own converter sorts them
        ("", "llama", "gemma3", {"tokenizer.ggml.model": "llama", "tokenizer.ggml.pre": "default"}),
        ("", "gpt2", "llama", {"tokenizer.ggml.model": "gpt2"}),
        ("ollama_tokenizer", "kimi-k2", "llama", {**FIRST, "tokenizer.ggml.pre": "kimi-k2"}),
        ("ollama_tokenizer", "of tomorrow", "llama", {**MERGES, **FIRST, "tokenizer.ggml.pre": "of tomorrow"}),
        ("ollama_tokenizer", "t5", "llama", {"tokenizer.ggml.model": "t5"}),
        ("ollama_tokenizer", "gemma4", "llama", {"tokenizer.ggml.model": "gemma4"}),
        ("ollama_architecture", "qwen2", "gemma4", FIRST),
        ("ollama_architecture", "qwen2", "gpt2", FIRST),
        ("ollama_rope", "qwen2", "llama", {"llama.rope.scaling.type": "yarn", **FIRST}),
        ("ollama_rope", "qwen2", "phi3", {"phi3.rope.scaling.attn_factor": 1.19, **FIRST}),
        ("", "qwen2", "llama", {"llama.rope.scaling.type": "none", **FIRST}),
    ],
)
def test_what_the_head_of_its_file_says_against_a_model_is_said_in_the_list(problem, kind, family, keys, store):
    put_model(store, LLAMA, head_of(store, family, keys), {"model_family": None})
    (model,) = list_models()
    assert (model.problem, model.tokenizer, model.family) == (problem, kind, family)
    assert model.named["kind"] == kind


def test_a_model_that_is_still_being_fetched_is_called_incomplete(store):
    put_model(store, LLAMA, b"GGUF and weights")
    (model,) = list_models()
    assert model.file
    model.file.write_bytes(b"GGUF and")
    assert list_models()[0].problem == "ollama_incomplete"
    model.file.unlink()
    assert list_models()[0].problem == "ollama_incomplete"


def test_a_digest_never_leads_out_of_the_store(store):
    manifest = put_model(store, LLAMA)
    content = json.loads(manifest.read_text())
    content["layers"][0]["digest"] = "sha256:../../../../etc/passwd"
    manifest.write_text(json.dumps(content))
    (model,) = list_models()
    assert model.file is None and model.problem == "ollama_incomplete"


NAMES = st.sampled_from(["layers", "config", "mediaType", "digest", "size", "model_family"]) | st.text(max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from([TYPE + kind for kind in ("model", "tensor", "template", "params")]) | VALUES
DIGESTS = st.just("sha256:" + "0" * 64) | VALUES
LAYERS = st.fixed_dictionaries({}, optional={"mediaType": KINDS, "digest": DIGESTS, "size": VALUES})
MANIFESTS = st.fixed_dictionaries(
    {"layers": st.lists(LAYERS | VALUES, max_size=3)}, optional={"config": LAYERS | VALUES}
)


@settings(max_examples=200, deadline=None)
@given(content=VALUES | MANIFESTS, blob=VALUES)
@example(content={"layers": [], "config": True}, blob=None)
def test_nothing_that_stands_in_a_manifest_breaks_the_list(content, blob, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    for path, words in ((store / "manifests" / LLAMA, content), (store / "blobs" / f"sha256-{'0' * 64}", blob)):
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(words))
    found = [ollama_store.read_model(store, manifest) for manifest in ollama_store.manifests(store)]
    assert all(model is None or model.name == "llama3.2:3b" for model in found)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no pipes among its files")
def test_a_manifest_nested_without_end_or_that_never_answers_leaves_the_other_models_listed(store):
    put_model(store, LLAMA, b"GGUF and weights")
    beside = (store / "manifests" / LLAMA).parent
    (beside / "deep").write_text("[" * 100_000)
    (beside / "huge").write_text('{"layers": [{"size": 1' + "0" * 400 + "}]}")
    os.mkfifo(beside / "pipe")
    (beside / "device").symlink_to("/dev/zero")
    assert {model.name: model.size_bytes for model in list_models()} == {"llama3.2:3b": 29, "llama3.2:huge": 0}
