"""Each document gets its minimum where that is possible at all; beyond it the chunks are asked evenly."""

from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.documents.store.chunk_store import Chunk
from core.samples.store.sample import Sample, Source
from core.samples.supply import EvenSupply, Holdings, minimum_per_document


class Texts:
    """A store of documents with so many chunks each."""

    def __init__(self, *sizes: int) -> None:
        names = [f"{number}.txt" for number, size in enumerate(sizes) for _ in range(size)]
        self._names = dict(enumerate(names, start=1))

    def filenames(self):
        return self._names

    def chunk(self, chunk_id):
        return Chunk(chunk_id, self._names[chunk_id], 0, "Text.", {})


def held(texts: Texts, chunk_id: int, count: int, status: str = "new") -> list[Sample]:
    source = Source(texts.filenames()[chunk_id], chunk_id=chunk_id)
    return [Sample(f"{chunk_id}, {n}?", "Ja.", f"{chunk_id}-{n}", source, status=status) for n in range(count)]


def drawn(texts, wanted, *, per_request=1, have=(), gives=lambda chunk: True, seed=42, at_once=1) -> Counter[str]:
    """How many samples each document has in the end; `gives` says of which chunks anything comes."""
    holdings = Holdings(have)
    found = Counter(holdings.of_document)
    supply = EvenSupply(texts, list(texts.filenames()), holdings, wanted, per_request, seed)
    under_way = deque()
    while not supply.is_over:
        while len(under_way) < at_once and (task := supply.take()):
            under_way.append(task)
        task = under_way.popleft()
        stored = task.count if gives(task.chunk) else 0
        for number in range(stored):
            source = Source(task.chunk.filename, chunk_id=task.chunk.id)
            holdings.take(Sample(f"{task.chunk.id}: {task.turn + number}?", "Ja.", "", source))
        found[task.chunk.filename] += stored
        supply.settle(task, stored)
    assert supply.take() is None
    return found


@pytest.mark.parametrize(
    ("samples", "documents", "minimum"),
    [(100, 3, 5), (100, 20, 5), (100, 30, 3), (10, 10, 1), (3, 50, 1), (1, 1, 1), (100, 0, 5)],
)
def test_the_minimum_is_an_equal_share_where_that_is_less_than_enough(samples, documents, minimum):
    assert minimum_per_document(samples, documents) == minimum


@pytest.mark.parametrize("per_request", [1, 4, 10])
@pytest.mark.parametrize("sizes", [(900, 5, 1), (1, 1, 1), (3000, 1), (40, 40, 40, 1, 1, 2), (7,)])
def test_a_small_document_beside_a_large_one_gets_its_share(sizes, per_request):
    found = drawn(Texts(*sizes), 100, per_request=per_request)
    assert sum(found.values()) == 100
    assert min(found[f"{number}.txt"] for number in range(len(sizes))) >= 5


@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=12), st.integers(1, 120), st.integers(1, 10), st.integers(0, 9)
)
def test_whatever_the_documents_each_has_its_minimum_and_no_sample_is_too_many(sizes, wanted, per_request, seed):
    found = drawn(Texts(*sizes), wanted, per_request=per_request, seed=seed)
    assert sum(found.values()) == wanted
    covered = [found[f"{number}.txt"] for number in range(len(sizes))]
    if wanted >= len(sizes):
        assert min(covered) >= minimum_per_document(wanted, len(sizes))
    else:
        assert max(covered) == 1


def test_beyond_the_minimum_documents_count_by_their_chunks():
    found = drawn(Texts(600, 300, 2), 300)
    assert found["2.txt"] == 5
    assert 1.5 < found["0.txt"] / found["1.txt"] < 2.7


def test_a_second_call_makes_up_first_what_documents_lack():
    texts = Texts(99, 1, 1)
    have = [*(one for chunk in range(1, 100) for one in held(texts, chunk, 1)), *held(texts, 100, 1)]
    assert drawn(texts, 109, have=have) == {"0.txt": 99, "1.txt": 5, "2.txt": 5}


def test_rejected_samples_make_up_no_share():
    texts = Texts(50, 1)
    have = held(texts, 51, 5, status="rejected")
    assert drawn(texts, 50, have=have)["1.txt"] == 5


@pytest.mark.parametrize("per_request", [1, 10])
def test_a_document_of_which_nothing_comes_holds_up_nobody(per_request):
    asked: Counter[str] = Counter()

    def gives(chunk):
        asked[chunk.filename] += 1
        return chunk.filename != "1.txt"

    found = drawn(Texts(300, 200), 100, per_request=per_request, gives=gives)
    assert found == {"0.txt": 100, "1.txt": 0}
    assert asked["1.txt"] <= 100


def test_a_document_is_asked_again_where_its_first_chunks_gave_nothing():
    found = drawn(Texts(400, 10), 100, gives=lambda chunk: chunk.id <= 400 or chunk.id % 2 == 0)
    assert found["1.txt"] >= 5


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=8),
    st.sets(st.integers(0, 7)),
    st.integers(1, 100),
    st.integers(1, 6),
    st.integers(1, 8),
)
def test_whatever_is_under_way_and_whatever_gives_nothing_the_others_get_theirs(
    sizes, barren, wanted, per_request, at_once
):
    def gives(chunk):
        return int(chunk.filename.removesuffix(".txt")) not in barren

    found = drawn(Texts(*sizes), wanted, per_request=per_request, gives=gives, at_once=at_once)
    fertile = [found[f"{number}.txt"] for number in range(len(sizes)) if number not in barren]
    assert sum(found.values()) == (wanted if fertile else 0)
    if wanted >= len(sizes):
        assert min(fertile, default=wanted) >= minimum_per_document(wanted, len(sizes))
