"""Tokenizers out of GGUF files against llama.cpp itself, on vocabularies that are trained here by published rules."""

import gguf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.models.gguf_tokenizer import adds_begin, make_tokenizer, told_name
from core.models.llama_server import TRICKY_TEXTS, LlamaServer
from core.models.split_rules import BY_RULE, NAMES, SPLIT_RULES, is_known
from tests.core.models.gguf_vocabularies import write_byte_level, write_sentence_piece
from tests.refusals import code_of
from utils.files import write_json


def ids_of(tokenizer, text):
    return tokenizer(text, add_special_tokens=False)["input_ids"]


def different(file):
    """The texts that both read differently, with both their tokens."""
    tokenizer = make_tokenizer(gguf.GGUFReader(file))
    with LlamaServer(file, 64) as server:
        read = [(text, server.tokenize(text), ids_of(tokenizer, text)) for text in TRICKY_TEXTS]
    return [each for each in read if each[1] != each[2]]


def test_there_are_texts_enough_to_tell_tokenizers_apart():
    assert len(set(TRICKY_TEXTS)) == len(TRICKY_TEXTS) >= 80


@pytest.mark.parametrize("name", SPLIT_RULES)
def test_each_split_rule_that_is_rebuilt_cuts_as_llama_cpp_does(name, tmp_path):
    assert is_known("gpt2", name)
    assert different(write_byte_level(tmp_path / "a.gguf", name, SPLIT_RULES[name].patterns)) == []


@pytest.mark.parametrize("prefix", [True, False])
def test_sentencepiece_is_rebuilt_from_its_scores(prefix, tmp_path):
    assert is_known("llama", "default")
    file = write_sentence_piece(tmp_path / "a.gguf", prefix=prefix)
    assert different(file) == []
    tokenizer = make_tokenizer(gguf.GGUFReader(file))
    for text in ("Größe  und\n 日本 🙂", " a", "x"):
        assert tokenizer.decode(ids_of(tokenizer, text)) == text


def test_a_file_that_names_no_rule_is_cut_by_the_default_one(tmp_path):
    assert different(write_byte_level(tmp_path / "a.gguf", None, SPLIT_RULES["default"].patterns)) == []


def test_where_the_name_says_phi_3_spaces_behind_a_control_token_are_passed_over(tmp_path):
    file = write_sentence_piece(tmp_path / "a.gguf", prefix=True, name="Phi-3 mini")
    assert different(file) == []
    tokenizer = make_tokenizer(gguf.GGUFReader(file))
    assert ids_of(tokenizer, "<|im_start|>  \n a") == ids_of(tokenizer, "<|im_start|>a")


def test_control_tokens_that_the_file_takes_for_words_are_control_tokens(tmp_path):
    patterns = SPLIT_RULES["qwen2"].patterns
    file = write_byte_level(tmp_path / "a.gguf", "qwen2", patterns, control=gguf.TokenType.NORMAL)
    assert different(file) == []


@pytest.mark.parametrize("pre", ["kimi-k2", "afmoe", "youtu", "chameleon", "of tomorrow"])
def test_a_rule_that_is_not_rebuilt_is_refused(pre, tmp_path):
    assert not is_known("gpt2", pre)
    file = write_byte_level(tmp_path / "a.gguf", pre, SPLIT_RULES["gpt-2"].patterns)
    assert code_of(lambda: make_tokenizer(gguf.GGUFReader(file))) == "ollama_tokenizer"


@pytest.mark.parametrize(
    "kind", ["bert", "t5", "rwkv", "plamo2", "gemma4", "whitespace", "hybriddna", "no_vocab", None]
)
def test_a_kind_of_tokenizer_that_is_not_rebuilt_is_not_known(kind):
    assert not is_known(kind, None)


@pytest.mark.parametrize(
    ("pre", "keys", "begins"),
    [
        ("llama-bpe", {}, True),
        ("llama-bpe", {"add_bos_token": False}, False),
        ("tekken", {}, True),
        ("smollm", {}, False),
        ("smollm", {"add_bos_token": True}, True),
    ],
)
def test_a_text_opens_with_the_begin_token_where_it_does_in_llama_cpp(pre, keys, begins, tmp_path):
    file = write_byte_level(tmp_path / "a.gguf", pre, SPLIT_RULES[pre].patterns, **keys)
    reader = gguf.GGUFReader(file)
    tokenizer = make_tokenizer(reader)
    with LlamaServer(file, 64) as server:
        asked = server.prompt_ids("Energie")
    assert (asked[0] == tokenizer.bos_token_id) is begins is adds_begin(reader)


def test_sentencepiece_opens_texts_with_the_begin_token(tmp_path):
    assert adds_begin(gguf.GGUFReader(write_sentence_piece(tmp_path / "a.gguf", prefix=True)))


def test_each_rule_has_one_name_for_an_export():
    assert all(SPLIT_RULES[name].patterns == patterns for patterns, name in NAMES.items())
    assert {NAMES[rule.patterns] for rule in BY_RULE} == set(NAMES.values())
    assert NAMES[SPLIT_RULES["llama-bpe"].patterns] == "llama-bpe"


PIECES = [
    *("'s", "'LL", "ä", "Ä", "a", "B", " ", "  ", "\n", "\r\n", "\t", "1", "22", "٣", "½", ".", "~", "$", "✓", "中"),
    "の",
]
PIECES += ["e\u0301", "\u200d", "🙂", "\u00a0", "-", "_", "<|im_end|>", "<tool_call>", "\u3000", "ไ", "한"]


@pytest.fixture(
    scope="module", params=["llama-bpe", "smollm", "gpt-4o", "deepseek-v3", "qwen35", "default", "prefix", "plain"]
)
def both(request, tmp_path_factory):
    file = tmp_path_factory.mktemp("vocabulary") / "a.gguf"
    if request.param in SPLIT_RULES:
        write_byte_level(file, request.param, SPLIT_RULES[request.param].patterns)
    else:
        write_sentence_piece(file, prefix=request.param == "prefix")
    with LlamaServer(file, 64) as server:
        yield server, make_tokenizer(gguf.GGUFReader(file))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=("Cs", "Cn", "Co", "Cc")), max_size=16))
def test_whatever_is_written_both_read_the_same(both, pieces):
    server, tokenizer = both
    text = "".join(pieces)
    assert server.tokenize(text) == ids_of(tokenizer, text)


@pytest.mark.parametrize(
    ("name", "strips", "told"),
    [
        ("Werkzeug", True, "Werkzeug (Phi-3)"),
        ("Werkzeug", False, "Werkzeug"),
        ("Phi-3 Handbuch", False, "Phi 3 Handbuch"),
        ("my PHI3", False, "my PHI 3"),
        ("Delphi 3", False, "Delphi 3"),
        ("Phi-4", False, "Phi-4"),
    ],
)
def test_a_model_is_called_phi_3_only_where_llama_cpp_shall_pass_over_spaces(name, strips, told, tmp_path):
    kinds = {"<s>": False, "</s>": strips, "<|end|>": strips, "<|user|>": strips, "<mask>": False}
    added = [{"content": token, "special": True, "rstrip": rstrip} for token, rstrip in kinds.items()]
    write_json(tmp_path / "tokenizer.json", {"added_tokens": added})
    assert told_name(name, tmp_path) == told
