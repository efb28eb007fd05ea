"""The command line: flags, exit codes, and errors with a hint. The long commands run in test_demo.py."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def app(tmp_path):
    """Run `python app.py …` as a person would, with settings and projects of its own."""

    def run(*arguments: object, language: str = "en_US.UTF-8", projects: bool = True):
        own = ["--projects", tmp_path / "projects"] if projects else []
        return subprocess.run(
            [sys.executable, "app.py", *map(str, arguments), *map(str, own)],
            cwd=ROOT,
            env={**os.environ, "CUSTOM_AI_CONFIG": str(tmp_path / "config"), "LC_ALL": language},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run


def result_of(done) -> dict:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_project_is_created_and_listed(app):
    assert result_of(app("new", "Übung", "--json"))["project"] == "Übung"
    assert result_of(app("list", "--json")) == {"projects": ["Übung"]}
    assert app("list").stdout == "Übung\n"


def test_the_projects_folder_may_be_named_before_or_after_the_command(app, tmp_path):
    before = app("--projects", tmp_path / "elsewhere", "new", "a", "--json", projects=False)
    assert result_of(before)["folder"] == str(tmp_path / "elsewhere" / "a")
    listed = app("--json", "list", "--projects", tmp_path / "elsewhere", projects=False)
    assert result_of(listed) == {"projects": ["a"]}


def test_an_error_has_a_message_a_hint_exit_code_1_and_no_traceback(app):
    failed = app("rag", "nowhere", "a.txt")
    assert failed.returncode == 1
    assert failed.stdout == ""
    message, hint = failed.stderr.splitlines()
    assert message == "error: There is no project called “nowhere”."
    assert hint.startswith("hint: ")


def test_errors_speak_the_persons_language(app):
    failed = app("train", "nirgends", language="de_DE.UTF-8")
    assert "Das Projekt „nirgends“ gibt es nicht." in failed.stderr


@pytest.mark.parametrize("wrong", [["unknown"], ["new"], ["rag", "p"], ["serve", "--nonsense"]])
def test_wrong_usage_exits_with_2(app, wrong):
    assert app(*wrong).returncode == 2


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["train", "p", "--epochs", "0"], "“Epochs” is too small: the smallest allowed value is 1."),
        (["train", "p", "--epochs", "x"], "“Epochs” is not a suitable number."),
        (["model", "p", "--base", "zip:x"], "Possible are"),
        (["model", "p", "--base", "path:/nowhere"], "/nowhere"),
        (["sft", "p", "--samples", "0"], "smallest allowed value is 1"),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name_and_nothing_is_saved(app, tmp_path, flags, words):
    app("new", "p")
    before = (tmp_path / "projects" / "p" / "config.json").read_text()
    failed = app(*flags)
    assert (failed.returncode, words in failed.stderr) == (1, True), failed.stderr
    assert (tmp_path / "projects" / "p" / "config.json").read_text() == before


def test_documents_are_read_searched_and_turned_into_samples(app, tmp_path):
    app("new", "p")
    text = tmp_path / "Wärme.txt"
    text.write_text("Wärme\n\n" + "Die Wärmepumpe ist ein Gerät, das Wärme aus der Umgebung nutzt. " * 3, "utf-8")
    result = result_of(app("rag", "p", text, "--json"))
    assert [row["status"] for row in result["documents"]] == ["done"]
    assert result["chunks"] >= 1
    assert result_of(app("rag", "p", text, "--json"))["documents"][0]["status"] == "duplicate"
    (hit, *_) = result_of(app("search", "p", "warmepumpe", "--json"))["hits"]
    assert hit["document"] == "Wärme.txt"
    samples = result_of(app("sft", "p", "--samples", "1", "--json"))
    assert (samples["samples"], samples["requested"]) == (1, 1)


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


@pytest.mark.parametrize("polite_kill", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_saves_its_state_exits_with_130_and_continues_later(app, tmp_path, polite_kill):
    app("new", "p")
    text = tmp_path / "long.txt"
    sentences = (f"Das Gerät Nummer {number} ist ein Werkzeug für die Aufgabe {number}." for number in range(40_000))
    text.write_text("\n\n".join(sentences), "utf-8")
    command = [sys.executable, "app.py", "rag", "p", str(text), "--json", "--projects", str(tmp_path / "projects")]
    environment = {**os.environ, "CUSTOM_AI_CONFIG": str(tmp_path / "config"), "LC_ALL": "en_US.UTF-8"}
    started = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    runs = tmp_path / "projects" / "p" / "runs"
    end = time.monotonic() + 30
    while not list(runs.glob("*/state.json")) and time.monotonic() < end:
        time.sleep(0.02)
    started.send_signal(polite_kill)
    _, errors = started.communicate(timeout=60)
    assert started.returncode == 130, errors
    assert "the state is saved" in errors
    assert "Traceback" not in errors
    result = result_of(app("rag", "p", text, "--json"))
    assert result["documents"][0]["status"] in {"done", "duplicate"}
    assert result["chunks"] > 100
