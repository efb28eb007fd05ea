from collections.abc import Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.formats.page_text import clean_characters, join_blocks, mark_line_end_hyphens, with_accents
from core.documents.formats.printed import Outline, blocks_of_lines, pages_of_texts, seam, without_running_lines


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


def body(number: int) -> list[str]:
    """Eight lines that no other page has."""
    return [f"Zeile {letter} vom Blatt {'abcdefghijklmnop'[number]} sagt etwas Eigenes." for letter in "abcdefgh"]


@pytest.mark.parametrize(
    ("above", "below", "kept"),
    [
        ("Leitfaden {} / 12", "{}", ["Leitfaden 1 / 12"]),
        ("Betriebsanleitung", "Seite {} von 12", ["Betriebsanleitung"]),
        ("Typ Prüfdruck Leistung Bestellnummer", "- {} -", ["Typ Prüfdruck Leistung Bestellnummer"]),
        ("Seite {}", "© 2024 Firma | {}", ["© 2024 Firma | 1"]),
        ("S. {}", "Ein Buch – {}", ["Ein Buch – 1"]),
    ],
)
def test_a_running_line_is_read_once_and_page_numbers_never(above, below, kept):
    pages = [[above.format(n), *body(n), below.format(n)] for n in range(1, 13)]
    first, *others = without_running_lines(pages)
    assert [line for line in first if line not in body(1)] == kept
    assert others == [body(n) for n in range(2, 13)]


def test_a_number_that_changes_sides_with_the_pages_is_theirs():
    pages = [[f"{n} Ein Buch" if n % 2 else f"Ein Buch {n}", *body(n)] for n in range(1, 13)]
    assert list(without_running_lines(pages)) == [pages[0], *(body(n) for n in range(2, 13))]


CONTENT = [
    "Aufgabe {0}",
    "Übung Nr. {0}",
    "§ {0} Haftung",
    "Gesamtbetrag: {1},45 EUR",
    "Umsatz {1} TEUR",
    "Rechnung 2024-{1}",
    "{1}",
    "Stand: {0}.2024, {1} Stück",
]


@pytest.mark.parametrize("line", CONTENT)
def test_a_title_or_sum_that_has_another_number_on_each_page_stays(line):
    lines = [line.format(n, 17 * n * n % 101 + 100) for n in range(1, 9)]
    for pages in (
        [[lines[n - 1], *body(n), f"Seite {n} von 8"] for n in range(1, 9)],
        [["Kopf", *body(n), lines[n - 1]] for n in range(1, 9)] if "{0}" not in line else [],
    ):
        for n, page in enumerate(without_running_lines(pages)):
            assert lines[n] in page and f"Seite {n + 1} von 8" not in page


@pytest.mark.parametrize("titles", [[f"Aufgabe {n}" for n in range(1, 9)], ["Aufgabe eins", "Aufgabe zwei"] * 4])
def test_a_page_number_below_costs_no_title_above(titles):
    pages = [[title, *body(n), str(n + 1)] for n, title in enumerate(titles)]
    assert {page[0] for page in without_running_lines(pages)} >= set(titles)


ENDS = "abcdef"
LONG_TITLE = "Ein sehr langer Titel, der über jeder Seite steht " * 3


@pytest.mark.parametrize(
    "pages",
    [
        *([lines] * 12 for lines in (["Folie 3", "Rot"], ["Original page 7"], ["Kopf", "a", "b", "c", "Fuß"])),
        [[LONG_TITLE, "a", "b", "c", "d", "e"]] * 12,  # most of a page's text
        [["Einleitung", "a b"], ["Einleitung", "c d"], ["Schluss", "e f"]],  # which two pages happen to share
        [[f"Überschrift {ENDS[n]}", "Gleich", *body(n), f"Ende {ENDS[n]}"] for n in range(6)],  # a second line
        [["Die Antwort lautet", "42"]],  # no page number
    ],
)
def test_lines_that_only_look_like_running_ones_are_left_alone(pages):
    assert list(without_running_lines(pages)) == pages


@given(
    st.lists(st.lists(st.sampled_from(["Kapitel 1", "12", "Ein Satz.", "Noch ein Satz"]), max_size=4), max_size=30)
)
def test_as_many_pages_come_out_as_went_in(pages):
    assert len(list(without_running_lines(pages))) == len(pages)


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
