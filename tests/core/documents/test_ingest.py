from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_context import RecordingContext
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from core.documents.document_intake import stored_name
from core.documents.formats import markdown
from core.documents.ingest import process_again, process_documents, run
from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import PauseRequested
from core.jobs.runs import create_run
from core.project_manager import Project, ProjectStore

SENTENCES = "Ein Pendel schwingt hin und her. Im höchsten Punkt steht es still. " * 20


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return ProjectStore(tmp_path / "projects").create("Physik")


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def write(path: Path, text: str = SENTENCES) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def statuses(result: dict) -> list[str]:
    return [row["status"] for row in result["documents"]]


def test_files_become_chunks_and_their_originals_are_kept(project: Project, inbox: Path) -> None:
    context = RecordingContext()
    result = process_documents(
        context, project, [write(inbox / "Über Größe.txt"), write(inbox / "b.md", "# B\n\nText.")]
    )
    assert statuses(result) == ["done", "done"]
    assert (
        result["chunks"] == ChunkStore(project.database).count() == sum(row["chunks"] for row in result["documents"])
    )
    assert sorted(path.name for path in project.documents_folder.iterdir()) == ["b.md", "Über Größe.txt"]
    assert [key for key, _ in context.log_lines] == ["documents.log_done", "documents.log_done"]
    assert any(key == "documents.reading" and params["page"] == 1 for _, _, key, params in context.progress_calls)
    assert context.progress_calls[-1][:2] == (2, 2)


def test_one_bad_file_never_stops_the_others(project: Project, inbox: Path) -> None:
    (inbox / "torn.pdf").write_bytes(b"%PDF-1.4 nothing")
    (inbox / "image.txt").write_bytes(bytes(range(256)))
    (inbox / "program.exe").write_bytes(b"MZ")
    files = [
        inbox / "torn.pdf",
        inbox / "image.txt",
        inbox / "program.exe",
        inbox / "gone.txt",
        write(inbox / "good.txt"),
    ]
    result = process_documents(RecordingContext(), project, files)
    assert statuses(result) == ["damaged", "unsupported", "unsupported", "failed", "done"]
    assert [row["detail"] for row in result["documents"]] == [
        "pdf_damaged",
        "file_not_text",
        "file_unsupported",
        "file_missing",
        "",
    ]


