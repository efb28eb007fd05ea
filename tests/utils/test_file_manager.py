"""Which command shows a file on which system; nothing is opened here."""

from pathlib import Path

import pytest

from utils.file_manager import command_for

FILE = Path("/home/anna/Mein $(reboot); `x` & 'y', neu/data/rag_export.db")


@pytest.mark.parametrize(
    ("system", "environment", "command"),
    [
        ("win32", {}, ["explorer", "/select,", str(FILE)]),
        ("darwin", {}, ["open", "-R", str(FILE)]),
        ("linux", {"DISPLAY": ":0"}, ["xdg-open", str(FILE.parent)]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, ["xdg-open", str(FILE.parent)]),
        ("linux", {}, []),
    ],
)
def test_explorer_and_finder_mark_the_file_and_elsewhere_its_folder_opens_where_there_is_a_desktop(
    system, environment, command
):
    assert command_for(FILE, system, environment) == command
