"""Models of several kinds → GGUF → llama.cpp. Random weights: what matters is that both compute the same."""

import gguf
import pytest
import torch
from transformers import AutoTokenizer

from core.export.gguf import converter
from core.models.llama_server import LlamaServer
from tests.core.models.gguf_models import make_model, write_gguf


def make_gguf(kind, folder):
    """A model with random weights as an f16 file, with itself and its tokenizer."""
    model = make_model(kind, folder)
    return write_gguf(folder, "f16"), model, AutoTokenizer.from_pretrained(folder)


def test_a_token_that_is_only_the_beginning_of_a_character_is_not_judged_and_stops_nothing(tmp_path):
    file, _, tokenizer = make_gguf("qwen2", tmp_path)
    asked, emoji = tokenizer("Energie ist")["input_ids"], tokenizer("😀")["input_ids"]
    assert len(emoji) == 4
    with LlamaServer(file, 256) as server:
        assert server.judge(asked, emoji[0]) is None
        assert server.judge(asked, asked[0]) is not None


@pytest.mark.parametrize("kind", ["qwen2", "qwen3"])
def test_models_of_other_kinds_than_llama_say_the_same_in_llama_cpp(kind, tmp_path):
    file, model, tokenizer = make_gguf(kind, tmp_path)
    text = "Energie ist die Fähigkeit, Arbeit zu verrichten. Die Pumpe"
    ids = tokenizer(text)["input_ids"]
    with torch.inference_mode(), LlamaServer(file, 256) as server:
        assert server.tokenize(text) == ids
        logits = model(torch.tensor([ids])).logits[0, -1]
        best = int(logits.argmax())
        judged = server.judge(ids, best)
    assert judged.preferred == best
    assert judged.log_probability == pytest.approx(float(logits.log_softmax(-1)[best]), abs=0.02)


def test_the_library_is_as_it_was_after_a_conversion():
    known = gguf.MODEL_ARCH
    with converter():
        assert gguf.MODEL_ARCH.LLAMA is known.LLAMA
    assert gguf.MODEL_ARCH is known
