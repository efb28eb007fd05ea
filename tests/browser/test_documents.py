"""Tab 1 as a person uses it: upload, look, unlock, search, take out, remove, cut again, take the database along."""

import re
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from running_app import App

from core.documents.store.chunk_store import ChunkStore
from tests.browser.typing_material import type_into
from tests.material import write_energy_pdf

PASSWORD = "Geheimnis 42"


@pytest.fixture
def open_tab(open_page, project):
    def make(language: str = "de", **options) -> Page:
        return open_page(f"/{language}/?project={project.name}&tab=documents", **options)

    return make


def write_locked_pdf(path: Path) -> Path:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), encrypt=StandardEncryption(PASSWORD, ownerPassword="somebody else's"))
    for line in range(20):
        canvas.drawString(
            50, 800 - 20 * line, f"Das Kryptogramm Nummer {line} steht in einem verschlossenen Dokument."
        )
    canvas.save()
    return path


def process(page: Page, *files: Path) -> None:
    page.locator("#screen-documents input[type=file]").set_input_files(files)
    expect(page.locator("#process-files").get_by_text(files[0].stem).first).to_be_visible()
    page.get_by_role("button", name="Verarbeiten").click()


def row(page: Page, name: str):
    return page.locator("#documents-list tbody tr", has_text=name)


def test_documents_of_all_kinds_get_a_status_and_an_overview(open_tab, tmp_path, foreign_requests):
    page = open_tab()
    empty, odd = tmp_path / "leer.txt", tmp_path / "bild.png"
    empty.touch()
    odd.write_bytes(b"\x89PNG")
    process(page, write_energy_pdf(tmp_path / "Energie.pdf"), empty, odd)
    expect(row(page, "Energie.pdf")).to_contain_text("fertig")
    expect(row(page, "leer.txt")).to_contain_text("kein Text")
    expect(row(page, "bild.png")).to_contain_text("nicht unterstützt")
    expect(row(page, "Energie.pdf")).to_contain_text("Deutsch")
    expect(page.locator(".overview")).to_contain_text("Beispiele möglich")
    page.locator("#documents-list").get_by_role("button", name=re.compile("fertig")).click()
    expect(page.locator("#documents-list tbody tr")).to_have_count(1)
    process(page, tmp_path / "Energie.pdf")
    page.locator("#documents-list").get_by_role("button", name=re.compile("alle")).click()
    expect(row(page, "Energie.pdf").last).to_contain_text("schon im Projekt")
    assert foreign_requests == []


def test_a_locked_document_opens_with_the_right_password_only_and_the_password_stays_nowhere(
    open_tab, app, project, tmp_path
):
    page = open_tab()
    process(page, write_locked_pdf(tmp_path / "Tresor.pdf"))
    expect(row(page, "Tresor.pdf")).to_contain_text("Passwort nötig")
    box = page.get_by_label("Passwort", exact=True)
    assert box.get_attribute("type") == "password"
    type_into(box, "falsch")
    page.get_by_role("button", name="Öffnen und lesen").click()
    expect(box).to_have_value("")
    expect(row(page, "Tresor.pdf")).to_contain_text("Das Passwort passt nicht")
    expect(page.get_by_role("button", name="Öffnen und lesen")).to_be_enabled()
    type_into(box, PASSWORD)
    box.press("Enter")
    expect(box).to_have_value("")
    expect(row(page, "Tresor.pdf")).to_contain_text("fertig")
    expect(page.locator("#passwords")).to_have_count(0)
    config = page.request.get(f"{app.address}/de/config").text()
    written = [path.read_bytes() for path in app.projects.rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in content for content in written)
    assert PASSWORD not in config + page.content() + app.output.read_text()
    assert PASSWORD not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")


def test_a_document_is_removed_after_a_question_and_its_chunks_go_too(open_tab, project, tmp_path):
    page = open_tab()
    for name in ("bleibt.txt", "geht.txt"):
        (tmp_path / name).write_text(f"Dieses Dokument {name} erzählt von Wärme. " * 9, "utf-8")
    process(page, tmp_path / "bleibt.txt", tmp_path / "geht.txt")
    expect(row(page, "geht.txt")).to_contain_text("fertig")
    expect(page.get_by_role("button", name="Entfernen …")).to_be_disabled()
    page.get_by_label("geht.txt auswählen").check()
    expect(page.get_by_text("1 ausgewählt")).to_be_visible()
    page.get_by_role("button", name="Entfernen …").click()
    expect(page.get_by_role("button", name="Abbrechen")).to_be_focused()
    page.keyboard.press("Enter")
    assert len(ChunkStore(project.database).documents()) == 2
    page.get_by_role("button", name="Entfernen …").click()
    page.get_by_role("button", name="Endgültig entfernen").click()
    expect(row(page, "geht.txt")).to_have_count(0)
    expect(row(page, "bleibt.txt")).to_have_count(1)
    assert [source.filename for source in ChunkStore(project.database).documents()] == ["bleibt.txt"]
    assert not (project.documents_folder / "geht.txt").exists()


