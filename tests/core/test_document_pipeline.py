"""Step 1 as browser and command line call it, with real child processes."""

from itertools import pairwise

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from tokenizer_material import byte_level, choose, model_folder

from core import document_pipeline, sample_pipeline, worker
from core.documents.chunk_store import ChunkStore
from core.jobs import JobState
from tests.refusals import code_of
from utils import config

PENDULUM = "\n\n".join(
    f"Satz {n}: Ein Pendel schwingt hin und her und steht im höchsten Punkt still." for n in range(80)
)


@pytest.fixture
def filled(services, project, tmp_path):
    """A project with a text and a locked PDF, read by a real child process."""
    (tmp_path / "a.txt").write_text(PENDULUM, "utf-8")
    canvas = Canvas(str(tmp_path / "locked.pdf"), encrypt=StandardEncryption("schlüssel", ownerPassword="besitz"))
    canvas.drawString(60, 700, "Hinter diesem Schloss steht ein Satz über Pendel.")
    canvas.save()
    files = [tmp_path / "a.txt", tmp_path / "locked.pdf"]
    assert ended(services, document_pipeline.start_documents(services, project, files)).state == JobState.DONE
    return project


def ended(services, snapshot):
    return services.runner.wait(snapshot.id, timeout=60)


def test_a_password_opens_a_document_and_stays_in_memory(services, filled):
    job = ended(
        services, document_pipeline.start_reprocess(services, filled, ["locked.pdf"], {"locked.pdf": "schlüssel"})
    )
    assert [row["status"] for row in job.result["documents"]] == ["done"]
    for path in filled.root.rglob("*"):
        assert not path.is_file() or "schlüssel".encode() not in path.read_bytes(), path


def test_removed_documents_leave_neither_chunks_nor_files(services, filled):
    document_pipeline.remove_documents(services, filled, ["a.txt"])
    store = ChunkStore(filled.database)
    assert [source.filename for source in store.documents()] == ["locked.pdf"]
    assert store.count() == 0
    assert [path.name for path in filled.documents_folder.iterdir()] == ["locked.pdf"]


def test_nothing_is_removed_while_documents_are_read(services, filled, monkeypatch):
    monkeypatch.setattr("core.services.running", lambda *_: True)
    assert code_of(lambda: document_pipeline.remove_documents(services, filled, ["a.txt"])) == "documents_running"


def test_nothing_is_removed_while_another_process_reads_documents(services, filled):
    with worker.alone_with(filled, "rag"):
        assert code_of(lambda: document_pipeline.remove_documents(services, filled, ["a.txt"])) == "documents_running"


def test_a_preview_shows_how_settings_would_cut_and_changes_nothing(services, filled):
    store = ChunkStore(filled.database)
    before = store.chunks()
    previews = document_pipeline.preview_chunks(
        filled, config.ChunkSettings(chunk_tokens=64, overlap_tokens=16), limit=4
    )
    assert len(previews) == 4
    assert all(preview.tokens <= 64 for preview in previews)
    assert previews[0].overlap_characters == 0
    for one, two in pairwise(previews):
        assert one.text.endswith(two.text[: two.overlap_characters].rstrip()) and two.overlap_characters
    assert store.chunks() == before


def test_choosing_a_model_offers_to_count_with_its_tokenizer(services, filled, tmp_path):
    assert not document_pipeline.needs_rechunk(filled)
    choose(filled, model_folder(tmp_path / "bytes", byte_level(256)))
    assert document_pipeline.needs_rechunk(filled)
    job = document_pipeline.rechunk_if_needed(services, filled)
    assert ended(services, job).state == JobState.DONE
    assert not document_pipeline.needs_rechunk(filled)
    assert document_pipeline.rechunk_if_needed(services, filled) is None


def test_the_exported_database_holds_all_chunks(services, filled):
    exported = document_pipeline.export_database(filled)
    assert exported == filled.database_export
    assert ChunkStore(exported).count() == ChunkStore(filled.database).count() > 0


def test_samples_wait_for_chunks_that_are_being_cut_anew(services, filled, monkeypatch):
    busy = [True, True, True]
    monkeypatch.setattr(sample_pipeline, "running", lambda *_: bool(busy) and busy.pop())
    filled.set("sft", {"samples": 3})
    job = ended(services, sample_pipeline.start_samples(services, filled))
    assert (job.state, busy) == (JobState.DONE, [])
