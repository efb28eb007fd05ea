"""Ollama's models on tab 2: what is there, what cannot be trained and why, and how a chosen one compares."""

import pytest

from core.models import unpacked
from core.models.ollama_store import find_model
from tests.core.models.ollama_material import put_model
from tests.core.models.test_gguf_header import FIGURES, write
from ui import tab_model
from ui.model import ollama_panel

LIBRARY = "registry.ollama.ai/library"


def unpack(name: str, **changes: object) -> unpacked.Note:
    """A folder as unpacking leaves it, without weights that anyone could use."""
    model = find_model(name)
    assert model
    figures = {"same_choice": 0.9792, "difference": 0.0123, "positions": 48, "same_tokens": 7, "texts": 7, **changes}
    note = unpacked.Note(name=name, digest=model.digest, family="qwen3", quantization="Q8_0", parameters=9, **figures)
    folder = unpacked.folder_of(model.digest)
    folder.mkdir(parents=True)
    for file, content in (("config.json", '{"architectures": ["Qwen3ForCausalLM"]}'), ("tokenizer.json", "{}")):
        (folder / file).write_text(content, encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"")
    unpacked.write_note(folder, note)
    return note


def test_every_model_stands_in_the_list_and_only_what_can_be_trained_can_be_taken(view, store):
    known = {"model_family": "qwen3", "model_type": "0.6B", "file_type": "Q8_0"}
    put_model(store, f"{LIBRARY}/qwen3/0.6b", config=known)
    put_model(store, f"{LIBRARY}/gpt-oss/120b-cloud", b"", {"remote_host": "https://ollama.com"})
    put_model(store, f"{LIBRARY}/llava/latest", layers=(("projector", b"p"),))
    put_model(store, f"{LIBRARY}/<b>/latest")
    shown = ollama_panel.table_html(view())
    assert "qwen3 · 0.6B · Q8_0 · 0 kB" in shown
    assert shown.count('data-of="ollama:') == 2
    assert 'data-of="ollama:qwen3:0.6b"' in shown and 'data-of="ollama:&lt;b&gt;:latest"' in shown
    assert 'data-of="hf:Qwen/Qwen3-0.6B"' in shown  # its original weights
    assert "liegt nicht auf diesem Rechner, sondern in Ollamas Cloud" in shown
    assert "versteht auch Bilder" in shown
    assert "<b>" not in shown


def test_where_ollama_has_no_models_the_list_says_what_to_do(view, store):
    shown = ollama_panel.table_html(view("en"))
    assert "ollama pull" in shown
    assert "OLLAMA_MODELS" in shown
    assert str(store) in shown


def test_the_chosen_model_shows_how_it_compares_with_its_file(view, store, choose):
    put_model(store, f"{LIBRARY}/qwen3/0.6b", config={"model_family": "qwen3"})
    choose("ollama", "qwen3:0.6b")
    shown = tab_model.chosen_html(view())
    assert "noch nicht da" in shown and "Auspacken" in shown
    unpack("qwen3:0.6b")
    shown = tab_model.chosen_html(view())
    assert "bereit" in shown and "Auspacken" not in shown
    assert "An 98 % von 48 Stellen" in shown
    assert "0,012" in shown
    assert "schon ausgepackt" in ollama_panel.table_html(view())


@pytest.mark.parametrize("changes", [{"same_choice": 0.8}, {"difference": 0.3}, {"same_tokens": 6}])
def test_a_model_that_differs_more_than_rounding_explains_is_marked(view, store, changes):
    put_model(store, f"{LIBRARY}/qwen3/0.6b")
    note = unpack("qwen3:0.6b", **changes)
    assert "Originalgewichte" in ollama_panel.agreement_html(view(), note)


def test_what_fits_is_told_before_a_model_is_unpacked(view, store):
    head = write(store.parent / "head.gguf", **FIGURES).read_bytes()
    put_model(store, f"{LIBRARY}/qwen3/0.6b", head, config={"model_family": "qwen3", "model_type": "2.5M"})
    put_model(store, f"{LIBRARY}/unheard-of/latest")
    assert ollama_panel.table_html(view()).count("✓") == 2
