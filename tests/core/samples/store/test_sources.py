"""Samples keep their text: chunks are cut, read again, removed and read back, and each names the one it is in."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_context import RecordingContext
from store_material import remove_document

from core.documents.ingest import process_again, process_documents
from core.documents.rechunking import rechunk
from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import PauseRequested
from core.project_manager import Project, ProjectStore
from core.samples.generate import generate_samples
from core.samples.store.relinking import samples_follow
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import (
    Generator,
    Sample,
    Source,
    append_samples,
    group_of,
    read_samples,
)
from core.samples.store.sources import Links, chunk_of, source_of
from core.samples.store.split import split_by_source
from core.sft_generator import check_all

WORDS = (
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
)


def text_of(seed: int, sentences: int = 120) -> str:
    """Paragraphs of sentences that no other seed and no other place has."""
    draw = random.Random(seed)
    parts = [
        f"Versuch {seed}-{n}: {draw.choice(WORDS)} und {draw.choice(WORDS)} geben {draw.randint(100, 9999)} Joule."
        for n in range(sentences)
    ]
    return "".join(part + (" ", "\n\n", "\n")[draw.randrange(3)] for part in parts)


def sentences_of(chunk_text: str) -> list[str]:
    return [part for part in chunk_text.replace("\n", " ").split("Versuch ") if part.strip().endswith("Joule.")]


def add(project: Project, name: str, text: str) -> None:
    file = project.root / "incoming" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    process_documents(RecordingContext(), project, [file])


def write_samples(project: Project, old: bool = False) -> dict[str, str]:
    """Samples with a sentence of their chunk as the answer; returns them by id. `old` ones note the chunk alone."""
    samples, sentences = [], {}
    for chunk in ChunkStore(project.database).chunks(limit=10_000):
        for number, sentence in enumerate(sentences_of(chunk.text)[::4]):
            source = Source(chunk.filename, chunk.page, chunk.id) if old else source_of(chunk)
            sample_id = f"{chunk.id}-{number}"
            sentences[sample_id] = f"Versuch {sentence.strip()}"
            samples.append(
                Sample(f"Was ergibt {sentence[:8]}?", sentences[sample_id], sample_id, source, Generator("x", "x"))
            )
    append_samples(project.samples_file, samples)
    return sentences


def assert_all_in_place(project: Project, sentences: dict[str, str]) -> None:
    """Each sample's chunk is there, in its document, and holds the very sentence."""
    store = ChunkStore(project.database)
    samples = read_samples(project.samples_file)
    assert len(samples) == len(sentences)
    for sample in samples:
        assert sample.source is not None and sample.source.chunk_id is not None, sample
        chunk = store.chunk(sample.source.chunk_id)
        assert chunk is not None and chunk.filename == sample.source.document and chunk.page == sample.source.page
        assert " ".join(sentences[sample.id].split()) in " ".join(chunk.text.split())


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = ProjectStore(tmp_path / "projects").create("Physik")
    for seed in (1, 2):
        add(project, f"{seed}.txt", text_of(seed))
    return project


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("cut", [(64, 0), (100, 40), (1000, 50)])
def test_after_chunks_were_cut_anew_each_sample_names_the_chunk_that_holds_its_answer(
    project: Project, old: bool, cut: tuple[int, int]
) -> None:
    sentences = write_samples(project, old)
    project.set("documents", {"chunk_tokens": cut[0], "overlap_tokens": cut[1]})
    with samples_follow(RecordingContext(), project):
        assert rechunk(RecordingContext(), project)["recut"] == 2
    assert_all_in_place(project, sentences)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.integers(64, 900), st.integers(0, 120)), min_size=1, max_size=4),
    st.integers(0, 1000),
    st.booleans(),
)
def test_samples_are_in_place_after_any_number_of_cuts(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[tuple[int, int]], seed: int, old: bool
) -> None:
    project = ProjectStore(tmp_path_factory.mktemp("cuts")).create("p")
    add(project, "a.txt", text_of(seed, 60))
    sentences = write_samples(project, old)
    for chunk_tokens, overlap_tokens in cuts:
        project.set("documents", {"chunk_tokens": chunk_tokens, "overlap_tokens": overlap_tokens})
        with samples_follow(RecordingContext(), project):
            rechunk(RecordingContext(), project)
    assert_all_in_place(project, sentences)
    before = project.samples_file.read_bytes()
    assert SampleStore(project).relink() == 0
    assert project.samples_file.read_bytes() == before


