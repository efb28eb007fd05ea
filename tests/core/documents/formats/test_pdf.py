"""PDF files whole, locked, scanned and broken."""

import io
import tempfile
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reading_material import error_code, read
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


def test_a_pdf_gives_its_pages_with_numbers_and_umlauts(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", [["Die Größe der Straße."], ["Zweite Seite: Öl."]])
    pages = read(path)
    assert [(page.number, page.page_count, page.text) for page in pages] == [
        (1, 2, "Die Größe der Straße."),
        (2, 2, "Zweite Seite: Öl."),
    ]


def test_bookmarks_of_a_pdf_become_headings(tmp_path: Path) -> None:
    lines = [
        "1.1 Was ist Energie?",
        "Energie ist die Fähigkeit, Arbeit zu verrichten, Wärme abzugeben oder zu leuchten.",
    ]
    path = make_pdf(tmp_path / "a.pdf", [lines], {0: "Was ist Energie?"})
    (page,) = read(path)
    assert [heading.title for heading in page.headings] == ["1.1 Was ist Energie?"]
    assert page.text == "\n\n".join(lines)


def test_a_pdf_without_bookmarks_has_its_numbered_headings(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", [["2.3 Der Wirkungsgrad", "Er liegt zwischen null und eins."]])
    assert [heading.title for heading in read(path)[0].headings] == ["2.3 Der Wirkungsgrad"]


def test_a_pdf_with_a_password_says_so(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", [["geheim"]], encrypt=StandardEncryption("geheim", ownerPassword="besitz"))
    assert error_code(path) == "pdf_password"


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path: Path) -> None:
    protection = StandardEncryption("", ownerPassword="besitz", canPrint=0)
    path = make_pdf(tmp_path / "a.pdf", [["offen zu lesen"]], encrypt=protection)
    assert read(path)[0].text == "offen zu lesen"


def test_a_scan_has_no_text(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "scan.pdf"))
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.showPage()
    canvas.save()
    assert error_code(tmp_path / "scan.pdf") == "pdf_no_text"


def test_files_that_are_no_pdf_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "zip.pdf").write_bytes(b"PK\x03\x04 something else")
    (tmp_path / "torn.pdf").write_bytes(b"%PDF-1.7\n1 0 obj << /Type /Catalog")
    assert error_code(tmp_path / "empty.pdf") == "file_empty"
    assert error_code(tmp_path / "zip.pdf") == "pdf_not_pdf"
    assert error_code(tmp_path / "torn.pdf") == "pdf_damaged"


def test_a_pdf_cut_off_anywhere_ends_with_pages_or_a_known_error(tmp_path: Path) -> None:
    whole = make_pdf(tmp_path / "whole.pdf", [[f"Seite {n} mit Text"] for n in range(4)]).read_bytes()
    path = tmp_path / "cut.pdf"
    for share in range(1, 20):
        path.write_bytes(whole[: len(whole) * share // 20])
        try:
            assert read(path)
        except AppError as error:
            assert error.code in {"pdf_damaged", "pdf_no_text", "pdf_not_pdf"}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=60))
def test_a_pdf_with_wrong_bytes_never_raises_anything_else(changes: list[tuple[float, int]]) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(50, 500, "Ein Satz auf einer Seite.")
    canvas.save()
    data = bytearray(buffer.getvalue())
    for place, value in changes:
        data[int(place * len(data))] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broken.pdf"
        path.write_bytes(data)
        try:
            read(path)
        except AppError as error:
            assert error.code.startswith("pdf_")


def test_pypdf_reads_what_pdfium_cannot_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(tmp_path / "a.pdf", [["Erste Seite."], ["Letzte Seite."]])

    def refuse(*_: object, **__: object) -> None:
        raise pypdfium2.PdfiumError("damaged", err_code=3)

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)
    assert [page.text for page in read(path)] == ["Erste Seite.", "Letzte Seite."]


