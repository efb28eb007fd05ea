"""A file shown in the desktop's file manager: Windows, macOS, Linux. Knows the systems' commands; runs no shell."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

PATIENCE_SECONDS = 3
Which = Callable[[str], str | None]


def show(file: Path) -> bool:
    """Open the file manager with `file` marked. False where there is no desktop, or where it does not answer."""
    return any(_run(command) for command in commands(file, sys.platform, os.environ, shutil.which))


def commands(file: Path, system: str, environment: Mapping[str, str], which: Which) -> list[list[str]]:
    """What shows a file on this system, the best first; empty where there is no desktop to show it on."""
    if system == "win32":
        # The comma is part of Explorer's syntax. The path is an argument of its own: Explorer does not understand
        # quotation marks around both, which a path with spaces would get.
        return [["explorer", "/select,", str(file)]]
    if system == "darwin":
        return [["open", "-R", str(file)]]
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return []
    found = []
    if which("dbus-send") and environment.get("DBUS_SESSION_BUS_ADDRESS"):
        # dbus-send takes commas for the next item of the array; in an address they are written %2C.
        address = file.as_uri().replace(",", "%2C")
        call = f"dbus-send --session --print-reply --reply-timeout={PATIENCE_SECONDS * 1000}"
        service = ["--dest=org.freedesktop.FileManager1", "/org/freedesktop/FileManager1"]
        shown = ["org.freedesktop.FileManager1.ShowItems", f"array:string:{address}", "string:"]
        found.append([*call.split(), *service, *shown])
    if which("xdg-open"):
        found.append(["xdg-open", str(file.parent)])
    return found


def _run(command: list[str]) -> bool:
    """Whether the command took the file. One that still runs after a while is a file manager, and stays."""
    try:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # closing the app leaves the file manager open
        )
    except OSError:
        return False
    try:
        code = started.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return code == 0 or command[0] == "explorer"  # Explorer answers 1 whatever it did
