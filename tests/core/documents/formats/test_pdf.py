"""PDF files whole, locked, scanned and broken."""

import io
from pathlib import Path

import pypdfium2
import pytest
from pypdf import PdfWriter
from reading_material import error_code, read, read_bytes
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.documents.formats import pdf
from core.documents.readers import read_document
from utils.errors import AppError


def make_pdf(path: Path, pages: list[list[str]], bookmarks: dict[int, str] | None = None, **options: object) -> Path:
    canvas = Canvas(str(path), **options)
    for number, lines in enumerate(pages):
        if bookmarks and number in bookmarks:
            canvas.bookmarkPage(f"p{number}")
            canvas.addOutlineEntry(bookmarks[number], f"p{number}")
        for row, line in enumerate(lines):
            canvas.drawString(60, 780 - 15 * row, line)
        canvas.showPage()
    canvas.save()
    return path


def test_a_pdf_gives_its_pages_with_numbers_and_umlauts(tmp_path):
    pages = read(make_pdf(tmp_path / "a.pdf", [["Die Größe der Straße."], ["Zweite Seite: Öl."]]))
    assert [(page.number, page.text) for page in pages] == [(1, "Die Größe der Straße."), (2, "Zweite Seite: Öl.")]
    assert {page.page_count for page in pages} == {2}


@pytest.mark.parametrize(
    ("lines", "bookmarks"),
    [
        (["1.1 Was ist Energie?", "Energie ist die Fähigkeit, Arbeit zu verrichten."], {0: "Was ist Energie?"}),
        (["2.3 Der Wirkungsgrad", "Er liegt zwischen null und eins."], None),
    ],
    ids=["bookmarks", "numbers"],
)
def test_bookmarks_of_a_pdf_or_the_numbers_before_them_tell_its_headings(tmp_path, lines, bookmarks):
    (page,) = read(make_pdf(tmp_path / "a.pdf", [lines], bookmarks))
    assert [heading.title for heading in page.headings] == lines[:1]
    assert page.text == "\n\n".join(lines)


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path):
    protection = StandardEncryption("", ownerPassword="besitz", canPrint=0)
    path = make_pdf(tmp_path / "a.pdf", [["offen zu lesen"]], encrypt=protection)
    assert read(path)[0].text == "offen zu lesen"


@pytest.fixture
def pdfium_opens_nothing(monkeypatch):
    def refuse(*_, **__):
        raise pypdfium2.PdfiumError("damaged", err_code=3)

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)


def scan(path, pages=1):
    canvas = Canvas(str(path))
    for _ in range(pages):
        canvas.rect(100, 100, 200, 200, fill=1)
        canvas.showPage()
    canvas.save()
    return path


def locked(path):
    return make_pdf(path, [["geheim"]], encrypt=StandardEncryption("geheim", ownerPassword="besitz"))


def test_pypdf_reads_what_pdfium_cannot_open_and_a_file_without_text_is_damaged_and_no_scan(
    tmp_path, pdfium_opens_nothing
):
    path = make_pdf(tmp_path / "a.pdf", [["Erste Seite."], ["Letzte Seite."]])
    assert [page.text for page in read(path)] == ["Erste Seite.", "Letzte Seite."]
    assert error_code(scan(tmp_path / "scan.pdf")) == "pdf_damaged"


def test_pages_that_nobody_can_read_are_marked(tmp_path, monkeypatch):
    path = make_pdf(tmp_path / "a.pdf", [["Erste Seite."], ["Zweite Seite."]])
    whole = pdf.PdfFile._text
    monkeypatch.setattr(pdf.PdfFile, "_text", lambda file, index: None if index else whole(file, index))
    assert [page.readable for page in read(path)] == [True, False]


def test_the_right_password_opens_a_pdf_and_a_wrong_one_says_so(tmp_path):
    path = locked(tmp_path / "a.pdf")
    assert [page.text for page in read_document(path, "geheim")] == ["geheim"]
    with pytest.raises(AppError, match="pdf_wrong_password"):
        list(read_document(path, "falsch"))


def test_reopening_a_large_file_changes_nothing(tmp_path, monkeypatch):
    path = make_pdf(tmp_path / "a.pdf", [[f"Dies ist Seite {'abcdefgh'[n]}."] for n in range(8)])
    whole = read(path)
    monkeypatch.setattr(pdf, "REOPEN_AFTER_PAGES", 3)
    assert read(path) == whole


def test_a_part_of_the_pages_can_be_asked_for(tmp_path):
    file = pdf.open_printed(make_pdf(tmp_path / "a.pdf", [[f"Seite {n}"] for n in range(5)]))
    assert list(file.texts(3, 10)) == ["Seite 3", "Seite 4"]
    file.close()


