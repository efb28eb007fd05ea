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
from core.project_manager import ProjectStore

SENTENCES = "Ein Pendel schwingt hin und her. Im höchsten Punkt steht es still. " * 20


@pytest.fixture
def inbox(tmp_path):
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def write(path: Path, text: str = SENTENCES) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def statuses(result: dict) -> list[str]:
    return [row["status"] for row in result["documents"]]


def again(project, *arguments):
    return process_again(RecordingContext(), project, *arguments)


def process(project, *files, **options):
    return process_documents(RecordingContext(), project, files, **options)


def test_files_become_chunks_and_their_originals_are_kept(project, inbox):
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


def test_one_bad_file_never_stops_the_others(project, inbox):
    for name, content in (("torn.pdf", b"%PDF-1.4"), ("image.txt", bytes(range(256))), ("program.exe", b"MZ")):
        (inbox / name).write_bytes(content)
    write(inbox / "good.txt")
    files = [inbox / name for name in ("torn.pdf", "image.txt", "program.exe", "gone.txt", "good.txt")]
    result = process(project, *files)
    assert statuses(result) == ["damaged", "unsupported", "unsupported", "failed", "done"]
    assert [row["detail"] for row in result["documents"]] == [
        "pdf_damaged",
        "file_not_text",
        "file_unsupported",
        "file_missing",
        "",
    ]


def test_a_reader_that_fails_in_an_unknown_way_costs_only_its_file_which_is_tried_again(project, inbox, monkeypatch):
    files = [write(inbox / "a.md"), write(inbox / "b.txt")]
    with monkeypatch.context() as patch:
        patch.setattr(markdown, "read", lambda *_: 1 / 0)  # a parser's own bug
        result = process(project, *files)
    assert statuses(result) == ["failed", "done"], "the same words in another format are another file"
    assert result["documents"][0]["detail"] == "file_unreadable"
    assert statuses(process(project, files[0])) == ["done"]
    assert len(ChunkStore(project.database).documents()) == 2


def test_the_same_content_is_stored_once(project, inbox):
    first, twin = write(inbox / "a.txt"), write(inbox / "copy of a.txt")
    result = process(project, first, twin, first)
    assert statuses(result) == ["done", "duplicate", "duplicate"]
    assert result["documents"][1]["params"] == {"file": "copy of a.txt", "same_as": "a.txt"}
    again = process(project, first)
    assert statuses(again) == ["duplicate"]
    assert again["chunks"] == result["chunks"]


def test_two_files_of_one_name_are_both_kept(project, inbox):
    (inbox / "other").mkdir()
    files = [write(inbox / "a.txt"), write(inbox / "other" / "A.txt", "Ganz anderer Text.")]
    result = process(project, *files)
    assert [row["stored_as"] for row in result["documents"]] == ["a.txt", "A (2).txt"]
    assert (project.documents_folder / "A (2).txt").read_text() == "Ganz anderer Text."


def test_a_pause_keeps_whole_documents_and_the_next_call_does_the_rest(project, inbox):
    files = [write(inbox / f"{number}.txt", f"Datei {number}. {SENTENCES}") for number in range(4)]
    with pytest.raises(PauseRequested):
        process_documents(RecordingContext(stop_after=7), project, files, batch="run-1")
    store = ChunkStore(project.database)
    assert {source.status for source in store.documents()} == {"done", "queued"}
    for file in files:
        file.unlink()  # an upload may be gone by then
    result = process(project, *files, batch="run-1")
    assert statuses(result) == ["done"] * 4
    fresh = ProjectStore(project.root.parent).create("Vergleich")
    for number in range(4):
        write(files[number], f"Datei {number}. {SENTENCES}")
    assert process(fresh, *files)["chunks"] == result["chunks"]


def test_a_stop_at_any_checkpoint_loses_and_doubles_nothing(project, inbox):
    files = [write(inbox / f"{number}.txt", f"Datei {number}. {SENTENCES}") for number in range(3)]
    for stop_after in range(12):
        try:
            process_documents(RecordingContext(stop_after=stop_after % 6), project, files, batch="run-1")
        except PauseRequested:
            continue
    result = process(project, *files, batch="run-1")
    store = ChunkStore(project.database)
    assert statuses(result) == ["done"] * 3
    assert sorted(source.filename for source in store.documents()) == ["0.txt", "1.txt", "2.txt"]
    assert store.count() == sum(source.chunks for source in store.documents())


