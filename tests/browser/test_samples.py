"""Tab 3 as a person uses it: write, filter, look through by keyboard, take back; bring in a file with a bad line."""

import re

import pytest
from documents_material import store_document
from playwright.sync_api import Page, expect

from core.project_manager import Project
from core.samples.store.sample import Sample
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_samples, read_samples
from tests.browser.typing_material import type_into
from tests.material import write_energy_pdf

KEY = "sk-or-v1-ganz-geheim"


@pytest.fixture
def open_tab(open_page, project):
    def make(tab: str = "samples", language: str = "de", **options) -> Page:
        return open_page(f"/{language}/?project={project.name}&tab={tab}", **options)

    return make


def fill(project: Project, count: int) -> None:
    append_samples(
        project.samples_file,
        [
            Sample(f"Was ist Nummer {number}?", f"Das ist Nummer {number}.", f"s{number}")
            for number in range(1, count + 1)
        ],
    )


def status(project: Project, number: int) -> str:
    row = SampleStore(project).get(f"s{number}")
    assert row
    return row.sample.status


def head(page: Page):
    return page.locator("#sample h3")


def answer(page: Page):
    return page.get_by_label("Antwort", exact=True)


def test_samples_are_written_filtered_edited_accepted_and_taken_back_by_keyboard(
    open_tab, project, tmp_path, foreign_requests
):
    page = open_tab("documents")
    page.locator("#screen-documents input[type=file]").set_input_files(write_energy_pdf(tmp_path / "Energie.pdf"))
    page.get_by_role("button", name="Verarbeiten").click()
    expect(page.locator("#screen-documents tbody tr")).to_contain_text("fertig")
    page.locator("#step-samples").click()
    type_into(page.get_by_label("Anzahl Beispiele"), "25")
    page.get_by_role("button", name="Beispiele erzeugen").click()
    expect(page.locator(".counter")).to_contain_text("25/25 Beispiele")
    expect(page.locator("#screen-samples")).to_contain_text("25 von 25 geprüft")
    expect(page.locator("#samples-list tbody tr")).to_have_count(10)

    type_into(page.get_by_label("In den Beispielen suchen"), "Temperatur")
    page.keyboard.press("Enter")
    expect(page.locator("#samples-list")).to_contain_text("„Temperatur“")
    page.locator("#samples-list tbody tr td:nth-child(3)").first.click()
    expect(head(page)).to_contain_text("Beispiel")
    expect(page.locator("#sample mark")).to_be_visible()

    page.keyboard.press("e")
    page.keyboard.press("End")
    page.keyboard.type(" a r n")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator("#samples-list .badge.good").first).to_have_text("angenommen")
    accepted = [row for row in read_samples(project.samples_file) if row.status == "accepted"]
    assert len(accepted) == 1
    assert " a r n" in accepted[0].output

    page.get_by_role("button", name="Alle zeigen").click()
    expect(page.locator("#samples-list tbody tr")).to_have_count(10)
    page.keyboard.press("u")
    page.keyboard.press("u")
    expect(page.locator("#samples-list .chips")).not_to_contain_text("angenommen")
    expect(page.locator("#samples-list .chips")).not_to_contain_text("bearbeitet")
    assert all(" a r n" not in row.output for row in read_samples(project.samples_file))
    assert foreign_requests == []


def test_decisions_stay_after_a_reload_and_another_browser_sees_them(open_tab, project):
    fill(project, 23)
    page, other = open_tab(), open_tab(language="en", locale="en-GB")
    expect(page.locator("#samples-list tbody tr")).to_have_count(10)
    expect(page.locator("#sample")).to_contain_text("0 von 23 durchgesehen")
    for letter in "ar":  # at once: the second is about the sample that the first has opened
        page.keyboard.press(letter)
    expect(head(page)).to_have_text("Beispiel 3")
    assert (status(project, 1), status(project, 2)) == ("accepted", "rejected")
    expect(other.locator("#samples-list .chips")).to_contain_text("rejected")
    expect(other.locator("#sample")).to_contain_text("2 of 23 reviewed")
    page.reload()
    expect(page.locator("#samples-list tbody tr").nth(1)).to_contain_text("abgelehnt")
    page.locator("#samples-list").get_by_role("button", name=re.compile("^neu")).click()
    expect(page.locator("#samples-list tbody tr").first).to_contain_text("Nummer 3?")
    page.locator("#samples-list").get_by_role("button", name="Weiter").click()
    expect(page.locator("#samples-list tbody tr").first).to_contain_text("Nummer 13?")


def test_rows_are_reached_and_opened_without_a_mouse(open_tab, project):
    fill(project, 3)
    page = open_tab()
    page.locator("#samples-list button.open").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(head(page)).to_have_text("Beispiel 2")
    type_into(answer(page), "Neu.")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#sample .badge").first).to_have_text("bearbeitet")
    row = SampleStore(project).get("s2")
    assert row
    assert row.sample.output == "Neu."


