"""The button says why nothing can be written now, and how much is missing; rejected samples do not count."""

import re

import pytest
from documents_material import store_document
from samples_material import store_samples

from core import keys
from core.samples.store.sample_store import SampleStore
from tests.core.training.training_material import make_base
from ui import tab_sft
from ui.page.view import View
from utils import config
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


def test_a_file_of_samples_in_another_encoding_is_named_instead_of_counting_as_empty(
    why_not, act, services, project, tmp_path
):
    store_document(project, "a.txt", ["Wärme"])
    project.samples_file.write_bytes('{"instruction": "Was?", "output": "Wärme."}\n'.encode("utf-16"))
    assert "nicht in UTF-8" in why_not() and "import-samples" in why_not()
    with pytest.raises(AppError, match="samples_encoding"):
        act("samples.import", uploads=[tmp_path / "a.csv"])
    assert "alert" in tab_sft.counter_html(View(services, "de", "Physik"))


def test_rejected_samples_do_not_count(why_not, services, project):
    store_document(project, "a.txt", ["Wärme"])
    store_samples(project, 10)
    assert "Alle 10 Beispiele sind da" in why_not(samples=10)
    SampleStore(project).set_status(["s1", "s2"], "rejected")
    assert why_not() == ""
    view = View(services, "de", "Physik")
    assert "8/10 Beispiele" in tab_sft.counter_html(view)
    assert "Weiter erzeugen" in tab_sft.start_html(view)


def test_a_try_costs_a_request_only_where_there_is_a_model_to_ask(project, act, puppet):
    assert "try-helper" not in tab_sft.start_html(act.view())
    project.set("sft", {"provider": "ollama"})
    assert "try-helper" not in tab_sft.start_html(act.view())
    project.set("sft", {"model": "qwen"})
    assert "try-helper" in tab_sft.start_html(act.view())
    puppet("sft_test")
    assert 'id="try-helper" data-do="samples.try" data-of="" disabled' in tab_sft.start_html(act.view())


@pytest.mark.parametrize(
    ("provider", "there", "gone"),
    [
        ("practice", {"samples", "language", "seed"}, {"styles", "topic", "temperature", "budget_usd"}),
        ("ollama", {"styles", "topic", "context_tokens"}, {"budget_usd"}),
        ("openrouter", {"styles", "topic", "budget_usd", "concurrency"}, {"context_tokens"}),
        ("local", {"context_tokens", "turns"}, {"budget_usd"}),
    ],
)
def test_only_wishes_that_mean_something_to_the_provider_are_asked(project, act, provider, there, gone):
    project.set("sft", {"provider": provider})
    shown = tab_sft.wishes_html(act.view())
    assert {name for name in there | gone if f'data-set="sft.{name}"' in shown} == there


def test_samples_are_written_until_there_are_as_many_as_wanted(services, project, act):
    pump = "Die Wärmepumpe ist eine Maschine, die Wärme aus der Umgebung in ein Haus bringt."
    compressor = "Der Verdichter ist der Teil, der das Gas zusammenpresst und dabei erwärmt."
    store_document(project, "a.txt", [pump, compressor])
    act("set", "sft.samples", value="2")
    act("samples.generate")
    services.runner.wait(act.view().job(["sft"]).id, 30)
    assert "2/2 Beispiele" in tab_sft.counter_html(act.view())
    assert "Alle 2 Beispiele sind da" in tab_sft.start_html(act.view())


def start_shown(services) -> str:
    return tab_sft.start_html(View(services, "de", "Physik"))


def test_without_documents_the_reason_leads_to_them(services, project):
    assert re.search(r'class="muted why"[^>]*><a href="\?tab=documents"', start_shown(services))
    store_document(project, "a.txt", ["Wärme"])
    assert "?tab=documents" not in start_shown(services)


def test_once_all_samples_are_there_the_training_is_next_but_not_while_they_are_written(
    services, project, puppet, tmp_path
):
    store_document(project, "a.txt", ["Wärme"])
    base = {"source": "path", "name": str(make_base(tmp_path / "base"))}
    project.save_config(config.changed(project.load_config(), base=base, sft={"samples": 8}))
    assert primary(start_shown(services)) == ["generate"]
    store_samples(project, 8)
    assert primary(start_shown(services)) == ["training"]
    writing = puppet("sft")
    assert "training" not in primary(start_shown(services))
    writing.finish()
    project.set("sft", {"samples": 20})
    assert primary(start_shown(services)) == ["generate"], "some are still wanted"


def primary(shown: str) -> list[str]:
    """The buttons, and links as buttons, that stand out."""
    return re.findall(r'class="button primary" (?:id="|href="\?tab=)(\w+)"', shown)
