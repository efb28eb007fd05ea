"""GGUF files of the families that Ollama spreads, written tensor by tensor under llama.cpp's names."""

import gguf
import numpy as np

from core.models.split_rules import SPLIT_RULES
from tests.core.models.gguf_vocabularies import CONTROL, CONTROLS, NORMAL, byte_level, written

WIDTH, FEED, HEADS, KEYS, HEAD, LAYERS = 96, 160, 3, 1, 32, 2
WIDE = 48
"""The width of a head where it is not width ÷ heads."""


def attention(head=HEAD):
    shapes = {"attn_q": (HEADS * head, WIDTH), "attn_output": (WIDTH, HEADS * head)}
    return shapes | dict.fromkeys(("attn_k", "attn_v"), (KEYS * head, WIDTH))


GATED = {"ffn_gate": (FEED, WIDTH), "ffn_up": (FEED, WIDTH), "ffn_down": (WIDTH, FEED)}
PLAIN = {"ffn_up": (FEED, WIDTH), "ffn_down": (WIDTH, FEED)}
FUSED = {"attn_qkv": ((HEADS + 2 * KEYS) * HEAD, WIDTH), "attn_output": (WIDTH, HEADS * HEAD)}
NORMS = ("attn_norm", "ffn_norm")
GEMMA_NORMS = (*NORMS, "post_attention_norm", "post_ffw_norm")
HEAD_NORMS = dict.fromkeys(("attn_q_norm", "attn_k_norm"), (WIDE,))
CAPS = {"attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0}
WIDE_KEYS = {"attention.key_length": WIDE, "attention.value_length": WIDE, "attention.sliding_window": 64}
RMS = {"attention.layer_norm_rms_epsilon": 1e-5}
LAYER_NORM = {"attention.layer_norm_epsilon": 1e-5}
# Family → its matrices, norms, figures, whether its norms and matrices have a bias, and whether its head is its own.
FAMILIES = {
    "llama": (attention() | GATED, NORMS, RMS, "", True),
    "qwen2": (attention() | GATED, NORMS, RMS, "attn_q attn_k attn_v", True),
    "qwen3": (attention(WIDE) | GATED | HEAD_NORMS, NORMS, RMS | WIDE_KEYS, "", False),
    "gemma2": (attention(WIDE) | GATED, GEMMA_NORMS, RMS | WIDE_KEYS | CAPS, "", False),
    "gemma3": (attention(WIDE) | GATED | HEAD_NORMS, GEMMA_NORMS, RMS | WIDE_KEYS, "", False),
    "phi3": (FUSED | PLAIN | {"ffn_up": (2 * FEED, WIDTH)}, NORMS, RMS, "", True),
    "stablelm": (attention() | GATED, NORMS, LAYER_NORM, "attn_q attn_k attn_v attn_norm ffn_norm output_norm", True),
    "starcoder2": (attention() | PLAIN, NORMS, LAYER_NORM, "*", True),
    "nemotron": (attention() | PLAIN, NORMS, LAYER_NORM, "attn_norm ffn_norm output_norm", True),
}
PARTLY_TURNED = ("phi3", "stablelm", "nemotron")


def write_family(file, family, **more):
    """A GGUF of this family with a byte-level tokenizer; `more` are figures of its own."""
    matrices, norms, figures, biased, own_head = FAMILIES[family]
    tokens, merges = byte_level(SPLIT_RULES["qwen2"].patterns, 600)
    tokens = [*(token for token in tokens if token not in CONTROLS), *CONTROLS]
    writer = gguf.GGUFWriter(file, family)
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEYS)
    if "attention.key_length" not in figures:
        writer.add_rope_dimension_count(HEAD // 2 if family in PARTLY_TURNED else HEAD)
    writer.add_rope_freq_base(70_000.0 if family != "gemma3" else 1e6)
    for name, value in (figures | more).items():
        add = writer.add_float32 if isinstance(value, float) else writer.add_uint32
        add(f"{family}.{name.replace('__', '.')}", value)
    if family == "stablelm":
        writer.add_parallel_residual(False)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if token in CONTROLS else NORMAL for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index(CONTROLS[0]))
    writer.add_eos_token_id(tokens.index(CONTROLS[2]))
    writer.add_pad_token_id(tokens.index(CONTROLS[0]))
    shapes = {f"blk.{layer}.{name}": shape for layer in range(LAYERS) for name, shape in matrices.items()}
    shapes |= {f"blk.{layer}.{name}": (WIDTH,) for layer in range(LAYERS) for name in norms}
    shapes |= {"token_embd": (len(tokens), WIDTH), "output_norm": (WIDTH,)}
    shapes |= {"output": (len(tokens), WIDTH)} if own_head else {}
    random = np.random.default_rng(3)
    for name, shape in shapes.items():
        is_norm = len(shape) == 1
        values = random.normal(1.0 if is_norm else 0.0, 0.05 if is_norm else 0.1, shape)
        writer.add_tensor(f"{name}.weight", values.astype(np.float32))
        last = name.rpartition(".")[2]
        if last in biased.split() or (biased == "*" and last not in ("token_embd", "output")):
            writer.add_tensor(f"{name}.bias", random.normal(0, 0.05, shape[:1]).astype(np.float32))
    return written(writer, file)
