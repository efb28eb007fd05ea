"""The list of models on Hugging Face, and which of Ollama's models were made of them."""

import pytest

from core.models.bases import REPOSITORY
from core.models.hub_models import CURATED, ORIGINALS, curated, original_of

NORM_SIZES = {"qwen3": 2 * 128, "gemma": 2 * 256}


def counted(model):
    """The weights that follow from the shape, with norms and biases as each family has them."""
    shape, name = model.shape, model.name.lower()
    layer = 2 * shape.hidden * (shape.queries + shape.keys) + 3 * shape.hidden * shape.feed + 2 * shape.hidden
    layer += next((size for family, size in NORM_SIZES.items() if family in name), 0)
    layer += 2 * shape.hidden if "gemma" in name else 0  # norms behind both parts of a layer too
    layer += shape.queries + 2 * shape.keys if "qwen2" in name else 0  # biases
    stored_twice = "qwen3-0.6b" in name or "qwen3-1.7b" in name
    outer = shape.vocabulary * shape.hidden * (2 if stored_twice or not shape.tied else 1)
    return shape.layers * layer + outer + shape.hidden


@pytest.mark.parametrize("model", CURATED, ids=lambda model: model.name)
def test_the_parameters_of_each_model_follow_from_its_shape(model):
    assert counted(model) == model.shape.parameters
    assert REPOSITORY.fullmatch(model.name)


def test_the_list_is_short_goes_from_small_to_large_and_speaks_german_too():
    sizes = [model.shape.parameters for model in CURATED]
    assert 8 <= len(CURATED) <= 14 and sizes == sorted(sizes)
    assert sizes[0] > 0.1e9 and sizes[-1] < 9.5e9
    assert sum("de" in model.languages for model in CURATED) >= 5
    assert any("de" in model.languages and not model.is_gated and model.shape.parameters < 1e9 for model in CURATED)


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("llama3.2:1b", "1.2B", "meta-llama/Llama-3.2-1B-Instruct"),
        ("llama3.2", "3.2B", "meta-llama/Llama-3.2-3B-Instruct"),
        ("llama3.2:1b-instruct-q4_K_M", "1.2B", "meta-llama/Llama-3.2-1B-Instruct"),
        ("llama3.2:1b-text-q4_K_M", "1.2B", None),
        ("qwen2.5:0.5b", "494.03M", "Qwen/Qwen2.5-0.5B-Instruct"),
        ("qwen3:0.6b", "751.63M", "Qwen/Qwen3-0.6B"),
        ("qwen3:4b-instruct-2507-q4_K_M", "4.0B", "Qwen/Qwen3-4B-Instruct-2507"),
        ("qwen3:30b", "30.5B", None),
        ("gemma3:270m", "268.10M", "google/gemma-3-270m-it"),
        ("gemma3:4b", "4.3B", None),
        ("smollm2:135m", "134.52M", "HuggingFaceTB/SmolLM2-135M-Instruct"),
        ("mistral", "7.2B", "mistralai/Mistral-7B-Instruct-v0.3"),
        ("mistral:7b-instruct-v0.2-q4_0", "7B", None),
        ("somebody/llama3.2:1b", "1.2B", None),
        ("unheard-of:1b", "1B", None),
        ("llama3.2", "", None),
    ],
)
def test_a_model_of_ollama_names_its_original_where_it_is_known(name, parameters, expected):
    original = original_of(name, parameters)
    assert (original.name if original else None) == expected


def test_the_table_agrees_with_the_list():
    for original in ORIGINALS:
        assert REPOSITORY.fullmatch(original.name)
        if known := curated(original.name):
            assert (known.licence, known.is_gated) == (original.licence, original.is_gated)
            assert abs(known.shape.parameters / 1e9 - original.billions) < 0.01