def test_what_was_typed_outlasts_what_others_change_and_the_connection(open_tab, project):
    fill(project, 12)
    page, store = open_tab(), SampleStore(project)
    answer(page).focus()
    expect(page.locator("#samples-list [aria-current=true]")).to_contain_text("Nummer 1?")
    page.keyboard.type("Getippt. ")
    page.get_by_label("Frage", exact=True).focus()
    store.set_status(["s1"], "accepted")  # by somebody else
    expect(page.locator("#sample")).to_contain_text("1 von 12")
    store.edit("s1", "Von jemand anderem?", "Ihre Antwort.")
    expect(page.get_by_label("Frage", exact=True)).to_have_value("Von jemand anderem?")
    expect(answer(page)).to_have_value(re.compile("Getippt"))
    page.evaluate("socket.close()")
    store.delete(["s1"])
    expect(page.locator("#sample")).to_contain_text("gibt es nicht mehr")
    expect(answer(page)).to_have_value(re.compile("Getippt"))
    page.get_by_role("button", name="Nächstes").click()
    expect(page.locator("#notice")).to_contain_text("Jemand hat es gelöscht")
    page.get_by_role("button", name="Rückgängig").click()
    expect(page.locator("#sample .badge").first).to_have_text("bearbeitet")
    expect(answer(page)).to_have_value(re.compile("Getippt"))
    page.get_by_role("button", name="Rückgängig").click()
    expect(answer(page)).to_have_value("Ihre Antwort.")


def test_who_looks_at_odd_texts_edits_none_of_them(open_tab, project):
    odd = (
        "eins\r\nzwei\rdrei",
        "\n\nleer davor ",
        "a\0b",
        "</textarea>&amp;<b>",
        "\u2028\u00a0\u200b\ufeff",
        "e\u0301 \U0001f600",
    )
    append_samples(project.samples_file, [Sample(text, text, f"\"{number}' <x>") for number, text in enumerate(odd)])
    page = open_tab()
    for number in range(1, len(odd) + 1):
        expect(head(page)).to_have_text(f"Beispiel {number}")
        page.keyboard.press("n")
    expect(head(page)).to_have_text("Beispiel 1")
    assert [sample.output for sample in read_samples(project.samples_file)] == list(odd)
    assert SampleStore(project).counts().by_status == {"new": len(odd)}


def test_letters_decide_nothing_while_somebody_types_or_looks_elsewhere(open_tab, project):
    fill(project, 3)
    page = open_tab()
    expect(head(page)).to_have_text("Beispiel 1")
    page.get_by_label("In den Beispielen suchen").focus()
    page.keyboard.type("arn")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+a")
    page.locator("#step-documents").click()
    expect(page.locator("#review")).to_be_hidden()
    page.keyboard.press("a")
    page.locator("#step-samples").click()
    expect(page.locator("#review")).to_be_visible()
    page.keyboard.press("n")
    expect(head(page)).to_have_text("Beispiel 2")
    assert {status(project, number) for number in (1, 2, 3)} == {"new"}


def test_a_file_with_a_bad_line_comes_in_with_a_word_on_that_line(open_tab, project, tmp_path):
    page = open_tab()
    page.locator("#exchange > summary").click()
    file = tmp_path / "fremd.csv"
    file.write_text(
        "instruction,output\nWas ist Licht?,Eine Welle.\nUnd Schall?,\nWas ist Wind?,Bewegte Luft.\n", "utf-8"
    )
    page.locator("#import input[type=file]").set_input_files(file)
    expect(page.locator("#import")).to_contain_text("fremd.csv")
    page.get_by_role("button", name="Übernehmen").click()
    expect(page.locator("#import")).to_contain_text("Übernommen: 2 Beispiele.")
    expect(page.locator("#import")).to_contain_text("Zeile 3: keine Antwort gefunden")
    expect(page.locator("#samples-list tbody tr")).to_have_count(2)


def test_a_key_goes_to_the_server_and_stays_nowhere(open_tab, app, project):
    page = open_tab()
    page.get_by_label("Wer schreibt die Beispiele?").select_option("openrouter")
    helper, box = page.locator("[data-place='samples.helper']"), page.get_by_label("API-Schlüssel")
    keys_page = page.get_by_role("link", name="API-Key erhalten")
    expect(keys_page).to_have_attribute("href", "https://openrouter.ai/keys")
    assert box.get_attribute("type") == "password"
    type_into(box, KEY)
    box.press("Enter")
    expect(helper).to_contain_text("Schlüssel für openrouter.ai ist gesetzt")
    expect(box).to_have_value("")
    config = page.request.get(f"{app.address}/de/config").text()
    written = [path.read_bytes() for path in app.projects.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in content for content in written)
    assert KEY not in config + page.content() + app.output.read_text()
    assert KEY not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    page.get_by_role("button", name="Schlüssel vergessen").click()
    expect(helper).to_contain_text("kein Schlüssel gesetzt")


def test_nothing_is_written_with_the_value_that_stood_there_before_a_refused_one(open_tab, project):
    pump = "Die Wärmepumpe ist eine Maschine, die Wärme aus der Umgebung in ein Haus bringt."
    compressor = "Der Verdichter ist der Teil, der das Gas zusammenpresst und dabei erwärmt."
    store_document(project, "energie.txt", [pump, compressor])
    page = open_tab()
    number = page.get_by_label("Anzahl Beispiele")
    type_into(number, "0")
    page.get_by_role("button", name="Beispiele erzeugen").click()
    expect(page.locator("#notice")).to_contain_text("zu klein")
    page.get_by_role("button", name="Beispiele erzeugen").click()
    expect(number).to_be_focused()
    assert not project.samples_file.exists()
    type_into(number, "2")
    page.get_by_role("button", name="Beispiele erzeugen").click()
    expect(page.locator(".counter")).to_contain_text("2/2 Beispiele")


def test_a_phone_shows_the_samples_without_sideways_scrolling(open_tab, project):
    fill(project, 12)
    page = open_tab()
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#samples-list button.open").last.click()
    expect(head(page)).to_have_text("Beispiel 10")
    expect(head(page)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
