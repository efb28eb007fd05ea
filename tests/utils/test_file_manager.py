"""Which command shows a file on which system; nothing is opened here."""

from pathlib import Path

import pytest

from utils import file_manager

FILE = Path("/home/anna/Mein Projekt, neu/data/rag_export.db")
DESKTOP = {"DISPLAY": ":0", "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus"}


def everything(name: str) -> str:
    return f"/usr/bin/{name}"


def nothing(_: str) -> None:
    return None


def test_linux_asks_the_file_manager_and_else_opens_the_folder():
    marked, folder = file_manager.commands(FILE, "linux", DESKTOP, everything)
    assert marked[0] == "dbus-send"
    assert "org.freedesktop.FileManager1.ShowItems" in marked
    assert "array:string:file:///home/anna/Mein%20Projekt%2C%20neu/data/rag_export.db" in marked
    assert folder == ["xdg-open", str(FILE.parent)]


@pytest.mark.parametrize(
    ("system", "environment", "which", "expected"),
    [
        ("win32", {}, nothing, [["explorer", "/select,", str(FILE)]]),
        ("darwin", {}, nothing, [["open", "-R", str(FILE)]]),
        ("linux", {"DISPLAY": ":0"}, everything, [["xdg-open", str(FILE.parent)]]),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, everything, [["xdg-open", str(FILE.parent)]]),
        ("linux", DESKTOP, nothing, []),
        ("linux", {"DBUS_SESSION_BUS_ADDRESS": "x"}, everything, []),
    ],
)
def test_explorer_and_finder_mark_the_file_and_without_a_message_bus_the_folder_opens(
    system, environment, which, expected
):
    assert file_manager.commands(FILE, system, environment, which) == expected


def test_a_name_with_shell_characters_is_passed_on_as_it_is():
    odd = Path("/tmp/$(reboot); `x` & 'y'.db")
    for system in ("win32", "darwin", "linux"):
        for command in file_manager.commands(odd, system, {"DISPLAY": ":0"}, everything):
            assert any("reboot" in part or part == "/tmp" for part in command)
            assert command[0] in {"explorer", "open", "xdg-open"}


def test_the_next_command_is_tried_where_the_first_one_fails(monkeypatch):
    monkeypatch.setattr(file_manager, "commands", lambda *_: [["no-such-program"], ["false"], ["true"]])
    assert file_manager.show(FILE)
    monkeypatch.setattr(file_manager, "commands", lambda *_: [["no-such-program"], ["false"]])
    assert not file_manager.show(FILE)
