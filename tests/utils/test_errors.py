"""What the system refuses, in words for people."""

import errno
import os

import pytest

from ui.texts import LANGUAGES, WORDS, error_text
from utils.errors import SYSTEM_ERRORS, AppError, system_error


@pytest.mark.parametrize(("number", "code"), SYSTEM_ERRORS.items())
def test_every_refusal_has_a_sentence_and_a_hint_that_name_the_file_but_not_where_the_home_lies(number, code):
    known = system_error(OSError(number, os.strerror(number), "/home/anna/app/projects/p/config.json"))
    assert known is not None and known.code == code
    for language in LANGUAGES:
        message, hint = error_text(code, language, known.params)
        assert hint and "{" not in message and "anna" not in message
        assert "{file}" not in WORDS["de"][f"error.{code}"] or "projects/p/config.json" in message


@pytest.mark.parametrize("path", [None, b"caf\xe9", "caf\udce9", 7])
def test_a_refusal_without_a_name_or_with_a_wild_one_is_told_all_the_same(path):
    known = system_error(OSError(errno.EIO, "Input/output error", path))
    assert known is not None
    error_text(known.code, "de", known.params)[0].encode()


def raised(work) -> BaseException:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - any will do
        return error
    raise AssertionError


def test_a_refusal_that_was_dealt_with_does_not_explain_the_bug_that_came_after_it():
    def bug():
        try:
            raise FileNotFoundError(errno.ENOENT, "gone", "x")
        except FileNotFoundError:
            raise KeyError("bug")  # noqa: B904 - the point

    assert system_error(raised(bug)) is None


def test_a_full_disk_explains_whatever_came_of_it_and_a_named_cause_too():
    def full():
        try:
            raise OSError(errno.ENOSPC, "full")
        except OSError:
            raise KeyError("bug")  # noqa: B904 - the point

    def caused():
        try:
            raise PermissionError(errno.EACCES, "closed", "a/b")
        except OSError as error:
            raise RuntimeError("cannot save") from error

    assert str(system_error(raised(full))) == str(AppError("disk_is_full"))
    assert str(system_error(raised(caused))) == str(AppError("file_forbidden", file="a/b"))
    assert system_error(RuntimeError("I/O error: Read-only file system (os error 30)")).code == "disk_read_only"


@pytest.mark.parametrize("error", [ConnectionRefusedError(errno.ECONNREFUSED, "x"), OSError("x"), ValueError("x")])
def test_what_is_no_refusal_stays_a_bug(error):
    assert system_error(error) is None
