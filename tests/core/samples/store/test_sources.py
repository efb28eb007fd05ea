"""Samples keep their text: chunks are cut, read again, removed and read back, and each names the one it is in."""

import json
import random
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import remove_document

from core.documents.ingest import process_again, process_documents
from core.documents.rechunking import rechunk
from core.documents.store.chunk_store import ChunkStore
from core.project_manager import ProjectStore
from core.samples.store.relinking import samples_follow
from core.samples.store.sample import Sample, Source, group_of
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_samples, read_samples
from core.samples.store.sources import Links, chunk_of, source_of
from core.samples.store.split import split_by_source
from core.sft_generator import check_all

WORDS = [
    "Pendel",
    "Faden",
    "Feder",
    "Masse",
    "Kugel",
    "Waage",
    "Linse",
    "Spiegel",
    "Spule",
    "Magnet",
    "Kolben",
    "Düse",
]


def text_of(seed, sentences=120):
    """Paragraphs of sentences that no other seed and no other place has."""
    draw = random.Random(seed)
    parts = [
        f"Versuch {seed}-{n}: {draw.choice(WORDS)} und {draw.choice(WORDS)} geben {draw.randint(100, 9999)} Joule."
        for n in range(sentences)
    ]
    return "".join(part + draw.choice((" ", "\n\n", "\n")) for part in parts)


def in_one_line(text):
    return " ".join(text.split())


def cut(project, chunk_tokens, overlap_tokens=0, is_killed=False):
    """Cut all chunks anew; where the app `is_killed`, it cannot tell the samples."""
    project.set("documents", {"chunk_tokens": chunk_tokens, "overlap_tokens": overlap_tokens})
    with nullcontext() if is_killed else follow(project):
        return rechunk(RecordingContext(), project)["recut"]


def remove(project, name):
    remove_document(ChunkStore(project.database), name)
    (project.documents_folder / name).unlink()


def follow(project, context=None):
    return samples_follow(context or RecordingContext(), project)


def samples_of(project):
    return read_samples(project.samples_file)


def sentences_of(chunk_text):
    return [part for part in chunk_text.replace("\n", " ").split("Versuch ") if part.strip().endswith("Joule.")]


def add(project, name, text):
    file = project.root / "incoming" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    process_documents(RecordingContext(), project, [file])


def write_samples(project, old=False):
    """Samples with a sentence of their chunk as the answer; returns them by id. `old` ones note the chunk alone."""
    samples = []
    for chunk in ChunkStore(project.database).chunks(limit=10_000):
        source = Source(chunk.filename, chunk.page, chunk.id) if old else source_of(chunk)
        for number, sentence in enumerate(sentences_of(chunk.text)[::4]):
            said = f"Versuch {sentence.strip()}"
            samples.append(Sample(f"Was ergibt {sentence[:8]}?", said, f"{chunk.id}-{number}", source))
    append_samples(project.samples_file, samples)
    return {sample.id: sample.output for sample in samples}


def assert_all_in_place(project, sentences):
    """Each sample's chunk is there, in its document, and holds the very sentence."""
    store, samples = ChunkStore(project.database), samples_of(project)
    assert len(samples) == len(sentences)
    for sample in samples:
        assert sample.source.chunk_id is not None, sample
        chunk = store.chunk(sample.source.chunk_id)
        assert (chunk.filename, chunk.page) == (sample.source.document, sample.source.page)
        assert in_one_line(sentences[sample.id]) in in_one_line(chunk.text)


@pytest.fixture
def project(project):
    for seed in (1, 2):
        add(project, f"{seed}.txt", text_of(seed))
    return project


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(64, 900), st.integers(0, 120)), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.booleans(),
)
def test_samples_are_in_place_after_any_number_of_cuts(tmp_path_factory, cuts, seed, old):
    project = ProjectStore(tmp_path_factory.mktemp("cuts")).create("p")
    add(project, "a.txt", text_of(seed, 60))
    sentences = write_samples(project, old)
    for sizes in cuts:
        cut(project, *sizes)
    assert_all_in_place(project, sentences)
    before = project.samples_file.read_bytes()
    assert SampleStore(project).relink() == 0
    assert project.samples_file.read_bytes() == before


