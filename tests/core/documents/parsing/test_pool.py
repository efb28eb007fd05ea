"""The parsers' own processes: real children, killed, hung and crashed on purpose."""

import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from recording_context import RecordingContext
from reportlab.pdfgen.canvas import Canvas

from core.documents import ingest
from core.documents.parsing import pool as parser_pool
from core.documents.parsing.pool import Limits, ParserPool
from core.documents.readers import read_document
from core.jobs.job import PauseRequested
from utils.errors import AppError

HOSTILE_PARSER = str(Path(__file__).with_name("hostile_parser.py"))
PAGES = 100
PATIENCE_SECONDS = 5  # which has to be enough for a child's start, also on a busy machine


def text_file(tmp_path: Path, name: str, text: str) -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def topic(number: int) -> str:
    """Words that no other page has: what pages share is taken for a running title."""
    return " ".join("abcdefghij"[int(digit)] * 4 for digit in str(number))


def pdf_file(tmp_path: Path, name: str, special: dict[int, str] | None = None, pages: int = PAGES) -> Path:
    """A PDF whose page n says so, or what `special` has for it."""
    canvas = Canvas(str(tmp_path / name))
    for number in range(1, pages + 1):
        canvas.drawString(60, 700, (special or {}).get(number, f"Blatt {number} handelt von {topic(number)}."))
        canvas.showPage()
    canvas.save()
    return tmp_path / name


@pytest.fixture
def hostile(monkeypatch):
    """Parsers whose processes obey what they read."""
    monkeypatch.setattr(parser_pool, "own_command", lambda: [sys.executable, HOSTILE_PARSER])


@pytest.fixture
def pool():
    with ParserPool(lambda: None, processes=2) as pool:
        yield pool


def child_of(pool: ParserPool) -> psutil.Process:
    child = pool._processes[0]._child
    assert child is not None
    return psutil.Process(child.pid)


def test_pages_come_through_as_the_reader_gives_them(pool, tmp_path):
    path = text_file(tmp_path, "a.md", "# Wärme\n\nText mit „Anführung“ und Emoji 🙂.\n\n## Zwei\n\nMehr Text.")
    assert list(pool.read(path)) == list(read_document(path))


@pytest.mark.parametrize("pages", [1, 31, 32, 33, 64, PAGES, 200])
def test_a_pdf_that_several_processes_read_has_all_pages_in_order(pool, tmp_path, pages):
    path = pdf_file(tmp_path, "a.pdf", pages=pages)
    assert list(pool.read(path)) == list(read_document(path))


def test_documents_that_are_prepared_come_in_their_order(pool, tmp_path):
    files = [pdf_file(tmp_path, f"{n}.pdf", pages=n * 30 + 1) for n in range(4)]
    files.insert(2, text_file(tmp_path, "b.txt", "Dazwischen."))
    for number, file in enumerate(files):
        pages = pool.read(file)
        first = next(pages)
        if number + 1 < len(files):
            pool.prepare(files[number + 1])
        assert [first, *pages] == list(read_document(file))


@pytest.mark.parametrize("stops_early", [False, True])
def test_a_document_that_is_not_read_or_not_to_its_end_disturbs_no_other(pool, tmp_path, stops_early):
    first, never, third = (pdf_file(tmp_path, f"{n}.pdf", pages=70) for n in range(3))
    pages = pool.read(first)
    next(pages)
    if stops_early:
        pages.close()
    else:
        pool.prepare(never)
        assert len(list(pages)) == 69
    assert list(pool.read(third)) == list(read_document(third))


def test_a_readers_error_comes_through_as_it_was_raised(pool, tmp_path):
    with pytest.raises(AppError, match="file_no_text"):
        list(pool.read(text_file(tmp_path, "empty.txt", "")))
    with pytest.raises(AppError, match="pdf_not_pdf"):
        list(pool.read(text_file(tmp_path, "no.pdf", "x" * 2000)))
    assert list(pool.read(text_file(tmp_path, "b.txt", "Das nächste Dokument.")))


def test_a_crash_costs_its_file_and_the_next_one_is_read(hostile, pool, tmp_path):
    with pytest.raises(AppError, match="parser_crashed"):
        list(pool.read(text_file(tmp_path, "a.txt", "abort")))
    (page,) = pool.read(text_file(tmp_path, "b.txt", "Ein ganz normaler Text."))
    assert page.text == "Ein ganz normaler Text."


@pytest.mark.parametrize("bad_page", [1, 40, PAGES])
def test_a_page_that_crashes_the_parser_costs_that_page_only(hostile, pool, tmp_path, bad_page):
    pages = list(pool.read(pdf_file(tmp_path, "a.pdf", {bad_page: "segfault"})))
    assert [page.number for page in pages if not page.readable] == [bad_page]
    assert [page.number for page in pages] == list(range(1, PAGES + 1))
    assert f"Blatt {2 if bad_page == 1 else bad_page - 1} " in pages[1 if bad_page == 1 else bad_page - 2].text


def test_a_parser_that_is_killed_once_in_mid_file_costs_nothing(hostile, pool, tmp_path):
    pages = list(pool.read(pdf_file(tmp_path, "a.pdf", {50: "once and never again"})))
    assert all(page.readable for page in pages)
    assert len(pages) == PAGES


