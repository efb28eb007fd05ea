"""The button says why nothing can be written now, and how much is missing; rejected samples do not count."""

from types import SimpleNamespace

import pytest
from documents_material import store_document
from samples_material import store_samples

from core import keys
from core.samples import prompts
from core.samples.store.sample_store import SampleStore
from ui import tab_sft
from ui.page.view import View
from ui.samples import exchange_panel
from utils.errors import AppError


@pytest.fixture
def why_not(services, project, monkeypatch):
    """The reason with these settings; empty where nothing stands against it."""
    monkeypatch.setattr(keys, "_in_memory", {})
    monkeypatch.delenv(keys.ENVIRONMENT_KEY, raising=False)

    def make(**settings) -> str:
        project.set("sft", settings)
        return tab_sft.blocked(View(services, "de", "Physik"))

    return make


def test_without_a_project_there_is_nothing_to_write(services):
    assert "Projekt" in tab_sft.blocked(View(services, "de", ""))


def test_without_documents_a_real_helper_needs_a_topic(why_not):
    assert "Dokument" in why_not()
    assert "oder trage ein Thema ein" in why_not(provider="ollama", model="qwen")
    assert why_not(topic="Wärmepumpen") == ""
    assert "Dokument" in why_not(provider="practice")


def test_a_real_helper_needs_a_model_and_openrouter_a_key(why_not, project):
    store_document(project, "a.txt", ["Wärme"])
    assert why_not() == ""
    assert "Helfer-Modell" in why_not(provider="openrouter")
    assert "API-Schlüssel" in why_not(model="openai/mini")
    assert why_not(base_url="http://127.0.0.1:1234/v1") == ""
    assert "GGUF-Datei" in why_not(provider="local", model="")
    keys.set_key("", "sk-geheim")
    assert why_not(provider="openrouter", model="openai/mini", base_url="") == ""


def test_while_samples_are_written_the_button_waits(why_not, project, puppet):
    store_document(project, "a.txt", ["Wärme"])
    puppet("sft")
    assert "gerade" in why_not()


def test_a_file_of_samples_in_another_encoding_is_named_instead_of_counting_as_empty(why_not, services, project):
    store_document(project, "a.txt", ["Wärme"])
    project.samples_file.write_bytes('{"instruction": "Was?", "output": "Wärme."}\n'.encode("utf-16"))
    assert "nicht in UTF-8" in why_not() and "import-samples" in why_not()
    assert "nicht in UTF-8" in exchange_panel.blocked(View(services, "de", "Physik"))
    assert "alert" in tab_sft.counter_html(View(services, "de", "Physik"))


def test_what_stands_in_the_form_holds_when_the_button_is_pressed(services, project):
    frame, started = SimpleNamespace(services=services), []

    def start(services, project):
        started.append(project.load_config().sft)

    values = {"provider": "ollama", "model": "qwen", "base_url": None, "topic": None, "samples": 7}
    values |= {"system_prompt": prompts.default_system("de"), "user_template": "Frag {chunk}"}
    tab_sft.begin(frame, start, project, values)
    assert (started[0].samples, started[0].model, started[0].base_url) == (7, "qwen", "")
    assert (started[0].system_prompt, started[0].user_template) == ("", "Frag {chunk}")
    with pytest.raises(AppError):
        tab_sft.begin(frame, start, project, {**values, "samples": 0})
    assert len(started) == 1


def test_rejected_samples_do_not_count(why_not, services, project):
    store_document(project, "a.txt", ["Wärme"])
    store_samples(project, 10)
    assert "Alle 10 Beispiele sind da" in why_not(samples=10)
    SampleStore(project).set_status(["s1", "s2"], "rejected")
    assert why_not() == ""
    view = View(services, "de", "Physik")
    assert "8/10 Beispiele" in tab_sft.counter_html(view)
    assert tab_sft.generate_label(view) == "Weiter erzeugen"
