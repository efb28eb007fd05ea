"""Files that survive a crash."""

import json
import math
import os
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.errors import AppError, NotAFile
from utils.files import (
    MOST_DEPTH,
    append_line,
    locked,
    open_file,
    parse_json,
    printable,
    publish_folder,
    read_json,
    read_lines,
    sha256_of,
    write_json,
    write_text_atomic,
)


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


DEEP = [mark * 100_000 for mark in ("[", "{", '[{"a":', '{"a":[')]


@pytest.mark.parametrize(
    "text",
    [
        *DEEP,
        "[" * 101 + "]" * 101,  # which Python's own reader takes, and whoever walks through it may not
        '{"a":' * 500 + "1" + "}" * 500,
        *("9" * 10_000, "-" + "9" * 10_000, "", "{", "\0", "nul", "{'a': 1}", '{"a": 1} x', "\ufeff"),
        *('"\\ud800"', '{"\\uDFFF": 1}', '["\\ud83d", "\\ude00"]'),
        *(b"\xff\xfe{\x00}\x00", b'"\xe9"', b'"\xed\xa0\x80"', b"\xef\xbb\xbf"),
    ],
)
def test_everything_that_no_one_can_use_as_json_is_one_kind_of_error(text):
    with pytest.raises(ValueError):
        parse_json(text)


def test_what_people_and_programs_write_as_json_is_read():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}  # as Windows' editor saves it
    assert parse_json("[NaN, Infinity, -Infinity]") == [None, None, None]
    assert parse_json('"\\ud83d\\ude00"') == "😀"
    assert parse_json('"\\ud800"', half_pairs=True) == "\ud800"
    assert parse_json('"' + "[" * 5000 + '"') == "[" * 5000
    assert parse_json("[" * MOST_DEPTH + "]" * MOST_DEPTH)
    assert parse_json(json.dumps([[["a", "b"]] * 10_000] * 3)) == [[["a", "b"]] * 10_000] * 3
    assert parse_json('{"model_max_length": 1000000000000000019884624838656}')


@given(st.text(st.sampled_from('[]{}",:\\u0dD8eE1-+.NaIftr \n\ufeff'), max_size=60) | st.binary(max_size=30))
def test_any_text_is_json_that_can_be_written_again_or_a_value_error(text):
    try:
        value = parse_json(text)
    except ValueError:
        return
    json.dumps(value, ensure_ascii=False).encode()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=20))
def test_what_was_written_is_read(value):
    def without_nan(value):
        if isinstance(value, list):
            return [without_nan(each) for each in value]
        return None if isinstance(value, float) and not math.isfinite(value) else value

    text = json.dumps(value)
    assert parse_json(text, half_pairs=True) == without_nan(json.loads(text))


def no_files(folder):
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "device").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    return [folder / name for name in ("folder", "pipe", "device", "loop")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
def test_a_pipe_a_device_a_folder_or_a_link_in_circles_is_refused_before_anybody_waits_for_it(tmp_path):
    for path in no_files(tmp_path):
        for work in (open_file, read_json, sha256_of, lambda path: list(read_lines(path))):
            with pytest.raises(NotAFile):
                work(path)
        with pytest.raises(NotAFile):
            append_line(path, "x")
    (tmp_path / "nowhere").symlink_to("/nowhere/at/all")
    for missing in ("nowhere", "missing"):
        with pytest.raises(FileNotFoundError):
            read_json(tmp_path / missing)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
def test_a_pipe_that_takes_a_files_place_at_the_last_moment_is_not_waited_for(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    found = os.stat(tmp_path / "file")
    with monkeypatch.context() as late:
        late.setattr(os, "stat", lambda path: found)
        with pytest.raises(ValueError):
            read_json(tmp_path / "pipe")
        with pytest.raises(OSError):
            open_file(tmp_path / "pipe", "ab")


@given(st.text())
def test_a_printable_name_can_be_written_anywhere_and_keeps_its_line(name):
    shown = printable(name)
    shown.encode()
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown


@pytest.mark.parametrize("write", [write_text_atomic, append_line])
def test_nothing_is_written_into_a_folder_that_is_not_there_nor_is_the_folder_made(tmp_path, write):
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "gone" / "a.txt", "Text")
    assert list(tmp_path.iterdir()) == []


def test_who_shares_a_lock_is_not_in_each_others_way_and_who_wants_it_alone_is_refused(tmp_path):
    def lock(**wish):
        return locked(tmp_path / ".lock", AppError("project_busy"), patience_seconds=0, **wish)

    for first, second in (({"shared": True}, {}), ({}, {"shared": True})):
        with lock(**first), pytest.raises(AppError, match="project_busy"), lock(**second):
            pytest.fail("both have it")
    with lock(shared=True), lock(shared=True):
        pass
    with lock():
        pass
