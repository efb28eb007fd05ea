"""Small models of the families that Hugging Face spreads, with tokenizers as theirs. Random weights."""

import torch
import transformers
from tokenizers import AddedToken, normalizers
from transformers import GemmaTokenizer, LlamaTokenizer, PreTrainedTokenizerFast

from tests.core.models.gguf_models import CHAT_TEMPLATE, make_tokenizer
from tests.core.models.gguf_vocabularies import sentence_piece_model

SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 512,
}
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
    "{{ '[INST] ' + message['content'] + ' [/INST]' }}{% else %}{{ ' ' + message['content'] + eos_token }}"
    "{% endif %}{% endfor %}"
)
PHI_3 = (
    "{% for message in messages %}{{ '<|' + message['role'] + '|>\\n' + message['content'] + '<|end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>\\n' }}{% else %}{{ eos_token }}{% endif %}"
)
ZEPHYR = PHI_3.replace("<|end|>", "</s>").replace("{% else %}{{ eos_token }}", "")
CHATML = CHAT_TEMPLATE.removeprefix("{{ bos_token }}")
GEMMA = (
    "{{ bos_token }}{% for message in messages %}"
    "{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif %}"
)
GEMMA_PIECES = {
    "user_defined_symbols": ["<mask>", "<start_of_turn>", "<end_of_turn>", "\n\n", "▁▁"],
    "pad_id": 0,
    "eos_id": 1,
    "bos_id": 2,
    "unk_id": 3,
    "pad_piece": "<pad>",
    "eos_piece": "<eos>",
    "bos_piece": "<bos>",
}


def llama_tokenizer(folder, template, *added, end="</s>"):
    """As of Llama 2 and what was made of it: a space before a text, but not behind a control token."""
    (folder / "tokenizer.model").write_bytes(sentence_piece_model(prefix=True))
    tokenizer = LlamaTokenizer.from_pretrained(folder, add_bos_token=True)
    tokenizer.add_special_tokens({"additional_special_tokens": list(added)})
    tokenizer.eos_token, tokenizer.chat_template = end, template
    return tokenizer


def by_file(folder, template, *added, spaced=False, end="</s>", begins=True):
    """The same as transformers reads it where a family has no class for it; `spaced`: behind control tokens too."""
    backend = llama_tokenizer(folder, template, *added).backend_tokenizer
    if spaced:
        backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        backend.pre_tokenizer = None
    roles = {"bos_token": "<s>", "eos_token": end, "unk_token": "<unk>", "add_bos_token": begins}
    return PreTrainedTokenizerFast(tokenizer_object=backend, chat_template=template, **roles)


def phi_3_tokenizer(folder):
    strip = [AddedToken(f"<|{name}|>", rstrip=True, normalized=False) for name in ("assistant", "end", "user")]
    end = AddedToken("<|endoftext|>", normalized=False)
    return by_file(folder, PHI_3, end, *strip, spaced=True, end=end.content, begins=False)


def gemma_tokenizer(folder):
    (folder / "tokenizer.model").write_bytes(sentence_piece_model(prefix=False, **GEMMA_PIECES))
    tokenizer = GemmaTokenizer.from_pretrained(folder, add_bos_token=True)
    tokenizer.chat_template = GEMMA
    return tokenizer


def with_added(rule):
    """A byte-level BPE with tokens that were added after it was trained."""
    tokenizer = make_tokenizer(rule, CHAT_TEMPLATE.replace("<|im_start|>", "<|ask|>"))
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|ask|>", "<|say|>"]})
    tokenizer.add_tokens(["Energieerhaltungssatz", " Maßstab"])
    return tokenizer


OLD_PHI = {"num_key_value_heads": 2, "intermediate_size": 256, "partial_rotary_factor": 0.5}
PHI = {"original_max_position_embeddings": 512}
WIDE = {"head_dim": 32, "tie_word_embeddings": True}
SLIDING = WIDE | {"sliding_window": 64, "query_pre_attn_scalar": 32}
# Name → transformers' class, figures that are not as in `SHAPE`, and what makes the tokenizer in a folder.
FAMILIES = {
    "mistral": ("Mistral", {}, lambda folder: by_file(folder, MISTRAL, spaced=True)),
    "mistral, newer": ("Mistral", {}, lambda folder: by_file(folder, MISTRAL)),
    "mistral, base": ("Mistral", {}, lambda folder: by_file(folder, None)),
    "mistral, added": (
        "Mistral",
        {},
        lambda folder: by_file(folder, CHATML, "<|im_start|>", "<|im_end|>", end="<|im_end|>"),
    ),
    "llama 2": ("Llama", {}, lambda folder: llama_tokenizer(folder, ZEPHYR)),
    "llama 2, added": (
        "Llama",
        {},
        lambda folder: llama_tokenizer(folder, CHATML, "<|im_start|>", "<|im_end|>", end="<|im_end|>"),
    ),
    "phi 2": ("Phi", OLD_PHI, lambda folder: make_tokenizer("gpt-2", None)),
    "phi 3": ("Phi3", PHI, phi_3_tokenizer),
    "phi 4": ("Phi3", PHI, lambda folder: make_tokenizer("gpt-4o")),
    "gemma": ("Gemma", WIDE, gemma_tokenizer),
    "gemma 2": ("Gemma2", SLIDING, gemma_tokenizer),
    "gemma 3": ("Gemma3", SLIDING, gemma_tokenizer),
    "llama 3, added": ("Llama", {}, lambda folder: with_added("llama-bpe")),
    "qwen 2, added": ("Qwen2", {}, lambda folder: with_added("qwen2")),
}


def make_family(folder, family):
    """A model folder as it would lie after a download."""
    kind, figures, tokenizer_of = FAMILIES[family]
    folder.mkdir()
    tokenizer = tokenizer_of(folder)
    roles = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("bos", "eos", "pad")}
    settings = getattr(transformers, "Gemma3TextConfig" if kind == "Gemma3" else f"{kind}Config")
    torch.manual_seed(3)
    shape = SHAPE | {"tie_word_embeddings": False} | figures
    model = getattr(transformers, f"{kind}ForCausalLM")(settings(**shape, vocab_size=len(tokenizer), **roles))
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.08)
    # Half a character or a control token would be no answer that llama.cpp could report: none of them is preferred.
    odd = [number for number in range(len(tokenizer)) if not tokenizer.decode([number]).isascii()]
    model.get_output_embeddings().weight.data[[*odd, *tokenizer.all_special_ids]] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
