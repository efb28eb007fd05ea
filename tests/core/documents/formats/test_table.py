"""Tables in text files: each row says what its values are, whatever the delimiter."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import read_bytes

from core.documents.formats import text_encoding
from utils.errors import AppError


def text_of(source: str, name: str = "a.csv") -> str:
    return "\n\n".join(page.text for page in read_bytes(source.encode(), name))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_row_names_its_values(delimiter):
    rows = [["Name", "Größe (m)"], ["Anna", "1.70"], ["Bo", ""], ["", ""], ["Cem", "1.80"]]
    source = "\r\n".join(delimiter.join(row) for row in rows)
    assert text_of(source) == "Name: Anna; Größe (m): 1.70\nName: Bo\nName: Cem; Größe (m): 1.80"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1,5;2,5\n3,25;4,0\n", "1,5 | 2,5\n3,25 | 4,0"),
        (
            'A,B\n"Was, wenn?","Er sagte ""nein""\nund ging."\nKurz,Ja\n',
            'A: Was, wenn?; B: Er sagte "nein" und ging.\nA: Kurz; B: Ja',
        ),
        ("sep=;\nA;B\n1;2\n", "A: 1; B: 2"),
        ("Apfel\nBirne\nKirsche, rot\n", "Apfel\nBirne\nKirsche, rot"),
        (
            "Posten;2021;2022\nUmsatz;1;2\nGewinn;3;4\n",
            "Posten: Umsatz; 2021: 1; 2022: 2\nPosten: Gewinn; 2021: 3; 2022: 4",
        ),
        ("Film;1994;2001\nAnna;1990;2003\n", "Film | 1994 | 2001\nAnna | 1990 | 2003"),
        (",Frage,Antwort\n0,Was?,Das.\n1,Wer?,Er.\n", "0; Frage: Was?; Antwort: Das.\n1; Frage: Wer?; Antwort: Er."),
        (";rot;gut\n;blau;neu\n;grün;alt\n", " | rot | gut\n | blau | neu\n | grün | alt"),
        ("A,B\n1,2\n3,4,fünf\n6,7\n8,9\n", "A: 1; B: 2\nA: 3; B: 4; fünf\nA: 6; B: 7\nA: 8; B: 9"),
    ],
    ids=[
        "decimal commas",
        "quoted values",
        "Excel",
        "one column",
        "years",
        "no years in a row",
        "a corner",
        "no corner",
        "a row longer than the header",
    ],
)
def test_values_are_found_and_none_is_lost(source, text):
    assert text_of(source) == text


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("Preisliste Stand 2024\n", "Preisliste Stand 2024"),
        ("Preisliste;;\n\n", "Preisliste"),
        ("Konto:;DE12\nVon:;01.01.2024\n\n", "Konto: | DE12\n\nVon: | 01.01.2024"),
        (
            "Bericht\nErstellt am;12.03.2024;\nFiliale;Nord;\n",
            "Bericht\n\nErstellt am | 12.03.2024\n\nFiliale | Nord",
        ),
        ("\n\nAuszug\n;;\n", "Auszug"),
    ],
)
def test_what_stands_above_a_table_is_told_and_names_no_column(above, told):
    source = f"{above}Artikel;Preis;Lager\nRohr 1;1,50;3\nRohr 2;1,70;\n"
    assert text_of(source) == f"{told}\n\nArtikel: Rohr 1; Preis: 1,50; Lager: 3\nArtikel: Rohr 2; Preis: 1,70"


def test_rows_without_names_above_them_have_none():
    assert text_of("Rot;1\nRot;2\nBlau;3\n") == "Rot | 1\nRot | 2\nBlau | 3"


def test_a_quotation_mark_that_never_ends_costs_nothing(monkeypatch):
    monkeypatch.setattr("core.documents.formats.table.MAX_LINE_CHARACTERS", 1000)
    source = "A,B\n" + "1,2\n" * 300 + '3,"4\n' + "5,6\n" * 2000
    assert text_of(source).count("A: 5; B: 6") == 2000
    assert 'A: 3; B: "4' in text_of(source)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_tables_come_in_every_encoding(encoding):
    (page,) = read_bytes("Straße;Ort\nÖlweg 1;Köln\n".encode(encoding), "a.csv")
    assert page.text == "Straße: Ölweg 1; Ort: Köln"


CELLS = st.text(st.characters(categories=["L"], max_codepoint=0x24F), min_size=1, max_size=8)


@settings(deadline=None)
@given(st.integers(2, 5).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1)))
def test_no_cell_is_ever_lost(rows):
    buffer = io.StringIO()
    csv.writer(buffer).writerows([[f"Spalte {n}" for n in range(len(rows[0]))], *rows])
    text = text_of(buffer.getvalue())
    expected = ["; ".join(f"Spalte {n}: {cell}" for n, cell in enumerate(row)) for row in rows]
    assert text == "\n".join(expected)


@settings(deadline=None)
@given(st.text('ab,;\t|"\n\r'), st.integers(1, 7))
def test_any_text_is_survived_whatever_the_blocks(text, block):
    usual, text_encoding.BLOCK_BYTES = text_encoding.BLOCK_BYTES, block
    try:
        assert text_of(f"x{text}")
    except AppError as error:
        assert error.code == "file_no_text"
    finally:
        text_encoding.BLOCK_BYTES = usual
