"""Models from Hugging Face on tab 2: what the list says before anything is downloaded."""

import pytest

from core.models import hub_models
from tests.core.estimates.test_what_fits import put
from ui.model import hub_panel
from ui.page.view import View


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("core.estimates.memory.free_gib", lambda hardware, processes=1: 6.0)
    hub_panel.LISTS.forget()
    hub_panel.FITS.forget()


def test_each_model_says_licence_size_languages_and_what_fits(services, project):
    shown = hub_panel.table_html(View(services, "de", "Physik"))
    assert "Apache-2.0 · 1,50 GB · liest bis zu 40.960 Tokens · Deutsch und mehr" in shown
    assert "Bedingungen annehmen" in shown
    assert "passt" in shown and "zu groß" in shown
    assert shown.count("<tr>") == len(hub_models.CURATED) + 1


def test_without_a_project_the_list_is_there_and_tells_no_fit(services):
    shown = hub_panel.table_html(View(services, "en", ""))
    assert "Qwen/Qwen3-0.6B" in shown and "fits" not in shown and "GiB" not in shown
    assert ("Qwen/Qwen3-0.6B (1.50 GB)", "Qwen/Qwen3-0.6B") in hub_panel.choices("en")


def test_what_was_downloaded_meanwhile_stands_first_without_a_refresh(services, project, tmp_path):
    view = View(services, "en", "Physik")
    assert "on this machine" not in hub_panel.table_html(view)
    put("vendor/model")
    assert hub_panel.models()[0].name == "vendor/model"
    assert "on this machine" in hub_panel.table_html(view)
