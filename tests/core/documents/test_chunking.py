from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents import chunking
from core.documents.chunking import joined, text_and_chunks
from core.documents.formats.page_text import Heading, Page
from core.documents.store.chunk_store import NewChunk, PageText
from core.documents.token_counting import TokenCounter, local_counter
from utils.config import ChunkSettings

COUNTER = local_counter()


def pages_of(*texts: str) -> list[Page]:
    return [Page(number, len(texts), text) for number, text in enumerate(texts, start=1)]


def cut(pages: list[Page], tokens: int = 512, overlap: int = 50, counter: TokenCounter = COUNTER) -> list[NewChunk]:
    chunk_settings = ChunkSettings(chunk_tokens=tokens, overlap_tokens=overlap)
    parts = text_and_chunks(joined(pages), chunk_settings, counter, "ab")
    return [part for part in parts if isinstance(part, NewChunk)]


def text_of(pages: list[Page]) -> str:
    return "".join(part.text for part in joined(pages))


def assert_all_there(chunks: list[NewChunk], text: str) -> None:
    """Each chunk stands where it says, and only spaces are between them."""
    end = 0
    for chunk in chunks:
        start = chunk.metadata["start"]
        assert text.startswith(chunk.text, start)
        assert not text[end:start].strip()
        end = max(end, start + len(chunk.text))
    assert not text[end:].strip()


def sentences(count: int) -> str:
    return " ".join(f"Satz Nummer {number} sagt etwas über die Wärme." for number in range(count))


def test_each_chunk_knows_its_pages_and_heading():
    first = Page(1, 2, "Der Motor\n\n" + "Ein Motor wandelt Energie um. " * 8, (Heading(0, "Der Motor"),))
    second = Page(2, 2, "Die Pumpe\n\n" + "Eine Pumpe hebt das Wasser an. " * 8, (Heading(0, "Die Pumpe"),))
    chunks = cut([first, second], 40, 0)
    places = [(chunk.metadata["page"], chunk.metadata["page_end"], chunk.metadata["heading"]) for chunk in chunks]
    assert places[0] == (1, 1, "Der Motor")
    assert places[-1] == (2, 2, "Die Pumpe")
    assert places == sorted(places, key=lambda place: place[0])
    headed = [chunk for chunk in chunks if chunk.metadata.get("headings")]
    for chunk in headed:
        for offset, title in chunk.metadata["headings"]:
            assert chunk.text[offset:].startswith(title)
    assert {title for chunk in headed for _, title in chunk.metadata["headings"]} == {"Der Motor", "Die Pumpe"}


def test_metadata_says_how_it_was_counted_and_where_the_text_stood():
    (chunk,) = cut(pages_of("Kurz."))
    counted = {"tokens": COUNTER.count("Kurz."), "tokenizer": "local-32k"}
    assert chunk.metadata == {"page": 1, "page_end": 1, "sha256": "ab", "start": 0, **counted}


def test_a_sentence_over_a_page_break_is_one_again():
    parts = list(joined(pages_of("Die wichtigsten Op-", "tionen stehen hier.", "Neuer Absatz.")))
    assert parts == [
        PageText(0, 1, "Die wichtigsten Op"),
        PageText(18, 2, "tionen stehen hier.\n\n"),
        PageText(39, 3, "Neuer Absatz."),
    ]


@given(st.lists(st.text("aA-. \n", max_size=9), max_size=6))
def test_each_part_of_a_text_begins_where_the_one_before_ends(texts):
    end = 0
    for part in joined(pages_of(*texts)):
        assert part.start == end and part.text
        end += len(part.text)


def test_parts_of_one_page_are_one_page_again():
    parts = [Page(1, 1, "Erster Teil."), Page(1, 1, "zweiter Teil.", continues=True)]
    (chunk,) = cut(parts)
    assert chunk.text == "Erster Teil.\n\nzweiter Teil."
    assert (chunk.metadata["page"], chunk.metadata["page_end"]) == (1, 1)


@pytest.mark.parametrize("paragraph", [1, 4, 100])
def test_overlap_is_really_there_however_long_the_paragraphs_are(paragraph):
    text = "\n\n".join(sentences(paragraph) for _ in range(300 // paragraph))
    chunks = cut(pages_of(text), 100, 30)
    for before, after in pairwise(chunks):
        repeated = before.metadata["start"] + len(before.text) - after.metadata["start"]
        assert before.text.endswith(after.text[:repeated].rstrip())
        assert 5 <= COUNTER.count(after.text[:repeated]) <= 30


def test_a_heading_never_ends_a_chunk():
    sections = [(f"Überschrift {n}", sentences(3)) for n in range(60)]
    text, headings = "", []
    for title, body in sections:
        headings.append(Heading(len(text), title))
        text += f"{title}\n\n{body}\n\n"
    chunks = cut([Page(1, 1, text, tuple(headings))], 64, 10)
    assert not [chunk.text for chunk in chunks if chunk.text.split("\n")[-1].startswith("Überschrift")]


@pytest.mark.parametrize(
    "script", ["Energie bleibt erhalten. ", "エネルギーは保存されます。", "x", "https://a.b/c?d=e&", "\n#\t"]
)
@pytest.mark.parametrize(("tokens", "overlap"), [(32, 0), (32, 1024), (50, 20)])
def test_no_chunk_is_above_the_limit_in_any_script(script, tokens, overlap):
    chunks = cut(pages_of(script * 300), tokens, overlap)
    assert max(COUNTER.count(chunk.text) for chunk in chunks) <= tokens
    assert_all_there(chunks, (script * 300).strip())


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=5), st.integers(32, 80), st.integers(0, 80))
def test_the_chunks_of_any_text_are_that_text_and_keep_the_limit(texts, tokens, overlap):
    pages = pages_of(*texts)
    chunks = cut(pages, tokens, overlap)
    assert_all_there(chunks, text_of(pages))
    assert all(COUNTER.count(chunk.text) <= tokens or len(chunk.text) == 1 for chunk in chunks)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text("ab .\n", max_size=300), max_size=8), st.integers(50, 400))
