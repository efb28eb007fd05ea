"""The figures of a model, read from the head of its file."""

from pathlib import Path

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bases.gguf_header import read_shape


def write(file: Path, family: str = "qwen3", **figures: int) -> Path:
    """A GGUF with these figures and a tokenizer, and no weights."""
    writer = gguf.GGUFWriter(file, family)
    writer.add_name("Größe")
    for name, value in figures.items():
        writer.add_uint32(f"{family}.{name.replace('__', '.')}", value)
    writer.add_token_list([f"token {number}" for number in range(1000)])
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    return file


FIGURES = {
    "embedding_length": 256,
    "feed_forward_length": 512,
    "block_count": 3,
    "attention__head_count": 4,
    "attention__head_count_kv": 2,
    "attention__key_length": 96,
}


def test_the_shape_is_read_from_the_head(tmp_path: Path) -> None:
    shape = read_shape(write(tmp_path / "a.gguf", **FIGURES), 2.3e6)
    assert shape
    assert (shape.hidden, shape.feed, shape.layers, shape.vocabulary) == (256, 512, 3, 1000)
    assert (shape.queries, shape.keys, shape.parameters, shape.tied) == (384, 192, 2_300_000, True)


def test_an_output_layer_of_its_own_shows_in_the_number_of_parameters(tmp_path: Path) -> None:
    inner = 3 * (2 * 256 * (384 + 192) + 3 * 256 * 512)
    shape = read_shape(write(tmp_path / "a.gguf", **FIGURES), float(inner + 2 * 256_000))
    assert shape and not shape.tied


def test_a_file_that_lacks_a_figure_or_is_none_gives_no_shape(tmp_path: Path) -> None:
    lacking = {name: value for name, value in FIGURES.items() if name != "block_count"}
    assert read_shape(write(tmp_path / "a.gguf", **lacking), None) is None
    assert read_shape(tmp_path / "missing.gguf", None) is None


@settings(max_examples=80, deadline=None)
@given(position=st.integers(0, 600), content=st.binary(min_size=1, max_size=12))
def test_no_damage_to_a_head_breaks_the_list(
    position: int, content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    whole = bytearray(write(folder / "a.gguf", **FIGURES).read_bytes())
    whole[position : position + len(content)] = content
    damaged = folder / "b.gguf"
    damaged.write_bytes(whole)
    shape = read_shape(damaged, None)
    assert shape is None or shape.layers >= 0
