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
    page.get_by_role("radio", name="Ollama").click()
    rows = page.locator("#ollama-bases tbody tr")
    expect(rows.filter(has_text="tiny-qwen2:q8_0")).to_contain_text("possible")
    expect(rows.filter(has_text="llava")).to_contain_text("not possible")
    page.locator("#base-ollama input").click()
    expect(page.get_by_role("option")).to_have_count(1)
    page.get_by_role("option", name="tiny-qwen2:q8_0").click()
    page.get_by_role("button", name="Use this model").click()
    chosen = page.locator(".chosen")
    expect(chosen).to_contain_text("ready", timeout=3 * MINUTE)
    expect(chosen).to_contain_text(re.compile(r"at (9\d|100)% of 48 positions .* 111 of 111 texts"))


def train(page: Page) -> None:
    page.get_by_role("tab", name="Training & export").click()
    page.locator("#train").click()
    expect(page.locator(".job-panel:visible .badge")).to_have_text("done", timeout=3 * MINUTE)


def export(page: Page) -> None:
    page.locator("#export").click()
    result = page.locator(".export-result")
    expect(result).to_contain_text(".gguf", timeout=3 * MINUTE)
    expect(result.locator(".badge.good").first).to_be_visible()
    expect(result.locator(".badge.bad")).to_have_count(0)


def files_in(app: App) -> list[Path]:
    return list((app.projects / "Physik" / "models" / "final" / "gguf").iterdir())
