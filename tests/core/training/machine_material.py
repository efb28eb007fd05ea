"""Machines and models that exist in numbers only: nothing to load, nothing to run on."""

import json
import math

from core.hardware_detector import Accelerator, Hardware
from core.models.model_shape import Shape

ONE_BILLION = Shape(
    parameters=1_236_000_000,
    stored_bytes=2_472_000_000,
    hidden=2048,
    feed=8192,
    layers=16,
    vocabulary=128_256,
    queries=2048,
    keys=512,
    tied=True,
)

CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 400,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
}
ONE_SMALL_TENSOR = {"all": (4, 8)}


def machine(kind="cuda", free_gib=24.0, total_gib=24.0):
    """A machine that computes on a `kind` of device; with `free_gib` None no tool tells what is free."""
    own_memory = kind not in ("cpu", "mps")
    total = None if kind == "cpu" else total_gib
    return Hardware(
        accelerator=Accelerator(kind, "x", total, free_gib if own_memory else None),
        cpu_name="x",
        cores=4,
        ram_gib=total_gib,
        free_ram_gib=free_gib or 0.0,
        free_disk_gib=100.0,
        bf16=kind != "mps",
        unsloth_installed=False,
        torch_sees_gpu_kind=kind,
    )


TOKENIZER = {"model": {"type": "BPE"}, "pre_tokenizer": {"type": "ByteLevel"}}


def write_model(folder, tensors=ONE_SMALL_TENSOR, **facts):
    """A model as far as anyone reads it who computes nothing with it: its config with other `facts`, a tokenizer that
    only says how it splits text, and weights of zeros, which take no room on the disk."""
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | facts))
    (folder / "tokenizer.json").write_text(json.dumps(TOKENIZER))
    end, table = 0, {}
    for name, shape in tensors.items():
        table[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end := end + 4 * math.prod(shape)]}
    header = json.dumps(table).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + end)
    return folder
