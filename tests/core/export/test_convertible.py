"""Which bases can become a GGUF, asked of their small files; what the converter itself says is the measure."""

import sys

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from core import exporter
from core.export import convertible
from core.export.convertible import architectures, hashed, is_known, require_convertible, split_rule
from core.export.gguf import converter
from core.models.split_rules import SPLIT_RULES
from tests.core.models.gguf_models import make_model, make_tokenizer
from tests.refusals import code_of
from utils.config import OutputSettings
from utils.files import read_json, write_json


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("base")
    make_model("qwen2", place)
    return place


@pytest.fixture
def changed(folder, tmp_path):
    """A copy of a base whose files can be changed."""

    def make(config=None, tokenizer=None):
        for path in folder.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        for name, changes in (("config.json", config), ("tokenizer.json", tokenizer)):
            write_json(tmp_path / name, {**read_json(tmp_path / name), **(changes or {})})
        return tmp_path

    return make


def test_the_converter_s_own_tables_are_read_without_loading_it():
    with converter() as conversion:
        assert architectures() == frozenset(conversion.TEXT_MODEL_MAP)
    hashes, text = hashed()
    assert len(hashes) > 80
    assert "3333333" in text and "🚀" in text


@pytest.mark.parametrize("name", ["llama-bpe", "qwen2", "smollm", "gpt-2", "falcon", "deepseek-v3", "gpt-4o"])
def test_a_tokenizer_of_each_split_rule_is_known(name, tmp_path):
    make_tokenizer(name).save_pretrained(tmp_path)
    assert is_known(tmp_path / "tokenizer.json", (1, 1))


@pytest.mark.parametrize(
    ("steps", "patterns"),
    [
        ([pre_tokenizers.ByteLevel(use_regex=True)], SPLIT_RULES["gpt-2"].patterns),
        (
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(use_regex=True)],
            SPLIT_RULES["smollm"].patterns,
        ),
        ([pre_tokenizers.Digits(), pre_tokenizers.ByteLevel(use_regex=True)], None),
        ([pre_tokenizers.Whitespace()], None),
    ],
)
def test_a_tokenizer_that_was_trained_elsewhere_is_known_by_its_steps(steps, patterns, tmp_path):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(["Energie 12 ist"], trainers.BpeTrainer(vocab_size=300, show_progress=False))
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert is_known(tmp_path / "tokenizer.json", (1, 2)) == (patterns is not None)
    if patterns:
        assert split_rule(read_json(tmp_path / "tokenizer.json")) == patterns


def test_a_base_that_llama_cpp_knows_passes_and_loads_no_torch(folder):
    require_convertible(folder)
    assert [check.state for check in exporter.check_format(folder, OutputSettings(format="gguf"))] == ["ok"]


@pytest.mark.parametrize("format", ["gguf", "ollama"])
def test_what_llama_cpp_cannot_read_is_said_before_training(format, changed):
    other = changed(config={"architectures": ["NobodyKnowsThisForCausalLM"]})
    (check,) = exporter.check_format(other, OutputSettings(format=format))
    assert (check.state, check.refusal) == ("bad", "gguf_architecture")
    assert check.params == {"architecture": "NobodyKnowsThisForCausalLM"}
    assert exporter.check_format(other, OutputSettings(format="safetensors")) == []


@pytest.mark.parametrize(
    "tokenizer",
    [
        {"pre_tokenizer": {"type": "Whitespace"}},
        {"pre_tokenizer": None},
        {"model": {"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0}},
        {"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "byte_fallback": True}},
        {"model": {"type": "WordPiece", "vocab": {"a": 0}}},
        {"model": 7},
    ],
)
def test_a_tokenizer_without_a_name_in_llama_cpp_is_said_before_training(tokenizer, changed):
    assert code_of(lambda: require_convertible(changed(tokenizer=tokenizer))) == "gguf_tokenizer"


def test_sentencepiece_with_its_own_file_is_known(changed):
    base = changed(tokenizer={"model": {"type": "BPE", "vocab": {"a": 0}, "merges": [], "byte_fallback": True}})
    (base / convertible.SENTENCE_PIECE).write_bytes(b"scores")
    require_convertible(base)


def test_without_the_converter_it_is_said_what_is_missing(folder, monkeypatch):
    architectures.cache_clear()
    monkeypatch.setattr(convertible, "find_spec", lambda name: None)
    assert code_of(lambda: require_convertible(folder)) == "gguf_no_converter"
    architectures.cache_clear()


def test_an_unpacked_base_needs_its_source_only_where_the_converter_does_not_know_it(changed, monkeypatch):
    class Note:
        name, digest = "gemma3:270m", "a" * 64

    monkeypatch.setattr(convertible.unpacked, "read_note", lambda folder: Note)
    monkeypatch.setattr(convertible.ollama_store, "find_blob", lambda digest: None)
    require_convertible(changed())
    assert code_of(lambda: require_convertible(changed(tokenizer={"model": 7}))) == "gguf_source_gone"
    monkeypatch.setattr(convertible.ollama_store, "find_blob", lambda digest: sys.executable)
    require_convertible(changed(tokenizer={"model": 7}))
