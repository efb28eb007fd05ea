"""A base that was unpacked from a GGUF: what is written into its source is what the converter makes of the folder."""

import gguf
import numpy as np
import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.export.convertible import source_of
from core.export.gguf_source import write_into_source
from core.jobs.runs import create_run
from core.models import ollama_store, unpacking
from core.project_manager import ProjectStore
from tests.core.models.gguf_models import CHAT_TEMPLATE, KINDS, put_into_store, write_gguf
from tests.core.recording_context import RecordingContext
from tests.refusals import code_of, refusal_of
from utils.files import read_json, write_json

QUIET = lambda done, total: None  # noqa: E731


@pytest.fixture(scope="module", params=sorted(KINDS))
def tuned(request, tmp_path_factory):
    """The folders of base, adapter and merged model, and the source."""
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OLLAMA_MODELS", str(folder / "store"))
        patch.setenv("CUSTOM_AI_CACHE", str(folder / "cache"))
        name = put_into_store(folder / "store", folder / "made", request.param, "q8_0", CHAT_TEMPLATE)
        project = ProjectStore(folder / "projects").create("Physik")
        run = create_run(project, "unpack_base", {"name": name})
        base = folder / "cache" / "bases" / unpacking.run(RecordingContext(), run)["folder"]
        source = source_of(base)
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    adapted = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=4, target_modules="all-linear"))
    for part, parameter in adapted.named_parameters():
        if "lora_B" in part:
            torch.nn.init.normal_(parameter, std=0.05)
    adapted.save_pretrained(folder / "adapter")
    merged = adapted.merge_and_unload().to(torch.float16)
    merged.save_pretrained(folder / "merged")
    AutoTokenizer.from_pretrained(base).save_pretrained(folder / "merged")
    return folder, source


def tensors_of(file):
    return {
        tensor.name: gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        for tensor in gguf.GGUFReader(file).tensors
    }


def test_the_tuned_matrices_are_those_of_the_converter_and_all_others_the_source_s_own(tuned, tmp_path):
    folder, source = tuned
    write_into_source(source, folder / "merged", folder / "adapter", tmp_path / "own.gguf", "Größe", QUIET)
    own, before = tensors_of(tmp_path / "own.gguf"), tensors_of(source)
    converted = tensors_of(write_gguf(folder / "merged", "f16"))
    assert own.keys() == converted.keys() == before.keys()
    for name, values in own.items():
        assert np.abs(values - converted[name]).max() <= 1e-3 * max(1.0, np.abs(values).max()), name
        changed = (".attn_" in name and "norm" not in name and name.endswith("weight")) or ".ffn_" in name
        changed = changed and "norm" not in name
        assert (np.abs(values - before[name]).max() > 1e-2) == changed, name


def test_every_key_is_the_source_s_but_its_name_its_precision_and_what_the_tokenizer_says_of_itself(tuned, tmp_path):
    folder, source = tuned
    write_into_source(source, folder / "merged", folder / "adapter", tmp_path / "own.gguf", "Größe", QUIET)
    own, before = (
        {name: field.contents() for name, field in gguf.GGUFReader(file).fields.items()}
        for file in (tmp_path / "own.gguf", source)
    )
    differing = {name for name in own.keys() | before.keys() if own.get(name) != before.get(name)}
    assert differing <= {
        "general.name",
        "general.file_type",
        "tokenizer.ggml.add_bos_token",
        "tokenizer.chat_template",
    }
    assert own["general.name"] == "Größe"
    assert own["general.file_type"] == gguf.LlamaFileType.MOSTLY_F16


@pytest.mark.parametrize("change", ["added", "renamed", "rows"])
def test_a_vocabulary_that_changed_is_refused(change, tuned, tmp_path):
    folder, source = tuned
    AutoTokenizer.from_pretrained(folder / "merged").save_pretrained(tmp_path)
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / "merged" / name).read_bytes())
    if change == "rows":
        write_json(tmp_path / "config.json", {**read_json(tmp_path / "config.json"), "vocab_size": 77})
    else:
        tokenizer = read_json(tmp_path / "tokenizer.json")
        vocabulary = tokenizer["model"]["vocab"]
        if change == "added":
            tokenizer["added_tokens"].append({**tokenizer["added_tokens"][0], "id": 10_000, "content": "<new>"})
        else:
            *_, first, second = (word for word in vocabulary if word.isalpha())
            vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
        write_json(tmp_path / "tokenizer.json", tokenizer)
    attempt = lambda: write_into_source(source, tmp_path, folder / "adapter", tmp_path / "x.gguf", "x", QUIET)  # noqa: E731
    assert code_of(attempt) == "gguf_vocabulary_changed"


def test_a_tuned_matrix_that_llama_cpp_has_no_place_for_is_refused(tuned, tmp_path):
    folder, source = tuned
    from safetensors.numpy import save_file

    save_file(
        {"base_model.model.model.vision.lora_A.weight": np.ones((2, 2))}, tmp_path / "adapter_model.safetensors"
    )
    refused = refusal_of(
        lambda: write_into_source(source, folder / "merged", tmp_path, tmp_path / "x.gguf", "x", QUIET)
    )
    assert (refused.code, refused.params["name"]) == ("gguf_source_unfit", "model.vision")


def test_a_source_is_found_in_whatever_store_it_lies_and_missed_where_it_is_gone(tmp_path, monkeypatch):
    monkeypatch.setattr(ollama_store, "store_folders", lambda: [tmp_path / "own", tmp_path / "service"])
    (tmp_path / "service" / "blobs").mkdir(parents=True)
    (tmp_path / "service" / "blobs" / f"sha256-{'a' * 64}").write_bytes(b"GGUF")
    assert ollama_store.find_blob("a" * 64) == tmp_path / "service" / "blobs" / f"sha256-{'a' * 64}"
    assert ollama_store.find_blob("b" * 64) is None