def test_chunk_settings_of_the_project_count_and_the_record_says_language_size_and_how_it_was_cut(project, inbox):
    project.set("documents", {"chunk_tokens": 64})
    file = write(inbox / "a.txt")
    process(project, file)
    (source,) = ChunkStore(project.database).documents()
    assert max(chunk.metadata["tokens"] for chunk in ChunkStore(project.database).chunks()) <= 64
    assert (source.language, source.size_bytes) == ("de", file.stat().st_size)
    assert source.params == {"chunk_tokens": 64, "overlap_tokens": 50, "tokenizer": "local-32k"}


def test_the_stage_reads_its_files_from_the_run(project, inbox):
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
def test_hostile_names_become_plain_ones(given_name, stored):
    assert stored_name(given_name) == stored


@given(st.text())
def test_a_stored_name_never_leaves_its_folder(name):
    stored = stored_name(f"{name}.txt")
    assert Path(stored).name == stored
    assert stored.endswith(".txt")
    assert len(stored.encode()) <= 150


def encrypted_pdf(path):
    canvas = Canvas(str(path), encrypt=StandardEncryption("schlüssel", ownerPassword="besitz"))
    canvas.drawString(60, 700, "geheim und geschützt")
    canvas.save()
    return path


def test_a_locked_pdf_is_read_once_its_password_is_given_and_keeps_its_chunks_without_it(project, inbox):
    process(project, encrypted_pdf(inbox / "a.pdf"))
    wrong = again(project, ["a.pdf"], {"a.pdf": "falsch"})
    assert (statuses(wrong), wrong["documents"][0]["detail"]) == (["password"], "pdf_wrong_password")
    assert statuses(again(project, ["a.pdf"], {"a.pdf": "schlüssel"})) == ["done"]
    store = ChunkStore(project.database)
    assert store.documents()[0].detail == ""
    assert not [
        path for path in project.root.rglob("*") if path.is_file() and "schlüssel".encode() in path.read_bytes()
    ]
    before = store.chunks()
    assert statuses(again(project, ["a.pdf"])) == ["password"]
    assert store.chunks() == before
    assert (store.documents()[0].status, store.documents()[0].detail) == ("done", "pdf_password")


def test_reading_again_takes_in_what_changed_and_keeps_ids_of_what_did_not(project, inbox):
    parts = [f"Teil {n}. {SENTENCES}" for n in range(6)]
    process(project, write(inbox / "a.txt", "\n\n".join(parts)))
    store = ChunkStore(project.database)
    before = {chunk.text: chunk.id for chunk in store.chunks()}
    again(project, ["a.txt", "no such file.txt"])
    assert {chunk.text: chunk.id for chunk in store.chunks()} == before


def test_two_copies_of_one_text_in_two_formats_are_flagged_as_duplicates(project, inbox):
    text = "\n\n".join(f"Im Versuch {n} wurde die Wärme von {n * 7} Litern Wasser gemessen." for n in range(40))
    process(project, write(inbox / "a.txt", text), write(inbox / "b.md", text))
    store = ChunkStore(project.database)
    assert store.count(flag="duplicate") == store.count(filename="b.md")


def make_pdf(path: Path, pages: list[str]) -> Path:
    canvas = Canvas(str(path))
    for page in pages:
        for number, line in enumerate(page.split(". ")):
            canvas.drawString(40, 800 - 14 * number, line)
        canvas.showPage()
    canvas.save()
    return path


def test_a_document_whose_letters_cannot_be_told_gives_no_chunks_and_says_why(project, inbox):
    garbled = "".join(chr(ord(character) + 1) if character > " " else character for character in SENTENCES)
    files = [write(inbox / "a.txt", garbled), make_pdf(inbox / "b.pdf", [garbled.replace("/ ", ". ")] * 3)]
    files += [make_pdf(inbox / "c.pdf", [SENTENCES, garbled.replace("/ ", ". "), SENTENCES + "Ende."])]
    rows = process(project, *files)["documents"]
    assert [(row["status"], row["detail"]) for row in rows] == [
        ("no_text", "text_garbled"),
        ("no_text", "text_garbled"),
        ("partial", "pages_unreadable"),
    ]
    assert [row["chunks"] for row in rows[:2]] == [0, 0] and rows[2]["params"]["read"] == 2
