import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from material import ENERGY_TEXT, energy_chapters
from recording_context import RecordingContext
from store_material import add_document, remove_document

from core.documents.duplicates import boilerplate_reason, mark_duplicates, prints_of, shared_part
from core.documents.store.chunk_store import ChunkStore, Flag, NewChunk, SourceFile
from core.jobs.job import PauseRequested

PARAGRAPHS = [paragraph for _, paragraphs in energy_chapters() for paragraph in paragraphs]
CHUNKS = ["\n\n".join(PARAGRAPHS[place : place + 3]) for place in range(0, len(PARAGRAPHS), 3)]


def add(store: ChunkStore, name: str, texts: list[str], starts: list[int] | None = None) -> list[int]:
    chunks = [
        NewChunk(text, {"tokens": 9} | ({"start": starts[number]} if starts else {}))
        for number, text in enumerate(texts)
    ]
    add_document(store, SourceFile(name, name, name, "done"), chunks)
    return [chunk.id for chunk in store.chunks(limit=100_000, filename=name)]


def duplicates(store: ChunkStore) -> dict[int, Flag]:
    mark_duplicates(RecordingContext(), store)
    return {number: flag for number, flags in store.flags(store.usable_ids(False, False)).items() for flag in flags}


def test_a_text_has_no_duplicates_of_itself_nor_has_an_empty_store(store):
    for texts in ([], CHUNKS):
        add(store, "a.pdf", texts)
        assert mark_duplicates(RecordingContext(), store) == {"duplicate": 0, "boilerplate": 0}


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        lambda text: re.sub(r"\s+", "\n", text),
        lambda text: "".join(letter.upper() if letter.isascii() else letter for letter in text),
        lambda text: text.replace(" ist ", " war ", 1).replace("zehn", "11"),
        lambda text: f"Seite 7\n{text}\n\nPhysik für alle, 3. Auflage",
        lambda text: text.replace("Energie", "Ener-\ngie"),
    ],
    ids=["the same", "other lines", "capitals", "small edits", "header and footer", "hyphens"],
)
def test_a_second_version_of_a_text_is_found(store, change):
    first = add(store, "a.pdf", CHUNKS)
    second = add(store, "b.pdf", [change(text) for text in CHUNKS])
    found = duplicates(store)
    assert {number: flag.of_id for number, flag in found.items()} == dict(zip(second, first, strict=True))
    assert all(0.8 <= (flag.share or 0) <= 1 for flag in found.values())


def test_a_text_cut_at_other_places_is_found_in_several_chunks_together(store):
    add(store, "a.pdf", CHUNKS)
    moved = ["\n\n".join(PARAGRAPHS[place : place + 3]) for place in range(1, len(PARAGRAPHS) - 2, 3)]
    assert duplicates(store) == {}
    second = add(store, "b.pdf", moved)
    assert len(set(duplicates(store)) & set(second)) >= 0.9 * len(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (CHUNKS[::2], [f"{known}\n\n{new}" for known, new in zip(CHUNKS[::2], CHUNKS[1::2], strict=False)]),
        (
            ["Die Leistung ist die Energie, die in einer Zeit umgewandelt wird, durch diese Zeit."],
            ["Die Leistung ist die Energie, die je Sekunde umgesetzt wird; man misst sie in Watt."],
        ),
    ],
    ids=["half of it is new", "the same matter"],
)
def test_what_says_something_new_is_no_duplicate(store, first, second):
    add(store, "a.pdf", first)
    add(store, "b.pdf", second)
    assert duplicates(store) == {}


def test_the_overlap_of_neighbours_is_no_repetition(store):
    text = ENERGY_TEXT
    starts = list(range(0, len(text) - 900, 100))  # nine tenths overlap
    ids = add(store, "a.pdf", [text[start : start + 1000] for start in starts], starts)
    assert duplicates(store) == {}
    add(store, "b.pdf", [text[100:900]])
    assert set(duplicates(store)) == {max(ids) + 1}


def test_equal_short_chunks_are_found(store):
    first, *others = add(store, "a.pdf", ["Diese Seite ist absichtlich leer."] * 3)
    assert duplicates(store) == {number: Flag("duplicate", first, 1.0) for number in others}


