from collections.abc import Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.formats.page_text import clean_characters, join_blocks, mark_line_end_hyphens, with_accents
from core.documents.formats.printed import Outline, blocks_of_lines, pages_of_texts, seam


def join_lines(left: str, right: str, compounds: Set[str] = frozenset()) -> str:
    """Two lines of one paragraph as one line."""
    dropped, between = seam(left, right, compounds)
    return f"{left[: len(left) - dropped]}{between}{right}"


@pytest.mark.parametrize(
    ("raw", "joined"),
    [
        ("freien Program\ufffemen verwenden", "freien Programmen verwenden"),
        ("Free Software be\x02\r\ndeutet", "Free Software bedeutet"),
        ("soft\u00ad\nware und Soft\u00adware", "software und Software"),
        ("vom GNU\x02Projekt", "vom GNU-Projekt"),
        ("Ein-\nund Ausgabe", "Ein- und Ausgabe"),
        ("GNU/-\nLinux", "GNU/Linux"),
        ("»incoming«-\nVerzeichnis", "»incoming«-Verzeichnis"),
        ("die 3-\n4 Seiten", "die 3-4 Seiten"),
        ("ein Strich -\nund weiter", "ein Strich - und weiter"),
        ("https://www.example.\norg/hilfe", "https://www.example.org/hilfe"),
        ("ein Ende.\nnoch eins", "ein Ende. noch eins"),
        ("システ\nムです", "システ\nムです"),
        ("생긴\n변화로", "생긴 변화로"),
    ],
)
def test_words_that_a_line_end_tore_apart_are_joined(raw, joined):
    first, *others = clean_characters(mark_line_end_hyphens(raw)).split("\n")
    for line in others:
        first = join_lines(first, line)
    assert first == joined


def test_a_hyphen_stays_where_the_document_writes_the_word_with_one():
    assert join_lines("mit apt-", "get geht", {"apt-get"}) == "mit apt-get geht"
    assert join_lines("mit apt-", "get geht") == "mit aptget geht"


def test_lines_become_paragraphs_headings_and_list_items():
    lines = [
        "1.1 Was ist ein Pendel, und wie kommt es, dass es immer",
        "wieder zurückkehrt?",
        "Ein Pendel ist ein Körper, der an einem Faden hängt und frei",
        "schwingt.",
        "Im höchsten Punkt hat es nur Höhenenergie, im tiefsten Punkt",
        "nur Bewegungsenergie.",
        "• aus Holz",
        "• aus Stein",
        "x = 3",
        "y = 4",
    ]
    text, headings = join_blocks(blocks_of_lines(lines, {0: 2}))
    assert text == (
        "1.1 Was ist ein Pendel, und wie kommt es, dass es immer wieder zurückkehrt?\n\n"
        "Ein Pendel ist ein Körper, der an einem Faden hängt und frei schwingt.\n\n"
        "Im höchsten Punkt hat es nur Höhenenergie, im tiefsten Punkt nur Bewegungsenergie.\n\n"
        "• aus Holz\n• aus Stein\nx = 3\ny = 4"
    )
    assert [text[heading.offset :].startswith(heading.title) for heading in headings] == [True]


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1).map(str.strip).filter(bool)))
def test_no_character_is_lost_when_lines_are_joined_except_hyphens(lines):
    blocks = blocks_of_lines(lines)
    kept = "".join(block.text for block in blocks).replace(" ", "").replace("-", "")
    assert kept == "".join(lines).replace(" ", "").replace("-", "")


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("k¨onnen und f¨ur", "können und für"),
        ("Universit´e, Hˆotel, na¨ıve", "Université, Hôtel, naïve"),
        ("xˆ2 und h¯ und r˙ t", "xˆ2 und h¯ und r˙ t"),
    ],
)
def test_accents_that_tex_printed_apart_come_back_to_their_letters(printed, text):
    assert with_accents(printed) == text


def test_a_line_of_code_below_a_full_sentence_stays_apart():
    lines = ["Dieser Satz füllt die ganze Zeile bis an ihren Rand und endet.", r"\let\MT@font@sets=\relax"]
    assert len(blocks_of_lines(lines)) == 2


def test_pages_come_with_headings_from_bookmarks_and_marks_of_what_was_unreadable():
    texts = ["Kapitel 1\r\nDer Motor\r\nEr wandelt Energie um.", None]
    first, second = pages_of_texts(iter(texts), Outline(2, {0: ["Der Motor"]}), "a.pdf")
    assert [heading.title for heading in first.headings] == ["Der Motor"]
    assert (first.readable, second.readable, second.text) == (True, False, "")


def test_a_heading_is_found_whatever_stands_around_its_number():
    (page,) = pages_of_texts(["Anhang B. Die\nlange Liste\nText."], Outline(1, {0: ["B Die lange Liste"]}), "a.pdf")
    assert [heading.title for heading in page.headings] == ["Anhang B. Die lange Liste"]


@pytest.mark.parametrize(
    ("printed", "word"),
    [
        ("S I C H E R H E I T", "SICHERHEIT"),
        ("W a r t u n g", "Wartung"),
        ("2. Ü B E R S I C H T", "2. ÜBERSICHT"),
        ("T E C H N I C A L  D A T A S H E E T", "TECHNICAL  DATASHEET"),
        ("• p r ü f e n", "• prüfen"),
        *(
            (line, line)
            for line in ("A B C D E F", "a b c d", "x y x y x y", "M D M D F S S", "Q W R T Z P", "A n B e C i")
        ),
    ],
)
def test_letters_that_were_spaced_apart_make_a_word(printed, word):
    (page,) = pages_of_texts([printed], Outline(1), "a.pdf")
    assert page.text == word
