import pytest
from store_material import add_document, remove_document

from core.documents.store.chunk_store import ChunkStore, Flag, NewChunk, SourceFile
from core.samples.overview import Overview, overview
from utils.config import ChunkSettings


@pytest.fixture
def store(tmp_path):
    store = ChunkStore(tmp_path / "rag.db")
    for name, language, tokens in (("a.pdf", "de", (512, 500, 10)), ("b.pdf", "en", (33, 512)), ("c.pdf", "", ())):
        status = "done" if tokens else "no_text"
        read = 9 if tokens else 0
        source = SourceFile(name, name, name, status, pages=10, pages_read=read, language=language)
        add_document(store, source, [NewChunk(f"{name} {count}", {"tokens": count}) for count in tokens])
    return store


def test_the_figures_of_a_store(store):
    figures = overview(store)
    assert (figures.documents, figures.pages, figures.chunks, figures.tokens) == (3, 30, 5, 1567)
    assert figures.coverage == pytest.approx(0.6)
    assert (figures.usable, figures.samples_possible) == (5, 10)


def test_what_may_not_be_used_gives_no_samples(store):
    with store.writer() as writer:
        writer.set_flags([(1, Flag("duplicate", 2, 0.9)), (3, Flag("boilerplate"))])
    store.exclude([1])
    assert overview(store).usable == len(store.usable_ids()) == 3
    assert overview(store, ChunkSettings(skip_boilerplate=False)).usable == 4
    assert overview(store).flags == {"boilerplate": 1, "duplicate": 1, "excluded": 1}


def test_counting_again_and_removing_keep_the_figures_true(store):
    with store.writer() as writer:
        writer.set_tokens("a.pdf", [(1, 700)], "other")
    assert (overview(store).chunks, overview(store).tokens) == (5, 1567 - 512 + 700)
    remove_document(store, "a.pdf")
    assert (overview(store).chunks, overview(store).tokens) == (2, 545)


def test_an_empty_project_has_figures_too(tmp_path):
    assert overview(ChunkStore(tmp_path / "rag.db")) == Overview()