def test_only_what_is_new_is_read_and_compared_with_all(store, monkeypatch):
    read: list[int] = []
    compared: list[set[int]] = []
    monkeypatch.setattr(
        "core.documents.duplicates.prints_of", lambda texts: (read.append(len(texts)), prints_of(texts))[1]
    )
    texts_of = store.compared_texts
    monkeypatch.setattr(store, "compared_texts", lambda ids: (compared.append(set(ids)), texts_of(ids))[1])
    first = add(store, "a.pdf", CHUNKS)
    second = add(store, "b.pdf", CHUNKS)
    found = duplicates(store)
    assert set(found) == set(second)
    read.clear()
    compared.clear()
    assert mark_duplicates(RecordingContext(), store) == {"duplicate": len(second), "boilerplate": 0}
    assert (read, compared) == ([], []), "nothing changed"
    (third,) = add(store, "c.pdf", CHUNKS[3:4])
    assert duplicates(store) == found | {third: Flag("duplicate", first[3], 1.0)}
    assert read == [1]
    assert [ids - {*first, *second} for ids in compared if ids] == [{third}]
    assert not second or len(set().union(*compared)) < 6
    remove_document(store, "a.pdf")
    assert duplicates(store) == {third: Flag("duplicate", second[3], 1.0)}


def test_stopped_and_called_again_it_finds_the_same(store):
    add(store, "a.pdf", CHUNKS)
    second = add(store, "b.pdf", CHUNKS)
    with pytest.raises(PauseRequested):
        mark_duplicates(RecordingContext(stop_after=1), store)
    assert set(duplicates(store)) == set(second)


def test_a_large_store_is_compared_by_fewer_prints(store, monkeypatch):
    monkeypatch.setattr("core.documents.duplicates.MOST_PRINTS", 400)
    chance = random.Random(1)
    texts = ["".join(chance.choices("abcdefgh ", k=2000)) for _ in range(40)]
    add(store, "a.pdf", texts)
    second = add(store, "b.pdf", texts)
    found = set(duplicates(store))
    assert found <= set(second) and len(found) >= 0.6 * len(second)


CONTENTS = "\n".join(f"{n}.1 Aufbau der Anlage {'. ' * 20}{10 + 3 * n}" for n in range(20))
PLAIN_CONTENTS = "\n".join(f"{n} Kapitel über {word} {10 + 3 * n}" for n, word in enumerate(ENERGY_TEXT.split()[:20]))
INDEX = "\n".join(f"{word}, {17 * n % 90 + 1}, {40 - n}" for n, word in enumerate(sorted(ENERGY_TEXT.split()[9:40])))
LICENCE = (
    'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO'
    " THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE"
    " AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY."
)
NUMBERS = "\n".join(f"{n}.5 | {n * 17}.25 | {n * 3} % | x" for n in range(30))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (CONTENTS, "contents"),
        (PLAIN_CONTENTS, "contents"),
        (INDEX, "index"),
        (LICENCE, "licence"),
        (NUMBERS, "numbers"),
        *((chunk, "") for chunk in CHUNKS),
        (
            "Die Lizenz der Software erlaubt, sie weiterzugeben. Die GNU-Lizenz verlangt den Quelltext. " * 4,
            "",
        ),
        ("for (int i = 0; i < n; i++) {\n    total += values[i] * weights[i];\n}\nreturn total / n;\n" * 4, ""),
        ("| Stoff | Dichte |\n| Eisen | 7874 |\n| Aluminium | 2700 |\n| Kupfer | 8960 |\n| Zink | 7140 |\n" * 3, ""),
        ("電源を入れてからログインするまでの手順は次のとおりです。" * 5, ""),
        ("Im Jahr 1831 entdeckte Faraday die Induktion.\nWatt lebte bis 1819\n" * 6, ""),
    ],
)
def test_boilerplate_is_told_by_its_form(text, reason):
    assert boilerplate_reason(text) == reason


def test_boilerplate_is_flagged_with_its_reason_once(store):
    ids = add(store, "a.pdf", [CONTENTS, CHUNKS[0], LICENCE])
    assert mark_duplicates(RecordingContext(), store) == {"duplicate": 0, "boilerplate": 2}
    assert store.flags(ids) == {
        ids[0]: [Flag("boilerplate", reason="contents")],
        ids[2]: [Flag("boilerplate", reason="licence")],
    }


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=300), max_size=8))
def test_any_texts_have_prints_that_follow_from_each_alone(texts):
    assert prints_of(texts) == [prints_of([text])[0] for text in texts]
    for text in texts:
        boilerplate_reason(text)
        assert 0 <= shared_part(text, texts) <= 1
