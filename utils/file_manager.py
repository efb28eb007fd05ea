"""A file shown in the desktop's file manager: Windows, macOS, Linux. Knows the systems' commands; runs no shell."""

import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path


def show(file: Path) -> None:
    """Open the file manager where `file` lies; without a desktop nothing happens."""
    command, nowhere = command_for(file, sys.platform, os.environ), subprocess.DEVNULL
    if command:
        with suppress(OSError):  # there is no such program; of one that there is, closing the app leaves it open
            subprocess.Popen(command, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True)


def command_for(file: Path, system: str, environment: Mapping[str, str]) -> list[str]:
    """What shows a file on this system, marked where that can be asked for; empty where there is no desktop."""
    if system == "win32":
        # The comma is part of Explorer's syntax. The path is an argument of its own: Explorer does not understand
        # quotation marks around both, which a path with spaces would get.
        return ["explorer", "/select,", str(file)]
    if system == "darwin":
        return ["open", "-R", str(file)]
    has_desktop = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return ["xdg-open", str(file.parent)] if has_desktop else []
