"""Chunks made anew after the settings or the tokenizer changed."""

import pytest
from recording_context import RecordingContext
from store_material import add_document
from tokenizer_material import byte_level, choose, model_folder

from core.documents import chunk_state
from core.documents.chunking import text_and_chunks
from core.documents.ingest import process_documents
from core.documents.rechunking import rechunk
from core.documents.store.chunk_store import ChunkStore, NewChunk
from core.documents.token_counting import counter_of
from core.jobs.job import PauseRequested

TEXT = "\n\n".join(
    f"Absatz {n}. Ein Pendel schwingt hin und her. Im höchsten Punkt steht es still." for n in range(90)
)


@pytest.fixture
def project(project, tmp_path):
    files = [tmp_path / name for name in ("a.txt", "b.txt")]
    for file in files:
        file.write_text(f"{file.name}\n\n{TEXT}", "utf-8")
    process_documents(RecordingContext(), project, files)
    return project


def test_new_settings_cut_every_document_anew_without_its_original(project):
    for original in project.documents_folder.iterdir():
        original.unlink()
    project.set("documents", {"chunk_tokens": 100, "overlap_tokens": 20})
    assert len(chunk_state.outdated(project)) == 2
    store = ChunkStore(project.database)
    text = list(store.pages("a.txt"))
    result = rechunk(RecordingContext(), project)
    chunks = store.chunks(limit=1000)
    assert result == {"documents": 2, "recut": 2, "chunks": len(chunks)}
    assert max(chunk.metadata["tokens"] for chunk in chunks) <= 100
    assert "Absatz 89. Ein Pendel" in chunks[-1].text
    assert list(store.pages("a.txt")) == text
    wanted = text_and_chunks(text, project.load_config().documents, counter_of(project), chunks[0].metadata["sha256"])
    assert [(chunk.text, chunk.metadata) for chunk in store.chunks(limit=1000, filename="a.txt")] == [
        (part.text, part.metadata) for part in wanted if isinstance(part, NewChunk)
    ]
    assert chunk_state.outdated(project) == []
    assert rechunk(RecordingContext(), project)["documents"] == 0, "what is up to date is left alone"


def test_a_tokenizer_that_needs_more_tokens_cuts_smaller_chunks(project, tmp_path):
    choose(project, model_folder(tmp_path / "bytes", byte_level(256)))
    rechunk(RecordingContext(), project)
    counter = counter_of(project)
    chunks = ChunkStore(project.database).chunks(limit=1000)
    assert {chunk.metadata["tokenizer"] for chunk in chunks} == {counter.name}
    assert max(counter.exact([chunk.text for chunk in chunks])) <= 512
    assert [chunk.metadata["tokens"] for chunk in chunks] == counter.exact([chunk.text for chunk in chunks])


def test_a_tokenizer_that_needs_fewer_tokens_only_counts_again(project, tmp_path):
    store = ChunkStore(project.database)
    before = [(chunk.id, chunk.text) for chunk in store.chunks(limit=1000)]
    choose(project, model_folder(tmp_path / "large", byte_level(5000, TEXT)))
    assert rechunk(RecordingContext(), project)["recut"] == 0
    chunks = store.chunks(limit=1000)
    assert [(chunk.id, chunk.text) for chunk in chunks] == before
    assert [chunk.metadata["tokens"] for chunk in chunks] == counter_of(project).exact([text for _, text in before])
    assert sum(source.tokens for source in store.documents()) == sum(chunk.metadata["tokens"] for chunk in chunks)
    assert chunk_state.outdated(project) == []


def test_a_pause_between_two_documents_leaves_the_rest_for_the_next_call(project):
    project.set("documents", {"chunk_tokens": 64})
    with pytest.raises(PauseRequested):
        rechunk(RecordingContext(stop_after=1), project)
    assert len(chunk_state.outdated(project)) == 1
    rechunk(RecordingContext(), project)
    assert chunk_state.outdated(project) == []


@pytest.fixture
def early(project):
    """A document that a version stored which noted neither texts of pages nor where a chunk begins."""
    store = ChunkStore(project.database)
    (first, _) = store.documents()
    old = [NewChunk(chunk.text, chunk.metadata) for chunk in store.chunks(filename=first.filename)]
    for chunk in old:
        del chunk.metadata["start"]
    add_document(store, first, old)
    project.set("documents", {"chunk_tokens": 100})
    return project


def test_a_document_without_stored_text_is_cut_from_its_original(early):
    assert rechunk(RecordingContext(), early)["recut"] == 2
    store = ChunkStore(early.database)
    assert all("start" in chunk.metadata for chunk in store.chunks(limit=1000))
    assert "".join(part.text for part in store.pages("a.txt")) == f"a.txt\n\n{TEXT}"


def test_without_an_original_it_stays_as_it_is_which_the_log_tells(early):
    (early.documents_folder / "a.txt").unlink()
    store, context = ChunkStore(early.database), RecordingContext()
    before = store.chunks(limit=1000, filename="a.txt")
    assert rechunk(context, early)["recut"] == 1
    assert store.chunks(limit=1000, filename="a.txt") == before
    assert "error.file_missing" in [key for key, _ in context.log_lines]
