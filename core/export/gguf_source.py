"""A base that came from a GGUF, tuned → a GGUF with that one's keys, vocabulary and tensors. Nothing is converted.

Only the matrices that the adapter changed are written anew; all others, the tokenizer and each setting are the
source's own. Knows GGUF files and the names of tensors; knows no project.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors import safe_open

from core.export.quantizing import add_tensor_info, new_writer, with_head
from core.models.gguf_tokenizer import read, told_name
from utils.errors import AppError
from utils.files import read_json

PREFIX = "base_model.model."
ADAPTER_PART = re.compile(r"\.lora_(?:embedding_)?[AB](?:\.weight)?$|\.weight$|\.lora_magnitude_vector.*$")
F16, F32 = gguf.GGMLQuantizationType.F16, gguf.GGMLQuantizationType.F32
EXACT = {gguf.GGMLQuantizationType[name] for name in ("F32", "F64", "I8", "I16", "I32", "I64")}


def write_into_source(
    source: Path, merged: Path, adapter: Path, file: Path, name: str, on_tensor: Callable[[int, int], None]
) -> dict[str, gguf.GGMLQuantizationType]:
    """Write the f16 GGUF of the merged model. `on_tensor` as in `quantizing.write_quantized`.

    Returns the tensors that the adapter changed, with their types in the source. Raises AppError
    `gguf_vocabulary_changed`, `gguf_source_unfit` where a changed matrix has no place in the file.
    """
    reader = gguf.GGUFReader(source)
    require_same_vocabulary(reader, merged)
    changed = changed_tensors(reader, adapter)
    types = {tensor.name: tensor.tensor_type for tensor in reader.tensors if tensor.name in changed}
    writer = new_writer(reader, file, gguf.LlamaFileType.MOSTLY_F16, own_keys(reader, merged, name))
    kinds = [kept_or_half(tensor) for tensor in reader.tensors]
    for tensor, kind in zip(reader.tensors, kinds, strict=True):
        add_tensor_info(writer, tensor, kind)
    with_head(writer)
    weights = Weights(merged)
    for number, (tensor, kind) in enumerate(zip(reader.tensors, kinds, strict=True)):
        on_tensor(number, len(reader.tensors))
        if tensor.name in changed:
            values = as_in_gguf(reader, tensor, weights.read(changed.pop(tensor.name)))
        elif kind == tensor.tensor_type:
            values = tensor.data
        else:
            values = gguf.quants.dequantize(tensor.data, tensor.tensor_type)
        writer.write_tensor_data(values if kind not in (F16, F32) else values.astype(kind_dtype(kind)))
    writer.close()
    if changed:
        raise AppError("gguf_source_unfit", name=next(iter(changed)))
    return types


def kept_or_half(tensor: Any) -> gguf.GGMLQuantizationType:
    """What is exact stays so, as llama-quantize keeps it; what was shrunk becomes f16."""
    return tensor.tensor_type if tensor.tensor_type in EXACT else F16


def kind_dtype(kind: gguf.GGMLQuantizationType) -> type:
    return np.float16 if kind == F16 else np.float32


def own_keys(reader: gguf.GGUFReader, merged: Path, name: str) -> dict[str, Any]:
    """What the tuned model says of itself: its name, its chat template and whether texts open with a begin token."""
    template = merged / "chat_template.jinja"
    settings = read_json(merged / "tokenizer_config.json")
    shown = template.read_text(encoding="utf-8") if template.is_file() else settings.get("chat_template")
    keys = {"general.name": told_name(name, merged), gguf.Keys.Tokenizer.CHAT_TEMPLATE: shown}
    if "add_bos_token" in settings:
        keys[gguf.Keys.Tokenizer.ADD_BOS] = bool(settings["add_bos_token"])
    # They tell of the file that this one is made of: who made it smaller and with which texts, into how many parts.
    foreign = [key for key in reader.fields if key.startswith(("quantize.", "split."))]
    return {**keys, **dict.fromkeys([*foreign, "general.quantized_by"])}


def require_same_vocabulary(reader: gguf.GGUFReader, merged: Path) -> None:
    """Raises AppError `gguf_vocabulary_changed` where the tuned model's tokens are others than the source's."""
    tokens = read(reader, gguf.Keys.Tokenizer.LIST) or []
    found = read_json(merged / "tokenizer.json")
    own = dict(found["model"]["vocab"]) | {added["content"]: added["id"] for added in found["added_tokens"]}
    size = next((int(t.shape[1]) for t in reader.tensors if t.name == "token_embd.weight"), 0)
    rows = read_json(merged / "config.json").get("vocab_size", size)
    if rows != size or any(number >= len(tokens) or tokens[number] != token for token, number in own.items()):
        raise AppError("gguf_vocabulary_changed")


def changed_tensors(reader: gguf.GGUFReader, adapter: Path) -> dict[str, str]:
    """GGUF's name of each tensor that the adapter changed → transformers' name of it.

    Raises AppError `gguf_source_unfit` for one that llama.cpp has no name for.
    """
    architecture = read(reader, gguf.Keys.General.ARCHITECTURE)
    number = next((key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture), None)
    with safe_open(adapter / "adapter_model.safetensors", "numpy") as file:
        modules = {ADAPTER_PART.sub("", key.removeprefix(PREFIX)) for key in file.keys()}  # noqa: SIM118  no mapping
    if number is None:
        raise AppError("gguf_source_unfit", name=architecture)
    names = gguf.get_tensor_name_map(number, int(read(reader, f"{architecture}.block_count")))
    found = {}
    for module in modules:
        name = names.get_name(module)
        if name is None:
            raise AppError("gguf_source_unfit", name=module)
        found[f"{name}.weight"] = f"{module}.weight"
    return found


def as_in_gguf(reader: gguf.GGUFReader, tensor: Any, values: np.ndarray) -> np.ndarray:
    """A matrix of transformers in llama.cpp's order: of Llama, queries and keys have theirs by pairs of dimensions.

    Raises AppError `gguf_source_unfit` where it has another size.
    """
    architecture = read(reader, gguf.Keys.General.ARCHITECTURE)
    if architecture == "llama" and (found := re.search(r"\.attn_([qk])\.weight$", tensor.name)):
        key = "attention.head_count" if found[1] == "q" else "attention.head_count_kv"
        heads = int(read(reader, f"llama.{key}") or read(reader, "llama.attention.head_count"))
        halves = values.reshape(heads, 2, values.shape[0] // heads // 2, values.shape[1])
        values = halves.swapaxes(1, 2).reshape(values.shape)
    if list(values.shape) != [int(size) for size in reversed(tensor.shape)]:
        raise AppError("gguf_source_unfit", name=tensor.name)
    return np.ascontiguousarray(values)


class Weights:
    """The tensors of a model folder, read one by one."""

    def __init__(self, folder: Path) -> None:
        self._file_of: dict[str, Path] = {}
        for path in sorted(folder.glob("*.safetensors")):
            with safe_open(path, "pt") as file:
                self._file_of |= dict.fromkeys(file.keys(), path)

    def read(self, name: str) -> np.ndarray:
        """A tensor in full precision. Raises AppError `gguf_source_unfit` where it is not there."""
        if name not in self._file_of:
            raise AppError("gguf_source_unfit", name=name)
        with safe_open(self._file_of[name], "pt") as file:
            return file.get_tensor(name).to(torch.float32).numpy()
