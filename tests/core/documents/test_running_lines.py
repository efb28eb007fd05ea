import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.running_lines import without_running_lines


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
