"""Word documents: everything a person reads, in reading order, and what happens with broken ones."""

import io
import zipfile

import docx
import pytest
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import read_bytes, saved, zipped

from utils.errors import AppError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_W = "http://purl.oclc.org/ooxml/wordprocessingml/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NAMESPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
    ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
)


def unzipped(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def make_docx(body: str, **parts: str) -> bytes:
    """A document of raw XML. Each further part `footnotes`, `header1`, … gets the relation id of its name."""
    relation = '<Relationship Id="{0}" Type="x/{1}" Target="{0}.xml"/>'
    links = "".join(relation.format(name, name.rstrip("0123456789")) for name in parts)
    document = f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"
    files = {"word/_rels/document.xml.rels": f"<Relationships>{links}</Relationships>", "word/document.xml": document}
    for name, content in parts.items():
        files[f"word/{name}.xml"] = f"<w:part {NAMESPACES}>{content}</w:part>"
    return zipped(files)


def p(*runs: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(runs)}</w:p>"


def r(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def field(instruction: str, result: str) -> str:
    begin, separate, end = (
        f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>' for kind in ("begin", "separate", "end")
    )
    return f"{begin}<w:r><w:instrText>{instruction}</w:instrText></w:r>{separate}{r(result)}{end}"


def pages_of(data):
    return read_bytes(data, "a.docx")


def text_of(body: str, **parts: str) -> str:
    return "\f".join(page.text for page in pages_of(make_docx(body, **parts)))


def test_a_docx_gives_headings_lists_tables_and_pages_in_reading_order():
    document = docx.Document()
    document.add_heading("Der Motor", level=1)
    document.add_paragraph("Ein Motor wandelt Energie um.")
    table = document.add_table(rows=2, cols=2)
    for cell, words in zip(table._cells, ["Art", "Leistung", "Diesel", "90 kW"], strict=True):
        cell.text = words
    document.add_paragraph("leise", style="List Bullet")
    document.add_paragraph("Danach.")
    document.add_page_break()
    document.add_paragraph("Hinten.")
    page, last = pages_of(saved(document))
    assert (page.number, last.number, last.text) == (1, 2, "Hinten.")
    assert page.text.replace("• ", "").split("\n\n") == [
        "Der Motor",
        "Ein Motor wandelt Energie um.",
        "Art | Leistung\nDiesel | 90 kW",
        "leise",
        "Danach.",
    ]
    assert [(heading.offset, heading.title) for heading in page.headings] == [(0, "Der Motor")]


@pytest.mark.parametrize("frame", ["{}", "<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>"])
def test_text_boxes_and_tracked_changes_of_a_docx_are_read_once(frame):
    box = f"<w:r><w:txbxContent>{p(r('Im Kasten.'))}</w:txbxContent></w:r>"
    removed = "<w:del><w:r><w:delText>gelöscht</w:delText></w:r></w:del>"
    assert text_of(frame.format(p(r("Vor dem Kasten."), box, removed))) == "Vor dem Kasten.\n\nIm Kasten."


def test_a_style_that_builds_on_a_heading_or_an_outline_level_makes_one():
    document = docx.Document()
    style = document.styles.add_style("Kapitelanfang", 1)
    style.base_style = document.styles["Heading 2"]
    document.add_paragraph("Teil", style="Kapitelanfang")
    document.add_paragraph("Text.")
    assert style.element.find(qn("w:basedOn")) is not None
    for data in (saved(document), make_docx(p(r("Teil"), properties='<w:outlineLvl w:val="0"/>') + p(r("Text.")))):
        assert [heading.title for heading in pages_of(data)[0].headings] == ["Teil"]


def test_headers_and_footers_come_once_around_their_section():
    section = '<w:sectPr><w:headerReference r:id="{}"/><w:footerReference r:id="footer1"/></w:sectPr>'
    body = p(r("Eins.")) + p(r("Zwei."), properties=section.format("header1")) + p(r("Drei."))
    parts = {
        "header1": p(r("Handbuch")),
        "header2": p(r("Anhang")),
        "footer1": p(r("Firma GmbH"))
        + p(r("Seite "), field("PAGE \\* Arabic", "7"), r(" von "), field("NUMPAGES", "9")),
    }
    text = text_of(body + section.format("header2"), **parts)
    assert text == "Handbuch\n\nEins.\n\nZwei.\n\nFirma GmbH\fAnhang\n\nDrei."


def test_notes_stand_below_the_paragraph_that_refers_to_them_and_a_broken_part_costs_only_them():
    notes = f'<w:footnote w:type="separator" w:id="0">{p(r("----"))}</w:footnote>'
    notes += f'<w:footnote w:id="2">{p(r("Erster Absatz."))}{p(r("Zweiter."))}</w:footnote>'
    body = p(r("Mit Note."), '<w:r><w:footnoteReference w:id="2"/></w:r>', r(" Weiter.")) + p(r("Danach."))
    expected = "Mit Note. Weiter.\n\nErster Absatz.\n\nZweiter.\n\nDanach."
    assert text_of(body, footnotes=notes) == expected
    assert text_of(body, footnotes='<w:footnote w:id="2"><w:p>') == "Mit Note. Weiter.\n\nDanach."


def test_fields_show_their_result_and_never_their_instruction():
    inner = "<w:r><w:fldChar w:fldCharType='begin'/></w:r>" + r("verborgen") + field("REF x", "auch verborgen")
    inner += "<w:r><w:fldChar w:fldCharType='separate'/></w:r>" + r("sichtbar")
    inner += "<w:r><w:fldChar w:fldCharType='end'/></w:r>"
    body = p(r("Siehe "), field('HYPERLINK "http://a"', "hier"), r(", "), inner, r("."))
    assert text_of(body) == "Siehe hier, sichtbar."


def test_what_was_deleted_or_moved_away_is_gone_and_what_was_moved_here_is_read_once():
    moved = f"<w:moveFrom>{r('umgezogen')}</w:moveFrom>"
    here = f"<w:moveTo>{r('umgezogen')}</w:moveTo><w:ins>{r(' neu')}</w:ins>"
    body = p(moved, "<w:del><w:r><w:delText>weg</w:delText></w:r></w:del>", r("Text")) + p(here)
    row = f"<w:tr><w:trPr><w:del/></w:trPr><w:tc>{p(r('weg'))}</w:tc></w:tr>"
    assert text_of(f"{body}<w:tbl>{row}</w:tbl>") == "Text\n\numgezogen neu"


def test_one_of_several_renderings_is_read():
    box = f"<w:txbxContent>{p(r('Im Kasten'))}</w:txbxContent>"
    both = f"<mc:AlternateContent><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    old = f"<mc:AlternateContent><mc:Choice/><mc:Fallback>{r(' und alt')}</mc:Fallback></mc:AlternateContent>"
    assert text_of(p(r("Neu"), f"<w:r>{both}</w:r>", old)) == "Neu und alt\n\nIm Kasten"


def test_symbols_formulas_and_readings_keep_their_characters():
    symbols = '<w:r><w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0FC"/></w:r>'
    formula = (
        "<m:oMath><m:f><m:num><m:r><m:t>a</m:t></m:r></m:num><m:den><m:r><m:t>b</m:t></m:r></m:den></m:f></m:oMath>"
    )
    ruby = f"<w:r><w:ruby><w:rubyPr/><w:rt>{r('かん')}</w:rt><w:rubyBase>{r('漢')}</w:rubyBase></w:ruby></w:r>"
    assert text_of(p(symbols, r(" "), formula, r(" "), ruby)) == "α✓ a/b 漢(かん)"


def test_the_words_of_a_chart_come_below_its_paragraph():
    names = "".join(f"<c:pt><c:v>{name}</c:v></c:pt>" for name in ("Nord", "Süd"))
    chart = f"<a:p><a:r><a:t>Umsatz</a:t></a:r></a:p><c:strCache>{names}</c:strCache>"
    body = p(r("Bild:"), '<w:r><w:drawing><c:chart r:id="chart1"/></w:drawing></w:r>')
    assert text_of(body, chart1=chart) == "Bild:\n\nUmsatz\nNord, Süd"


def test_a_table_inside_a_cell_follows_its_row_and_a_frame_of_one_cell_is_no_row():
    inner = f"<w:tbl><w:tr><w:tc>{p(r('c'))}</w:tc><w:tc>{p(r('d'))}</w:tc></w:tr></w:tbl>"
    wrapped = f"<w:sdt><w:sdtContent><w:tc>{p(r('b'))}</w:tc></w:sdtContent></w:sdt>"
    row = f"<w:tr><w:tc>{p(r('a'))}{inner}</w:tc>{wrapped}</w:tr>"
    frame = f"<w:tbl><w:tr><w:tc>{p(r('Absatz.'))}{p(r('Noch einer.'))}</w:tc></w:tr></w:tbl>"
    assert text_of(f"<w:tbl>{row}</w:tbl>{frame}") == "a | b\nc | d\n\nAbsatz.\n\nNoch einer."


def test_the_strict_dialect_is_read_too():
    files = unzipped(make_docx(p(r("Streng."))))
    (page,) = pages_of(zipped({name: content.replace(W, STRICT_W) for name, content in files.items()}))
    assert page.text == "Streng."


def test_a_long_document_without_page_ends_comes_in_parts():
    pages = pages_of(make_docx(p(r("Wort " * 200)) * 700))
    assert [(page.number, page.page_count) for page in pages] == [(1, 1)] * len(pages)
    assert [page.continues for page in pages] == [False] + [True] * (len(pages) - 1)
    assert len(pages) == 3
    assert pages[-1].read_share == 1


@pytest.mark.parametrize(
    ("limit", "value", "body"),
    [("MAX_XML_BYTES", 10_000, p(r("Wort " * 4000))), ("MIN_BOMB_BYTES", 100_000, p(r("Text")) + "<w:p/>" * 200_000)],
    ids=["too much", "the same over and over"],
)
def test_an_archive_that_would_unpack_to_too_much_is_refused(monkeypatch, limit, value, body):
    monkeypatch.setattr(f"core.documents.formats.docx.{limit}", value)
    with pytest.raises(AppError, match="docx_too_large"):
        text_of(body)


def test_a_single_paragraph_that_no_memory_holds_is_refused(monkeypatch):
    monkeypatch.setattr("core.documents.formats.word_tree.UNIT_BYTES", 100_000)
    assert len(text_of(p(r("Wort")) * 5000)) > 5000
    with pytest.raises(AppError, match="docx_too_large"):
        text_of(p(r("Wort") * 5000))


def test_entities_are_never_expanded():
    files = unzipped(make_docx(p(r("Text &amp; mehr"))))
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    files["word/document.xml"] = bomb + files["word/document.xml"].replace("mehr", "&b;")
    assert pages_of(zipped(files))[0].text == "Text &"


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_xml_that_breaks_off_or_lacks_a_piece_never_raises_anything_else(start, end):
    body = p(r("Ein Satz."), field("PAGE", "1")) + f"<w:tbl><w:tr><w:tc>{p(r('a'))}</w:tc></w:tr></w:tbl>"
    xml = unzipped(make_docx(body))["word/document.xml"]
    first, last = sorted((int(start * len(xml)), int(end * len(xml))))
    try:
        pages_of(zipped({"word/document.xml": xml[:first] + xml[last:]}))
    except AppError as error:
        assert error.code in {"docx_damaged", "docx_not_docx", "file_no_text"}