@pytest.mark.parametrize("old", [False, True])
def test_a_document_that_was_changed_and_read_again_keeps_what_still_stands_in_it(
    project: Project, old: bool
) -> None:
    sentences = write_samples(project, old)
    file = project.documents_folder / "1.txt"
    text = file.read_text("utf-8")
    kept = text[text.index("Versuch 1-30:") :]
    file.write_text("Ein neues Vorwort, das vorher nicht da war.\n\n" + kept, "utf-8")
    with samples_follow(RecordingContext(), project):
        process_again(RecordingContext(), project, ["1.txt"])
    store, gone = ChunkStore(project.database), 0
    for sample in read_samples(project.samples_file):
        assert sample.source is not None
        here = f" {sentences[sample.id]}" in " " + " ".join(kept.split()) or sample.source.document == "2.txt"
        assert (sample.source.chunk_id is not None) == here, sample
        if here:
            chunk = store.chunk(sample.source.chunk_id or 0)
            assert chunk and sentences[sample.id] in " ".join(chunk.text.split())
        gone += not here
    assert (
        gone
        == SampleStore(project).counts().total
        - sum(sample.source.chunk_id is not None for sample in read_samples(project.samples_file) if sample.source)
        > 0
    )


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("new_name", ["1.txt", "renamed.txt"])
def test_a_document_that_was_removed_and_read_back_has_its_samples_again(
    project: Project, old: bool, new_name: str
) -> None:
    sentences = write_samples(project, old)
    before = {sample.id: sample.source for sample in read_samples(project.samples_file)}
    context = RecordingContext()
    with samples_follow(context, project):
        remove_document(ChunkStore(project.database), "1.txt")
        (project.documents_folder / "1.txt").unlink()
    for sample in read_samples(project.samples_file):
        assert sample.source is not None and before[sample.id] is not None
        if sample.source.document == "1.txt":
            assert (sample.source.chunk_id, sample.source.former_chunk_id) == (None, before[sample.id].chunk_id)
    assert "samples.log_gone" in [key for key, _ in context.log_lines]
    project.set("documents", {"chunk_tokens": 90})
    with samples_follow(RecordingContext(), project):
        add(project, new_name, text_of(1))
        rechunk(RecordingContext(), project)
    assert_all_in_place(project, sentences)


def test_samples_of_a_text_that_has_gone_stay_on_one_side_of_the_split(project: Project) -> None:
    write_samples(project)
    before = [group_of(sample) for sample in read_samples(project.samples_file)]
    with samples_follow(RecordingContext(), project):
        remove_document(ChunkStore(project.database), "1.txt")
    samples = read_samples(project.samples_file)
    after = [group_of(sample) for sample in samples]
    assert len(set(zip(before, after, strict=True))) == len(set(before)) == len(set(after))
    train, held_out = split_by_source(samples, 0.3, 1)
    assert not {group_of(sample) for sample in train} & {group_of(sample) for sample in held_out}


def test_another_document_under_the_same_name_gets_no_samples_of_the_old_one(project: Project) -> None:
    write_samples(project)
    with samples_follow(RecordingContext(), project):
        remove_document(ChunkStore(project.database), "1.txt")
        (project.documents_folder / "1.txt").unlink()
        add(project, "1.txt", text_of(77))
    for sample in read_samples(project.samples_file):
        assert sample.source is not None
        assert (sample.source.chunk_id is None) == (sample.source.document == "1.txt")


def test_a_database_that_was_built_anew_gives_no_sample_the_text_of_another_chunk(project: Project) -> None:
    sentences = write_samples(project)
    for file in project.database.parent.glob("rag.db*"):
        file.unlink()
    project.set("documents", {"chunk_tokens": 70})
    for seed in (2, 1):
        (project.documents_folder / f"{seed}.txt").unlink()
        add(project, f"{seed}.txt", text_of(seed))
    SampleStore(project).relink()
    assert_all_in_place(project, sentences)


