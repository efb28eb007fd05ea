"""A short list of small open models on Hugging Face, and which of them Ollama's models were made of. Data only.

What it rests on, looked up in November 2026: `config.json` of each repository (for the gated ones an open copy of it)
gives the shape, from which the parameters were counted; they agree with the totals that the Hub shows, and a test
counts them again. Licence, languages and whether a model is gated come from its card. A download is two bytes per
parameter and the tokenizer.

Not in the list: what core/base_models refuses, and in 2026 that is most of what is new. Qwen 3.5, Gemma 4 and
Ministral 3 are published as models that also see (`…ForConditionalGeneration`). Nor Granite 4.1, whose config could
not be looked up here. Any repository can be typed in all the same.
"""

import re
from dataclasses import dataclass

from core.training.model_shape import Shape

BYTES_PER_PARAMETER = 2


@dataclass(frozen=True)
class HubModel:
    """A repository. `languages` are those that its card names: "de", "en", or "+" for many more."""

    name: str
    licence: str
    shape: Shape
    context_tokens: int
    languages: tuple[str, ...]
    is_gated: bool = False

    @property
    def download_bytes(self) -> int:
        return BYTES_PER_PARAMETER * self.shape.parameters


def shape(hidden: int, feed: int, layers: int, vocabulary: int, **more: int) -> Shape:
    """`more`: heads, key_heads, head (width of one), parameters; `untied` where the output layer is its own."""
    head = more.get("head", hidden // more["heads"])
    return Shape(
        parameters=more["parameters"],
        stored_bytes=BYTES_PER_PARAMETER * more["parameters"],
        hidden=hidden,
        feed=feed,
        layers=layers,
        vocabulary=vocabulary,
        queries=more["heads"] * head,
        keys=more["key_heads"] * head,
        tied=not more.get("untied", 0),
    )


APACHE, MIT, GEMMA, LLAMA = "Apache-2.0", "MIT", "Gemma", "Llama 3.2"
ENGLISH, GERMAN = ("en",), ("de", "en", "+")
SMOL, QWEN = 49_152, 151_936
CURATED: tuple[HubModel, ...] = (
    HubModel(
        "HuggingFaceTB/SmolLM2-135M-Instruct",
        APACHE,
        shape(576, 1536, 30, SMOL, heads=9, key_heads=3, parameters=134_515_008),
        8192,
        ENGLISH,
    ),
    HubModel(
        "google/gemma-3-270m-it",
        GEMMA,
        shape(640, 2048, 18, 262_144, heads=4, key_heads=1, head=256, parameters=268_098_176),
        32_768,
        ENGLISH,
        is_gated=True,
    ),
    HubModel(
        "HuggingFaceTB/SmolLM2-360M-Instruct",
        APACHE,
        shape(960, 2560, 32, SMOL, heads=15, key_heads=5, parameters=361_821_120),
        8192,
        ENGLISH,
    ),
    HubModel(
        "Qwen/Qwen2.5-0.5B-Instruct",
        APACHE,
        shape(896, 4864, 24, QWEN, heads=14, key_heads=2, parameters=494_032_768),
        32_768,
        GERMAN,
    ),
    HubModel(
        "Qwen/Qwen3-0.6B",  # stores the output layer once more, though it is tied
        APACHE,
        shape(1024, 3072, 28, QWEN, heads=16, key_heads=8, head=128, parameters=751_632_384),
        40_960,
        GERMAN,
    ),
    HubModel(
        "google/gemma-3-1b-it",
        GEMMA,
        shape(1152, 6912, 26, 262_144, heads=4, key_heads=1, head=256, parameters=999_885_952),
        32_768,
        ENGLISH,
        is_gated=True,
    ),
    HubModel(
        "meta-llama/Llama-3.2-1B-Instruct",
        LLAMA,
        shape(2048, 8192, 16, 128_256, heads=32, key_heads=8, parameters=1_235_814_400),
        131_072,
        GERMAN,
        is_gated=True,
    ),
    HubModel(
        "utter-project/EuroLLM-1.7B-Instruct",
        APACHE,
        shape(2048, 5632, 24, 128_000, heads=16, key_heads=8, parameters=1_656_850_432, untied=1),
        4096,
        GERMAN,
    ),
    HubModel(
        "Qwen/Qwen3-1.7B",
        APACHE,
        shape(2048, 6144, 28, QWEN, heads=16, key_heads=8, head=128, parameters=2_031_739_904),
        40_960,
        GERMAN,
    ),
    HubModel(
        "HuggingFaceTB/SmolLM3-3B",
        APACHE,
        shape(2048, 11_008, 36, 128_256, heads=16, key_heads=4, parameters=3_075_098_624),
        65_536,
        GERMAN,
    ),
    HubModel(
        "meta-llama/Llama-3.2-3B-Instruct",
        LLAMA,
        shape(3072, 8192, 28, 128_256, heads=24, key_heads=8, parameters=3_212_749_824),
        131_072,
        GERMAN,
        is_gated=True,
    ),
    HubModel(
        "microsoft/Phi-4-mini-instruct",
        MIT,
        shape(3072, 8192, 32, 200_064, heads=24, key_heads=8, parameters=3_836_021_760),
        131_072,
        GERMAN,
    ),
    HubModel(
        "Qwen/Qwen3-4B-Instruct-2507",
        APACHE,
        shape(2560, 9728, 36, QWEN, heads=32, key_heads=8, head=128, parameters=4_022_468_096),
        262_144,
        GERMAN,
    ),
    HubModel(
        "utter-project/EuroLLM-9B-Instruct",
        APACHE,
        shape(4096, 12_288, 42, 128_000, heads=32, key_heads=8, parameters=9_152_319_488, untied=1),
        4096,
        GERMAN,
        is_gated=True,
    ),
)


@dataclass(frozen=True)
class Original:
    """The repository whose weights a model of Ollama was rounded from."""

    name: str
    licence: str
    billions: float
    is_gated: bool = False

    @property
    def download_bytes(self) -> int:
        return round(BYTES_PER_PARAMETER * self.billions * 1e9)


def _family(licence: str, gated: bool, **repositories: float) -> list[Original]:
    return [Original(name, licence, billions, gated) for name, billions in repositories.items()]


# Name in Ollama's library → the instruction models of that family, largest last.
ORIGINALS: dict[str, list[Original]] = {
    "llama3": _family("Llama 3", True, **{"meta-llama/Meta-Llama-3-8B-Instruct": 8.03}),
    "llama3.1": _family("Llama 3.1", True, **{"meta-llama/Llama-3.1-8B-Instruct": 8.03}),
    "llama3.2": _family(
        LLAMA, True, **{"meta-llama/Llama-3.2-1B-Instruct": 1.24, "meta-llama/Llama-3.2-3B-Instruct": 3.21}
    ),
    "qwen2": _family(
        APACHE,
        False,
        **{"Qwen/Qwen2-0.5B-Instruct": 0.49, "Qwen/Qwen2-1.5B-Instruct": 1.54, "Qwen/Qwen2-7B-Instruct": 7.62},
    ),
    "qwen2.5": [
        *_family(APACHE, False, **{"Qwen/Qwen2.5-0.5B-Instruct": 0.49, "Qwen/Qwen2.5-1.5B-Instruct": 1.54}),
        *_family("Qwen Research (not for business)", False, **{"Qwen/Qwen2.5-3B-Instruct": 3.09}),
        *_family(APACHE, False, **{"Qwen/Qwen2.5-7B-Instruct": 7.62}),
    ],
    "qwen3": _family(
        APACHE,
        False,
        **{"Qwen/Qwen3-0.6B": 0.75, "Qwen/Qwen3-1.7B": 2.03, "Qwen/Qwen3-4B": 4.02, "Qwen/Qwen3-8B": 8.19},
    ),
    "gemma2": _family(GEMMA, True, **{"google/gemma-2-2b-it": 2.61, "google/gemma-2-9b-it": 9.24}),
    "gemma3": _family(GEMMA, True, **{"google/gemma-3-270m-it": 0.27, "google/gemma-3-1b-it": 1.0}),
    "mistral": _family(APACHE, True, **{"mistralai/Mistral-7B-Instruct-v0.3": 7.25}),
    "phi3.5": _family(MIT, False, **{"microsoft/Phi-3.5-mini-instruct": 3.82}),
    "phi4-mini": _family(MIT, False, **{"microsoft/Phi-4-mini-instruct": 3.84}),
    "smollm": _family(
        APACHE,
        False,
        **{
            "HuggingFaceTB/SmolLM-135M-Instruct": 0.13,
            "HuggingFaceTB/SmolLM-360M-Instruct": 0.36,
            "HuggingFaceTB/SmolLM-1.7B-Instruct": 1.71,
        },
    ),
    "smollm2": _family(
        APACHE,
        False,
        **{
            "HuggingFaceTB/SmolLM2-135M-Instruct": 0.13,
            "HuggingFaceTB/SmolLM2-360M-Instruct": 0.36,
            "HuggingFaceTB/SmolLM2-1.7B-Instruct": 1.71,
        },
    ),
    "tinyllama": _family(APACHE, False, **{"TinyLlama/TinyLlama-1.1B-Chat-v1.0": 1.1}),
}
EXACT_TAGS = {
    "qwen3:4b-instruct-2507": Original("Qwen/Qwen3-4B-Instruct-2507", APACHE, 4.02),
    "qwen3:4b-thinking-2507": Original("Qwen/Qwen3-4B-Thinking-2507", APACHE, 4.02),
}
OTHER_KINDS = re.compile(r"text|base|code|tool|v0\.[12]|2507")
SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([bm])", re.IGNORECASE)
NEAR = 0.3
"""Sizes this close are the same model: names round them, and some count the embeddings only once."""


def curated(name: str) -> HubModel | None:
    """The entry of the list for a repository; None where it is not in it."""
    return next((model for model in CURATED if model.name == name), None)


def original_of(name: str, parameters: str) -> Original | None:
    """What Ollama's `name` was made of; `parameters` is how Ollama writes its size, such as "1.2B".

    None for what is not from Ollama's own library, for other kinds than instruction models, and where no size fits.
    """
    family, _, tag = name.partition(":")
    exact = next((original for start, original in EXACT_TAGS.items() if name.startswith(start)), None)
    billions = billions_of(tag) or billions_of(parameters)
    if exact or billions is None or OTHER_KINDS.search(tag):
        return exact
    near = [one for one in ORIGINALS.get(family, []) if abs(one.billions / billions - 1) <= NEAR]
    return min(near, key=lambda one: abs(one.billions - billions), default=None)


def billions_of(words: str) -> float | None:
    """The first size in a text, in billions of parameters."""
    found = SIZE.search(words)
    return float(found[1]) * (1 if found[2].lower() == "b" else 1e-3) if found else None
