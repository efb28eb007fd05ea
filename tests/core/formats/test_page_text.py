import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.formats.page_text import (
    Block,
    blocks_of_lines,
    clean_characters,
    is_numbered_heading,
    join_blocks,
    join_lines,
    mark_line_end_hyphens,
    without_running_lines,
)

WILD_TEXT = st.text(st.characters(exclude_categories=()))


@given(WILD_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean_characters(text)
    assert clean_characters(once) == once
    once.encode("utf-8")
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F)))
def test_cleaning_keeps_every_letter_and_digit(text: str) -> None:
    assert clean_characters(text) == unicodedata.normalize("NFC", text)


def test_cleaning_gives_one_spelling() -> None:
    assert clean_characters("Eﬃzienz\r\nder\u00a0Größe\x07  \r² ™") == "Effizienz\nder Größe\n² ™"
    assert clean_characters("U\u0308berpru\u0308fung") == "Überprüfung"


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
        ("システ\nムです", "システムです"),
    ],
)
def test_words_that_a_line_end_tore_apart_are_joined(raw: str, joined: str) -> None:
    first, *others = clean_characters(mark_line_end_hyphens(raw)).split("\n")
    for line in others:
        first = join_lines(first, line)
    assert first == joined


def test_a_hyphen_stays_where_the_document_writes_the_word_with_one() -> None:
    assert join_lines("mit apt-", "get geht", {"apt-get"}) == "mit apt-get geht"
    assert join_lines("mit apt-", "get geht") == "mit aptget geht"


def test_lines_become_paragraphs_headings_and_list_items() -> None:
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
def test_no_character_is_lost_when_lines_are_joined_except_hyphens(lines: list[str]) -> None:
    blocks = blocks_of_lines(lines)
    kept = "".join(block.text for block in blocks).replace(" ", "").replace("-", "")
    assert kept == "".join(lines).replace(" ", "").replace("-", "")


def test_blocks_that_are_lines_stay_together() -> None:
    text, headings = join_blocks([Block("T", is_heading=True), Block("a", is_line=True), Block("b", is_line=True)])
    assert text == "T\n\na\nb"
    assert headings[0].offset == 0


def pages_with_running_lines(count: int) -> list[list[str]]:
    return [[f"Leitfaden {n} / {count}", f"Text der Seite {'abcdefghijklmnop'[n]}", f"{n}"] for n in range(count)]


def test_running_headers_and_page_numbers_are_left_out() -> None:
    cleaned = list(without_running_lines(pages_with_running_lines(12)))
    assert cleaned == [[f"Text der Seite {'abcdefghijklmnop'[n]}"] for n in range(12)]


def test_lines_that_two_pages_happen_to_share_stay() -> None:
    pages = [["Einleitung", "a b"], ["Einleitung", "c d"], ["Schluss", "e f"]]
    assert list(without_running_lines(pages)) == pages


@given(
    st.lists(st.lists(st.sampled_from(["Kapitel 1", "12", "Ein Satz.", "Noch ein Satz"]), max_size=4), max_size=30)
)
def test_as_many_pages_come_out_as_went_in(pages: list[list[str]]) -> None:
    assert len(list(without_running_lines(pages))) == len(pages)


@pytest.mark.parametrize(
    ("line", "is_heading"),
    [
        ("1.2 Grundlagen", True),
        ("1.2.3. Autor, Designer und Setzer", True),
        ("1.1 Was ist diese FAQ? . . . . . . . 1", False),
        ("2.5 Dokumentklassen 11", False),
        ("1. Eine Datei schreiben", False),
        ("3.6 Millionen Joule sind eine Kilowattstunde.", False),
        ("1.2", False),
    ],
)
def test_numbered_headings_are_told_from_contents_and_sentences(line: str, is_heading: bool) -> None:
    assert is_numbered_heading(line) is is_heading