def test_lines_keep_all_else_that_stands_in_them(project: Project) -> None:
    chunk = ChunkStore(project.database).chunks()[0]
    source = {"document": chunk.filename, "page": 1, "chunk_id": chunk.id, "mine": [1]}
    line = {"instruction": "Was?", "output": sentences_of(chunk.text)[0], "extra": None, "source": source}
    project.samples_file.write_text(f"# note\nno sample\n{json.dumps(line)}\n", "utf-8")
    SampleStore(project).relink()
    *notes, written = project.samples_file.read_text("utf-8").splitlines()
    assert notes == ["# note", "no sample"]
    assert json.loads(written) == {**line, "source": {**source, "start": 0, **_place(chunk)}}


def _place(chunk) -> dict[str, object]:
    return {"end": len(chunk.text), "text_hash": source_of(chunk).text_hash}


def test_what_undo_brings_back_names_the_chunk_of_today(project: Project) -> None:
    sentences = write_samples(project)
    store, ids = SampleStore(project), list(sentences)
    store.edit(ids[1], "Andere Frage?", "Andere Antwort, die niemand behalten will.")
    store.delete(ids[:1])
    project.set("documents", {"chunk_tokens": 64, "overlap_tokens": 0})
    with samples_follow(RecordingContext(), project):
        rechunk(RecordingContext(), project)
    deleted, edited = store.undo(), store.undo()
    assert deleted and edited and (deleted.key, edited.key) == ("review.undone_delete", "review.undone_edit")
    assert_all_in_place(project, sentences)


def test_a_sample_whose_text_came_and_went_is_checked_again(project: Project) -> None:
    write_samples(project)
    store = SampleStore(project)
    check_all(RecordingContext(), project)
    assert not store.unchecked()
    with samples_follow(RecordingContext(), project):
        remove_document(ChunkStore(project.database), "1.txt")
    lost = [
        sample.id for sample in read_samples(project.samples_file) if sample.source and not sample.source.chunk_id
    ]
    assert store.unchecked() == lost != []


def test_a_stop_in_the_middle_leaves_no_sample_behind(project: Project) -> None:
    sentences = write_samples(project, old=True)
    project.set("documents", {"chunk_tokens": 64})
    with pytest.raises(PauseRequested), samples_follow(RecordingContext(), project):
        rechunk(RecordingContext(stop_after=1), project)
    assert_all_in_place(project, sentences)


def test_what_a_killed_cut_left_is_set_right_by_the_next_look(project: Project) -> None:
    sentences = write_samples(project)
    project.set("documents", {"chunk_tokens": 64})
    rechunk(RecordingContext(), project)  # killed before it could tell the samples
    store, chunks = SampleStore(project), ChunkStore(project.database)
    for sample in list(store.samples()):
        chunk = chunk_of(chunks, sample)
        assert chunk is not None and sentences[sample.id] in " ".join(chunk.text.split())
    check_all(RecordingContext(), project)
    assert_all_in_place(project, sentences)
    assert "source_gone" not in store.counts().by_finding


def test_the_practice_helper_notes_the_place_of_its_chunk(project: Project) -> None:
    project.set("sft", {"provider": "practice", "samples": 12})
    generate_samples(RecordingContext(), project, project.load_config().sft)
    chunks = {chunk.id: chunk for chunk in ChunkStore(project.database).chunks(limit=1000)}
    for sample in read_samples(project.samples_file):
        assert sample.source is not None and sample.source == source_of(chunks[sample.source.chunk_id or 0])


def test_a_sample_that_is_in_place_is_not_looked_for_again_while_its_document_stays(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_samples(project)
    SampleStore(project).relink()
    looked_for: list[Sample] = []
    real = Links.now
    monkeypatch.setattr(Links, "now", lambda links, sample: looked_for.append(sample) or real(links, sample))
    SampleStore(project).relink()
    append_samples(project.samples_file, [Sample("Was?", "Das.", "own")])
    add(project, "9.txt", text_of(9))
    SampleStore(project).relink()
    assert {sample.id for sample in looked_for} == {"own"}
    with samples_follow(RecordingContext(), project):
        remove_document(ChunkStore(project.database), "1.txt")
    assert {sample.source.document for sample in looked_for if sample.source} == {"1.txt"}