def test_a_text_that_streams_through_gives_the_same_text_again(texts, segment):
    pages = pages_of(*texts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunking, "SEGMENT_CHARACTERS", segment)
        patch.setattr(chunking, "SEGMENT_CHUNKS", 1)
        assert_all_there(cut(pages, 32, 8), text_of(pages))


def test_a_stream_is_never_held_whole():
    seen = 0

    def endless_pages():
        nonlocal seen
        for number in range(10_000):
            seen = number
            yield Page(number + 1, 10_000, sentences(40))

    parts = text_and_chunks(joined(endless_pages()), ChunkSettings(), COUNTER, "")
    assert next(part for part in parts if isinstance(part, NewChunk)).metadata["start"] == 0
    assert seen < 100


def words(text):
    return len(text.split())


def longer_is_dearer(text):
    """The halves of a text need fewer tokens than the whole."""
    return words(text) + 50 * (len(text) > 100)


@pytest.mark.parametrize(
    ("count", "exact"),
    [
        (lambda text: words(text) * 9 // 10, words),
        (longer_is_dearer, longer_is_dearer),
    ],
    ids=["a little off", "odd"],
)
def test_whatever_way_is_counted_no_chunk_is_above_the_limit(count, exact):
    counter = TokenCounter("odd", count, lambda texts: [exact(text) for text in texts])
    chunks = cut(pages_of(sentences(200)), 50, 10, counter)
    assert max(exact(chunk.text) for chunk in chunks) <= 50
    assert_all_there(chunks, sentences(200))


ROWS = [f"Pumpe {number} | {number + 60} bar | {7 * number} kW" for number in range(160)]
NAMES = "Typ | Prüfdruck | Leistung"
TABLES = {
    "of a reader": [NAMES, *ROWS],
    "of Markdown": [f"| {NAMES} |", "| --- | :-: | ---: |", *(f"| {row} |" for row in ROWS)],
    "without bars at its sides": [NAMES, "---|---|---", *ROWS],
    "names over numbers": ["Jahr | Umsatz", *(f"{1900 + n} | {n * 17}" for n in range(160))],
    "years": ["Umsatz | 2022 | 2023 | 2024", *(f"Ort {n} | {n} | {n * 3} | {n * 7}" for n in range(160))],
    "an empty corner": [" | Umsatz | Gewinn", *(f"Ort {n} | {n} | {n * 7}" for n in range(160))],
    "a grid": ["+---+---+---+", f"| {NAMES} |", "+===+===+===+", *(f"| {row} |\n+---+---+---+" for row in ROWS)],
}


@pytest.mark.parametrize("lines", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("overlap", [0, 50])
def test_each_chunk_of_a_long_table_names_its_columns(lines, overlap):
    name = "Prüfdruck" if any("Prüfdruck" in line for line in lines) else "Umsatz"
    text = "Davor steht ein Satz.\n\n" + "\n".join(lines) + "\n\nDanach kommt ein Satz. " + sentences(60)
    chunks = cut(pages_of(text), 200, overlap)
    of_table = [chunk for chunk in chunks if " | " in chunk.text]
    assert len(of_table) > 4
    assert all(chunk.text.count(name) == 1 for chunk in of_table)
    assert not any(name in chunk.text for chunk in chunks if " | " not in chunk.text)
    assert all(chunk.metadata["tokens"] == COUNTER.count(chunk.text) <= 200 for chunk in chunks)
    together = "\n".join(chunk.text for chunk in chunks)
    assert all(row.partition("\n")[0] in together for row in lines)


def test_a_table_that_goes_on_in_the_next_part_of_a_page_keeps_its_names():
    first, second = "\n".join([NAMES, *ROWS[:80]]), "\n".join(ROWS[80:])
    chunks = cut([Page(1, 1, first), Page(1, 1, second, continues=True)], 200)
    assert all(NAMES in chunk.text for chunk in chunks)


@pytest.mark.parametrize(
    "lines",
    [
        [f"{n} | {n * 3} | {n * 7}" for n in range(200)],  # no names
        ["Rot | 1"] + [f"Blau | {n}" for n in range(200)],
        [f"Name {n} | " + "a | " * (n % 5) + "b" for n in range(200)],  # no columns
        ["a | b", "c | d"] + [f"Ein Satz mit der Nummer {n}." for n in range(200)],
        [" | ".join(f"Eine sehr lange Überschrift der Spalte {n}" for n in range(20))]
        + [" | ".join("abcdefghijklmnopqrst")] * 40,
    ],
    ids=["numbers", "values", "rows of many lengths", "two rows", "names that fill a chunk"],
)
def test_what_names_no_columns_is_not_repeated(lines):
    text = "\n".join(lines)
    assert_all_there(cut(pages_of(text), 100, 0), text)
