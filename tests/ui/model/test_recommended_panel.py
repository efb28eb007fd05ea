"""The cards of tab 2: which models are recommended, in words that anybody understands."""

from dataclasses import replace

import pytest

from core.rag_processor import SourceFile
from tests.core.models.ollama_material import put_model
from tests.core.models.test_gguf_header import FIGURES, write
from ui.model import recommended_panel
from ui.model.recommended_panel import cards_html
from ui.page.view import View


@pytest.fixture
def documents(monkeypatch):
    """`documents("de", "fr")`: what the project's documents are written in."""

    def write_in(*languages: str) -> None:
        files = [
            SourceFile(f"{name}.txt", f"{name}.txt", name, "done", tokens=9, language=name) for name in languages
        ]
        monkeypatch.setattr(View, "documents", files)

    return write_in


def test_three_cards_say_language_memory_download_and_time(view):
    shown = cards_html(view())
    assert shown.count('data-key="hf:') == 3
    for role in ("Am schnellsten", "Ausgewogen", "Das größte, das passt"):
        assert role in shown
    assert "spricht Deutsch · passt · lädt 988,1 MB · etwa " in shown
    assert "3 Epochen mit 50 Beispielen" in shown
    assert shown.index("<h2") < shown.index("<h3") and "<h4" not in shown


@pytest.mark.parametrize(
    ("language", "page", "name", "words"),
    [
        ("en", "de", "SmolLM2-135M-Instruct", "spricht Englisch"),
        ("de", "en", "Qwen2.5-0.5B-Instruct", "speaks German"),
        ("fr", "en", "Qwen2.5-0.5B-Instruct", "speaks French"),
        ("", "en", "SmolLM2-135M-Instruct", "speaks English"),
    ],
)
def test_the_language_is_that_of_the_documents_else_of_the_page(view, documents, language, page, name, words):
    documents(language)
    shown = cards_html(view(page))
    assert f"<h3>{name}</h3>" in shown and words in shown


def test_the_smallest_is_proposed_until_a_model_is_chosen(view, choose):
    assert cards_html(view()).count('class="small good"') == 1
    choose("practice", "practice")
    assert 'class="small good"' not in cards_html(view())  # samples are next
    choose("hf", "Qwen/Qwen3-0.6B")
    shown = cards_html(view())
    assert 'class="small good"' not in shown
    assert "gewählt" in shown and 'data-of="hf:Qwen/Qwen3-0.6B"' not in shown


def test_after_a_practice_run_a_real_model_is_proposed_with_samples_and_time(view, choose, monkeypatch):
    choose("practice", "practice")
    assert "Die Übung ist geschafft" not in cards_html(view())
    monkeypatch.setattr("core.projects.latest_run", lambda *_: object())
    shown = cards_html(view())
    assert "Die Übung ist geschafft" in shown and shown.count('class="small good"') == 1
    assert "Qwen2.5-0.5B-Instruct lernt 50 Beispiele auf diesem Rechner (etwa " in shown


def test_a_model_that_ollama_has_is_recommended_as_ollama_has_it(view, store):
    head = write(store.parent / "head.gguf", **FIGURES).read_bytes()
    known = {"model_family": "qwen2", "model_type": "494.03M"}
    put_model(store, "registry.ollama.ai/library/qwen2.5/0.5b", head, config=known)
    shown = cards_html(view())
    assert "<h3>qwen2.5:0.5b</h3>" in shown and "liegt in Ollama" in shown
    assert 'data-of="hf:Qwen/Qwen2.5-0.5B-Instruct"' not in shown


def test_where_nothing_fits_the_practice_model_is_proposed(view, monkeypatch):
    monkeypatch.setattr("core.estimates.memory.free_gib", lambda hardware, processes=1: 0.5)
    shown = cards_html(view())
    assert "Kein Modell der Liste passt gerade" in shown
    assert "small primary" in shown and 'id="create-practice"' in shown


def test_a_real_run_of_the_model_replaces_the_span_of_the_measurement(view):
    (first, *_others) = recommended_panel.recommended(view()).values()
    assert "–" in recommended_panel.time_words(view(), first)
    assert "–" not in recommended_panel.time_words(view(), replace(first, runs_known=1))


def test_without_a_project_the_cards_are_there_and_cannot_be_taken(services):
    shown = cards_html(View(services, "en", ""))
    assert "SmolLM2-135M-Instruct" in shown
    assert shown.count("<button") == shown.count("disabled") - shown.count("aria-disabled")
