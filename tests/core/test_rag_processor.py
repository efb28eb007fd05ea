"""Step 1 as browser and command line call it, with real child processes."""

import subprocess
import sys
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas
from tokenizer_material import byte_level, choose, model_folder
from waiting import wait_for

from core import rag_processor, sft_generator
from core.documents.store.chunk_store import ChunkStore
from core.jobs import worker
from core.jobs.job import JobState
from core.rag_processor import SourceFile
from core.samples.checks.support import support_of
from core.samples.store.sft_dataset import read_samples
from tests.refusals import code_of

ROOT = Path(__file__).resolve().parents[2]

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
    assert ended(services, rag_processor.start_documents(services, project, files)).state == JobState.DONE
    return project


def ended(services, snapshot):
    return services.runner.wait(snapshot.id, timeout=60)


def test_a_password_opens_a_document_and_stays_in_memory(services, filled):
    job = ended(
        services, rag_processor.start_reprocess(services, filled, ["locked.pdf"], {"locked.pdf": "schlüssel"})
    )
    assert [row["status"] for row in job.result["documents"]] == ["done"]
    for path in filled.root.rglob("*"):
        assert not path.is_file() or "schlüssel".encode() not in path.read_bytes(), path


def test_removed_documents_leave_neither_chunks_nor_files_and_what_was_exported_stays(services, filled):
    exported = rag_processor.export_database(filled)
    count = ChunkStore(filled.database).count()
    rag_processor.remove_documents(services, filled, ["a.txt"])
    assert exported == filled.database_export and ChunkStore(exported).count() == count > 0
    store = ChunkStore(filled.database)
    assert [source.filename for source in store.documents()] == ["locked.pdf"]
    assert store.count() == 0
    assert [path.name for path in filled.documents_folder.iterdir()] == ["locked.pdf"]


def test_nothing_is_removed_while_documents_are_read_here_or_in_another_process(services, filled, monkeypatch):
    with worker.alone_with(filled, "rag"):
        assert code_of(lambda: rag_processor.remove_documents(services, filled, ["a.txt"])) == "documents_running"
    monkeypatch.setattr("core.jobs.services.running", lambda *_: True)
    assert code_of(lambda: rag_processor.remove_documents(services, filled, ["a.txt"])) == "documents_running"


def test_samples_wait_for_chunks_that_are_being_cut_anew(services, filled, monkeypatch):
    busy = [True, True, True]
    monkeypatch.setattr(sft_generator, "running", lambda *_: bool(busy) and busy.pop())
    filled.set("sft", {"samples": 3})
    job = ended(services, sft_generator.start_samples(services, filled))
    assert (job.state, busy) == (JobState.DONE, [])


def chunks_of_samples(project):
    """For each sample the text of the chunk that its line names; None where there is no such chunk."""
    store = ChunkStore(project.database)
    found = [store.chunk(sample.source.chunk_id or 0) for sample in read_samples(project.samples_file)]
    return [chunk.text if chunk else None for chunk in found]


@pytest.fixture
def sampled(services, filled):
    filled.set("sft", {"provider": "practice", "samples": 20})
    assert ended(services, sft_generator.start_samples(services, filled)).result["samples"] == 20
    return filled


def test_samples_of_before_a_new_tokenizer_name_the_chunks_of_after_it(services, sampled, tmp_path):
    before = chunks_of_samples(sampled)
    assert not rag_processor.needs_rechunk(sampled)
    choose(sampled, model_folder(tmp_path / "bytes", byte_level(256)))
    assert rag_processor.needs_rechunk(sampled)
    assert ended(services, rag_processor.rechunk_if_needed(services, sampled)).result["recut"]
    assert rag_processor.rechunk_if_needed(services, sampled) is None
    after = chunks_of_samples(sampled)
    assert None not in after and after != before
    for sample, text in zip(read_samples(sampled.samples_file), after, strict=True):
        assert support_of(sample.output, text).share >= sample.support - 0.1


