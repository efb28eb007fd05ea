"""Quantized GGUF files: llama.cpp's blocks and llama.cpp's choice of types, by the rules of llama-quant.cpp."""

import gguf
import numpy as np
import pytest

from core.export.quantizing import FINER, fitting, quantized, write_quantized
from core.models import llama_library
from tests.core.models.gguf_vocabularies import written

KINDS = gguf.GGMLQuantizationType
QUIET = lambda done, total: None  # noqa: E731


def half(rows, width, seed=0):
    return np.random.default_rng(seed).normal(0, 0.05, (rows, width)).astype(np.float16)


def write_model(file, layers, width=256, tied=False, backwards=False, architecture="llama"):
    """A file with the tensors of a Llama, as the converter writes it: without sense, but with its names and sizes."""
    writer = gguf.GGUFWriter(file, architecture)
    writer.add_block_count(layers)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_name("of before")
    writer.add_token_list(["a", "b"])
    names = ["token_embd", *([] if tied else ["output"])]
    for layer in range(layers):
        parts = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
        names += [f"blk.{layer}.{part}" for part in parts]
    for number, name in enumerate(reversed(names) if backwards else names):
        writer.add_tensor(f"{name}.weight", half(8, width, number))
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    return written(writer, file)


def types_in(file):
    return {tensor.name.removesuffix(".weight"): tensor.tensor_type.name for tensor in gguf.GGUFReader(file).tensors}


def made(tmp_path, quantization="q4_k_m", **model):
    write_quantized(write_model(tmp_path / "f16.gguf", **model), tmp_path / "small.gguf", quantization, QUIET)
    return tmp_path / "small.gguf"


@pytest.mark.skipif(llama_library.LIBRARY is None, reason="xllamacpp's library is closed on this system")
@pytest.mark.parametrize("kind", ["Q4_K", "Q5_K", "Q6_K", "Q5_0", "Q5_1", "Q8_0"])
@pytest.mark.parametrize("rows", [1, 7, 300])
def test_the_blocks_are_those_of_llama_cpp_s_own_kernel(kind, rows):
    values, kind = half(rows, 512), KINDS[kind]
    block, size = gguf.GGML_QUANT_SIZES[kind]
    direct = np.empty((rows, 512 // block * size), np.uint8)
    source = values.astype(np.float32)
    llama_library.LIBRARY.ggml_quantize_chunk(kind, source.ctypes.data, direct.ctypes.data, 0, rows, 512, None)
    assert np.array_equal(quantized(values, kind), direct)


@pytest.mark.parametrize("kind", ["Q4_K", "Q5_K", "Q6_K", "Q5_0", "Q8_0"])
def test_where_the_library_is_closed_blocks_of_the_same_size_keep_the_values(kind, monkeypatch):
    monkeypatch.setattr(llama_library, "LIBRARY", None)
    values, kind = half(4, 512), KINDS[kind]
    back = gguf.quants.dequantize(quantized(values, kind), kind)
    assert np.abs(back - values.astype(np.float32)).max() < 0.02


@pytest.mark.parametrize(
    ("layers", "finer"),
    [(2, {1}), (4, {2, 3}), (12, {0, 3, 6, 9, 10, 11}), (16, {0, 1, 4, 7, 10, 13, 14, 15})],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_q4_k_m_gives_the_layers_more_bits_that_llama_cpp_does_in_whatever_order_they_stand(
    layers, finer, backwards, tmp_path
):
    types = types_in(made(tmp_path, layers=layers, backwards=backwards))
    assert (types["token_embd"], types["output"], types["output_norm"]) == ("Q4_K", "Q6_K", "F32")
    for layer in range(layers):
        for part in ("attn_q", "attn_k", "attn_output", "ffn_gate", "ffn_up"):
            assert types[f"blk.{layer}.{part}"] == "Q4_K"
        for part in ("attn_v", "ffn_down"):
            assert types[f"blk.{layer}.{part}"] == ("Q6_K" if layer in finer else "Q4_K")


@pytest.mark.parametrize(
    ("width", "plain", "fine"),
    [(576, "Q5_0", "Q8_0"), (640, "Q5_0", "Q8_0"), (96, "Q5_0", "Q8_0"), (40, "F16", "F16")],
)
def test_rows_that_do_not_divide_into_blocks_get_the_type_that_llama_cpp_falls_back_on(width, plain, fine, tmp_path):
    types = types_in(made(tmp_path, layers=4, width=width, tied=True))
    assert types["token_embd"] == fine  # tied: it is the output too
    assert (types["blk.0.attn_q"], types["blk.3.ffn_down"]) == (plain, fine)


@pytest.mark.parametrize(
    ("width", "before", "expected"),
    [
        (256, "Q4_K", "Q6_K"),
        (256, "Q6_K", "Q4_K"),  # another grid
        (256, "Q4_1", "Q4_K"),
        (576, "Q5_0", "Q8_0"),
        (576, "Q8_0", "Q5_0"),
    ],
)
def test_what_training_changed_is_not_rounded_to_the_grid_on_which_its_base_lies(width, before, expected, tmp_path):
    model, small = write_model(tmp_path / "f16.gguf", 2, width), tmp_path / "small.gguf"
    write_quantized(model, small, "q4_k_m", QUIET, {"blk.0.attn_q.weight": KINDS[before]})
    assert types_in(small)["blk.0.attn_q"] == expected
    assert types_in(small)["blk.1.attn_q"] == ("Q4_K" if width == 256 else "Q5_0")


@pytest.mark.parametrize(("kind", "small"), [("Q5_0", 8e-4), ("Q4_K", 8e-4), ("Q6_K", 3e-4)])
def test_rounding_twice_to_one_type_loses_small_changes_and_the_finer_type_keeps_them(kind, small):
    base = gguf.quants.dequantize(quantized(half(8, 512), KINDS[kind]), KINDS[kind])
    change = np.random.default_rng(1).normal(0, small, base.shape)
    tuned = (base + change).astype(np.float16)

    def kept(name):
        back = gguf.quants.dequantize(quantized(tuned, KINDS[name]), KINDS[name]) - base
        return float((back * change).sum() / (change * change).sum())

    assert kept(FINER[kind]) > 2 * kept(kind)
    assert kept(FINER[kind]) > 0.5


def test_fitting_knows_each_step_down():
    assert [fitting(KINDS[name], 576).name for name in ("Q4_K", "Q5_K", "Q6_K", "Q8_0")] == [
        *("Q5_0", "Q5_1", "Q8_0", "Q8_0")
    ]


def test_q8_0_is_q8_0_throughout_and_every_key_comes_along(tmp_path):
    file = made(tmp_path, "q8_0", layers=2)
    types = types_in(file)
    assert set(types.values()) == {"Q8_0", "F32"}
    fields = gguf.GGUFReader(file).fields
    assert fields["general.name"].contents() == "of before"
    assert fields["tokenizer.ggml.tokens"].contents() == ["a", "b"]
    assert fields["general.file_type"].contents() == gguf.LlamaFileType.MOSTLY_Q8_0


def test_a_stop_between_two_tensors_stops(tmp_path):
    class Stopped(Exception):
        pass

    def stop(done, total):
        if done == 3:
            raise Stopped

    with pytest.raises(Stopped):
        write_quantized(write_model(tmp_path / "f16.gguf", 2), tmp_path / "small.gguf", "q8_0", stop)
