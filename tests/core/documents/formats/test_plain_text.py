"""Text of any length comes in parts that lose nothing, and its headings survive where they are cut."""

import re
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reading_material import read, read_bytes

from core.documents.formats import markdown, plain_text
from core.documents.formats.page_text import clean_characters

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff") | st.sampled_from(" \n\n\t")
)


@contextmanager
def parts_of(size: int) -> Iterator[None]:
    usual = plain_text.PART_CHARACTERS, plain_text.MAX_PART_CHARACTERS
    plain_text.PART_CHARACTERS, plain_text.MAX_PART_CHARACTERS = size, 4 * size
    try:
        yield
    finally:
        plain_text.PART_CHARACTERS, plain_text.MAX_PART_CHARACTERS = usual


def letters(text: str) -> str:
    return "".join(text.split())


@given(TEXT, st.integers(1, 30))
def test_all_parts_together_have_every_character(text, size):
    with parts_of(size):
        pages = read_bytes(f"a{text}".encode(), "a.txt")
    assert letters("".join(page.text for page in pages)) == letters(clean_characters(f"a{text}"))


@given(st.lists(st.text("ab e\u0301", min_size=1).map(str.strip).filter(bool), min_size=1), st.integers(1, 30))
def test_parts_that_are_cut_at_blank_lines_join_to_the_same_text(paragraphs, size):
    text = "\n\n".join(["Anfang", *paragraphs])
    with parts_of(size):
        plain_text.MAX_PART_CHARACTERS = 10_000_000
        pages = read_bytes(text.encode(), "a.txt")
    assert "\n\n".join(page.text for page in pages) == clean_characters(text)
    assert [page.continues for page in pages] == [False] + [True] * (len(pages) - 1)


@given(st.lists(st.text("ab \n", min_size=1), min_size=1), st.integers(1, 30))
def test_form_feeds_part_pages_however_long_they_are(texts, size):
    with parts_of(size):
        pages = read_bytes("\f".join(["Anfang", *texts, "Ende"]).encode(), "a.txt")
    assert sorted({page.number for page in pages}) == list(range(1, len(texts) + 3))
    assert {page.page_count for page in pages} == {len(texts) + 2}
    for number, text in enumerate(texts, start=2):
        assert letters("".join(page.text for page in pages if page.number == number)) == letters(text)


@pytest.mark.parametrize("letters", ["ä", "e\u0301\u0323\u200d"], ids=["no space", "accents"])
def test_a_text_without_a_single_space_is_cut_as_well_and_no_accent_is_torn_from_its_letter(letters):
    with parts_of(100):
        pages = read_bytes((letters * 5000).encode(), "a.txt")
    assert "".join(page.text for page in pages) == clean_characters(letters * 5000)
    assert max(len(page.text) for page in pages) <= 400


def test_lines_without_blank_ones_are_cut_at_line_ends():
    with parts_of(20):
        pages = read_bytes(b"\n".join(b"line %d" % number for number in range(200)), "a.log")
    assert len(pages) > 3
    assert "\n".join(page.text for page in pages).split("\n") == [f"line {number}" for number in range(200)]


