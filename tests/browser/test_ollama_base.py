"""A model in Ollama's store, from the list in tab 2 to a verified file, by clicking."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from running_app import App

from tests.core.models.gguf_models import CHAT_TEMPLATE, put_into_store
from tests.core.models.ollama_material import put_model
from tests.core.training.training_material import make_project

MINUTE = 60_000  # milliseconds, for a step that hangs


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """An app that finds a store with one model that can be trained and one that cannot."""
    folder = tmp_path_factory.mktemp("ollama")
    store = folder / "store"
    put_into_store(store, folder / "made", "qwen2", "q8_0", CHAT_TEMPLATE)
    put_model(store, "registry.ollama.ai/library/llava/latest", config={"model_family": "mllama"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OLLAMA_MODELS", str(store))
        patch.setenv("OLLAMA_HOST", "127.0.0.1:9")
        patch.setenv("CUSTOM_AI_CACHE", str(folder / "cache"))
        made = App(folder)
        project = make_project(made.projects)
        project.set("training", {"epochs": 1, "max_length": 128})
        project.set("output", {"format": "gguf", "quantization": "f16"})
        made.start()
        yield made
        made.stop()


def test_the_screen_is_clicked_through_in_both_languages(open_page, app):
    """Cards, list, a name that is none, the output's line, and what stays open while the page is drawn anew."""
    page = open_page("/de/?project=Physik&tab=model")
    cards = page.locator(".model-cards > li")
    expect(cards.last).to_contain_text("Übungsmodell")
    assert cards.count() > 1  # whatever fits into the memory of this machine
    page.locator("#models > summary").click()
    page.get_by_label("Ein anderes Modell von Hugging Face").fill("kein Name")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("kein Modellname")
    expect(page.locator("#field-base_hf")).to_have_value("kein Name")
    page.get_by_role("button", name="Ordner auf diesem Rechner").click()
    page.locator("#field-base_path").fill("/nirgendwo")
    page.locator("#models").get_by_role("button", name="Dieses nehmen").click()
    expect(page.locator("#notice")).to_contain_text("Den Ordner „/nirgendwo“ gibt es nicht")
    page.locator("#output > summary").click()
    page.locator("#field-output-quantization").select_option("q8_0")
    expect(page.locator("#output > summary")).to_have_text("Fertiges Modell: GGUF, q8_0 · ändern")
    expect(page.locator("#field-output-format")).to_be_visible()
    again = open_page("/en/?project=Physik&tab=model", locale="en-GB")
    expect(again.locator("#output > summary")).to_have_text("Finished model: GGUF, q8_0 · change")
    again.locator("#output > summary").click()
    again.locator("#field-output-quantization").select_option("f16")
    expect(page.locator("#output > summary")).to_have_text("Fertiges Modell: GGUF, f16 · ändern")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_model_of_ollama_is_chosen_in_the_list_trained_and_exported(open_page, app, foreign_requests):
    page = open_page("/en/?project=Physik&tab=model", locale="en-GB")
    choose(page)
    train(page)
    export(page)
    assert {file.suffix for file in files_in(app)} >= {".gguf", ".json"}
    assert foreign_requests == []


def choose(page: Page) -> None:
    page.locator("#models > summary").click()
    page.get_by_role("button", name="Ollama").click()
    rows = page.locator("#models tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.filter(has_text="tiny-qwen2:q8_0")).to_contain_text("possible")
    expect(rows.filter(has_text="llava")).to_contain_text("not possible")
    expect(rows.filter(has_text="llava").get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="Take this one: tiny-qwen2:q8_0").click()
    chosen = page.locator(".chosen")
    expect(chosen.locator(".badge")).to_have_text("ready", timeout=3 * MINUTE)
    expect(chosen).to_contain_text(re.compile(r"at (9\d|100)% of 48 positions .* 111 of 111 texts"))


def train(page: Page) -> None:
    page.locator("#step-training").click()
    page.locator("#train").click()
    page.locator("#screen-running a[data-tab=result]").click(timeout=3 * MINUTE)


def export(page: Page) -> None:
    page.locator("#export").click()
    result = page.locator("#screen-result")
    expect(result).to_contain_text(".gguf", timeout=3 * MINUTE)
    expect(result.locator(".badge.good").first).to_be_visible()
    expect(result.locator(".badge.bad")).to_have_count(0)


def files_in(app: App) -> list[Path]:
    return list((app.projects / "Physik" / "models" / "final" / "gguf").iterdir())
