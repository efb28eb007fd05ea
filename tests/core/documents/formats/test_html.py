"""Web pages keep their text and its order, and lose their machinery."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import read_bytes

from core.documents.formats import html
from utils.errors import AppError


def text_of(source: str, name: str = "a.html") -> str:
    return "\f".join(page.text for page in read_bytes(source.encode(), name))


def test_headings_paragraphs_and_line_breaks_keep_their_form():
    lines = "Ein <b>Mo</b>tor\nwandelt.<br>Zweite Zeile."
    source = f"<h1>Der\n Motor</h1><p>{lines}<div>Lose<h2>Teil<a>¶</a></h2></div>"
    (page,) = read_bytes(source.encode(), "a.html")
    assert page.text == "Der Motor\n\nEin Motor wandelt.\nZweite Zeile.\n\nLose\n\nTeil"
    assert [heading.title for heading in page.headings] == ["Der Motor", "Teil"]
    assert page.text[page.headings[1].offset :] == "Teil"


SOURCES = {
    "a title is the heading of a page without one": (
        "<title>Mein  Titel</title><h2>Teil</h2><p>Text",
        "Mein Titel\n\nTeil\n\nText",
    ),
    "and else left out": ("<title>Mein Titel</title><h1>Teil</h1><p>Text", "Teil\n\nText"),
    "scripts, styles and navigation are left out": (
        "<style>p{}</style><nav><p>Menü</p></nav><p>Text<script>if (a<b) {'</p>'}</script> da</p><p hidden>x</p>",
        "Text da",
    ),
    "lists have bullets or their numbers": (
        "<ul><li>eins<ol start=3><li>drei</li><li><p>vier</p></ol></li><li>zwei</ul>",
        "• eins\n3. drei\n4. vier\n• zwei",
    ),
    "a row of a table is a line": (
        "<table><tr><th>Art<th>Leistung<tr><td>Diesel<td><p>90</p><p>kW</p><tr><td><td>leer</table>",
        "Art | Leistung\nDiesel | 90 kW\n\nleer",
    ),
    "a table that only arranges a page leaves its paragraphs": (
        "<table><tr><td><h2>Links</h2><p>Text.</p><td><table><tr><td>a<td>b</table></table>",
        "Links\n\nText.\n\na | b",
    ),
    "code keeps its lines and spaces": (
        "<p>So:</p><pre>def f():\n    return  1\n</pre>",
        "So:\n\ndef f():\n    return  1",
    ),
    "characters may be named": ("<p>5&nbsp;&euro; &lt; &#228;</p>", "5 € < ä"),
}


@pytest.mark.parametrize(("source", "text"), SOURCES.values(), ids=SOURCES)
def test_what_a_page_says_is_read_in_its_order(source, text):
    assert text_of(source) == text


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">', "cp1251"),
        ('<?xml version="1.0" encoding="shift_jis"?>', "cp932"),
        ('<meta charset="iso-2022-jp">', "iso-2022-jp"),
        ('<meta charset="gb2312">', "gb18030"),
        ('<meta charset="euc-kr">', "cp949"),
        ('<meta charset="iso-8859-9">', "cp1254"),
        ('<meta charset="big5">', "big5hkscs"),
        ('<meta charset="windows-1250">', "cp1250"),
        ('<meta charset="iso-8859-1">', "utf-8"),
        ('<meta charset="nonsense">', "utf-8"),
        ("", "utf-16"),
    ],
)
def test_the_characters_are_right_whatever_the_page_is_written_in(declaration, encoding):
    words = {
        "cp1251": "Энергия",
        "cp932": "エネルギー①髙㈱",
        "iso-2022-jp": "エネルギー",
        "gb18030": "朱镕基 €5",
        "cp949": "똠방각하",
        "cp1254": "“Işık” — ağ",
        "big5hkscs": "能量",
        "cp1250": "„Žluťoučký“",
    }.get(encoding, "Größe")
    assert read_bytes(f"{declaration}<p>{words}</p>".encode(encoding), "a.htm")[0].text == words


def test_elements_may_be_closed_as_in_xml():
    assert text_of("<html><head><title/></head><body><a id='x'/><p>Text</p>", "a.xhtml") == "Text"


def test_an_endless_paragraph_or_row_is_given_out_in_pieces(monkeypatch):
    monkeypatch.setattr(html, "MAX_HELD_CHARACTERS", 1000)
    words = [f"Wort{number}" for number in range(100_000)]
    assert text_of(f"<p>{' '.join(words)}").split() == words
    assert text_of(f"<table><tr><td>{'<p>'.join(words)}").split() == words


def test_elements_nested_without_end_are_survived():
    assert "Text" in text_of("<div>" * 5000 + "Text")
    assert "Text" in text_of("<table><tr><td>" * 2000 + "Text")


TAGS = """<p> </p> <table> <tr> <td> </td> </table> <ul> <ol> <li> </li> <pre> </pre> <h1> </h1> <title> </title>
<script> </script> <br> &nbsp; <!-- --> < > a ä \0"""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(TAGS.split())))
def test_any_order_of_tags_is_survived(pieces):
    try:
        assert text_of("".join(pieces) + "<p>Ende")
    except AppError as error:
        assert error.code in {"file_no_text", "file_not_text"}


@given(st.lists(st.text("abcäöü", min_size=1), min_size=1))
def test_no_word_is_lost_between_tags(words):
    body = "".join(
        f"<{tag}>{word}</{tag}>" for word, tag in zip(words, ["p", "div", "li", "h2", "pre", "td"] * 99, strict=False)
    )
    assert text_of(body).replace("• ", "").split() == words


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('<p>Die Formel <img alt="E=mc^2" src="a.png"> gilt.', "Die Formel E=mc^2 gilt."),
        ('<p>Bild: <img src="b.jpg" alt="Schaltplan der Pumpe"></p>', "Bild: Schaltplan der Pumpe"),
        ('<p>Text <img alt="IMG_0815.JPG"> und <img alt=""> mehr', "Text und mehr"),
        ('<p>da<span style="display: none">geheim</span> dort', "da dort"),
        ('<div style="color:red; DISPLAY:NONE"><p>weg<br><img alt="x"></p></div><p>da', "da"),
        ('<p>da <b style="visibility:hidden">weg</b>und dort', "da und dort"),
        ('<p>E <math><mi>x</mi></math><span class="katex-html" aria-hidden="true"><b>x</b></span> gilt', "E x gilt"),
        ("<p>Die Wart&shy;ung der Donau&#173;dampf\u00adschiffe", "Die Wartung der Donaudampfschiffe"),
    ],
)
def test_what_stands_for_a_picture_is_read_and_what_nobody_sees_is_not(source, text):
    assert text_of(source) == text
