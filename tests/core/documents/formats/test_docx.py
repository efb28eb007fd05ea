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
STRICT_R = "http://purl.oclc.org/ooxml/officeDocument/relationships"
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


def unzipped_text(data):
    """The parts of a document that are text."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist() if name.endswith((".xml", ".rels"))}


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
        "Art | Leistung\nDiesel | 90 kW\nleise",
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


def mr(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def m(name: str, *parts: tuple[str, str], properties: str = "") -> str:
    """A piece of a formula with its named parts."""
    body = "".join(f"<m:{part}>{content}</m:{part}>" for part, content in parts)
    return f"<m:{name}><m:{name}Pr>{properties}</m:{name}Pr>{body}</m:{name}>"


def value(name: str, content: str) -> str:
    return f'<m:{name} m:val="{content}"/>'


FORMULAS = {
    "f(x)=2x": mr("f") + m("d", ("e", mr("x"))) + mr("=2x"),
    "(a+b)/(c+d)": m("f", ("num", mr("a+b")), ("den", mr("c+d"))),
    "1/(2a)": m("f", ("num", mr("1")), ("den", mr("2a"))),
    "((a)+(b))/c": m("f", ("num", m("d", ("e", mr("a"))) + mr("+") + m("d", ("e", mr("b")))), ("den", mr("c"))),
    "√a": m("rad", ("e", mr("a"))),
    "√(a^2+b^2)": m(
        "rad",
        ("e", m("sSup", ("e", mr("a")), ("sup", mr("2"))) + mr("+") + m("sSup", ("e", mr("b")), ("sup", mr("2")))),
    ),
    "∛(xy)": m("rad", ("deg", mr("3")), ("e", mr("xy"))),
    "√[n]x": m("rad", ("deg", mr("n")), ("e", mr("x"))),
    "x^(n+1)y": m("sSup", ("e", mr("x")), ("sup", mr("n+1"))) + mr("y"),
    "(2x)^3": m("sSup", ("e", mr("2x")), ("sup", mr("3"))),
    "x_i^2": m("sSubSup", ("e", mr("x")), ("sub", mr("i")), ("sup", mr("2"))),
    "∑_(k=0)^∞ k": m("nary", ("sub", mr("k=0")), ("sup", mr("∞")), ("e", mr("k")), properties=value("chr", "∑")),
    "∏_(j=1)^m j": m("nary", ("sub", mr("j=1")), ("sup", mr("m")), ("e", mr("j")), properties=value("chr", "∏")),
    "∫_0^1 xdx": m("nary", ("sub", mr("0")), ("sup", mr("1")), ("e", mr("xdx"))),
    "|-3|=3": m("d", ("e", mr("-3")), properties=value("begChr", "|") + value("endChr", "|")) + mr("=3"),
    "([1, 2; 3, 4])": m(
        "d",
        (
            "e",
            m(
                "m",
                ("mr", f"<m:e>{mr('1')}</m:e><m:e>{mr('2')}</m:e>"),
                ("mr", f"<m:e>{mr('3')}</m:e><m:e>{mr('4')}</m:e>"),
            ),
        ),
    ),
    "sin x": m("func", ("fName", mr("sin")), ("e", mr("x"))),
    "lim_(n→∞) a": m("func", ("fName", m("limLow", ("e", mr("lim")), ("lim", mr("n→∞")))), ("e", mr("a"))),
    "x\u0302": m("acc", ("e", mr("x"))),
}


@pytest.mark.parametrize(("text", "formula"), FORMULAS.items(), ids=FORMULAS)
def test_a_formula_says_in_one_line_what_it_says_in_two_dimensions(text, formula):
    assert text_of(p(r("Es gilt "), f"<m:oMathPara><m:oMath>{formula}</m:oMath></m:oMathPara>")) == f"Es gilt {text}"


@pytest.mark.parametrize(
    ("font", "code", "sign"),
    [
        ("Symbol", "F047", "Γ"),
        ("Symbol", "F0B6", "∂"),
        ("Symbol", "F0D6", "√"),
        ("Symbol", "F0CE", "∈"),
        ("Wingdings", "F0FE", "☑"),
        ("Wingdings", "F0E0", "→"),
        ("Wingdings", "F08C", "❶"),
        ("Wingdings 2", "F052", "☑"),
        ("Wingdings 2", "F0A3", "☐"),
        ("Wingdings 2", "F054", "☒"),
        ("Wingdings 3", "F070", "▲"),
        ("Wingdings 3", "F071", "▼"),
        ("Webdings", "F061", "✔"),
        ("Arial", "20AC", "€"),
    ],
)
def test_signs_of_symbol_fonts_are_read_as_what_they_show(font, code, sign):
    symbol = f'<w:r><w:sym w:font="{font}" w:char="{code}"/></w:r>'
    fonts = f'<w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/></w:rPr>'
    written = f"<w:r>{fonts}<w:t>&#x{code};</w:t></w:r>"
    plain = f"<w:r>{fonts}<w:t>{chr(int(code, 16) & 0xFF)}</w:t></w:r>" if code.startswith("F0") else r(sign)
    plain = plain.replace("<w:t>\x8c", "<w:t>&#x8c;")
    assert text_of(p(symbol, r(" "), written, r(" "), plain, r(" a"))) == f"{sign} {sign} {sign} a"


HTML = "<html><meta charset='utf-8'><h1>Teil</h1><p>Größe: 5 m</p></html>"
MHT = "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=B\n\n"
MHT += "--B\nContent-Type: {}; charset=utf-8\n\n{}\n--B--\n"


@pytest.mark.parametrize(
    "content",
    [
        HTML.encode(),
        HTML.encode("utf-16"),
        MHT.format("text/html", HTML).encode(),
        MHT.format("text/plain", "Teil\n\nGröße: 5 m").encode(),
        make_docx(p(r("Teil")) + p(r("Größe: 5 m"))),
    ],
    ids=["a web page", "UTF-16", "a page with its pictures", "plain text", "Word's own"],
)
def test_a_part_in_another_format_is_read_in_its_place(content):
    relation = '<Relationships><Relationship Id="a" Type="x/aFChunk" Target="a.bin"/></Relationships>'
    body = f'{p(r("Davor."))}<w:altChunk r:id="a"/>{p(r("Danach."))}'
    files = {"word/document.xml": f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>"}
    (page,) = pages_of(zipped({**files, "word/_rels/document.xml.rels": relation, "word/a.bin": content}))
    assert page.text.split() == ["Davor.", "Teil", "Größe:", "5", "m", "Danach."]


def form(data: str) -> str:
    begin = f'<w:r><w:fldChar w:fldCharType="begin"><w:ffData>{data}</w:ffData></w:fldChar></w:r>'
    return f'{begin}<w:r><w:instrText> FORM </w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r>'


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        ("<w:checkBox><w:default w:val='0'/><w:checked/></w:checkBox>", "☒"),
        ("<w:checkBox><w:default w:val='1'/></w:checkBox>", "☒"),
        ("<w:checkBox><w:default w:val='1'/><w:checked w:val='0'/></w:checkBox>", "☐"),
        ("<w:ddList><w:result w:val='1'/><w:listEntry w:val='IP20'/><w:listEntry w:val='IP65'/></w:ddList>", "IP65"),
        ("<w:ddList><w:listEntry w:val='IP20'/><w:listEntry w:val='IP65'/></w:ddList>", "IP20"),
        ("<w:ddList><w:result w:val='7'/><w:listEntry w:val='IP20'/></w:ddList>", "IP20"),
    ],
)
def test_form_fields_show_what_was_chosen(field, shown):
    assert text_of(p(form(field), r(" Schutz"))) == f"{shown} Schutz"


@pytest.mark.parametrize(
    ("run", "style", "text"),
    [
        ("<w:caps/>", "", "ACHTUNG"),
        ('<w:caps w:val="0"/>', "", "Achtung"),
        ("", "<w:caps/>", "ACHTUNG"),
        ('<w:caps w:val="false"/>', "<w:caps/>", "Achtung"),
        ("<w:smallCaps/>", "", "Achtung"),
        ('<w:rStyle w:val="S"/>', "", "Achtung"),
    ],
)
def test_block_capitals_are_read_as_such(run, style, text):
    styles = '<w:style w:styleId="S"/><w:style w:styleId="T"><w:basedOn w:val="U"/></w:style>'
    styles += f'<w:style w:styleId="U"><w:rPr>{style}</w:rPr></w:style>'
    body = p(f"<w:r><w:rPr>{run}</w:rPr><w:t>Achtung</w:t></w:r>", properties='<w:pStyle w:val="T"/>')
    assert text_of(body, styles=styles) == text


def level(at: int, form: str, text: str, more: str = "") -> str:
    numbers = f'<w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/>'
    return f'<w:lvl w:ilvl="{at}">{numbers}{more}</w:lvl>'


def item(text: str, depth: int = 0, number: int = 1) -> str:
    return p(r(text), properties=f'<w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr>')


@pytest.mark.parametrize(
    ("levels", "items", "text"),
    [
        ((("decimal", "%1."),), [("a", 0), ("b", 0)], "1. a\n2. b"),
        ((("lowerLetter", "%1)"),), [("x", 0)] * 28, ["aa) x", "bb) x"]),
        ((("upperRoman", "%1."),), [("x", 0)] * 9, ["IV. x", "IX. x"]),
        (
            (("decimal", "%1."), ("decimal", "%1.%2")),
            [("a", 0), ("b", 1), ("c", 1), ("d", 0), ("e", 1)],
            "1. a\n1.1 b\n1.2 c\n2. d\n2.1 e",
        ),
        ((("decimalZero", "Schritt %1:"),), [("a", 0)], "Schritt 01: a"),
        ((("bullet", "\uf0b7"),), [("a", 0)], "• a"),
        ((("none", ""),), [("a", 0)], "a"),
    ],
)
def test_the_numbers_that_word_gives_to_lists_are_read(levels, items, text):
    lists = "".join(level(at, *each) for at, each in enumerate(levels))
    numbering = f'<w:abstractNum w:abstractNumId="5">{lists}</w:abstractNum>'
    numbering += '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num>'
    found = text_of("".join(item(*each) for each in items), numbering=numbering)
    assert found == text if isinstance(text, str) else set(text) <= set(found.split("\n"))


def test_a_list_that_begins_anew_counts_anew_and_a_style_may_number_headings():
    inner = level(1, "decimal", "%1.%2", '<w:pStyle w:val="H"/>')
    lists = f'<w:abstractNum w:abstractNumId="5">{level(0, "decimal", "%1.")}{inner}</w:abstractNum>'
    lists += '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="5"/>'
    lists += '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride></w:num>'
    numbered = '<w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr>'
    styles = f'<w:style w:styleId="H"><w:name w:val="heading 2"/>{numbered}</w:style>'
    body = item("a") + p(r("Titel"), properties='<w:pStyle w:val="H"/>') + item("b") + item("c", 0, 2)
    (page,) = pages_of(make_docx(body, numbering=lists, styles=styles))
    assert page.text.split("\n\n") == ["1. a", "1.1 Titel", "2. b\n1. c"]
    assert [heading.title for heading in page.headings] == ["1.1 Titel"]


@pytest.mark.parametrize(
    "numbering",
    [
        "<w:num",
        '<w:num w:numId="1"/>',
        level(0, "lowerLetter", "%1."),
        '<w:num w:numId="1"><w:abstractNumId w:val="x"/></w:num>',
    ],
)
def test_a_broken_list_of_numbers_costs_only_them(numbering):
    assert text_of(item("a") + p(r("Text.")), numbering=numbering) == "• a\n\nText."


def test_a_list_that_counts_in_millions_fills_no_memory():
    lists = level(0, "lowerLetter", "%1.").replace('w:start w:val="1"', 'w:start w:val="99999"')
    numbering = f'<w:abstractNum w:abstractNumId="5">{lists}</w:abstractNum>'
    numbering += '<w:num w:numId="1"><w:abstractNumId w:val="5"/></w:num>'
    assert text_of(item("a"), numbering=numbering) == "99999. a"


@pytest.mark.parametrize(
    ("description", "text"),
    [
        ("Schaltplan der Pumpe", "Siehe Schaltplan der Pumpe."),
        ("E = mc^2", "Siehe E = mc^2."),
        ("bild1.png", "Siehe ."),
        ("Ein Motor\n\nAutomatisch generierte Beschreibung", "Siehe Ein Motor."),
        ("", "Siehe ."),
    ],
)
def test_the_description_of_a_picture_stands_for_it(description, text):
    picture = '<wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
    picture += f'<wp:docPr id="1" name="Bild 1" descr="{description}"/></wp:inline>'.replace("\n", "&#10;")
    assert text_of(p(r("Siehe "), f"<w:r><w:drawing>{picture}</w:drawing></w:r>", r("."))) == text


def without(files: dict[str, str], name: str) -> dict[str, str]:
    return {each: content for each, content in files.items() if name not in each}


def variants() -> dict[str, dict[str, str]]:
    """A document as Word opens it, however incomplete: written by other programs, or damaged and mended."""
    document = docx.Document()
    document.add_heading("Teil", 1)
    document.add_paragraph("Text der Anleitung.")
    files = unzipped_text(saved(document))
    types, links = "[Content_Types].xml", "word/_rels/document.xml.rels"
    null = '<Relationship Id="n" Type="http://x/image" Target="NULL"/></Relationships>'
    strict = {name: content.replace(W, STRICT_W).replace(R, STRICT_R) for name, content in files.items()}
    macros = files[types].replace(
        "vnd.openxmlformats-officedocument.wordprocessingml.document.main", "vnd.ms-word.document.macroEnabled.main"
    )
    return {
        "whole": files,
        "strict": strict,
        "with macros": files | {types: macros},
        "no thumbnail": without(files, "thumbnail"),
        "no styles": without(files, "styles.xml"),
        "no content types": without(files, types),
        "a relation to nothing": files | {links: files[links].replace("</Relationships>", null)},
        "no relations": without(files, "document.xml.rels"),
        "a part without a type": files
        | {types: files[types].replace('Default Extension="xml"', 'Default Extension="x"')},
    }


@pytest.mark.parametrize(
    "variant",
    [
        "whole",
        "strict",
        "with macros",
        "no thumbnail",
        "no styles",
        "no content types",
        "a relation to nothing",
        "no relations",
        "a part without a type",
    ],
)
def test_a_document_that_word_opens_is_read_however_it_was_written(variant):
    (page,) = pages_of(zipped(variants()[variant]))
    assert page.text == "Teil\n\nText der Anleitung."


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
