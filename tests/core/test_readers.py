import io
import tempfile
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.formats.page_text import Page
from core.formats.plain_text import decode
from core.readers import READERS, read_document
from utils.errors import AppError

GERMAN = "Größe, Übermut und „Anführung“ – für 5 € im Café.\nZweite Zeile: Straße, Äpfel, Öl."


def small_docx() -> bytes:
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_heading("Der Motor", level=1)
    document.add_paragraph("Ein Motor wandelt Energie um.")
    document.save(buffer)
    return buffer.getvalue()


SMALL_DOCX = small_docx()


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


def read(path: Path) -> list[Page]:
    return list(read_document(path))


def error_code(path: Path) -> str:
    with pytest.raises(AppError) as caught:
        read(path)
    return caught.value.code


# PDF


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
    import pypdfium2

    from core.formats import pdf

    path = make_pdf(tmp_path / "a.pdf", [["Erste Seite."], ["Letzte Seite."]])

    def refuse(_: Path) -> None:
        raise pypdfium2.PdfiumError("damaged", err_code=3)

    monkeypatch.setattr(pdf, "_outline", refuse)
    assert [page.text for page in read(path)] == ["Erste Seite.", "Letzte Seite."]


def test_pages_that_nobody_can_read_are_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from core.formats import pdf

    path = make_pdf(tmp_path / "a.pdf", [["Erste Seite."], ["Zweite Seite."]])
    monkeypatch.setattr(pdf, "_pdfium_texts", lambda *_: iter(["Erste Seite.", None]))
    assert [page.readable for page in read(path)] == [True, False]


def test_a_pdf_whose_pages_were_taken_out_is_damaged(tmp_path: Path) -> None:
    writer = PdfWriter()
    writer.write(tmp_path / "none.pdf")
    assert len(PdfReader(tmp_path / "none.pdf").pages) == 0
    assert error_code(tmp_path / "none.pdf") == "pdf_damaged"


# DOCX


def test_a_docx_gives_headings_lists_and_tables_in_reading_order(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_heading("Der Motor", level=1)
    document.add_paragraph("Ein Motor wandelt Energie um.")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ["Art", "Leistung", "Diesel", "90 kW"], strict=True):
        cell.text = words
    document.add_paragraph("leise", style="List Bullet")
    document.add_paragraph("Danach.")
    document.save(str(tmp_path / "a.docx"))
    (page,) = read(tmp_path / "a.docx")
    assert page.text.replace("• ", "").split("\n\n") == [
        "Der Motor",
        "Ein Motor wandelt Energie um.",
        "Art | Leistung\nDiesel | 90 kW",
        "leise",
        "Danach.",
    ]
    assert [(heading.offset, heading.title) for heading in page.headings] == [(0, "Der Motor")]


def test_page_breaks_of_a_docx_part_its_pages(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Vorn.")
    document.add_page_break()
    document.add_paragraph("Hinten.")
    document.save(str(tmp_path / "a.docx"))
    assert [(page.number, page.text) for page in read(tmp_path / "a.docx")] == [(1, "Vorn."), (2, "Hinten.")]


@pytest.mark.parametrize("in_table", [False, True])
def test_text_boxes_and_tracked_changes_of_a_docx_are_read_once(tmp_path: Path, in_table: bool) -> None:
    document = docx.Document()
    if in_table:
        paragraph = document.add_table(rows=1, cols=1).cell(0, 0).paragraphs[0]
        paragraph.text = "Vor dem Kasten."
    else:
        paragraph = document.add_paragraph("Vor dem Kasten.")
    box = OxmlElement("w:txbxContent")
    inner = OxmlElement("w:p")
    run, text = OxmlElement("w:r"), OxmlElement("w:t")
    text.text = "Im Kasten."
    run.append(text)
    inner.append(run)
    box.append(inner)
    holder = OxmlElement("w:r")
    holder.append(box)
    paragraph._p.append(holder)
    removed = OxmlElement("w:del")
    removed_run, removed_text = OxmlElement("w:r"), OxmlElement("w:delText")
    removed_text.text = "gelöscht"
    removed_run.append(removed_text)
    removed.append(removed_run)
    paragraph._p.append(removed)
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx")[0].text == "Vor dem Kasten.\n\nIm Kasten."


def test_a_style_that_builds_on_a_heading_is_one(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Kapitelanfang", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Eigene Überschrift", style="Kapitelanfang")
    document.add_paragraph("Text.")
    assert style.element.find(qn("w:basedOn")) is not None
    document.save(str(tmp_path / "a.docx"))
    assert [heading.title for heading in read(tmp_path / "a.docx")[0].headings] == ["Eigene Überschrift"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=40))
