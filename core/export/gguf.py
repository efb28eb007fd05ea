"""A model folder → GGUF files, without network and compiler. Knows the file format; knows no project.

The converter is the copy of llama.cpp's own that auto-round brings along, and so are the K-quant kernels. Both
are internals of that package, therefore its version is pinned and this file is the only one that touches them.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch

from core.models.gguf_tokenizer import read
from core.models.split_rules import NAMES
from utils.errors import AppError
from utils.files import read_json

BLOCK = 256
"""Values in one K-quant block: rows of another length keep a simpler type."""

NEWER_IN_CONVERTER = ("MODEL_ARCH", "MODEL_TENSOR")

# What the K-quants give to a tensor whose rows do not divide into blocks, as llama-quantize does.
FALLBACKS = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}


def write_converted(folder: Path, file: Path, quantization: str) -> None:
    """Write the model in `folder` as a GGUF of type f16 or q8_0.

    Raises AppError `gguf_architecture` or `gguf_tokenizer` where llama.cpp does not know the model.
    """
    file_type = {"f16": gguf.LlamaFileType.MOSTLY_F16, "q8_0": gguf.LlamaFileType.MOSTLY_Q8_0}[quantization]
    with converter() as conversion:
        parameters = conversion.ModelBase.load_hparams(folder, False)
        architecture = conversion.get_model_architecture(parameters, conversion.ModelType.TEXT)
        try:
            model_class = conversion.get_model_class(architecture)
        except NotImplementedError:
            raise AppError("gguf_architecture", architecture=architecture) from None
        with torch.inference_mode(), known_pre_tokenizer(model_class, folder):
            model_class(folder, file_type, file).write()


def write_q4_k_m(source: Path, file: Path, on_tensor: Callable[[int, int], None]) -> None:
    """Write the f16 GGUF `source` anew as q4_k_m, with llama.cpp's choice of type for each tensor.

    `on_tensor` is told (done, total) before each tensor; it may raise to stop.
    """
    from auto_round.export.export_to_gguf.gguf_dtype import GGUFDTypeSelector

    reader = gguf.GGUFReader(source)
    architecture = read(reader, gguf.Keys.General.ARCHITECTURE)
    writer = gguf.GGUFWriter(file, architecture)
    copy_metadata(reader, writer)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    tied = all(tensor.name != "output.weight" for tensor in reader.tensors)
    counts = head_counts(reader, architecture)
    selector = GGUFDTypeSelector(counts, gguf.LlamaFileType.MOSTLY_Q4_K_M, has_tied_embeddings=tied)
    # Types are chosen in the order in which llama.cpp walks through the layers.
    for number, tensor in enumerate(reader.tensors):
        on_tensor(number, len(reader.tensors))
        kind = tensor.tensor_type
        if kind in (gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.BF16) and len(tensor.shape) >= 2:
            kind = fitting(selector.select_qtype(tensor.name, len(tensor.shape)), int(tensor.shape[0]))
        data = tensor.data if kind == tensor.tensor_type else quantized(tensor, kind)
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def quantized(tensor: Any, kind: gguf.GGMLQuantizationType) -> np.ndarray:
    """A tensor's values in the blocks of `kind`."""
    from auto_round.export.export_to_gguf.packing import ggml_quant

    values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
    if not kind.name.endswith("_K"):
        return gguf.quants.quantize(values, kind)
    with torch.inference_mode():
        return ggml_quant(torch.from_numpy(values), kind.name.lower(), device="cpu")


def fitting(kind: gguf.GGMLQuantizationType, row: int) -> gguf.GGMLQuantizationType:
    """`kind`, or the simpler type for rows that do not divide into its blocks."""
    if row % BLOCK == 0:
        return kind
    return gguf.GGMLQuantizationType[FALLBACKS[kind.name]] if row % 32 == 0 else gguf.GGMLQuantizationType.F16


def head_counts(reader: gguf.GGUFReader, architecture: str) -> dict[str, Any]:
    """The figures of the model that decide about tensor types."""
    keys = {
        "num_hidden_layers": "block_count",
        "num_attention_heads": "attention.head_count",
        "num_key_value_heads": "attention.head_count_kv",
        "num_experts": "expert_count",
    }
    return {name: read(reader, f"{architecture}.{key}") for name, key in keys.items()}


def copy_metadata(reader: gguf.GGUFReader, writer: gguf.GGUFWriter) -> None:
    """Copy all keys except those that the writer sets itself."""
    set_anew = {gguf.Keys.General.ARCHITECTURE, gguf.Keys.General.FILE_TYPE, gguf.Keys.General.QUANTIZATION_VERSION}
    for field in reader.fields.values():
        if field.name in set_anew or field.name.startswith("GGUF."):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)


@contextmanager
def converter() -> Iterator[Any]:
    """The bundled converter; it imports its own parts by bare names, so its folder is put on the path meanwhile."""
    spec = find_spec("auto_round.export.export_to_gguf")
    if spec is None or not spec.submodule_search_locations:
        raise AppError("gguf_no_converter")
    folder = spec.submodule_search_locations[0]
    sys.path.insert(0, folder)
    names = {name: getattr(gguf, name) for name in NEWER_IN_CONVERTER}
    for name, known in names.items():
        setattr(gguf, name, Lenient(known))
    try:
        import conversion  # type: ignore[import-not-found, unused-ignore]

        yield conversion
    finally:
        sys.path.remove(folder)
        for name, known in names.items():
            setattr(gguf, name, known)


class Lenient:
    """An enum that answers None for members that it does not have.

    The converter is newer than the newest `gguf` of the package index: the module of the Qwen models, for one, also
    names an architecture that `gguf` does not know yet, and could not be imported at all.
    """

    def __init__(self, known: Any) -> None:
        self._known = known

    def __getattr__(self, name: str) -> Any:
        return getattr(self._known, name, None)

    def __call__(self, value: Any) -> Any:
        return self._known(value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._known)


@contextmanager
def known_pre_tokenizer(model_class: Any, folder: Path) -> Iterator[None]:
    """Let the converter recognize a split rule by its text where it does not know the tokenizer by its hash."""
    by_hash = model_class.get_vocab_base_pre

    def by_rule(self: Any, tokenizer: Any) -> str:
        try:
            return by_hash(self, tokenizer)
        except NotImplementedError:
            name = NAMES.get(split_rule(folder))
            if name is None:
                raise AppError("gguf_tokenizer") from None
            return name

    model_class.get_vocab_base_pre = by_rule
    try:
        yield
    finally:
        del model_class.get_vocab_base_pre


def split_rule(folder: Path) -> tuple[str, ...]:
    """The regular expressions by which the tokenizer splits text, one after the other."""
    rule = read_json(folder / "tokenizer.json").get("pre_tokenizer") or {}
    steps = rule.get("pretokenizers", [rule])
    return tuple(step["pattern"].get("Regex", "") for step in steps if step.get("type") == "Split")