def test_a_file_that_kills_one_parser_after_the_other_is_given_up(hostile, pool, tmp_path):
    pages = list(pool.read(pdf_file(tmp_path, "a.pdf", dict.fromkeys(range(40, 90), "segfault"))))
    assert [page.readable for page in pages[:39]] == [True] * 39
    assert not any(page.readable for page in pages[41:])
    with pytest.raises(AppError, match="parser_crashed"):
        list(pool.read(pdf_file(tmp_path, "b.pdf", dict.fromkeys(range(1, PAGES + 1), "segfault"))))


def limited(**limits: float) -> ParserPool:
    return ParserPool(lambda: None, Limits(**limits), processes=1)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("harm", "limits", "code"),
    [
        ("hang", {"page_seconds": PATIENCE_SECONDS}, "parser_hangs"),
        ("hang", {"file_seconds": PATIENCE_SECONDS, "file_seconds_per_page": 0}, "parser_too_slow"),
        ("gorge", {"memory_bytes": 300 << 20}, "parser_memory"),
    ],
)
def test_a_parser_that_takes_too_much_is_ended_and_the_next_file_is_read(hostile, tmp_path, harm, limits, code):
    with limited(**limits) as pool:
        with pytest.raises(AppError, match=code):
            list(pool.read(text_file(tmp_path, "a.txt", harm)))
        if code == "parser_too_slow":  # a printed file too, which is given up page by page otherwise
            with pytest.raises(AppError, match=code):
                list(pool.read(pdf_file(tmp_path, "a.pdf", {1: harm}, pages=3)))
        assert list(pool.read(text_file(tmp_path, "b.txt", "Danach.")))


def test_a_page_that_hangs_costs_that_page_only(hostile, tmp_path):
    with limited(page_seconds=PATIENCE_SECONDS) as pool:
        pages = list(pool.read(pdf_file(tmp_path, "a.pdf", {5: "hang"}, pages=9)))
    assert [page.readable for page in pages] == [True] * 4 + [False] + [True] * 4


def test_a_stop_is_heard_while_the_parser_hangs(hostile, tmp_path):
    asked = []

    def stop_at_the_third_look():
        asked.append(1)
        if len(asked) == 3:
            raise PauseRequested

    with ParserPool(stop_at_the_third_look) as pool, pytest.raises(PauseRequested):
        list(pool.read(text_file(tmp_path, "a.txt", "hang")))


def test_what_a_library_prints_does_not_get_between_the_pages(hostile, pool, tmp_path):
    assert len(list(pool.read(text_file(tmp_path, "a.txt", "print")))) == 1


def test_no_parser_outlives_its_user(hostile, pool, tmp_path):
    list(pool.read(text_file(tmp_path, "a.txt", "Text.")))
    child = child_of(pool)
    pool._processes[0]._child.stdin.close()  # type: ignore[union-attr] - as it happens when the other side is killed
    child.wait(timeout=20)


def test_a_parser_that_was_killed_between_two_files_is_replaced(pool, tmp_path):
    list(pool.read(text_file(tmp_path, "a.txt", "Text.")))
    os.kill(child_of(pool).pid, signal.SIGKILL)
    assert list(pool.read(text_file(tmp_path, "b.txt", "Mehr Text.")))


def test_a_slow_reader_makes_the_parsers_wait_instead_of_filling_the_memory(pool, tmp_path):
    path = text_file(tmp_path, "a.txt", ("Ein Absatz mit etwas Text darin.\n" * 8 + "\n") * 60_000)
    pages = pool.read(path)
    next(pages)
    child = child_of(pool)
    for _ in range(50):
        before = child.cpu_times().user
        child.status()
        psutil.cpu_percent(0.1)
        if child.cpu_times().user == before:
            break
    assert pool._processes[0]._lines.qsize() <= parser_pool.ANSWERS_AHEAD
    assert sum(len(page.text) for page in pages) > 8_000_000


@pytest.mark.parametrize("harm", ["abort", "hang", "gorge"])
def test_a_harmful_file_gets_its_status_and_stops_no_other(hostile, project, tmp_path, harm):
    texts = {"vorher.txt": "Der Text davor.", "böse.txt": harm, "nachher.txt": "Der Text danach."}
    files = [text_file(tmp_path, name, text) for name, text in texts.items()]
    with limited(page_seconds=PATIENCE_SECONDS, memory_bytes=300 << 20) as pool:
        result = ingest.process_documents(RecordingContext(), project, files, parsers=pool)
    assert [row["status"] for row in result["documents"]] == ["done", "failed", "done"]
    assert result["documents"][1]["detail"].startswith("parser_")


def test_a_damaged_page_makes_the_document_partly_read(hostile, project, pool, tmp_path):
    path = pdf_file(tmp_path, "a.pdf", {7: "segfault"})
    (row,) = ingest.process_documents(RecordingContext(), project, [path], parsers=pool)["documents"]
    assert (row["status"], row["detail"], row["pages"]) == ("partial", "pages_unreadable", PAGES)
