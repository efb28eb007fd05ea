"""Models from Hugging Face on tab 2: what the list says before anything is downloaded."""

from core.models import hub_models
from tests.core.estimates.test_what_fits import put
from ui.model import hub_panel
from ui.page.view import View


def test_each_model_says_licence_size_languages_and_what_fits_and_can_be_taken(view):
    shown = hub_panel.table_html(view())
    assert "Apache-2.0 · 1,50 GB · liest bis zu 40.960 Tokens · Deutsch und mehr" in shown
    assert "Bedingungen annehmen" in shown
    assert "passt" in shown and "zu groß" in shown
    assert shown.count("<tr>") == len(hub_models.CURATED) + 1
    assert all(f'data-of="hf:{model.name}"' in shown for model in hub_models.CURATED)


def test_without_a_project_the_list_is_there_tells_no_fit_and_offers_nothing(services):
    shown = hub_panel.table_html(View(services, "en", ""))
    assert "Qwen/Qwen3-0.6B" in shown and "1.50 GB" in shown and "fits" not in shown and "GiB" not in shown
    assert shown.count("<button") == shown.count("disabled") > 0


def test_what_was_downloaded_meanwhile_stands_first_without_a_refresh(view):
    assert "on this machine" not in hub_panel.table_html(view("en"))
    put("vendor/model")
    assert hub_panel.models()[0].name == "vendor/model"
    assert "on this machine" in hub_panel.table_html(view("en"))


def test_what_cannot_be_trained_says_why_and_has_no_button(view):
    put("vendor/sees-pictures", "LlavaForConditionalGeneration")
    assert 'data-of="hf:vendor/sees-pictures"' not in hub_panel.table_html(view())
    assert "„LlavaForConditionalGeneration“ ist kein reines Textmodell" in hub_panel.table_html(view())
