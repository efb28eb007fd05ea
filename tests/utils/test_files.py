"""Files that survive a crash."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.errors import AppError
from utils.files import append_line, locked, publish_folder, read_lines, sha256_of, write_json, write_text_atomic


def test_a_reader_never_sees_a_half_written_file(tmp_path):
    path = tmp_path / "config.json"
    texts = {"a" * 100_000, "b" * 100_000}
    write_text_atomic(path, "a" * 100_000)
    seen = set()
    stop = threading.Event()

    def read():
        while not stop.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(50):
        for text in texts:
            write_text_atomic(path, text)
    stop.set()
    reader.join()
    assert seen <= texts


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "config.json"
    write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        write_json(path, {"a": object()})
    with pytest.raises(UnicodeEncodeError):
        write_text_atomic(path, "\ud800")
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


def test_a_line_torn_by_a_crash_costs_only_itself(tmp_path):
    path = tmp_path / "lines"
    append_line(path, "one")
    with path.open("a") as file:
        file.write('{"torn": ')
    assert list(read_lines(path)) == ["one"]
    append_line(path, "two")
    assert list(read_lines(path)) == ["one", '{"torn": ', "two"]


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=("Cs",))), max_size=20))
def test_lines_come_back_as_they_were_appended(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("lines") / "lines"
    for line in lines:
        append_line(path, line)
    assert list(read_lines(path)) == lines


def test_a_published_folder_replaces_the_old_one_whole(tmp_path):
    for name in ("old", "new"):
        prepared = tmp_path / "prepared"
        prepared.mkdir()
        (prepared / name).write_text(name)
        publish_folder(prepared, tmp_path / "final")
    assert [path.name for path in (tmp_path / "final").iterdir()] == ["new"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["final"]


def test_the_hash_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert sha256_of(path) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("write", [write_text_atomic, append_line])
def test_nothing_is_written_into_a_folder_that_is_not_there_nor_is_the_folder_made(tmp_path, write):
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "gone" / "a.txt", "Text")
    assert list(tmp_path.iterdir()) == []


def test_who_shares_a_lock_is_not_in_each_others_way_and_who_wants_it_alone_is_refused(tmp_path):
    file, busy = tmp_path / ".lock", AppError("project_busy")
    with locked(file, busy, shared=True), locked(file, busy, shared=True, patience_seconds=0):
        assert is_refused(locked(file, busy, patience_seconds=0))
    with locked(file, busy, patience_seconds=0):
        assert is_refused(locked(file, busy, shared=True, patience_seconds=0))
    assert not is_refused(locked(file, busy, patience_seconds=0))


def is_refused(lock):
    try:
        with lock:
            return False
    except AppError as refused:
        return refused.code == "project_busy"
