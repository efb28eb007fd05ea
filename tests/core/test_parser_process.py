"""The parser's own process: real children, killed, hung and crashed on purpose."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from core import parser_process, rag_processor
from core.jobs import PauseRequested
from core.parser_process import ParserProcess
from core.project_manager import ProjectStore
from core.readers import read_document
from utils.errors import AppError

HOSTILE_PARSER = str(Path(__file__).with_name("hostile_parser.py"))


@pytest.fixture
def hostile(monkeypatch):
    """A parser whose process obeys what it reads: die, hang, print, or read on."""
    monkeypatch.setattr(parser_process, "own_command", lambda: [sys.executable, HOSTILE_PARSER])


@pytest.fixture
def parser():
    with ParserProcess(lambda: None) as parser:
        yield parser


def written(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def test_pages_come_through_as_the_reader_gives_them(parser, tmp_path):
    path = written(tmp_path, "a.md", "# Wärme\n\nText mit „Anführung“ und Emoji 🙂.\n\n## Zwei\n\nMehr Text.")
    assert list(parser.read(path)) == list(read_document(path))


def test_a_readers_error_comes_through_as_it_was_raised(parser, tmp_path):
    with pytest.raises(AppError, match="file_no_text"):
        list(parser.read(written(tmp_path, "empty.txt", "")))
    assert list(parser.read(written(tmp_path, "b.txt", "Das nächste Dokument.")))


def test_a_crash_costs_its_file_and_the_next_one_is_read(hostile, parser, tmp_path):
    with pytest.raises(AppError, match="parser_crashed"):
        list(parser.read(written(tmp_path, "a.txt", "die")))
    (page,) = parser.read(written(tmp_path, "b.txt", "Ein ganz normaler Text."))
    assert page.text == "Ein ganz normaler Text."


def test_a_parser_that_hangs_is_ended_after_its_time(hostile, tmp_path):
    with ParserProcess(lambda: None, page_timeout_seconds=3) as parser:
        with pytest.raises(AppError, match="parser_hangs"):
            list(parser.read(written(tmp_path, "a.txt", "hang")))
        assert list(parser.read(written(tmp_path, "b.txt", "Danach.")))


def test_a_stop_is_heard_while_the_parser_hangs(hostile, tmp_path):
    asked = []

    def stop_at_the_third_look():
        asked.append(1)
        if len(asked) == 3:
            raise PauseRequested

    with ParserProcess(stop_at_the_third_look) as parser, pytest.raises(PauseRequested):
        list(parser.read(written(tmp_path, "a.txt", "hang")))


def test_what_a_library_prints_does_not_get_between_the_pages(hostile, parser, tmp_path):
    assert len(list(parser.read(written(tmp_path, "a.txt", "print")))) == 1


def test_the_parser_does_not_outlive_its_user(hostile, tmp_path):
    parser = ParserProcess(lambda: None)
    list(parser.read(written(tmp_path, "a.txt", "Text.")))
    child = psutil.Process(parser._child.pid)
    parser._child.stdin.close()  # as it happens when the other side is killed
    child.wait(timeout=20)
    parser.close()


def test_a_crashing_file_gets_its_status_and_stops_no_other(hostile, tmp_path, recording_context):
    project = ProjectStore(tmp_path / "projects").create("p")
    files = [
        written(tmp_path, "vorher.txt", "Der Text davor."),
        written(tmp_path, "böse.txt", "die"),
        written(tmp_path, "nachher.txt", "Der Text danach."),
    ]
    with ParserProcess(lambda: None) as parser:
        result = rag_processor.process_documents(recording_context, project, files, read=parser.read)
    assert [row["status"] for row in result["documents"]] == ["done", "failed", "done"]
    assert result["documents"][1]["detail"] == "parser_crashed"


@pytest.fixture
def recording_context():
    class Context:
        stop_request = None

        def progress(self, *arguments, **params):
            """Nobody watches."""

        log = metric = checkpoint = progress

    return Context()


def test_a_parser_that_was_killed_between_two_files_is_replaced(parser, tmp_path):
    list(parser.read(written(tmp_path, "a.txt", "Text.")))
    os.kill(parser._child.pid, signal.SIGKILL)
    parser._child.wait(timeout=20)
    assert list(parser.read(written(tmp_path, "b.txt", "Mehr Text.")))
