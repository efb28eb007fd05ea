"""An f16 GGUF → a smaller one, tensor by tensor as llama-quantize makes it. Knows the file format; knows no project.

The blocks come from llama.cpp's own kernel; on Windows, where its library does not let others call that, from
auto-round, which also brings llama.cpp's choice of a type for each tensor along. It is pinned for that.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np

from core.models import llama_library
from core.models.gguf_tokenizer import read
from utils.config import Quantization

FILE_TYPES: dict[Quantization, gguf.LlamaFileType] = {
    "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "q4_k_m": gguf.LlamaFileType.MOSTLY_Q4_K_M,
}
"""What an f16 file can be made smaller to: a line adds one."""

# What llama-quantize takes where rows do not divide into the blocks of a type, one after the other.
FALLBACKS = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
# A base that was rounded to a type lies on that type's grid. Rounded to it again, all that training changed by less
# than half a step is gone: of a tuned Gemma 3 270M (Q4_K_M) nearly everything. The next type keeps it.
FINER = {"Q4_K": "Q6_K", "Q5_K": "Q6_K", "Q6_K": "Q8_0", "Q5_0": "Q8_0", "Q5_1": "Q8_0"}
HALF = (gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.BF16)
SET_BY_WRITER = {gguf.Keys.General.ARCHITECTURE, gguf.Keys.General.FILE_TYPE, gguf.Keys.General.QUANTIZATION_VERSION}


def write_quantized(
    source: Path,
    file: Path,
    quantization: Quantization,
    on_tensor: Callable[[int, int], None],
    rounded_before: Mapping[str, gguf.GGMLQuantizationType] | None = None,
) -> None:
    """Write the f16 GGUF `source` anew. `on_tensor` is told (done, total) before each tensor; raising stops.

    `rounded_before` are the tuned tensors with the types that their base had: none of them gets the same type again.
    """
    reader = gguf.GGUFReader(source)
    # In this order llama.cpp walks through the layers, and its choice depends on how many it has seen.
    tensors = sorted(reader.tensors, key=lambda tensor: (layer_of(tensor.name), tensor.name))
    chosen = types_of(reader, tensors, FILE_TYPES[quantization])
    for number, tensor in enumerate(tensors):
        if (rounded_before or {}).get(tensor.name) == chosen[number] and chosen[number].name in FINER:
            finer = gguf.GGMLQuantizationType[FINER[chosen[number].name]]
            chosen[number] = fitting(finer, int(tensor.shape[0]))
    writer = new_writer(reader, file, FILE_TYPES[quantization])
    for tensor, kind in zip(tensors, chosen, strict=True):
        add_tensor_info(writer, tensor, kind)
    with_head(writer)
    for number, (tensor, kind) in enumerate(zip(tensors, chosen, strict=True)):
        on_tensor(number, len(tensors))
        writer.write_tensor_data(tensor.data if kind == tensor.tensor_type else quantized(tensor.data, kind))
    writer.close()


def new_writer(
    reader: gguf.GGUFReader, file: Path, file_type: gguf.LlamaFileType, changes: dict[str, Any] | None = None
) -> gguf.GGUFWriter:
    """A writer with all keys of another file; `changes` are set instead of theirs, those of None left out."""
    writer = gguf.GGUFWriter(file, read(reader, gguf.Keys.General.ARCHITECTURE))
    values = {name: field.contents() for name, field in reader.fields.items()} | (changes or {})
    for name, value in values.items():
        if value is None or name in SET_BY_WRITER or name.startswith("GGUF."):
            continue
        types = reader.fields[name].types if name in reader.fields else [gguf.GGUFValueType.get_type(value)]
        writer.add_key_value(name, value, types[0], sub_type=types[-1] if len(types) > 1 else None)
    writer.add_file_type(file_type)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    return writer


def add_tensor_info(writer: gguf.GGUFWriter, tensor: Any, kind: gguf.GGMLQuantizationType) -> None:
    """Note a tensor of a reader, which will be written in blocks of `kind`."""
    shape = [int(size) for size in reversed(tensor.shape)]
    block, size = gguf.GGML_QUANT_SIZES[kind]
    writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), int(tensor.n_elements) // block * size, kind)


def with_head(writer: gguf.GGUFWriter) -> None:
    """Write all that stands before the tensors, whose data may then follow one by one: none waits in memory."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()


def types_of(
    reader: gguf.GGUFReader, tensors: Iterable[Any], file_type: gguf.LlamaFileType
) -> list[gguf.GGMLQuantizationType]:
    """llama.cpp's choice for each tensor (llama_tensor_get_type in llama-quant.cpp), fitted to its rows."""
    from auto_round.export.export_to_gguf.gguf_dtype import GGUFDTypeSelector

    names = {tensor.name for tensor in reader.tensors}
    architecture = read(reader, gguf.Keys.General.ARCHITECTURE)
    known = {name: number for number, name in gguf.MODEL_ARCH_NAMES.items()}
    selector = GGUFDTypeSelector(
        head_counts(reader, architecture),
        file_type,
        model_arch=known.get(architecture),
        has_tied_embeddings="output.weight" not in names,
    )
    chosen = []
    for tensor in tensors:
        kind = tensor.tensor_type
        if kind in HALF and len(tensor.shape) >= 2:
            kind = fitting(selector.select_qtype(tensor.name, len(tensor.shape)), int(tensor.shape[0]))
        chosen.append(kind)
    return chosen


def layer_of(name: str) -> int:
    """The number of a tensor's layer; -1 outside of the layers."""
    found = re.match(r"blk\.(\d+)\.", name)
    return int(found[1]) if found else -1


def head_counts(reader: gguf.GGUFReader, architecture: str) -> dict[str, int]:
    """The figures of the model that decide about tensor types; of those that differ by layer the largest."""
    keys = {
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "num_experts": "expert_count",
    }
    found = {name: read(reader, f"{architecture}.{key}") for name, key in keys.items()}
    return {name: max(value) if isinstance(value, list) else value for name, value in found.items() if value}


def fitting(kind: gguf.GGMLQuantizationType, row: int) -> gguf.GGMLQuantizationType:
    """`kind`, or the simpler type for rows that do not divide into its blocks."""
    for name in (kind.name, FALLBACKS.get(kind.name)):
        if name and row % gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]][0] == 0:
            return gguf.GGMLQuantizationType[name]
    return gguf.GGMLQuantizationType.F16


def quantized(data: np.ndarray, kind: gguf.GGMLQuantizationType) -> np.ndarray:
    """Half-precision values (f16 as such, bf16 as its bytes) in the blocks of `kind`, which may be f16 too."""
    values = data if data.dtype != np.uint8 else gguf.quants.dequantize(data, gguf.GGMLQuantizationType.BF16)
    rows = values.reshape(-1, values.shape[-1])
    if kind == gguf.GGMLQuantizationType.F16:
        return rows.astype(np.float16)
    if llama_library.LIBRARY:
        return llama_library.quantize(rows, kind)
    rows = rows.astype(np.float32)
    return packed(rows, kind) if kind.name.endswith("_K") else gguf.quants.quantize(rows, kind)


def packed(rows: np.ndarray, kind: gguf.GGMLQuantizationType) -> np.ndarray:
    """The blocks of a K-quant, by auto-round."""
    import torch
    from auto_round.export.export_to_gguf.packing import ggml_quant

    with torch.inference_mode():
        return ggml_quant(torch.from_numpy(rows), kind.name.lower(), device="cpu")
