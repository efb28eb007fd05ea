"""What a page shows and how it answers mistakes, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from core.project_manager import ProjectStore
from tests.browser.typing_material import type_into
from tests.running_app import App
from ui import layout
from ui.texts import WORDS

SCREENS = tuple(layout.SCREENS)
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
    store = ProjectStore(app.projects)
    return store.open("Physik") if "Physik" in store.names() else store.create("Physik")


@pytest.mark.parametrize("locale", ["de-DE", "en-US"])
def test_the_german_page_speaks_german_only_in_an_english_browser_too(
    open_page, app, project, foreign_requests, locale
):
    page = open_page("/de/" if locale == "en-US" else "/", locale=locale)
    assert page.locator("html").get_attribute("lang") == "de"
    expect(page.get_by_text("Dateien auswählen oder hierher ziehen")).to_be_visible()
    shown = []
    for tab in SCREENS:
        page.goto(f"{app.address}/de/?project=Physik&tab={tab}")
        page.wait_for_selector("#field-project")
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        shown += page.locator("body").inner_text().splitlines()
    lines = {line.strip() for line in shown}
    english = set(WORDS["en"].values()) - set(WORDS["de"].values()) - {"English"}
    assert lines & english == set()
    assert lines & set(WORDS_OF_GRADIO) == set()
    assert foreign_requests == []


def test_an_explanation_shows_by_a_tap_on_its_mark_and_in_its_field_and_goes_with_escape(open_page, project):
    page = open_page("/de/?project=Physik&tab=samples", has_touch=True)
    mark, about = page.locator("label[for=field-sft-samples] .hint"), page.locator("#field-sft-samples-about")
    mark.tap()
    expect(about).to_be_visible()
    page.locator("h1").tap()
    expect(about).to_be_hidden()
    page.locator("#field-sft-samples").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(about).to_be_visible()
    page.keyboard.press("Escape")
    expect(about).to_be_hidden()
    expect(page.locator("#field-sft-samples")).to_be_focused()


def test_a_tap_on_the_mark_of_a_tick_does_not_set_it(open_page, project):
    page = open_page("/de/?project=Physik&tab=training", has_touch=True)
    page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    box = page.locator(".field.check:has(.hint):visible").first
    before = box.locator("input").is_checked()
    box.locator(".hint").tap()
    expect(box.locator("[role=tooltip]")).to_be_visible()
    assert box.locator("input").is_checked() == before


@pytest.mark.parametrize("system", ["light", "dark"])
def test_light_or_dark_stays_as_it_was_chosen(open_page, project, system):
    page = open_page("/de/?project=Physik", color_scheme=system)
    body = page.locator("body")
    is_dark = re.compile(r"(^| )dark( |$)")
    (expect(body).to_have_class if system == "dark" else expect(body).not_to_have_class)(is_dark)
    page.get_by_role("button", name="Hell oder dunkel").click()
    for _ in range(2):
        (expect(body).not_to_have_class if system == "dark" else expect(body).to_have_class)(is_dark)
        page.reload()
        page.wait_for_selector("#field-project")
        page.wait_for_timeout(500)


def test_the_glossary_opens_from_the_header_and_gives_the_focus_back(open_page, project):
    page = open_page("/en/?project=Physik", locale="en-US")
    page.get_by_role("button", name="Glossary").press("Enter")
    expect(page.get_by_role("dialog", name="Glossary")).to_contain_text("LoRA")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Glossary")).to_be_focused()


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
    warning = page.locator("#notice")
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
    expect(page.locator("#notice")).to_contain_text("Nichts wurde gelöscht.")
    assert (app.projects / "Biologie").exists()
    type_into(page.get_by_label("Name des Projekts"), "Biologie")
    page.get_by_role("button", name="Endgültig löschen").click()
    expect(page.get_by_role("button", name="Endgültig löschen")).to_be_hidden()
    assert not (app.projects / "Biologie").exists()


def test_nothing_jumps_while_the_page_comes_up(chromium, app, project):
    context = chromium.new_context(locale="de-DE", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => { for (const one of list.getEntries()) "
        "if (!one.hadRecentInput) window.shift += one.value; }).observe({type: 'layout-shift', buffered: true});"
    )
    for tab in SCREENS:
        page.goto(f"{app.address}/de/?project=Physik&tab={tab}")
        page.wait_for_selector("#field-project")
        page.wait_for_timeout(1000)
        assert page.evaluate("window.shift") <= 0.1, tab
    context.close()


def test_back_and_forward_lead_through_the_steps(open_page, project):
    page = open_page("/de/?project=Physik&tab=documents")
    for step in ("model", "samples"):
        page.locator(f"#step-{step}").click()
        expect(page.locator(f"#step-{step}")).to_have_attribute("aria-current", "step")
    page.go_back()
    expect(page.locator("#step-model")).to_have_attribute("aria-current", "step")
    assert "tab=model" in page.url
    page.go_forward()
    expect(page.locator("#step-samples")).to_have_attribute("aria-current", "step")


def test_eight_tabs_of_one_browser_stay_usable(open_page, project):
    """Gradio keeps a stream open for each, and browsers allow six: the seventh would hang."""
    first = open_page("/de/?project=Physik&tab=samples")
    pages = [first]
    for _ in range(7):
        pages.append(first.context.new_page())
        pages[-1].goto(first.url)
        pages[-1].wait_for_selector("#field-project")
    pages[0].locator("#project-new").click()
    type_into(pages[-1].get_by_label("Anzahl Beispiele"), "44")
    pages[-1].get_by_label("Anzahl Beispiele").blur()
    for page in pages:
        page.bring_to_front()
        expect(page.get_by_label("Anzahl Beispiele")).to_have_value("44")


def test_a_lost_connection_is_said_and_comes_back_with_all_drafts(chromium, tmp_path):
    own = App(tmp_path)
    own.start()
    ProjectStore(own.projects).create("Physik")
    context = chromium.new_context(locale="de-DE")
    page = context.new_page()
    page.goto(f"{own.address}/de/")
    page.locator("#project-new").click()
    name = page.get_by_label("Name des Projekts")
    name.fill("Halb getip")
    own.kill()
    expect(page.locator("#disconnected")).to_be_visible()
    expect(page.locator("#disconnected")).to_contain_text("unterbrochen")
    own.start()
    expect(page.locator("#disconnected")).to_be_hidden()
    expect(page.locator("#step-documents")).to_be_visible()
    own.stop()
    context.close()


@pytest.mark.parametrize("tab", SCREENS)
def test_a_phone_needs_no_sideways_scrolling(chromium, app, project, tab):
    context = chromium.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{app.address}/de/?project=Physik&tab={tab}")
    page.wait_for_selector("#field-project")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_title_says_that_work_ended_while_nobody_looked(open_page, app, project):
    page = open_page("/de/?project=Physik")
    page.evaluate("""receive({moving: {jobs: {a: {state: "running"}}}});
        Object.defineProperty(document, "hidden", {get: () => true, configurable: true});
        receive({moving: {jobs: {a: {state: "done", ended: "Training: fertig"}}}});""")
    expect(page).to_have_title("✓ Training: fertig · Custom AI Training App")
    page.evaluate("""Object.defineProperty(document, "hidden", {get: () => false, configurable: true});
        document.dispatchEvent(new Event("visibilitychange"));""")
    expect(page).to_have_title("Custom AI Training App")