def test_chunks_are_found_looked_at_and_taken_out_by_one_viewer_while_another_looks_elsewhere(
    open_tab, project, tmp_path
):
    page = open_tab()
    process(page, write_energy_pdf(tmp_path / "Energie.pdf"))
    expect(row(page, "Energie.pdf")).to_contain_text("fertig")
    other = open_tab("en", locale="en-GB")
    page.get_by_text("Was das Modell lesen wird").click()
    search = page.get_by_label("In den Dokumenten suchen")
    for words in ("Wärmeströmung", "warmestromung"):
        type_into(search, words)
        search.press("Enter")
        expect(page.locator("#chunks mark").first).to_contain_text("Wärmeströmung")
    chunk = page.locator("#chunks article").first
    chunk.locator("summary").click()
    expect(chunk.locator(".chunk-text")).to_be_visible()
    chunk.get_by_role("button", name="Abschnitt").click()
    expect(page.locator("#chunks article.excluded")).to_have_count(1)
    expect(chunk.locator(".chunk-text")).to_be_visible()
    assert len(ChunkStore(project.database).usable_ids()) < ChunkStore(project.database).count()
    expect(other.locator("#chunks")).to_contain_text("taken out")
    expect(other.locator("#chunks mark")).to_have_count(0)
    page.locator("#chunks article.excluded").get_by_role("button", name="Abschnitt").click()
    expect(page.locator("#chunks article.excluded")).to_have_count(0)


def test_long_documents_are_paged_by_keyboard(open_tab, tmp_path):
    page = open_tab()
    text = tmp_path / "lang.txt"
    paragraphs = (f"Absatz {number} handelt von der Zahl {number}. " * 60 for number in range(40))
    text.write_text("\n\n".join(paragraphs), "utf-8")
    process(page, text)
    expect(row(page, "lang.txt")).to_contain_text("fertig")
    page.get_by_label("Abschnitte von lang.txt zeigen").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Dokument", exact=True)).to_have_value("lang.txt")
    expect(page.get_by_label("Dokument", exact=True)).to_be_focused()
    chunks = page.locator("#chunks")
    expect(chunks).to_contain_text("Nr. 1 ·")
    chunks.get_by_role("button", name="Weiter").focus()
    page.keyboard.press("Enter")
    expect(chunks).to_contain_text("Nr. 7 ·")
    expect(chunks.get_by_role("button", name="Weiter")).to_be_focused()
    chunks.get_by_role("button", name="Zurück").focus()
    page.keyboard.press("Enter")
    expect(chunks).to_contain_text("Nr. 1 ·")


def test_texts_are_cut_again_when_the_settings_change(open_tab, project, tmp_path):
    page = open_tab()
    process(page, write_energy_pdf(tmp_path / "Energie.pdf"))
    expect(row(page, "Energie.pdf")).to_contain_text("fertig")
    before = ChunkStore(project.database).count()
    page.locator("#cutting summary").click()
    again = page.get_by_role("button", name="Neu teilen")
    expect(again).to_be_disabled()
    type_into(page.get_by_label("Länge eines Abschnitts"), "128")
    page.get_by_label("Länge eines Abschnitts").blur()
    expect(again).to_be_enabled()
    again.click()
    expect(again).to_be_disabled()
    expect(page.get_by_text("Alle Abschnitte passen zu diesen Werten.")).to_be_visible()
    assert ChunkStore(project.database).count() > before


def own_address() -> str:
    """This machine's address in its network; empty where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            return ""
        address = str(probe.getsockname()[0])
    return "" if address.startswith("127.") else address


def test_from_another_machine_the_database_downloads_by_itself_once_the_code_is_typed(chromium, tmp_path_factory):
    address = own_address()
    if not address:
        pytest.skip("this machine has no address but its own")
    folder = tmp_path_factory.mktemp("lan")
    app = App(folder, "--lan")
    app.start()
    try:
        text = folder / "Wärme.txt"
        text.write_text("Wärme ist Energie. " * 20, "utf-8")
        page = chromium.new_context(locale="de-DE").new_page()
        page.goto(f"http://{address}:{app.port}/download/database?project=Übung")
        page.get_by_label("Code").fill(app.code)
        page.get_by_role("button").click()
        page.wait_for_url("**/de/**")
        page.wait_for_selector("#field-project")
        page.locator("#project-new").click()
        type_into(page.get_by_label("Name des Projekts"), "Übung")
        page.get_by_role("button", name="Anlegen").click()
        page.wait_for_url("**project=**")
        process(page, text)
        expect(row(page, "Wärme.txt")).to_contain_text("fertig")
        with page.expect_download() as started:
            page.get_by_role("button", name="Datenbank exportieren").click()
        assert started.value.suggested_filename == "Übung.db"
        started.value.save_as(folder / "copy.db")
        assert ChunkStore(folder / "copy.db").count() == 1
        assert str(app.projects) not in page.content()
        page.context.close()
    finally:
        app.stop()
