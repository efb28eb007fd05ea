"""A model in numbers, as its config.json tells them. What memory and time are computed from; loads no torch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.models import bases
from core.models.gguf_header import TOKENS, UNREADABLE, stored_head
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import read_json

LARGEST_SIZE = 10**9
"""No model has more of anything that its config counts."""
FULL_PRECISION_BYTES = 600_000_000
"""Up to this size the weights stay in full precision where they are computed with on the CPU: memory is no question
then, and small models lose quality first."""
SINGLE_CORE_BYTES = 100_000_000
"""A smaller model gains nothing from a second core, and where another program wants that core, its threads wait for
each other longer than they compute: one core took 86 ms a step where two took 787."""


@dataclass(frozen=True)
class Shape:
    """A model in numbers. `queries` and `keys` are the widths of one token's queries and keys.

    Experts of which only some work on a token count as one feed-forward of their width, which is too little.
    """

    parameters: int
    stored_bytes: int
    hidden: int
    feed: int
    layers: int
    vocabulary: int
    queries: int
    keys: int
    tied: bool

    @property
    def embeddings(self) -> int:
        """Weights that 4-bit leaves as they are."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def linear(self) -> int:
        return max(0, self.parameters - self.embeddings)

    def matrices(self, target_modules: Collection[str]) -> list[tuple[int, int]]:
        """(inputs, outputs) of each matrix of a layer that gets an adapter: the named ones, or without names all."""
        sizes = {
            "q_proj": (self.hidden, self.queries),
            "k_proj": (self.hidden, self.keys),
            "v_proj": (self.hidden, self.keys),
            "o_proj": (self.queries, self.hidden),
            "gate_proj": (self.hidden, self.feed),
            "up_proj": (self.hidden, self.feed),
            "down_proj": (self.feed, self.hidden),
        }
        return [sizes[name] for name in target_modules or sizes]

    def adapter(self, settings: TrainingSettings) -> int:
        """The weights of an adapter with these settings."""
        widths = sum(inputs + outputs for inputs, outputs in self.matrices(settings.target_modules))
        return self.layers * settings.lora_rank * widths


def read_shape(folder: Path) -> Shape | None:
    """The model in `folder` in numbers; None where its config does not tell them in words that are known here."""
    try:
        found = bases.language_part(read_json(folder / "config.json"))
        facts = bases.describe(folder)
        hidden, layers, heads = (
            _first(found, *names)
            for names in (
                ("hidden_size", "n_embd", "d_model"),
                ("num_hidden_layers", "n_layer", "num_layers"),
                ("num_attention_heads", "n_head"),
            )
        )
        head = _first(found, "head_dim", default=hidden // heads)
        return Shape(
            parameters=facts.parameters,
            stored_bytes=sum(path.stat().st_size for path in folder.glob("*.safetensors")),
            hidden=hidden,
            feed=_first(found, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden),
            layers=layers,
            vocabulary=_first(found, "vocab_size"),
            queries=heads * head,
            keys=_first(found, "num_key_value_heads", default=heads) * head,
            tied=bool(found.get("tie_word_embeddings", True)),
        )
    except (AppError, KeyError, ValueError, OSError, ArithmeticError, AttributeError):
        return None  # training will say what is wrong with the folder


def _first(found: Mapping[str, Any], *names: str, default: int | None = None) -> int:
    """The first of these entries that can be a size. Raises KeyError where none is and there is no default."""
    sizes = (found.get(name) for name in names)
    value = next((size for size in sizes if isinstance(size, int) and 0 < size <= LARGEST_SIZE), default)
    if value is None:
        raise KeyError(names[0])
    return value


@lru_cache(maxsize=256)
def shape_in_gguf(file: Path, parameters: float | None) -> Shape | None:
    """The model of a GGUF in numbers; None where the file does not tell. `parameters` is what is known of their
    number."""
    try:
        return shape_of(stored_head(file), parameters)
    except UNREADABLE:
        return None


def shape_of(found: dict[str, Any], parameters: float | None) -> Shape:
    """Raises KeyError or TypeError where a figure lacks or is another for each layer."""
    family = found["general.architecture"]
    hidden, feed, layers, heads = (
        int(found[f"{family}.{name}"])
        for name in ("embedding_length", "feed_forward_length", "block_count", "attention.head_count")
    )
    head = int(found.get(f"{family}.attention.key_length") or hidden // heads)
    keys = int(found.get(f"{family}.attention.head_count_kv") or heads) * head
    vocabulary = int(found.get(TOKENS) or found[f"{family}.vocab_size"])
    inner = layers * (2 * hidden * (heads * head + keys) + 3 * hidden * feed)
    outer = vocabulary * hidden
    counted = round(parameters) if parameters else inner + outer
    return Shape(
        parameters=counted,
        stored_bytes=2 * counted,  # as it will be unpacked
        hidden=hidden,
        feed=feed,
        layers=layers,
        vocabulary=vocabulary,
        queries=heads * head,
        keys=keys,
        tied=counted - inner < 1.5 * outer,
    )