@pytest.mark.parametrize("old", [False, True])
def test_a_document_that_was_changed_and_read_again_keeps_what_still_stands_in_it(project, old):
    sentences = write_samples(project, old)
    file = project.documents_folder / "1.txt"
    text = file.read_text("utf-8")
    kept = text[text.index("Versuch 1-30:") :]
    file.write_text("Ein neues Vorwort, das vorher nicht da war.\n\n" + kept, "utf-8")
    with follow(project):
        process_again(RecordingContext(), project, ["1.txt"])
    store, gone = ChunkStore(project.database), 0
    for sample in samples_of(project):
        here = f" {sentences[sample.id]}" in " " + in_one_line(kept) or sample.source.document == "2.txt"
        assert (sample.source.chunk_id is not None) == here, sample
        if here:
            assert sentences[sample.id] in in_one_line(store.chunk(sample.source.chunk_id).text)
        gone += not here
    assert gone > 0


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("new_name", ["1.txt", "renamed.txt"])
def test_a_document_that_was_removed_and_read_back_has_its_samples_again(project, old, new_name):
    sentences = write_samples(project, old)
    before = {sample.id: sample.source for sample in samples_of(project)}
    context = RecordingContext()
    with follow(project, context):
        remove(project, "1.txt")
    for sample in samples_of(project):
        if sample.source.document == "1.txt":
            assert (sample.source.chunk_id, sample.source.former_chunk_id) == (None, before[sample.id].chunk_id)
    assert "samples.log_gone" in [key for key, _ in context.log_lines]
    with follow(project):
        add(project, new_name, text_of(1))
        cut(project, 90)
    assert_all_in_place(project, sentences)


def test_samples_of_a_text_that_has_gone_stay_on_one_side_of_the_split(project):
    write_samples(project)
    before = list(map(group_of, samples_of(project)))
    with follow(project):
        remove(project, "1.txt")
    after = list(map(group_of, samples_of(project)))
    assert len(set(zip(before, after, strict=True))) == len(set(before)) == len(set(after))
    train, held_out = split_by_source(samples_of(project), 0.3, 1)
    assert set(map(group_of, train)).isdisjoint(map(group_of, held_out))


def test_another_document_under_the_same_name_gets_no_samples_of_the_old_one(project):
    write_samples(project)
    with follow(project):
        remove(project, "1.txt")
        add(project, "1.txt", text_of(77))
    for sample in samples_of(project):
        assert (sample.source.chunk_id is None) == (sample.source.document == "1.txt")


def test_a_database_that_was_built_anew_gives_no_sample_the_text_of_another_chunk(project):
    sentences = write_samples(project)
    for file in project.database.parent.glob("rag.db*"):
        file.unlink()
    project.set("documents", {"chunk_tokens": 70})
    for seed in (2, 1):
        (project.documents_folder / f"{seed}.txt").unlink()
        add(project, f"{seed}.txt", text_of(seed))
    SampleStore(project).relink()
    assert_all_in_place(project, sentences)


def test_lines_keep_all_else_that_stands_in_them(project):
    chunk = ChunkStore(project.database).chunks()[0]
    source = {"document": chunk.filename, "page": 1, "chunk_id": chunk.id, "mine": [1]}
    line = {"instruction": "Was?", "output": sentences_of(chunk.text)[0], "extra": None, "source": source}
    project.samples_file.write_text(f"# note\nno sample\n{json.dumps(line)}\n", "utf-8")
    SampleStore(project).relink()
    *notes, written = project.samples_file.read_text("utf-8").splitlines()
    assert notes == ["# note", "no sample"]
    place = {"start": 0, "end": len(chunk.text), "text_hash": source_of(chunk).text_hash}
    assert json.loads(written) == {**line, "source": {**source, **place}}


def test_what_undo_brings_back_names_the_chunk_of_today(project):
    sentences = write_samples(project)
    store, ids = SampleStore(project), list(sentences)
    store.edit(ids[1], "Andere Frage?", "Andere Antwort, die niemand behalten will.")
    store.delete(ids[:1])
    cut(project, 64)
    assert [store.undo().key, store.undo().key] == ["review.undone_delete", "review.undone_edit"]
    assert_all_in_place(project, sentences)


def test_a_sample_whose_text_came_and_went_is_checked_again(project):
    write_samples(project)
    store = SampleStore(project)
    check_all(RecordingContext(), project)
    assert not store.unchecked()
    with follow(project):
        remove(project, "1.txt")
    assert store.unchecked() == [sample.id for sample in samples_of(project) if not sample.source.chunk_id] != []


def test_what_a_killed_cut_left_is_set_right_by_the_next_look(project):
    sentences = write_samples(project)
    cut(project, 64, is_killed=True)
    store, chunks = SampleStore(project), ChunkStore(project.database)
    for sample in samples_of(project):
        assert sentences[sample.id] in in_one_line(chunk_of(chunks, sample).text)
    check_all(RecordingContext(), project)
    assert_all_in_place(project, sentences)
    assert "source_gone" not in store.counts().by_finding


def test_a_sample_that_is_in_place_is_not_looked_for_again_while_its_document_stays(project, monkeypatch):
    write_samples(project)
    SampleStore(project).relink()
    looked_for, real = [], Links.now
    monkeypatch.setattr(Links, "now", lambda links, sample: looked_for.append(sample) or real(links, sample))
    SampleStore(project).relink()
    append_samples(project.samples_file, [Sample("Was?", "Das.", "own")])
    add(project, "9.txt", text_of(9))
    SampleStore(project).relink()
    assert {sample.id for sample in looked_for} == {"own"}
    with follow(project):
        remove(project, "1.txt")
    assert {sample.source.document for sample in looked_for if sample.source} == {"1.txt"}
