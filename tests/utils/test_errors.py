"""What the system refuses, in words for people."""

import errno
import os
from pathlib import Path

import numpy as np
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


def came_of(cause, named):
    """An error that came of another one, named as its cause or not."""
    try:
        try:
            raise cause
        except OSError as error:
            if named:
                raise RuntimeError("cannot save") from error
            raise KeyError("bug")  # noqa: B904 - the point
    except (RuntimeError, KeyError) as error:
        return error


GONE, FULL = FileNotFoundError(errno.ENOENT, "gone", "x"), OSError(errno.ENOSPC, "full")
CLOSED = PermissionError(errno.EACCES, "closed", "a/b")


@pytest.mark.parametrize(
    ("error", "known"),
    [
        (came_of(GONE, named=False), None),  # it was dealt with, and does not explain the bug that came after it
        (came_of(FULL, named=False), AppError("disk_is_full")),
        (came_of(CLOSED, named=True), AppError("file_forbidden", file="a/b")),
        (RuntimeError("I/O error: Read-only file system (os error 30)"), AppError("disk_read_only", file="–")),
    ],
)
def test_a_full_disk_explains_whatever_came_of_it_and_another_refusal_what_names_it_as_its_cause(error, known):
    assert str(system_error(error)) == str(known)


@pytest.mark.parametrize("error", [ConnectionRefusedError(errno.ECONNREFUSED, "x"), OSError("x"), ValueError("x")])
def test_what_is_no_refusal_stays_a_bug(error):
    assert system_error(error) is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is always full")
@pytest.mark.parametrize("numbers", [600, 5_000, 16_384, 70_000, 1_000_000])
def test_weights_that_do_not_fit_on_the_disk_are_no_bug(numbers):
    with open("/dev/full", "wb") as full, pytest.raises(OSError) as refused:
        np.zeros(numbers).tofile(full)
    assert str(system_error(refused.value)) == "disk_is_full"
