"""GGUFs in an Ollama store → folders that can be trained. Random weights: what matters is that nothing is changed."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import gguf
import numpy as np
import pytest
from transformers import AutoConfig, AutoTokenizer

from core.export.quantizing import new_writer
from core.jobs.job import PauseRequested
from core.jobs.runs import create_run
from core.models import bases, unpacking
from core.models.gguf_tokenizer import adds_begin, stop_ids
from core.models.llama_server import TRICKY_TEXTS
from core.models.ollama_store import TRAINABLE, find_model
from core.models.split_rules import SPLIT_RULES, SplitRule
from core.models.unpacked import folder_of, read_note
from core.project_manager import Project, ProjectStore
from tests.core.models.gguf_families import FAMILIES, write_family
from tests.core.models.gguf_models import (
    CHAT_TEMPLATE,
    KINDS,
    LARGEST_LOGIT_CHANGE,
    STRETCHED,
    logits_of,
    make_model,
    make_tokenizer,
    put_into_store,
    write_gguf,
)
from tests.core.models.gguf_vocabularies import write_byte_level, write_sentence_piece, written
from tests.core.models.ollama_material import put_model
from tests.core.recording_context import RecordingContext
from tests.refusals import code_of
from utils.config import BaseChoice

LARGEST_DIFFERENCE = {"f16": 0.005, "q8_0": 0.05, "q4_k_m": 0.08}
FEWEST_SAME_CHOICES = {"f16": 0.99, "q8_0": 0.95, "q4_k_m": 0.9}


@dataclass(frozen=True)
class Place:
    """A store, a project, and room for models."""

    store: Path
    workshop: Path
    project: Project

    def put(self, kind, quantization, chat_template=CHAT_TEMPLATE):
        return put_into_store(self.store, self.workshop / kind, kind, quantization, chat_template)

    def unpack(self, name, context=None):
        run = create_run(self.project, "unpack_base", {"name": name})
        return Path(unpacking.run(context or RecordingContext(), run)["folder"])


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))
    return Place(tmp_path / "store", tmp_path / "workshop", ProjectStore(tmp_path / "projects").create("Physik"))


@pytest.mark.parametrize("quantization", ["f16", "q8_0", "q4_k_m"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_unpacked_model_says_what_its_gguf_says(kind, quantization, place):
    name = place.put(kind, quantization)
    folder = place.unpack(name)
    note = read_note(folder)
    assert note.positions == unpacking.POSITIONS
    assert note.same_choice >= FEWEST_SAME_CHOICES[quantization]
    assert note.difference <= LARGEST_DIFFERENCE[quantization]
    assert note.same_tokens == note.texts == len(TRICKY_TEXTS) + 2
    assert not note.is_doubtful
    assert note.ollama == {"template": "{{ .Prompt }}"}  # kept for later exports
    choice = BaseChoice(source="ollama", name=name)
    assert bases.resolve(place.project, choice) == folder
    assert bases.describe(folder).architecture == f"{kind.capitalize()}ForCausalLM"
    config = AutoConfig.from_pretrained(folder)
    if kind == "llama":
        assert config.rope_parameters == STRETCHED
    if kind == "qwen3":
        assert (config.head_dim, config.rope_parameters["rope_theta"]) == (96, 1e6)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    original = AutoTokenizer.from_pretrained(place.workshop / kind)
    ids = original(unpacking.COMPARED_TEXT, add_special_tokens=False)["input_ids"]
    assert tokenizer(unpacking.COMPARED_TEXT, add_special_tokens=False)["input_ids"] == ids
    assert tokenizer.chat_template == CHAT_TEMPLATE
    assert (tokenizer.bos_token, tokenizer.eos_token) == ("<|endoftext|>", "<|im_end|>")
    assert len(tokenizer("<tool_call>", add_special_tokens=False)["input_ids"]) == 1
    if quantization in LARGEST_LOGIT_CHANGE:
        change = logits_of(place.workshop / kind, ids) - logits_of(folder, ids)
        assert float(change.abs().max()) < LARGEST_LOGIT_CHANGE[quantization]


def test_a_model_without_a_chat_template_is_given_none_and_one_that_cannot_be_filled_in_counts_so(place):
    folder = place.unpack(place.put("qwen2", "f16", None))
    assert AutoTokenizer.from_pretrained(folder).chat_template is None
    for template in ("{{ raise_exception('no') }}", "{% if %}"):
        assert not unpacking.can_be_asked(make_tokenizer("qwen2", template))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_that_can_be_chosen_says_what_llama_cpp_says(family, place):
    assert family in TRAINABLE
    place.workshop.mkdir()
    content = write_family(place.workshop / "a.gguf", family).read_bytes()
    put_model(place.store, "registry.ollama.ai/library/tiny/latest", content, {"model_family": family})
    note = read_note(place.unpack("tiny"))
    assert note.same_choice == 1 and note.difference < LARGEST_DIFFERENCE["f16"], note
    assert not note.is_doubtful


@pytest.mark.parametrize("kind", ["prefix", "plain", "smollm", "tekken"])
def test_a_tokenizer_is_read_from_the_folder_as_it_was_in_the_file(kind, place):
    place.workshop.mkdir()
    file = place.workshop / "a.gguf"
    if kind in SPLIT_RULES:
        write_byte_level(file, kind, SPLIT_RULES[kind].patterns)
    else:
        write_sentence_piece(file, prefix=kind == "prefix")
    put_model(place.store, "registry.ollama.ai/library/tiny/latest", file.read_bytes())
    note = read_note(place.unpack("tiny"))
    assert note.same_tokens == note.texts == len(TRICKY_TEXTS) + 1


def test_tokens_are_compared_before_a_weight_is_read(place, monkeypatch):
    name = place.put("qwen2", "f16")
    monkeypatch.setitem(SPLIT_RULES, "qwen2", SplitRule((r"\p{L}",)))
    monkeypatch.setattr(unpacking, "load_weights", lambda *_: pytest.fail("weights were read"))
    assert code_of(lambda: place.unpack(name)) == "ollama_tokenizer"
    assert not folder_of(find_model(name).digest).exists()


def test_what_was_unpacked_once_is_kept_for_all_projects_and_after_ollama_removed_it(place):
    name = place.put("qwen2", "q8_0")
    folder = place.unpack(name)
    written = (folder / "model.safetensors").stat().st_mtime_ns
    context = RecordingContext()
    assert place.unpack(name, context) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == written
    assert context.log_lines[0][0] == "model.unpack.kept"
    for manifest in (place.store / "manifests").rglob("q8_0"):
        manifest.unlink()
    choice = BaseChoice(source="ollama", name=name)
    bases.check(choice)
    assert bases.resolve(place.project, choice) == folder


def test_a_name_that_ollama_gave_to_another_model_is_unpacked_anew(place):
    name = place.put("qwen2", "q8_0")
    folder = place.unpack(name)
    make_model("qwen3", place.workshop / "other")
    other = write_gguf(place.workshop / "other", "q8_0").read_bytes()
    put_model(place.store, "registry.ollama.ai/library/tiny-qwen2/q8_0", other, {"model_family": "qwen3"})
    assert not bases.is_ready(place.project, BaseChoice(source="ollama", name=name))
    assert place.unpack(name) != folder


@pytest.mark.parametrize("stop_after", [0, 1, 20, 45])
def test_a_stop_at_any_moment_leaves_no_folder_behind(stop_after, place):
    name = place.put("qwen2", "f16")
    with pytest.raises(PauseRequested):
        place.unpack(name, RecordingContext(stop_after))
    folder = folder_of(find_model(name).digest)
    assert not folder.exists() and not list(folder.parent.glob(".*.part"))
    assert bases.local_folder(place.project, BaseChoice(source="ollama", name=name)) is None
    assert place.unpack(name) == folder


def test_without_room_on_the_disk_or_in_memory_nothing_is_begun(place, monkeypatch):
    name = place.put("qwen2", "f16")
    monkeypatch.setattr(unpacking.psutil, "virtual_memory", lambda: SimpleNamespace(available=1 << 20))
    assert code_of(lambda: place.unpack(name)) == "memory_short"
    monkeypatch.setattr("utils.files.free_disk_gib", lambda folder: 0.1)
    assert code_of(lambda: place.unpack(name)) == "disk_full"


def rewritten(source, target, keys, factors=None):
    """A GGUF with some of its texts changed, and with positions stretched otherwise."""
    reader = gguf.GGUFReader(source)
    writer = new_writer(reader, target, gguf.LlamaFileType.MOSTLY_F16, keys)
    for tensor in reader.tensors:
        data = factors if factors is not None and tensor.name == "rope_freqs.weight" else tensor.data
        writer.add_tensor(tensor.name, data, raw_dtype=tensor.tensor_type)
    return written(writer, target).read_bytes()


@pytest.mark.parametrize(
    ("code", "keys", "factors"),
    [
        ("ollama_tokenizer", {"tokenizer.ggml.pre": "kimi-k2"}, None),
        ("ollama_tokenizer", {"tokenizer.ggml.model": "bert"}, None),
        ("ollama_rope", {}, np.linspace(1, 3, 32, dtype=np.float32)),
        ("ollama_incomplete", None, None),
    ],
)
def test_what_is_no_gguf_or_could_only_be_unpacked_wrongly_is_refused(code, keys, factors, place):
    content = b"no GGUF at all" * 100
    if keys is not None:
        make_model("llama", place.workshop)
        content = rewritten(write_gguf(place.workshop, "f16"), place.workshop / "changed.gguf", keys, factors)
    put_model(place.store, "registry.ollama.ai/library/odd/latest", content)
    assert code_of(lambda: place.unpack("odd")) == code


def test_a_folder_that_says_something_else_than_the_gguf_is_not_kept(place, monkeypatch):
    usual = unpacking.complete_config

    def wrongly(config, *rest):
        usual(config, *rest)
        config.rope_parameters = {"rope_type": "default", "rope_theta": 3.0}

    monkeypatch.setattr(unpacking, "complete_config", wrongly)
    name = place.put("qwen2", "f16")
    assert code_of(lambda: place.unpack(name)) == "ollama_unfaithful"
    assert not folder_of(find_model(name).digest).exists()


def test_begin_and_end_are_read_from_the_gguf(place):
    make_model("llama", place.workshop)
    reader = gguf.GGUFReader(write_gguf(place.workshop, "f16"))
    assert stop_ids(reader) == [2, 0]
    assert adds_begin(reader)
