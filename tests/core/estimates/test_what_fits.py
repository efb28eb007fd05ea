"""What fits this machine, told from shapes alone; and which models of Hugging Face are here already."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from core import hardware_detector
from core.estimates import what_fits
from core.hardware_detector import Accelerator
from core.models import hub_cache, hub_models
from utils.config import TrainingSettings

COMMIT = "0" * 40


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def hardware(tmp_path):
    found = hardware_detector.detect(tmp_path, force_cpu=True)
    return dataclasses.replace(found, free_ram_gib=8.0)


def put(name: str, architecture: str = "LlamaForCausalLM", *, weights: bool = True) -> Path:
    """A repository in the cache, with a tiny tensor for its weights."""
    folder = hub_cache.folder_of(name) / "snapshots" / COMMIT
    folder.mkdir(parents=True)
    config = {"architectures": [architecture], "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
    (folder / "config.json").write_text(json.dumps({**config, "vocab_size": 16}), encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    if weights:
        save_file({"a": torch.zeros(4, 4)}, folder / "model.safetensors")
    hub_cache.set_newest(name, COMMIT)
    return folder


def test_small_models_fit_large_ones_do_not_and_four_bits_need_less(hardware):
    settings = TrainingSettings()
    fits = {model.name: what_fits.fit(model.shape, settings, hardware) for model in hub_models.CURATED}
    assert fits["HuggingFaceTB/SmolLM2-135M-Instruct"].lora.light == "green"
    assert fits["utter-project/EuroLLM-9B-Instruct"].lora.light == "red"
    for fit in fits.values():
        assert fit.four_bit
    large = fits["Qwen/Qwen3-4B-Instruct-2507"]
    assert large.four_bit and large.four_bit.total_gib < large.lora.total_gib


def test_the_light_follows_the_projects_settings(hardware):
    shape = hub_models.CURATED[4].shape
    small, large = (
        what_fits.fit(shape, TrainingSettings(batch_size=size), hardware).lora.total_gib for size in (1, 16)
    )
    assert small < large


def test_on_apples_gpu_there_are_no_four_bits_and_unknown_memory_is_called_so(hardware):
    shape = hub_models.CURATED[0].shape
    apple = dataclasses.replace(hardware, accelerator=Accelerator("mps", "M4", 16.0))
    assert what_fits.fit(shape, TrainingSettings(), apple).four_bit is None
    silent = dataclasses.replace(hardware, accelerator=Accelerator("xpu", "Arc", 16.0))
    assert what_fits.fit(shape, TrainingSettings(), silent).lora.light == "unknown"


def test_what_is_here_comes_first_and_what_cannot_be_trained_says_why():
    put("Qwen/Qwen3-0.6B")
    put("vendor/sees-pictures", "LlavaForConditionalGeneration")
    put("vendor/half-there", weights=False)
    listed = what_fits.hub_list()
    assert [one.name for one in listed[:2]] == ["Qwen/Qwen3-0.6B", "vendor/sees-pictures"]
    assert [one.problem for one in listed[:2]] == ["", "base_not_text"]
    assert [one.is_here for one in listed[:3]] == [True, True, False]
    assert "vendor/half-there" not in [one.name for one in listed]
    assert [one.name for one in listed].count("Qwen/Qwen3-0.6B") == 1
    assert len(listed) == len(hub_models.CURATED) + 1


def test_a_machine_without_a_cache_still_has_the_list():
    assert [one.name for one in what_fits.hub_list()] == [model.name for model in hub_models.CURATED]


def test_the_newest_version_counts_where_the_cache_does_not_say_which_is_main():
    folder = put("vendor/model")
    (hub_cache.folder_of("vendor/model") / "refs" / "main").unlink()
    assert hub_cache.snapshot("vendor/model") == folder


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"HF_HUB_CACHE": "/a"}, "/a"),
        ({"HF_HOME": "/b"}, "/b/hub"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/huggingface/hub"),
    ],
)
def test_the_cache_lies_where_huggingface_hub_has_it(variables, expected, monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert hub_cache.hub_folder() == Path(expected)
