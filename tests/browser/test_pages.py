"""What a page shows and how it answers mistakes, in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browser.typing_material import type_into
from ui.texts import WORDS

WORDS_OF_GRADIO = (
    "Drop File Here",
    "Click to Upload",
    "Upload",
    "Clear",
    "Loading",
    "Error",
    "Built with Gradio",
    "Settings",
)


@pytest.fixture
def project(app):
    """A project that is there before the page is opened, as after yesterday's work."""
    from core.project_manager import ProjectStore

    store = ProjectStore(app.projects)
    return store.open("Physik") if "Physik" in store.names() else store.create("Physik")


@pytest.mark.parametrize("locale", ["de-DE", "en-US"])
def test_the_german_page_speaks_german_only_in_an_english_browser_too(open_page, project, foreign_requests, locale):
    page = open_page("/de/" if locale == "en-US" else "/", locale=locale)
    expect(page.get_by_role("button", name="Verarbeiten")).to_be_enabled()
    assert page.locator("html").get_attribute("lang") == "de"
    expect(page.get_by_text("Datei hier ablegen")).to_be_visible()
    shown = []
    for tab in ("documents", "model", "samples", "training"):
        page.locator(f"#tab-{tab}-button").click()
        for closed in page.get_by_role("button", name="Erweitert").all():
            if closed.is_visible():
                closed.click()
        shown += page.locator("body").inner_text().splitlines()
    lines = {line.strip() for line in shown}
    english = set(WORDS["en"].values()) - set(WORDS["de"].values()) - {"English"}
    assert lines & english == set()
    assert lines & set(WORDS_OF_GRADIO) == set()
    assert foreign_requests == []


def test_the_language_switch_keeps_project_and_tab(open_page, project):
    page = open_page("/de/?project=Physik&tab=samples")
    expect(page.get_by_role("button", name="Beispiele erzeugen")).to_be_visible()
    page.get_by_title("English").click()
    page.wait_for_url("**/en/?*")
    assert "project=Physik" in page.url
    assert "tab=samples" in page.url
    expect(page.get_by_role("button", name="Generate samples")).to_be_visible()


def test_a_reload_keeps_what_was_typed_and_a_wrong_value_is_explained_in_german_and_not_kept(open_page, project):
    page = open_page("/de/?project=Physik&tab=samples")
    box = page.get_by_label("Anzahl Beispiele")
    type_into(box, "77")
    box.blur()
    expect(page.locator(".counter")).to_contain_text("0/77")
    page.reload()
    expect(box).to_have_value("77")
    before = project.load_config()
    type_into(box, "0")
    box.blur()
    warning = page.locator(".box.bad:visible")
    expect(warning).to_contain_text("„Anzahl Beispiele“ ist zu klein: Der kleinste erlaubte Wert ist 1.")
    expect(warning).to_contain_text("Trage einen größeren Wert ein.")
    assert project.load_config() == before


def test_a_project_is_renamed_and_deleted_only_after_its_name_was_typed(open_page, app):
    page = open_page("/de/")
    page.locator("#project-new").click()
    type_into(page.get_by_label("Name des Projekts"), "Chemie")
    page.get_by_role("button", name="Anlegen").click()
    page.wait_for_url("**project=Chemie**")

    page.get_by_role("button", name="Umbenennen").click()
    type_into(page.get_by_label("Name des Projekts"), "Biologie")
    page.get_by_role("button", name="Umbenennen").last.click()
    page.wait_for_url("**project=Biologie**")
    assert (app.projects / "Biologie" / "config.json").is_file()
    assert not (app.projects / "Chemie").exists()

    page.get_by_role("button", name="Löschen", exact=True).click()
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.locator("#sidebar .box.bad")).to_contain_text("Nichts wurde gelöscht.")
    assert (app.projects / "Biologie").exists()
    type_into(page.get_by_label("Name des Projekts"), "Biologie")
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.get_by_role("button", name="Endgültig löschen")).to_be_hidden()
    assert not (app.projects / "Biologie").exists()


def test_what_is_typed_before_the_page_knows_its_project_cannot_get_lost(chromium, app, project):
    """On a busy machine the first answer took seconds, and then overwrote what had been set until then."""
    context = chromium.new_context(locale="de-DE")
    page = context.new_page()
    held, answered = [], []
    page.route("**/run/predict*", lambda route: route.continue_() if answered else held.append(route))
    page.goto(f"{app.address}/de/?project=Physik&tab=samples")
    expect(page.locator("#body[inert]")).to_be_attached()
    answered.append(True)
    for route in held:
        route.continue_()
    expect(page.locator("body.filled #body:not([inert])")).to_be_attached()
    type_into(page.get_by_label("Anzahl Beispiele"), "33")
    page.get_by_label("Anzahl Beispiele").blur()
    expect(page.locator(".counter")).to_contain_text("0/33")
    context.close()


@pytest.mark.parametrize("tab", ["documents", "model", "samples", "training"])
def test_a_phone_needs_no_sideways_scrolling(chromium, app, project, tab):
    context = chromium.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{app.address}/de/?project=Physik&tab={tab}")
    page.wait_for_selector(f"#tab-{tab}-button[aria-selected=true]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
