"""Small models of the kinds that Ollama spreads, as GGUF files. Random weights: both must say the same."""

import torch
from tokenizers import AddedToken, decoders, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from core.export.gguf import write_f16
from core.export.quantizing import write_quantized
from core.models.split_rules import SPLIT_RULES
from tests.core.models.gguf_vocabularies import untrained
from tests.core.models.ollama_material import put_model
from tests.material import ENERGY_TEXT

SHAPE = {
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "tie_word_embeddings": False,
}
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{{ message['content'] + '<|im_end|>\\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
STRETCHED = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 32.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 8192,
}
# Each differs from transformers' defaults where the real ones do: positions of Llama 3.2, a base of a million, and
# heads that are wider than hidden size ÷ heads.
MILLION = {"rope_type": "default", "rope_theta": 1e6}
KINDS = {
    "llama": lambda shape: LlamaForCausalLM(LlamaConfig(**shape, rope_parameters=STRETCHED)),
    "qwen2": lambda shape: Qwen2ForCausalLM(Qwen2Config(**shape, rope_parameters=MILLION)),
    "qwen3": lambda shape: Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=96, rope_parameters=MILLION)),
}
# Largest difference of a logit from the model that a GGUF was made of. Random weights have no structure that four
# bits could keep: there the GGUF itself is the measure, read by llama.cpp.
LARGEST_LOGIT_CHANGE = {"f16": 0.02, "q8_0": 0.4}
RULE_OF = {"llama": "llama-bpe", "qwen2": "qwen2", "qwen3": "qwen2"}


def make_tokenizer(rule, chat_template=CHAT_TEMPLATE):
    """A byte-level BPE of a short text, with the split rule that llama.cpp calls `rule`."""
    tokenizer = untrained(SPLIT_RULES[rule].patterns)
    tokenizer.decoder = decoders.ByteLevel()
    specials, alphabet = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([ENERGY_TEXT], trainer)
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False, special=False)])
    roles = {"bos_token": "<|endoftext|>", "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, chat_template=chat_template, **roles)


def make_model(kind, folder, chat_template=CHAT_TEMPLATE, **changes):
    """A model folder of this kind; returns the model."""
    tokenizer = make_tokenizer(RULE_OF[kind], chat_template)
    torch.manual_seed(3)
    ids = {"bos_token_id": 0, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": 0}
    model = KINDS[kind]({**SHAPE, "vocab_size": len(tokenizer) + 4, **ids, **changes}).eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.06)
    # Half a character or an unknown token would be no answer that llama.cpp could report: none of them is preferred.
    odd = [number for number in range(len(tokenizer)) if not tokenizer.decode([number]).isascii()]
    silent = [*odd, *tokenizer.all_special_ids, *range(len(tokenizer), model.config.vocab_size)]
    model.lm_head.weight.data[silent] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return model


def write_gguf(folder, quantization):
    """The model of a folder as a GGUF of this quantization."""
    file = folder / f"{quantization}.gguf"
    if quantization == "f16":
        write_f16(folder, file, "tiny")
    else:
        write_quantized(write_gguf(folder, "f16"), file, quantization, lambda done, total: None)
    return file


def put_into_store(store, folder, kind, quantization, chat_template, layers=(("template", b"{{ .Prompt }}"),)):
    """Make such a model and store it as Ollama does; returns its name there."""
    make_model(kind, folder, chat_template)
    return store_model(store, folder, kind, quantization, layers)


def store_model(store, folder, kind, quantization, layers):
    """Store the model of a folder as Ollama does; returns its name there."""
    config = {"model_family": kind, "file_type": quantization.upper()}
    content = write_gguf(folder, quantization).read_bytes()
    put_model(store, f"registry.ollama.ai/library/tiny-{kind}/{quantization}", content, config, layers)
    return f"tiny-{kind}:{quantization}"


@torch.inference_mode()
def logits_of(folder, ids):
    """What the model of a folder says along these tokens, in full precision; positions × pieces."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(torch.tensor([ids])).logits[0]