def test_a_reader_that_fails_in_an_unknown_way_costs_only_its_file(
    project: Project, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(path: Path, password: str | None = None):
        raise ZeroDivisionError("a parser's own bug")

    monkeypatch.setattr(markdown, "read", burst)
    result = process_documents(RecordingContext(), project, [write(inbox / "a.md"), write(inbox / "b.txt")])
    assert statuses(result) == ["failed", "done"], "the same words in another format are another file"
    assert result["documents"][0]["detail"] == "file_unreadable"


def test_the_same_content_is_stored_once(project: Project, inbox: Path) -> None:
    first, twin = write(inbox / "a.txt"), write(inbox / "copy of a.txt")
    result = process_documents(RecordingContext(), project, [first, twin, first])
    assert statuses(result) == ["done", "duplicate", "duplicate"]
    assert result["documents"][1]["params"] == {"file": "copy of a.txt", "same_as": "a.txt"}
    again = process_documents(RecordingContext(), project, [first])
    assert statuses(again) == ["duplicate"]
    assert again["chunks"] == result["chunks"]


def test_two_files_of_one_name_are_both_kept(project: Project, inbox: Path) -> None:
    (inbox / "other").mkdir()
    files = [write(inbox / "a.txt"), write(inbox / "other" / "A.txt", "Ganz anderer Text.")]
    result = process_documents(RecordingContext(), project, files)
    assert [row["stored_as"] for row in result["documents"]] == ["a.txt", "A (2).txt"]
    assert (project.documents_folder / "A (2).txt").read_text() == "Ganz anderer Text."


def test_a_pause_keeps_whole_documents_and_the_next_call_does_the_rest(project: Project, inbox: Path) -> None:
    files = [write(inbox / f"{number}.txt", f"Datei {number}. {SENTENCES}") for number in range(4)]
    with pytest.raises(PauseRequested):
        process_documents(RecordingContext(stop_after=7), project, files, batch="run-1")
    store = ChunkStore(project.database)
    assert {source.status for source in store.documents()} == {"done", "queued"}
    for file in files:
        file.unlink()  # an upload may be gone by then
    result = process_documents(RecordingContext(), project, files, batch="run-1")
    assert statuses(result) == ["done"] * 4
    fresh = ProjectStore(project.root.parent).create("Vergleich")
    for number in range(4):
        write(files[number], f"Datei {number}. {SENTENCES}")
    assert process_documents(RecordingContext(), fresh, files)["chunks"] == result["chunks"]


def test_a_stop_at_any_checkpoint_loses_and_doubles_nothing(project: Project, inbox: Path) -> None:
    files = [write(inbox / f"{number}.txt", f"Datei {number}. {SENTENCES}") for number in range(3)]
    for stop_after in range(12):
        try:
            process_documents(RecordingContext(stop_after=stop_after % 6), project, files, batch="run-1")
        except PauseRequested:
            continue
    result = process_documents(RecordingContext(), project, files, batch="run-1")
    store = ChunkStore(project.database)
    assert statuses(result) == ["done"] * 3
    assert sorted(source.filename for source in store.documents()) == ["0.txt", "1.txt", "2.txt"]
    assert store.count() == sum(source.chunks for source in store.documents())


def test_a_file_that_failed_is_tried_again(project: Project, inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(inbox / "a.md")
    with monkeypatch.context() as patch:
        patch.setattr(markdown, "read", lambda *_: 1 / 0)
        assert statuses(process_documents(RecordingContext(), project, [file])) == ["failed"]
    assert statuses(process_documents(RecordingContext(), project, [file])) == ["done"]
    assert len(ChunkStore(project.database).documents()) == 1


def test_chunk_settings_of_the_project_count(project: Project, inbox: Path) -> None:
    config = project.load_config()
    config.documents.chunk_tokens = 64
    project.save_config(config)
    process_documents(RecordingContext(), project, [write(inbox / "a.txt")])
    assert max(chunk.metadata["tokens"] for chunk in ChunkStore(project.database).chunks()) <= 64


def test_the_stage_reads_its_files_from_the_run(project: Project, inbox: Path) -> None:
    work = create_run(project, "rag", {"kind": "rag", "files": [str(write(inbox / "a.txt"))]})
    result = run(RecordingContext(), work)
    assert statuses(result) == ["done"]
    assert ChunkStore(project.database).documents()[0].batch == work.id


@pytest.mark.parametrize(
    ("given_name", "stored"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\Users\\x\\böse.PDF", "böse.pdf"),
        ("con.txt", "_con.txt"),
        ("a<b>:c?.md", "a_b__c_.md"),
        ("...txt", "document.txt"),
        (".txt", "document.txt"),
        ("tab\tnull\0rtl\u202e.txt", "tab_null_rtl_.txt"),
        ("lang" * 100 + ".docx", ("lang" * 100)[:145] + ".docx"),
    ],
)
def test_hostile_names_become_plain_ones(given_name: str, stored: str) -> None:
    assert stored_name(given_name) == stored


@given(st.text())
def test_a_stored_name_never_leaves_its_folder(name: str) -> None:
    stored = stored_name(f"{name}.txt")
    assert Path(stored).name == stored
    assert stored.endswith(".txt")
    assert len(stored.encode()) <= 150


def encrypted_pdf(path: Path, words: str = "geheim und geschützt") -> Path:
    canvas = Canvas(str(path), encrypt=StandardEncryption("schlüssel", ownerPassword="besitz"))
    canvas.drawString(60, 700, words)
    canvas.save()
    return path


def test_a_locked_pdf_is_read_once_its_password_is_given(project: Project, inbox: Path) -> None:
    process_documents(RecordingContext(), project, [encrypted_pdf(inbox / "a.pdf")])
    wrong = process_again(RecordingContext(), project, ["a.pdf"], {"a.pdf": "falsch"})
    assert (statuses(wrong), wrong["documents"][0]["detail"]) == (["password"], "pdf_wrong_password")
    right = process_again(RecordingContext(), project, ["a.pdf"], {"a.pdf": "schlüssel"})
    assert statuses(right) == ["done"]
    assert ChunkStore(project.database).documents()[0].detail == ""
    assert not [
        path for path in project.root.rglob("*") if path.is_file() and "schlüssel".encode() in path.read_bytes()
    ]


def test_a_document_that_cannot_be_read_again_keeps_its_chunks(project: Project, inbox: Path) -> None:
    process_documents(RecordingContext(), project, [encrypted_pdf(inbox / "a.pdf")])
    process_again(RecordingContext(), project, ["a.pdf"], {"a.pdf": "schlüssel"})
    store = ChunkStore(project.database)
    before = store.chunks()
    again = process_again(RecordingContext(), project, ["a.pdf"])
    assert statuses(again) == ["password"]
    assert store.chunks() == before
    assert (store.documents()[0].status, store.documents()[0].detail) == ("done", "pdf_password")


def test_reading_again_takes_in_what_changed_and_keeps_ids_of_what_did_not(project: Project, inbox: Path) -> None:
    parts = [f"Teil {n}. {SENTENCES}" for n in range(6)]
    process_documents(RecordingContext(), project, [write(inbox / "a.txt", "\n\n".join(parts))])
    store = ChunkStore(project.database)
    before = {chunk.text: chunk.id for chunk in store.chunks()}
    process_again(RecordingContext(), project, ["a.txt", "no such file.txt"])
    assert {chunk.text: chunk.id for chunk in store.chunks()} == before


def test_the_record_of_a_document_says_language_size_and_how_it_was_cut(project: Project, inbox: Path) -> None:
    file = write(inbox / "a.txt")
    process_documents(RecordingContext(), project, [file])
    (source,) = ChunkStore(project.database).documents()
    assert (source.language, source.size_bytes) == ("de", file.stat().st_size)
    assert source.params == {"chunk_tokens": 512, "overlap_tokens": 50, "tokenizer": "local-32k"}


def test_two_copies_of_one_text_in_two_formats_are_flagged_as_duplicates(project: Project, inbox: Path) -> None:
    text = "\n\n".join(f"Im Versuch {n} wurde die Wärme von {n * 7} Litern Wasser gemessen." for n in range(40))
    process_documents(RecordingContext(), project, [write(inbox / "a.txt", text), write(inbox / "b.md", text)])
    store = ChunkStore(project.database)
    assert store.count(flag="duplicate") == store.count(filename="b.md")
