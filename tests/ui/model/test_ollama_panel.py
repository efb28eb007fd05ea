"""Ollama's models on tab 2: what is there, what cannot be trained and why, and how a chosen one compares."""

import pytest

from core.models import unpacked
from core.models.ollama_store import find_model
from tests.core.models.ollama_material import put_model
from tests.core.models.test_gguf_header import FIGURES, write
from ui import tab_model
from ui.model import ollama_panel
from ui.page.view import View
from utils.config import BaseChoice

LIBRARY = "registry.ollama.ai/library"


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("OLLAMA_MODELS", str(tmp_path / "store"))
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))
    ollama_panel.LISTS.forget()
    yield tmp_path / "store"
    ollama_panel.LISTS.forget()


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


def shown_in(services, language: str) -> str:
    return ollama_panel.table_html(View(services, language, "Physik"))


def test_every_model_stands_in_the_list_and_only_what_can_be_trained_can_be_chosen(services, project, store):
    known = {"model_family": "qwen3", "model_type": "0.6B", "file_type": "Q8_0"}
    put_model(store, f"{LIBRARY}/qwen3/0.6b", config=known)
    put_model(store, f"{LIBRARY}/gpt-oss/120b-cloud", b"", {"remote_host": "https://ollama.com"})
    put_model(store, f"{LIBRARY}/llava/latest", layers=(("projector", b"p"),))
    put_model(store, f"{LIBRARY}/<b>/latest")
    assert ollama_panel.choices() == [("<b>:latest", "<b>:latest"), ("qwen3:0.6b", "qwen3:0.6b")]
    shown = shown_in(services, "de")
    assert "qwen3 · 0.6B · Q8_0 · 0 kB" in shown
    assert "liegt nicht auf diesem Rechner, sondern in Ollamas Cloud" in shown
    assert "versteht auch Bilder" in shown
    assert "<b>" not in shown


def test_where_ollama_has_no_models_the_list_says_what_to_do(services, project, store):
    shown = shown_in(services, "en")
    assert "ollama pull" in shown
    assert "OLLAMA_MODELS" in shown
    assert str(store) in shown


def test_the_chosen_model_shows_how_it_compares_with_its_file(services, project, store):
    put_model(store, f"{LIBRARY}/qwen3/0.6b", config={"model_family": "qwen3"})
    project.save_config(
        project.load_config().model_copy(update={"base": BaseChoice(source="ollama", name="qwen3:0.6b")})
    )
    assert "noch nicht da" in tab_model.base_html(View(services, "de", "Physik"))
    unpack("qwen3:0.6b")
    shown = tab_model.base_html(View(services, "de", "Physik"))
    assert "bereit" in shown
    assert "An 98 % von 48 Stellen" in shown
    assert "0,012" in shown
    assert "schon ausgepackt" in shown_in(services, "de")


@pytest.mark.parametrize("changes", [{"same_choice": 0.8}, {"difference": 0.3}, {"same_tokens": 6}])
def test_a_model_that_differs_more_than_rounding_explains_is_marked(services, project, store, changes):
    put_model(store, f"{LIBRARY}/qwen3/0.6b")
    note = unpack("qwen3:0.6b", **changes)
    assert "Originalgewichte" in ollama_panel.agreement_html(View(services, "de", "Physik"), note)


@pytest.mark.parametrize("kind", ["download", "unpack_base", "practice_base"])
def test_nothing_else_is_chosen_while_a_model_is_being_made_ready(services, project, puppet, kind):
    assert not tab_model.choosing_blocked(View(services, "de", "Physik"))
    puppet(kind)
    assert tab_model.blocked(View(services, "de", "Physik"))
    assert bool(tab_model.choosing_blocked(View(services, "de", "Physik"))) == (kind != "practice_base")


def test_what_fits_is_told_before_a_model_is_unpacked(services, project, store, monkeypatch):
    monkeypatch.setattr("core.estimates.memory.free_gib", lambda hardware, processes=1: 6.0)
    head = write(store.parent / "head.gguf", **FIGURES).read_bytes()
    put_model(store, f"{LIBRARY}/qwen3/0.6b", head, config={"model_family": "qwen3", "model_type": "2.5M"})
    put_model(store, f"{LIBRARY}/unheard-of/latest")
    assert shown_in(services, "de").count("✓") == 2