def test_a_pdf_that_lost_its_first_bytes_is_read_all_the_same(tmp_path):
    whole = make_pdf(tmp_path / "a.pdf", [["Ein Satz."]]).read_bytes()
    (tmp_path / "headless.pdf").write_bytes(whole[8:])
    assert [page.text for page in read(tmp_path / "headless.pdf")] == ["Ein Satz."]


def test_a_broken_file_after_a_locked_one_is_not_called_locked(tmp_path):
    PdfWriter().write(tmp_path / "no pages.pdf")
    assert error_code(locked(tmp_path / "locked.pdf")) == "pdf_password"
    assert error_code(tmp_path / "no pages.pdf") == "pdf_damaged"


def test_pypdf_looks_at_pages_on_which_pdfium_sees_nothing(tmp_path, monkeypatch):
    path = make_pdf(tmp_path / "a.pdf", [[f"Seite {n} von vielen"] for n in range(6)])
    monkeypatch.setattr(pdf, "bounded_text", lambda *_: "")
    assert [page.text for page in read(path)] == [f"Seite {n} von vielen" for n in range(6)]


def test_a_scan_has_no_text_and_is_looked_at_twice_on_its_first_pages_only(tmp_path, monkeypatch):
    looks = []
    monkeypatch.setattr(pdf.PdfFile, "_pypdf_text", lambda file, index: looks.append(index))
    assert error_code(scan(tmp_path / "scan.pdf", 9)) == "pdf_no_text"
    assert looks == [0, 1, 2]


def test_what_was_filled_into_a_form_is_read(tmp_path):
    canvas = Canvas(str(tmp_path / "form.pdf"))
    canvas.drawString(60, 700, "Name:")
    canvas.acroForm.textfield(value="Ada Lovelace", name="name", x=120, y=690, width=200, height=24)
    canvas.save()
    (page,) = read(tmp_path / "form.pdf")
    assert "Name:" in page.text and "Ada Lovelace" in page.text


def placed(lines: list[tuple[float, float, str]]) -> bytes:
    """A page with texts at places, in this order."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.setFont("Helvetica", 10)
    for x, y, text in lines:
        canvas.drawString(x, y, text)
    canvas.save()
    return buffer.getvalue()


LEFT = [
    "Der Motor wird vor jeder",
    "Fahrt geprüft und dann",
    "bei Bedarf mit frischem",
    "oder gefiltertem Motoröl",
    "aufgefüllt, bis der",
    "richtige Stand da ist.",
]
RIGHT = [
    "Das Ventil schließt sich",
    "von selbst, sobald der",
    "zulässige Druck auf dem",
    "kleinen Kessel zu hoch",
    "wird, und öffnet sich",
    "danach wieder allein.",
]


def by_rows(left: list[str], right: list[str], title: str = "") -> bytes:
    rows = [(60, 800, title)] if title else []
    for n, (a, b) in enumerate(zip(left, right, strict=True)):
        rows += [(60, 780 - 16 * n, a), (320, 780 - 16 * n, b)]
    return placed(rows)


@pytest.mark.parametrize("count", [4, 5, 6])
@pytest.mark.parametrize("title", ["", "Wartung der ganzen Anlage"])
def test_two_columns_that_were_written_row_by_row_are_read_one_after_the_other(count, title):
    (page,) = read_bytes(by_rows(LEFT[:count], RIGHT[:count], title), "a.pdf")
    assert " ".join(LEFT[:count]) in page.text and " ".join(RIGHT[:count]) in page.text
    assert page.text.split() == " ".join([title, *LEFT[:count], *RIGHT[:count]]).split()


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (["Typ", "Pumpe 1", "Pumpe 2", "Pumpe 3", "Pumpe 4"], ["Leistung", "90 kW", "80 kW", "70 kW", "60 kW"]),
        (
            ["Name der Pumpe hier", "Hauptpumpe im Keller", "Nebenpumpe im Dach", "Ersatzpumpe im Hof"],
            ["Beschreibung dazu", "Fördert das Wasser", "Hält den Druck hoch", "Springt dann ein"],
        ),
        (["rot", "blau", "grün", "gelb", "lila"], ["aus", "an", "aus", "an", "aus"]),
        (
            ["Aufbau des Geräts", "Wartung und Pflege", "Störungen", "Anhang"],
            ["17 ff.", "42 ff.", "56 ff.", "60 ff."],
        ),
    ],
)
def test_the_rows_of_a_table_stay_rows(left, right):
    (page,) = read_bytes(by_rows(left, right), "a.pdf")
    for a, b in zip(left, right, strict=True):
        assert f"{a} {b}" in page.text
