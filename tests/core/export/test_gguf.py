"""Models of several kinds → GGUF → llama.cpp. Random weights: what matters is that both compute the same."""

from pathlib import Path

import gguf
import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

from core.export.gguf import converter, write_converted
from core.models.llama_server import LlamaServer
from core.training.practice_base import SPLIT_RULE

TEXT = "Energie ist die Fähigkeit, Arbeit zu verrichten. Die Pumpe steht im Keller und pumpt Wasser. " * 4
SHAPE = {
    "hidden_size": 256,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
}
KINDS = {
    "qwen2": lambda shape: Qwen2ForCausalLM(Qwen2Config(**shape)),
    # Its heads are wider than hidden size ÷ heads, as in the real ones.
    "qwen3": lambda shape: Qwen3ForCausalLM(Qwen3Config(**shape, head_dim=128)),
}


def make_tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    split = pre_tokenizers.Split(Regex(SPLIT_RULE), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=["<|endoftext|>"], initial_alphabet=alphabet)
    tokenizer.train_from_iterator([TEXT], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>", pad_token="<|endoftext|>")


def make_gguf(kind: str, folder: Path) -> tuple[Path, torch.nn.Module, PreTrainedTokenizerFast]:
    """A model with random weights as an f16 file, with itself and its tokenizer."""
    tokenizer = make_tokenizer()
    torch.manual_seed(3)
    model = KINDS[kind]({**SHAPE, "vocab_size": len(tokenizer) + 4, "eos_token_id": tokenizer.eos_token_id}).eval()
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.08)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    write_converted(folder, folder / "model.gguf", "f16")
    return folder / "model.gguf", model, tokenizer


def test_a_token_that_is_only_the_beginning_of_a_character_is_not_judged_and_stops_nothing(tmp_path: Path) -> None:
    file, _, tokenizer = make_gguf("qwen2", tmp_path)
    asked, emoji = tokenizer("Energie ist")["input_ids"], tokenizer("😀")["input_ids"]
    assert len(emoji) == 4
    with LlamaServer(file, 256) as server:
        assert server.judge(asked, emoji[0]) is None
        assert server.judge(asked, asked[0]) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_models_of_other_kinds_than_llama_say_the_same_in_llama_cpp(kind: str, tmp_path: Path) -> None:
    file, model, tokenizer = make_gguf(kind, tmp_path)
    ids = tokenizer(TEXT[:60])["input_ids"]
    with torch.inference_mode(), LlamaServer(file, 256) as server:
        assert server.tokenize(TEXT[:60]) == ids
        logits = model(torch.tensor([ids])).logits[0, -1]
        best = int(logits.argmax())
        judged = server.judge(ids, best)
    assert judged and judged.preferred == best
    assert judged.log_probability == pytest.approx(float(logits.log_softmax(-1)[best]), abs=0.02)


def test_the_library_is_as_it_was_after_a_conversion() -> None:
    known = gguf.MODEL_ARCH
    with converter():
        assert gguf.MODEL_ARCH.LLAMA is known.LLAMA
    assert gguf.MODEL_ARCH is known