def test_a_docx_with_wrong_bytes_never_raises_anything_else(changes: list[tuple[float, int]]) -> None:
    data = bytearray(SMALL_DOCX)
    for place, value in changes:
        data[int(place * len(data))] = value
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broken.docx"
        path.write_bytes(data)
        try:
            read(path)
        except AppError as error:
            assert error.code.startswith(("docx_", "file_"))


def test_files_that_are_no_docx_are_told_apart(tmp_path: Path) -> None:
    docx.Document().save(str(tmp_path / "blank.docx"))
    whole = (tmp_path / "blank.docx").read_bytes()
    (tmp_path / "torn.docx").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.docx").write_bytes(b"")
    (tmp_path / "text.docx").write_bytes(b"just text")
    (tmp_path / "old.docx").write_bytes(b"\xd0\xcf\x11\xe0 Word 97")
    (tmp_path / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"))
    with zipfile.ZipFile(tmp_path / "zip.docx", "w") as archive:
        archive.writestr("readme.txt", "not a document")
    codes = {path.stem: error_code(path) for path in tmp_path.glob("*.docx")}
    assert codes == {
        "blank": "file_no_text",
        "torn": "docx_damaged",
        "empty": "file_empty",
        "text": "docx_not_docx",
        "old": "docx_not_docx",
        "locked": "docx_password",
        "zip": "docx_not_docx",
    }


# text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_german_text_survives_in_every_usual_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(GERMAN.encode(encoding))
    assert read(tmp_path / "a.txt")[0].text == GERMAN


def test_one_broken_byte_in_utf8_spoils_nothing_else() -> None:
    data = GERMAN.encode() + b" \xfc"
    assert decode(data, "a.txt") == GERMAN + " ü"


def test_text_of_other_alphabets_is_recognised() -> None:
    russian = "Энергия не возникает и не исчезает, она только переходит из одной формы в другую. " * 5
    assert decode(russian.encode("cp1251"), "a.txt") == russian


@given(st.text("abc äöüßÄÖÜéèàçñ,.\n"))
def test_no_letter_of_cp1252_is_ever_dropped(text: str) -> None:
    sentence = "Ein Satz, in dem die meisten Zeichen ganz gewöhnlich sind. " * (1 + len(text) // 10)
    assert decode((sentence + text).encode("cp1252"), "a.txt") == sentence + text


@given(st.binary(max_size=400))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        decode(data, "a.txt")
    except AppError as error:
        assert error.code == "file_not_text"


def test_binary_and_blank_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "image.txt").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "blank.txt").write_text(" \n\n \t")
    (tmp_path / "none.md").write_bytes(b"")
    assert error_code(tmp_path / "image.txt") == "file_not_text"
    assert error_code(tmp_path / "blank.txt") == "file_no_text"
    assert error_code(tmp_path / "none.md") == "file_no_text"


def test_form_feeds_part_pages_and_their_numbers_go(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Vorn.\n\n1\n\fHinten.\n\n2\n\f")
    assert [(page.number, page.text) for page in read(tmp_path / "a.txt")] == [(1, "Vorn."), (2, "Hinten.")]


def test_markdown_headings_travel_and_code_has_none(tmp_path: Path) -> None:
    text = "# Titel #\n\nText.\n\n```\n# nur ein Kommentar\n```\n\nUnterstrichen\n-------------\nMehr.\n"
    (tmp_path / "a.md").write_text(text)
    (page,) = read(tmp_path / "a.md")
    assert [heading.title for heading in page.headings] == ["Titel", "Unterstrichen"]
    assert page.text[page.headings[1].offset :].startswith("Unterstrichen\n---")


def test_unknown_and_missing_files_say_so(tmp_path: Path) -> None:
    assert error_code(tmp_path / "a.exe") == "file_unsupported"
    assert error_code(tmp_path / "a.pdf") == "file_missing"
    assert set(READERS) == {".pdf", ".docx", ".txt", ".md"}