def test_a_long_text_is_never_held_as_a_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("Ein Absatz mit „Anführung“ und ein paar Wörtern.\n\n" * 200_000)
    tracemalloc.start()
    shares = [page.read_share for page in plain_text.read(path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024 < path.stat().st_size
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_form_feeds_part_pages_and_their_numbers_go(tmp_path):
    (tmp_path / "a.txt").write_text("Vorn.\n\n1\n\fHinten.\n\n2\n\f\n")
    assert [(page.number, page.text) for page in read(tmp_path / "a.txt")] == [(1, "Vorn."), (2, "Hinten.")]
    (tmp_path / "a.txt").write_text("Vorn.\f\n\fHinten.")  # a blank page in between keeps its number
    assert [(page.number, page.text) for page in read(tmp_path / "a.txt")] == [(1, "Vorn."), (2, ""), (3, "Hinten.")]


def test_markdown_headings_travel_and_code_has_none(tmp_path):
    text = "# Titel #\n\nText.\n\n```\n# nur ein Kommentar\n```\n\nUnterstrichen\n-------------\nMehr.\n"
    (tmp_path / "a.md").write_text(text)
    (page,) = read(tmp_path / "a.md")
    assert [heading.title for heading in page.headings] == ["Titel", "Unterstrichen"]
    assert page.text[page.headings[1].offset :].startswith("Unterstrichen\n---")


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("---\n# Entwurf\ntitle: Buch\n---\n\n# Eins\n", ["Eins"]),
        ("---\ntitle: Buch\ntags: a\n...\n\n## Eins\n", ["Eins"]),
        ("Text\n\n---\n\n# Eins\n\n---\n", ["Eins"]),
        ("<!-- # weg\n\n# auch weg\n-->\n# Eins\n", ["Eins"]),
        ("Aufbau der gesamten Anlage\n==\n\nText\n\nB\n-\n", ["Aufbau der gesamten Anlage", "B"]),
        ("# Eins {#a .b}\n## Zwei {.c}\n### C {x}\n", ["Eins", "Zwei", "C {x}"]),
        ("````md\n```sh\n# nein\n```\n````\n# Eins\n", ["Eins"]),
        ("~~~\n```\n# nein\n~~~\n# Eins #\n", ["Eins"]),
        ("    # Code\n\n\\# nein\n\n#kein Titel\n\n   # Eins\n", ["Eins"]),
        ("Ein Absatz, der zwei\nZeilen hat.\n---\n# Eins\n", ["Eins"]),
    ],
)
@pytest.mark.parametrize("size", [3, 17, 10_000])
def test_the_headings_of_markdown_are_those_that_a_reader_sees(text, titles, size):
    with parts_of(size):
        if size < len(text):
            plain_text.MAX_PART_CHARACTERS = 10_000  # only at blank lines
        pages = read_bytes(text.encode(), "a.md")
    assert [heading.title for page in pages for heading in page.headings] == titles


MARKDOWN_LINES = [
    "# T",
    "Text",
    "Text - hier",
    "---",
    "===",
    "- a",
    "  - b",
    "    # tief",
    "```",
    "<!-- c",
    "-->",
    "<pre>",
]
MARKDOWN_LINES += ["</pre>", "Text --> hier", "> q", "1. a", "", "", "", "| a |", "\t# tab", "***", "  weiter", "~~~"]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(MARKDOWN_LINES), min_size=1, max_size=20), st.sampled_from([None, "", "```", "<!--"]))
def test_headings_are_the_same_where_undecided_text_is_not_parsed(lines, is_open):
    text = "\n".join(lines)
    found = markdown.find_headings(text, is_open)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markdown, "UNDECIDED", re.compile(r"(?!)"))
        assert markdown.find_headings(text, is_open) == found


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("Donau\u00addampf\u00adschiff", "Donaudampfschiff"),
        ("Betriebs\u00ad\nanleitung", "Betriebsanleitung"),
        ("Wart\u00ad\r\nung und Öl", "Wartung und Öl"),
        ("ein\u00ad Wort", "ein Wort"),
        ("\u00ad", ""),
    ],
)
def test_soft_hyphens_part_no_word(text, joined):
    assert clean_characters(text) == joined


def test_headings_of_restructured_text_have_many_kinds_of_lines_below(tmp_path):
    lines = [f"Titel {mark}\n{mark * 8}\n\nEin Absatz." for mark in '=-~*^+#"']
    (tmp_path / "a.rst").write_text("\n\n".join(lines))
    (page,) = read(tmp_path / "a.rst")
    assert [heading.title for heading in page.headings] == [f"Titel {mark}" for mark in '=-~*^+#"']


@pytest.mark.parametrize("size", range(1, 60, 7))
@pytest.mark.parametrize("name", ["a.md", "a.rst"])
def test_headings_are_the_same_wherever_a_text_is_cut(name, size):
    text = (
        "1.2 Erster Teil\nText\n\nZweiter Teil\n============\nnoch Text\n\n```\n# kein Titel\n\nNein\n====\n```\n\n"
    )
    whole = [heading.title for heading in read_bytes(text.encode() * 9, name)[0].headings]
    with parts_of(size):
        pages = read_bytes(text.encode() * 9, name)
    found = [(heading, page) for page in pages for heading in page.headings]
    assert len(pages) > 9
    assert [heading.title for heading, _ in found] == whole
    assert all(page.text[heading.offset :].startswith(heading.title) for heading, page in found)
