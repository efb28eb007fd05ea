import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.formats import page_text
from core.documents.formats.page_text import Block, clean_characters, is_numbered_heading, join_blocks

WILD_TEXT = st.text(st.characters(exclude_categories=()))


@given(WILD_TEXT)
def test_cleaning_twice_changes_nothing_more(text):
    once = clean_characters(text)
    assert clean_characters(once) == once
    once.encode("utf-8")
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=0x24F)))
def test_cleaning_keeps_every_letter_and_digit(text):
    assert clean_characters(text) == unicodedata.normalize("NFC", text)


def test_what_is_taken_for_clean_is_what_cleaning_would_leave_alone():
    clean = [chr(code) for code in range(0x110000) if page_text.IS_CLEAN.fullmatch(chr(code))]
    assert len(clean) > 30_000
    assert all(page_text._cleaned(character) == character for character in clean)
    assert not [character for character in clean if unicodedata.combining(character)]
    for letter in "aAoO가一":  # nothing that is clean joins what stands before it
        assert all(unicodedata.normalize("NFC", letter + character) == letter + character for character in clean)


def test_cleaning_gives_one_spelling():
    assert clean_characters("Eﬃzienz\r\nder\u00a0Größe\x07  \r² ™") == "Effizienz\nder Größe\n² ™"
    assert clean_characters("U\u0308berpru\u0308fung") == "Überprüfung"


def test_blocks_that_are_lines_stay_together():
    text, headings = join_blocks([Block("T", is_heading=True), Block("a", is_line=True), Block("b", is_line=True)])
    assert text == "T\n\na\nb"
    assert headings[0].offset == 0


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
def test_numbered_headings_are_told_from_contents_and_sentences(line, is_heading):
    assert is_numbered_heading(line) is is_heading
