"""Step 2 as a whole: the chosen model with its state, the list of each source, and what the result is written as."""

import re

import pytest

from core import access
from core.access import Visitor
from ui import tab_model
from ui.model import hub_panel, ollama_panel
from ui.page.view import View
from ui.tab_model import ModelPosition, chosen_html, every_html, output_html


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("HF_HUB_CACHE", "CUSTOM_AI_CACHE", "OLLAMA_MODELS"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    for lists in (hub_panel.LISTS, ollama_panel.LISTS):
        lists.forget()


def seen_from(services, source: str) -> str:
    return every_html(View(services, "en", "Physik", {ModelPosition: ModelPosition("Physik", source)}))


def test_every_place_of_the_screen_shows_something_with_a_project_and_without(services, project):
    for name in ("Physik", ""):
        shown = [tab_model.PART.places[place](View(services, "de", name)) for place in tab_model.PLACES]
        assert [bool(words) for words in shown] == [place != "job.model" for place in tab_model.PLACES]


@pytest.mark.parametrize(("source", "field"), [("hf", "base_hf"), ("ollama", ""), ("path", "base_path")])
def test_each_source_shows_its_list_or_its_field(services, project, source, field):
    shown = seen_from(services, source)
    assert shown.count('aria-pressed="true"') == 1
    assert re.findall(r'name="(base_\w+)"', shown) == ([field] if field else [])
    assert ("Qwen/Qwen3-0.6B" in shown) == (source == "hf")


def test_a_guest_is_offered_no_folder_of_this_machine_and_reads_of_none(act, services, project, tmp_path):
    with access.acting_as(Visitor("anna")):
        shown = seen_from(services, "ollama")
        act("model.source", "path")
    assert 'data-of="ollama"' in shown and 'data-of="path"' not in shown and str(tmp_path) not in shown
    assert act.positions == {}
    act("model.source", "path")
    assert act.positions[ModelPosition].source == "path"


@pytest.mark.parametrize("source", ["", "practice", "<b>", "cloud"])
def test_there_is_no_list_of_an_unknown_source(act, source):
    act("model.source", source)
    assert act.positions == {}


def test_what_the_store_holds_is_looked_at_again_on_a_click(act, services, project, monkeypatch):
    assert ollama_panel.models() == []
    monkeypatch.setattr("core.base_models.list_models", lambda: ["new"])
    assert ollama_panel.models() == []
    act("model.refresh")
    assert ollama_panel.models() == ["new"]


def test_a_model_that_is_being_made_ready_says_so_and_one_that_is_not_can_be_fetched(project, view, puppet):
    project.change_config(lambda now: {"base": {"source": "hf", "name": "vendor/model"}})
    shown = chosen_html(view())
    assert "noch nicht da" in shown and 'data-of="hf:vendor/model"' in shown
    puppet("download")
    shown = chosen_html(view())
    assert "in Arbeit" in shown and "Am Modell wird gerade gearbeitet" in shown and "<button" not in shown


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("format", "gguf", "GGUF, q4_k_m"),
        ("quantization", "f16", "GGUF, f16"),
        ("format", "ollama", "Ollama, q4_k_m"),
        ("format", "safetensors", "Safetensors"),
    ],
)
def test_the_output_is_one_line_that_opens_to_its_settings(act, view, name, value, line):
    act("set", f"output.{name}", value=value)
    shown = output_html(view())
    assert f"<summary>Fertiges Modell: {line} · ändern</summary>" in shown
    assert 'data-set="output.format"' in shown
    assert ('data-set="output.quantization"' in shown) == (", " in line)
