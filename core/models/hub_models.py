"""A short list of small open models on Hugging Face, and which of them Ollama's models were made of: two tables.

What it rests on, looked up in November 2026: `config.json` of each repository (for the gated ones an open copy of it)
gives the shape, from which the parameters were counted; they agree with the totals that the Hub shows, and a test
counts them again (Qwen3's two smallest store the output layer once more, though it is tied). Licence, languages and
whether a model is gated come from its card. A download is two bytes per parameter and the tokenizer.

Not in the list: what core/base_models refuses, and in 2026 that is most of what is new. Qwen 3.5, Gemma 4 and
Ministral 3 are published as models that also see (`…ForConditionalGeneration`). Nor Granite 4.1, whose config could
not be looked up here. Any repository can be typed in all the same.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from core.models.model_shape import Shape

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
        return self.shape.stored_bytes


@dataclass(frozen=True)
class Original:
    """The repository whose weights a model of Ollama was rounded from.

    `ollama` is the name in Ollama's library; one with a tag stands for what is called exactly so.
    """

    ollama: str
    name: str
    licence: str
    billions: float
    is_gated: bool = False

    @property
    def download_bytes(self) -> int:
        return round(BYTES_PER_PARAMETER * self.billions * 1e9)


def _rows(file: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / file).open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def _hub_model(row: dict[str, str]) -> HubModel:
    figures = ("parameters", "hidden", "feed", "layers", "vocabulary", "queries", "keys")
    shape = Shape(
        stored_bytes=BYTES_PER_PARAMETER * int(row["parameters"]),
        tied=row["tied"] == "yes",
        **{name: int(row[name]) for name in figures},
    )
    languages = tuple(row["languages"].split())
    return HubModel(row["name"], row["licence"], shape, int(row["context_tokens"]), languages, row["gated"] == "yes")


CURATED = tuple(map(_hub_model, _rows("hub_models.csv")))
ORIGINALS = tuple(
    Original(row["ollama"], row["name"], row["licence"], float(row["billions"]), row["gated"] == "yes")
    for row in _rows("ollama_originals.csv")
)
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
    family, _, tag = name.removesuffix(":latest").partition(":")
    exact = next((one for one in ORIGINALS if ":" in one.ollama and name.startswith(one.ollama)), None)
    billions = billions_of(tag) or billions_of(parameters)
    if exact or billions is None or OTHER_KINDS.search(tag):
        return exact
    near = [one for one in ORIGINALS if one.ollama == family and abs(one.billions / billions - 1) <= NEAR]
    return min(near, key=lambda one: abs(one.billions - billions), default=None)


def billions_of(words: str) -> float | None:
    """The first size in a text, in billions of parameters."""
    found = SIZE.search(words)
    return float(found[1]) * (1 if found[2].lower() == "b" else 1e-3) if found else None
