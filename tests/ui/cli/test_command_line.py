"""The command line: flags, exit codes, and errors with a hint. The long commands run in test_demo.py."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.jobs.job import JobState
from core.jobs.runs import list_runs
from core.project_manager import ProjectStore
from tests.core.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def app(tmp_path):
    """Run `python app.py …` as a person would, with settings and projects of its own."""

    def run(*arguments: object, language: str = "en_US.UTF-8", projects: bool = True, **environment: str):
        own = ["--projects", tmp_path / "projects"] if projects else []
        return subprocess.run(
            [sys.executable, "app.py", *map(str, arguments), *map(str, own)],
            cwd=ROOT,
            env={**os.environ, "CUSTOM_AI_CONFIG": str(tmp_path / "config"), "LC_ALL": language, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def result_of(done) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_project_is_created_and_listed_also_in_a_terminal_without_umlauts(app):
    assert result_of(app("new", "Übung", "--json"))["project"] == "Übung"
    for encoding, shown in (("utf-8", "Übung\n"), ("ascii", "\\xdcbung\n")):
        assert result_of(app("list", "--json", PYTHONIOENCODING=encoding)) == {"projects": ["Übung"]}
        assert app("list", PYTHONIOENCODING=encoding).stdout == shown


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_whoever_reads_only_the_beginning_of_a_result_sees_no_traceback(app, tmp_path):
    app("new", "a")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "app.py", "list", "--projects", tmp_path / "projects"]
    done = subprocess.run(command, cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=120)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_projects_folder_may_be_named_before_or_after_the_command(app, tmp_path):
    before = app("--projects", tmp_path / "elsewhere", "new", "a", "--json", projects=False)
    assert result_of(before)["folder"] == str(tmp_path / "elsewhere" / "a")
    listed = app("--json", "list", "--projects", tmp_path / "elsewhere", projects=False)
    assert result_of(listed) == {"projects": ["a"]}


def test_an_error_has_a_message_a_hint_exit_code_1_and_no_traceback_in_the_persons_language(app):
    failed = app("rag", "nowhere", "a.txt")
    assert failed.returncode == 1
    assert failed.stdout == ""
    message, hint = failed.stderr.splitlines()
    assert message == "error: There is no project called “nowhere”."
    assert hint.startswith("hint: ")
    assert "Das Projekt „nirgends“ gibt es nicht." in app("train", "nirgends", language="de_DE.UTF-8").stderr


@pytest.mark.parametrize("wrong", [["unknown"], ["new"], ["rag", "p"], ["serve", "--nonsense"]])
def test_wrong_usage_exits_with_2(app, wrong):
    assert app(*wrong).returncode == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["train", "p", "--epochs", "0"], "“Epochs” is too small: the smallest allowed value is 1."),
        (["train", "p", "--epochs", "x"], "“Epochs” is not a suitable number."),
        (["model", "p", "--base", "zip:x"], "Possible are"),
        (["model", "p", "--base", "hf:"], "“Name” is missing"),
        (["model", "p", "--base", "path:/nowhere"], "/nowhere"),
        (["sft", "p", "--samples", "0"], "smallest allowed value is 1"),
        (["remove", "p", "nowhere.txt"], "There is no document “nowhere.txt” in the project."),
        (["rag", "p", "--again", "nowhere.txt"], "There is no document “nowhere.txt” in the project."),
    ],
)
def test_a_value_out_of_bounds_and_a_document_that_is_not_there_are_named_and_nothing_is_saved(
    app, tmp_path, flags, words
):
    app("new", "p")
    before = (tmp_path / "projects" / "p" / "config.json").read_text()
    failed = app(*flags)
    assert (failed.returncode, words in failed.stderr) == (1, True), failed.stderr
    assert (tmp_path / "projects" / "p" / "config.json").read_text() == before


def test_prompts_are_checked_on_the_command_line_too(app):
    app("new", "p")
    done = app("sft", "p", "--user-template", "Frag nach {Text}.", "--max-cost", "2.5", "--unusable")
    assert "warning: " in done.stderr and "{Text}" in done.stderr and "{chunk}" in done.stderr
    assert done.returncode == 0
    assert "warning" not in app("sft", "p", "--user-template", "Frag nach {chunk}.", "--unusable").stderr
    assert result_of(app("sft", "p", "--unusable", "--json")) == {"unusable": []}


def test_documents_are_read_again_cut_again_counted_exported_and_removed(app, tmp_path):
    app("new", "p")
    for name in ("a.txt", "b.txt"):
        sentences = (f"Satz {number} in {name} handelt von Wärme und Energie." for number in range(60))
        (tmp_path / name).write_text(" ".join(sentences), "utf-8")
    before = result_of(app("rag", "p", tmp_path / "a.txt", tmp_path / "b.txt", "--json"))
    again = result_of(app("rag", "p", "--again", "--json"))
    assert [row["status"] for row in again["documents"]] == ["done", "done"]
    assert again["chunks"] == before["chunks"]
    cut = result_of(app("rechunk", "p", "--chunk-tokens", 64, "--overlap-tokens", 8, "--json"))
    assert cut["chunks"] > before["chunks"]
    found = result_of(app("overview", "p", "--json"))
    assert (found["documents"], found["chunks"]) == (2, cut["chunks"])
    assert {"pages", "tokens", "usable", "samples_possible"} <= found.keys()
    assert "Dokumente" in app("overview", "p", language="de_DE.UTF-8").stdout
    file = Path(result_of(app("export-db", "p", "--json"))["file"])
    assert file == tmp_path / "projects" / "p" / "data" / "rag_export.db"
    assert file.stat().st_size > 0
    assert result_of(app("remove", "p", "a.txt", "--json"))["documents"] == ["a.txt"]
    assert result_of(app("overview", "p", "--json"))["documents"] == 1
    assert not (tmp_path / "projects" / "p" / "data" / "documents" / "a.txt").exists()


def test_a_locked_document_opens_with_the_password_from_the_environment_which_is_written_nowhere(app, tmp_path):
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(tmp_path / "safe.pdf"), encrypt=StandardEncryption("open sesame 4711"))
    canvas.drawString(50, 800, "Behind seven seals there is a sentence about energy and about heat.")
    canvas.save()
    app("new", "p")
    locked = app("rag", "p", tmp_path / "safe.pdf", "--json")
    assert json.loads(locked.stdout.splitlines()[-1])["documents"][0]["status"] == "password"
    wrong = app("rag", "p", "--again", "--json", CUSTOM_AI_DOCUMENT_PASSWORD="no idea")
    assert json.loads(wrong.stdout.splitlines()[-1])["documents"][0]["detail"] == "pdf_wrong_password"
    opened = app("rag", "p", tmp_path / "safe.pdf", "--json", CUSTOM_AI_DOCUMENT_PASSWORD="open sesame 4711")
    (row,) = result_of(opened)["documents"]
    assert (row["filename"], row["status"]) == ("safe.pdf", "done")
    written = [path.read_bytes() for path in (tmp_path / "projects").rglob("*") if path.is_file()]
    assert not any(b"open sesame" in content for content in written)
    assert "open sesame" not in opened.stderr


def test_only_unusable_files_end_with_an_error_and_still_print_their_statuses(app, tmp_path):
    app("new", "p")
    (tmp_path / "empty.pdf").write_bytes(b"")
    failed = app("rag", "p", tmp_path / "empty.pdf", "--json")
    assert failed.returncode == 1
    assert json.loads(failed.stdout)["documents"][0]["status"] == "damaged"
    assert "hint: " in failed.stderr


def test_doctor_describes_this_machine_in_the_persons_language(app):
    assert result_of(app("doctor", "--json"))["cores"] >= 1
    assert "Prozessor" in app("doctor", language="de_DE.UTF-8").stdout


def begin_to_read(app, tmp_path):
    """A command that reads a long document, and its run, once its child is at work."""
    app("new", "p")
    text = tmp_path / "long.txt"
    sentences = (f"Das Gerät Nummer {number} ist ein Werkzeug für die Aufgabe {number}." for number in range(40_000))
    text.write_text("\n\n".join(sentences), "utf-8")
    command = [sys.executable, "app.py", "rag", "p", str(text), "--projects", str(tmp_path / "projects")]
    environment = {**os.environ, "CUSTOM_AI_CONFIG": str(tmp_path / "config"), "LC_ALL": "en_US.UTF-8"}
    started = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    project = ProjectStore(tmp_path / "projects").open("p")
    wait_for(lambda: any(run.read_state().process for run in list_runs(project)), 60)
    (run,) = list_runs(project)
    return started, run


@pytest.mark.parametrize("polite_kill", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_saves_its_state_exits_with_130_and_continues_later(app, tmp_path, polite_kill):
    started, _ = begin_to_read(app, tmp_path)
    started.send_signal(polite_kill)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130, errors
    assert "the state is saved" in errors
    assert "Traceback" not in errors
    result = result_of(app("rag", "p", tmp_path / "long.txt", "--json"))
    assert result["documents"][0]["status"] in {"done", "duplicate"}
    assert result["chunks"] > 100


@pytest.fixture
def reading(app, tmp_path):
    """A command that reads a document, stopped in the middle of it; gives the command and the process that works."""
    started, run = begin_to_read(app, tmp_path)
    worker = psutil.Process(run.read_state().process["pid"])
    worker.suspend()
    yield started, worker, run
    if worker.is_running():
        worker.resume()
    started.kill()
    started.communicate()


def test_five_quick_interrupts_do_not_say_the_state_is_saved_while_the_work_goes_on(reading):
    command, worker, run = reading
    for _ in range(5):
        command.send_signal(signal.SIGINT)
        time.sleep(0.1)
    with pytest.raises(subprocess.TimeoutExpired):
        command.wait(timeout=3)
    command.send_signal(signal.SIGINT)
    for line in command.stderr:
        if "The state is not saved yet" in line:
            break
    worker.resume()
    _, errors = command.communicate(timeout=60)
    assert command.returncode == 130
    assert errors.splitlines()[-1].startswith("Interrupted; the state is saved.")
    assert run.read_state().state == JobState.PAUSED


def test_a_second_start_from_another_terminal_is_refused_and_leaves_no_run_behind(reading, app, tmp_path):
    *_, run = reading
    refused = app("rag", "p", tmp_path / "long.txt")
    assert refused.returncode == 1
    assert "This is running already." in refused.stderr
    assert list_runs(run.project) == [run]
    assert run.read_state().state == JobState.RUNNING


def test_check_says_what_keeps_a_training_from_starting_and_ends_with_1(app):
    app("new", "leer")
    checked = app("check", "leer")
    assert checked.returncode == 1 and "✗ No base model is chosen yet. Choose a model in step 2." in checked.stdout
    found = json.loads(app("check", "leer", "--json").stdout.splitlines()[-1])
    assert found["ready"] is False and "samples" not in found
    refused = {check["name"]: check["refusal"] for check in found["checks"] if check["refusal"]}
    assert refused == {"samples": "too_few_samples", "base": "no_base"}


@pytest.mark.parametrize(
    "command", ["list", "new p", "doctor", "train p", "search p x", "demo", "--no-browser --port 0"]
)
def test_a_projects_folder_that_cannot_be_made_ends_every_command_with_one_sentence(app, tmp_path, command):
    (tmp_path / "file").touch()
    failed = app(*command.split(), "--projects", tmp_path / "file", projects=False)
    message, hint = failed.stderr.splitlines()
    assert failed.returncode == 1 and message == f"error: The folder “{tmp_path / 'file'}” cannot be written to."
    assert "--projects" in hint


CANNOT_BE_READ = "The file settings.json cannot be read"
IN_THE_WAY = "Where a file or a folder is expected there is something else"


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        *(("config/settings.json", content, CANNOT_BE_READ) for content in ("[" * 100_000, "{", "\x00")),
        ("config/settings.json", '{"language": "\\ud800"}', CANNOT_BE_READ),
        ("config/settings.json", '{"schema_version": 2}', CANNOT_BE_READ),
        ("config", "", IN_THE_WAY),
        ("config/settings.json/inner", "", IN_THE_WAY),
    ],
)
def test_settings_that_are_damaged_or_no_file_end_a_command_with_one_sentence(app, tmp_path, file, content, words):
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(content)
    failed = app("list")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"error: {words}") and "hint: " in failed.stderr
    assert "Traceback" not in failed.stderr
