"""Word documents: everything a person reads, in reading order, and what happens with broken ones."""

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import error_code, read, read_bytes, with_wrong_bytes

from utils.errors import AppError


def small_docx() -> bytes:
    buffer = io.BytesIO()
    document = docx.Document()
    document.add_heading("Der Motor", level=1)
    document.add_paragraph("Ein Motor wandelt Energie um.")
    document.save(buffer)
    return buffer.getvalue()


SMALL_DOCX = small_docx()


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
    try:
        read_bytes(with_wrong_bytes(SMALL_DOCX, changes), "broken.docx")
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