def test_pages_that_nobody_can_read_are_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(tmp_path / "a.pdf", [["Erste Seite."], ["Zweite Seite."]])
    whole = pdf.PdfFile._text
    monkeypatch.setattr(pdf.PdfFile, "_text", lambda file, index: None if index else whole(file, index))
    assert [page.readable for page in read(path)] == [True, False]


def test_the_right_password_opens_a_pdf_and_a_wrong_one_says_so(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf", [["geheim"]], encrypt=StandardEncryption("geheim", ownerPassword="besitz"))
    assert [page.text for page in read_document(path, "geheim")] == ["geheim"]
    with pytest.raises(AppError, match="pdf_wrong_password"):
        list(read_document(path, "falsch"))


def test_reopening_a_large_file_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(tmp_path / "a.pdf", [[f"Dies ist Seite {'abcdefgh'[n]}."] for n in range(8)])
    whole = read(path)
    monkeypatch.setattr(pdf, "REOPEN_AFTER_PAGES", 3)
    assert read(path) == whole


def test_a_part_of_the_pages_can_be_asked_for(tmp_path: Path) -> None:
    file = pdf.open_printed(make_pdf(tmp_path / "a.pdf", [[f"Seite {n}"] for n in range(5)]))
    assert list(file.texts(3, 10)) == ["Seite 3", "Seite 4"]
    file.close()


def test_a_pdf_whose_pages_were_taken_out_is_damaged(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.write(tmp_path / "none.pdf")
    assert len(PdfReader(tmp_path / "none.pdf").pages) == 0
    assert error_code(tmp_path / "none.pdf") == "pdf_damaged"


def test_a_pdf_that_lost_its_first_bytes_is_read_all_the_same(tmp_path: Path) -> None:
    whole = make_pdf(tmp_path / "a.pdf", [["Ein Satz."]]).read_bytes()
    (tmp_path / "headless.pdf").write_bytes(whole[8:])
    assert [page.text for page in read(tmp_path / "headless.pdf")] == ["Ein Satz."]


def test_a_broken_file_without_text_is_damaged_and_no_scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    canvas.rect(100, 100, 200, 200, fill=1)
    canvas.save()

    def refuse(*_: object, **__: object) -> None:
        raise pypdfium2.PdfiumError("damaged", err_code=3)

    monkeypatch.setattr(pypdfium2, "PdfDocument", refuse)
    assert error_code(tmp_path / "a.pdf") == "pdf_damaged"


def test_a_broken_file_after_a_locked_one_is_not_called_locked(tmp_path: Path) -> None:
    PdfWriter().write(tmp_path / "none.pdf")
    encrypt = StandardEncryption("geheim", ownerPassword="besitz")
    assert error_code(make_pdf(tmp_path / "locked.pdf", [["x"]], encrypt=encrypt)) == "pdf_password"
    assert error_code(tmp_path / "none.pdf") == "pdf_damaged"


def test_pypdf_looks_at_pages_on_which_pdfium_sees_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_pdf(tmp_path / "a.pdf", [[f"Seite {n} von vielen"] for n in range(6)])
    monkeypatch.setattr(pdf, "bounded_text", lambda *_: "")
    assert [page.text for page in read(path)] == [f"Seite {n} von vielen" for n in range(6)]


def test_a_scan_is_looked_at_twice_on_its_first_pages_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canvas = Canvas(str(tmp_path / "scan.pdf"))
    for _ in range(9):
        canvas.rect(100, 100, 200, 200, fill=1)
        canvas.showPage()
    canvas.save()
    looks: list[int] = []
    monkeypatch.setattr(pdf.PdfFile, "_pypdf_text", lambda file, index: looks.append(index))
    assert error_code(tmp_path / "scan.pdf") == "pdf_no_text"
    assert looks == [0, 1, 2]


def test_what_was_filled_into_a_form_is_read(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "form.pdf"))
    canvas.drawString(60, 700, "Name:")
    canvas.acroForm.textfield(value="Ada Lovelace", name="name", x=120, y=690, width=200, height=24)
    canvas.save()
    (page,) = read(tmp_path / "form.pdf")
    assert "Name:" in page.text and "Ada Lovelace" in page.text
