"""What a GGUF says of its model in its head, and the shape that follows from it."""

import math
import struct

import gguf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.models.model_shape import shape_in_gguf
from tests.core.models.gguf_vocabularies import written


def write(file, family="qwen3", **figures):
    """A GGUF with these figures and a tokenizer, and no weights."""
    writer = gguf.GGUFWriter(file, family)
    writer.add_name("Größe")
    for name, value in figures.items():
        writer.add_uint32(f"{family}.{name.replace('__', '.')}", value)
    writer.add_token_list([f"token {number}" for number in range(1000)])
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    return written(writer, file)


FIGURES = {
    "embedding_length": 256,
    "feed_forward_length": 512,
    "block_count": 3,
    "attention__head_count": 4,
    "attention__head_count_kv": 2,
    "attention__key_length": 96,
}


def test_the_shape_is_read_from_the_head_and_an_output_layer_of_its_own_shows_in_the_parameters(tmp_path):
    file = write(tmp_path / "a.gguf", **FIGURES)
    shape = shape_in_gguf(file, 2.3e6)
    assert (shape.hidden, shape.feed, shape.layers, shape.vocabulary) == (256, 512, 3, 1000)
    assert (shape.queries, shape.keys, shape.parameters, shape.tied) == (384, 192, 2_300_000, True)
    inner = 3 * (2 * 256 * (384 + 192) + 3 * 256 * 512)
    assert not shape_in_gguf(file, float(inner + 2 * 256_000)).tied


def test_a_file_that_lacks_a_figure_or_is_none_gives_no_shape(tmp_path):
    lacking = FIGURES.keys() - {"block_count"}
    assert shape_in_gguf(write(tmp_path / "a.gguf", **{name: FIGURES[name] for name in lacking}), None) is None
    assert shape_in_gguf(tmp_path / "missing.gguf", None) is None


KINDS = gguf.GGUFValueType
ENDLESS = struct.pack("<IQ", KINDS.ARRAY, 1) * 5000
VALUES = (
    st.tuples(st.just(KINDS.FLOAT32), st.floats(width=32).map(lambda value: struct.pack("<f", value)))
    | st.tuples(st.just(KINDS.FLOAT64), st.floats().map(lambda value: struct.pack("<d", value)))
    | st.tuples(st.just(KINDS.INT64), st.integers(-3, 3).map(lambda value: struct.pack("<q", value)))
    | st.tuples(st.just(KINDS.UINT64), st.binary(min_size=8, max_size=8))
    | st.tuples(st.just(KINDS.ARRAY), st.just(struct.pack("<IQf", KINDS.FLOAT32, 1, 1.0)))
    | st.tuples(st.just(KINDS.STRING), st.sampled_from([struct.pack("<Q", 1) + b"8", struct.pack("<Q", 0)]))
)
NAMES = ("vocab_size", *(name.replace("__", ".") for name in FIGURES))


def as_string(text):
    return struct.pack("<Q", len(text)) + text.encode()


@settings(max_examples=200, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)), st.none() | st.floats())
@example(dict.fromkeys(NAMES, (KINDS.FLOAT32, struct.pack("<f", math.inf))), None)
@example(dict.fromkeys(NAMES, (KINDS.ARRAY, ENDLESS)), None)
def test_whatever_figures_a_head_tells_the_list_is_shown(tmp_path_factory, told, parameters):
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, len(told) + 1)
    head += as_string("general.architecture") + struct.pack("<I", KINDS.STRING) + as_string("llama")
    for name, (kind, value) in told.items():
        head += as_string(f"llama.{name}") + struct.pack("<I", kind) + value
    file = tmp_path_factory.mktemp("told") / "a.gguf"
    file.write_bytes(head)
    shape = shape_in_gguf(file, parameters)
    assert shape is None or isinstance(shape.layers, int)


@settings(max_examples=80, deadline=None)
@given(position=st.integers(0, 600), content=st.binary(min_size=1, max_size=12))
def test_no_damage_to_a_head_breaks_the_list(position, content, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    whole = bytearray(write(folder / "a.gguf", **FIGURES).read_bytes())
    whole[position : position + len(content)] = content
    damaged = folder / "b.gguf"
    damaged.write_bytes(whole)
    shape = shape_in_gguf(damaged, None)
    assert shape is None or shape.layers >= 0
