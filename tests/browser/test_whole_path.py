"""One person, one browser, the whole path in German: from a PDF to a model that answers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from playwright.sync_api import Locator, Page, expect

from core.jobs.runs import list_runs
from core.project_manager import ProjectStore
from tests.browser.typing_material import type_into
from tests.material import write_energy_pdf

MINUTE = 60_000  # Playwright counts in milliseconds; these are limits for a hanging step, never a measurement
SAMPLES = 60


def open_step(page: Page, name: str) -> None:
    page.locator(f"#step-{name}").click()


def shown_panel(page: Page) -> Locator:
    return page.locator(".job:visible")


def badge(page: Page) -> Locator:
    """The word for the state of the job on the open tab."""
    return shown_panel(page).locator(".badge")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_german_pdf_becomes_a_model_that_answers(open_page, app, tmp_path, foreign_requests):
    page = open_page("/")
    expect(page).to_have_title("Custom AI Training App")
    assert "/de/" in page.url

    create_project(page, "Physik")
    process_documents(page, write_energy_pdf(tmp_path / "Energie für Anfänger.pdf"))
    create_practice_model(page)
    generate_samples(page)
    train(page, open_page, app)
    compare_export_and_ask(page)

    assert foreign_requests == []


def create_project(page: Page, name: str) -> None:
    page.get_by_role("button", name="Eigene Dokumente").click()
    field = page.get_by_label("Name des Projekts")
    expect(field).to_be_focused()
    field.fill(name)
    field.press("Enter")
    page.wait_for_url(f"**/de/?*project={name}*")


def process_documents(page: Page, pdf) -> None:
    page.locator("#screen-documents input[type=file]").set_input_files(pdf)
    expect(page.get_by_text(pdf.stem).first).to_be_visible()
    page.get_by_role("button", name="Verarbeiten").click()
    row = page.locator("table.data tr", has_text="Energie für Anfänger.pdf")
    expect(row).to_contain_text("fertig", timeout=2 * MINUTE)
    type_into(page.get_by_label("In den Dokumenten suchen"), "Wirkungsgrad")
    page.get_by_label("In den Dokumenten suchen").press("Enter")
    expect(page.locator("#chunks mark").first).to_contain_text("Wirkungsgrad")
    page.get_by_role("button", name="Datenbank exportieren").click()
    expect(page.get_by_text("rag_export.db")).to_be_visible()


def create_practice_model(page: Page) -> None:
    open_step(page, "model")
    page.get_by_role("button", name="Übungsmodell erstellen").click()
    expect(page.locator(".chosen")).to_contain_text("bereit", timeout=5 * MINUTE)


def generate_samples(page: Page) -> None:
    open_step(page, "samples")
    type_into(page.get_by_label("Anzahl Beispiele"), str(SAMPLES))
    page.get_by_role("button", name="Beispiele erzeugen").click()
    expect(page.locator(".counter")).to_contain_text(f"{SAMPLES}/{SAMPLES} Beispiele", timeout=2 * MINUTE)
    first = page.locator("table.data:visible tbody tr").first
    expect(first).to_contain_text("Energie für Anfänger.pdf")
    expect(first).to_contain_text("Seite")


def train(page: Page, open_page, app) -> None:
    """Starts, and while it runs: a reload, a pause from a second browser in English, and a crash of the app."""
    open_step(page, "training")
    page.get_by_role("button", name="Training starten").click()
    sentence = page.locator("#screen-running h2")
    expect(badge(page)).to_have_text("läuft", timeout=MINUTE)
    with training_held(app):
        page.reload()
        expect(badge(page)).to_have_text("läuft", timeout=MINUTE)
        expect(shown_panel(page).get_by_role("progressbar")).to_be_visible()
        other = open_page("/en/?project=Physik&tab=running", locale="en-GB")
        expect(badge(other)).to_have_text("running", timeout=MINUTE)
        other.get_by_role("link", name="Train", exact=True).click()
        expect(other.get_by_role("button", name="Start training")).to_be_disabled()
        other.get_by_role("link", name="Watch the training").click()
    other.get_by_role("button", name="Pause").click()
    expect(badge(page)).to_have_text("angehalten", timeout=2 * MINUTE)
    expect(sentence).to_contain_text("angehalten")
    page.get_by_role("button", name="Fortsetzen").click()
    expect(badge(other)).to_have_text("running", timeout=MINUTE)

    with training_held(app):
        app.kill()
        app.start()
        page.goto(page.evaluate("location.href"))
        expect(badge(page)).to_have_text("läuft", timeout=MINUTE)
    expect(badge(page)).to_have_text("fertig", timeout=10 * MINUTE)
    expect(sentence).to_contain_text("ist fertig")
    expect(page.locator("#loss-curve polyline").first).to_be_visible()
    page.get_by_role("link", name="Zum Ergebnis").click()


@contextmanager
def training_held(app) -> Iterator[None]:
    """The process that trains stands still meanwhile: the training takes seconds, and a busy machine more to look."""
    (run,) = list_runs(ProjectStore(app.projects).open("Physik"), "train")
    while not (process := run.read_state().process):
        time.sleep(0.01)
    child = psutil.Process(int(process["pid"]))
    child.suspend()
    try:
        yield
    finally:
        child.resume()


def compare_export_and_ask(page: Page) -> None:
    page.get_by_role("button", name="Vergleichen").click()
    expect(page.locator("#screen-result")).to_contain_text("zurückgehaltene", timeout=5 * MINUTE)
    page.locator("#export").click()
    expect(page.locator("#screen-result .file-row .badge.good").first).to_be_visible(timeout=10 * MINUTE)
    expect(page.locator("#screen-result .file-row").first).to_contain_text(".gguf")
    expect(page.locator("#screen-result .file-row .badge.bad")).to_have_count(0)
    type_into(page.get_by_label("Deine Frage"), "Was ist Energie?")
    page.get_by_role("button", name="Fragen").click()
    expect(page.locator(".answer")).not_to_be_empty(timeout=5 * MINUTE)