def test_samples_file_in_another_form_keeps_no_document_from_being_cut(services, sampled):
    sampled.samples_file.write_bytes(data := "[]\n".encode("utf-16"))
    sampled.set("documents", {"chunk_tokens": 64})
    job = ended(services, rag_processor.start_rechunk(services, sampled))
    assert job.state == JobState.DONE and sampled.samples_file.read_bytes() == data
    assert "error.samples_encoding" in [message.key for message in job.log]


def test_a_folder_in_the_place_of_the_samples_keeps_no_document_from_being_read(services, project, tmp_path):
    project.samples_file.mkdir(parents=True)
    (tmp_path / "a.txt").write_text("Energie ist die Fähigkeit, Arbeit zu verrichten.", encoding="utf-8")
    job = ended(services, rag_processor.start_documents(services, project, [tmp_path / "a.txt"]))
    assert job.state == JobState.DONE and [document.chunks for document in rag_processor.documents(project)] == [1]
    assert any(message.key.startswith("error.") for message in job.log)


WRITES_SAMPLES = """
import sys, time
from pathlib import Path
from core.jobs import worker
from core.jobs.job import SilentContext
from core.project_manager import Project
with worker.chunks_at_rest(SilentContext(), Project(Path(sys.argv[1]))):
    print("holds", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def elsewhere(sampled):
    """Another process that writes samples from the chunks until it is told to end."""
    command = [sys.executable, "-c", WRITES_SAMPLES, str(sampled.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout.readline() == "holds\n"
        yield process
        process.kill()


def waits(services, job):
    """Once the job says that it waits, its state."""
    wait_for(lambda: "waiting_for_chunks" in str(services.runner.get(job.id).message))
    return services.runner.get(job.id).state


def read_again(services, project):
    return rag_processor.start_reprocess(services, project, ["a.txt"])


@pytest.mark.parametrize("start", [rag_processor.start_rechunk, read_again])
def test_cutting_anew_waits_for_samples_that_another_process_writes(services, sampled, elsewhere, start):
    sampled.set("documents", {"chunk_tokens": 64})
    before = ChunkStore(sampled.database).chunk_ids()
    job = start(services, sampled)
    assert waits(services, job) == JobState.RUNNING
    assert ChunkStore(sampled.database).chunk_ids() == before
    elsewhere.stdin.close()
    assert ended(services, job).state == JobState.DONE
    assert ChunkStore(sampled.database).chunk_ids() != before
    assert None not in chunks_of_samples(sampled)


def test_samples_wait_for_chunks_that_another_process_cuts_anew(services, sampled, elsewhere):
    sampled.set("sft", {"samples": 23})
    job = sft_generator.start_samples(services, sampled)
    assert waits(services, job) == JobState.RUNNING
    elsewhere.kill()
    assert ended(services, job).result["samples"] == 23


def test_while_another_process_writes_samples_nothing_is_removed_and_what_has_no_chunks_is_opened(
    services, sampled, elsewhere
):
    assert code_of(lambda: rag_processor.remove_documents(services, sampled, ["a.txt"])) == "samples_running"
    assert ChunkStore(sampled.database).count()
    job = rag_processor.start_reprocess(services, sampled, ["locked.pdf"], {"locked.pdf": "schlüssel"})
    assert [row["status"] for row in ended(services, job).result["documents"]] == ["done"]


def test_nothing_that_replaces_chunks_is_started_while_samples_are_written_here(services, sampled, monkeypatch):
    monkeypatch.setattr("core.jobs.services.running", lambda _, __, kinds: "sft" in kinds)
    for start in (rag_processor.start_rechunk, read_again):
        assert code_of(lambda start=start: start(services, sampled)) == "samples_running"
    assert code_of(lambda: rag_processor.remove_documents(services, sampled, ["a.txt"])) == "samples_running"


@pytest.mark.parametrize(
    ("sources", "language"),
    [
        ([], ""),
        ([("", 900)], ""),
        ([("de", 10), ("en", 4), ("en", 5)], "de"),
        ([("de", 10), ("en", 4), ("en", 7)], "en"),
        ([("", 900), ("fr", 1)], "fr"),
    ],
)
def test_the_main_language_is_that_of_most_of_the_text(sources, language):
    files = [SourceFile("a", "a", "a", "done", tokens=tokens, language=name) for name, tokens in sources]
    assert rag_processor.main_language(files) == language
