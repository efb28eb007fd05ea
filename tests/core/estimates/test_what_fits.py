"""What fits this machine, told from shapes alone; and which models of Hugging Face are here already."""

from pathlib import Path

import pytest

from core.estimates import what_fits
from core.estimates.what_fits import fit
from core.models import hub_cache, hub_models
from tests.core.training.machine_material import machine, write_model
from utils.config import TrainingSettings

COMMIT = "0" * 40
CPU = machine("cpu", 8.0)


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("HF_HUB_CACHE", "CUSTOM_AI_CONFIG", "CUSTOM_AI_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


def put(name, architecture="LlamaForCausalLM", *, weights=True):
    """A repository in the cache."""
    folder = hub_cache.folder_of(name) / "snapshots" / COMMIT
    folder.parent.mkdir(parents=True)
    write_model(folder, architectures=[architecture])
    if not weights:
        (folder / "model.safetensors").unlink()
    hub_cache.set_newest(name, COMMIT)
    return folder


def test_small_models_fit_large_ones_do_not_and_four_bits_and_small_batches_need_less():
    fits = {model.name: fit(model.shape, TrainingSettings(), CPU) for model in hub_models.CURATED}
    assert fits["HuggingFaceTB/SmolLM2-135M-Instruct"].lora.light == "green"
    assert fits["utter-project/EuroLLM-9B-Instruct"].lora.light == "red"
    large = fits["Qwen/Qwen3-4B-Instruct-2507"]
    assert large.four_bit.total_gib < large.lora.total_gib
    batches = (TrainingSettings(batch_size=size) for size in (1, 16))
    small, large = (fit(hub_models.CURATED[4].shape, settings, CPU).lora.total_gib for settings in batches)
    assert small < large


def test_on_apples_gpu_there_are_no_four_bits_and_unknown_memory_is_called_so():
    shape = hub_models.CURATED[0].shape
    assert fit(shape, TrainingSettings(), machine("mps")).four_bit is None
    assert fit(shape, TrainingSettings(), machine("xpu", None)).lora.light == "unknown"


def test_what_is_here_comes_first_and_what_cannot_be_trained_says_why():
    assert [one.name for one in what_fits.hub_list()] == [model.name for model in hub_models.CURATED]
    put("Qwen/Qwen3-0.6B")
    put("vendor/sees-pictures", "LlavaForConditionalGeneration")
    put("vendor/half-there", weights=False)
    listed = what_fits.hub_list()
    assert [(one.name, one.problem, one.is_here) for one in listed[:2]] == [
        ("Qwen/Qwen3-0.6B", "", True),
        ("vendor/sees-pictures", "base_not_text", True),
    ]
    names = [one.name for one in listed if not one.is_here]
    assert "vendor/half-there" not in names and "Qwen/Qwen3-0.6B" not in names
    assert len(listed) == len(hub_models.CURATED) + 1


def test_the_newest_version_counts_where_the_cache_does_not_say_which_is_main():
    folder = put("vendor/model")
    (hub_cache.folder_of("vendor/model") / "refs" / "main").unlink()
    assert hub_cache.snapshot("vendor/model") == folder


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [("HF_HUB_CACHE", "/a", "/a"), ("HF_HOME", "/b", "/b/hub"), ("XDG_CACHE_HOME", "/c", "/c/huggingface/hub")],
)
def test_the_cache_lies_where_huggingface_hub_has_it(variable, value, expected, monkeypatch):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    assert hub_cache.hub_folder() == Path(expected)
