"""A Chromium for the browser tests: where this machine has one, and how it gets one. Standard library only."""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
MAC = ("Chromium", "Google Chrome", "Microsoft Edge")
WINDOWS = ("Chromium/Application/chrome", "Google/Chrome/Application/chrome", "Microsoft/Edge/Application/msedge")
WINDOWS_FOLDERS = ("LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)")
MANAGERS = {  # package manager → the commands that bring Chromium, and what Playwright's driver needs beside it
    "apt-get": ("apt-get update", "apt-get install --yes chromium libatomic1"),
    "dnf": ("dnf install --assumeyes chromium libatomic",),
    "pacman": ("pacman --sync --noconfirm chromium",),
    "zypper": ("zypper --non-interactive install chromium libatomic1",),
    "brew": ("brew install --cask chromium",),
}


def find_chromium() -> Path | None:
    """The browser that CHROMIUM names, else the first one on PATH or where its installer puts it."""
    if named := os.environ.get("CHROMIUM"):
        return Path(named) if Path(named).exists() else None
    if on_path := next(filter(None, map(shutil.which, NAMES)), None):
        return Path(on_path)
    folders = [Path(os.environ[name]) for name in WINDOWS_FOLDERS if name in os.environ]
    places = [Path(f"/Applications/{name}.app/Contents/MacOS/{name}") for name in MAC]
    places += [folder / f"{path}.exe" for folder in folders for path in WINDOWS]
    return next((place for place in places if place.exists()), None)


@cache
def what_lacks() -> str:
    """Why pages cannot be tested on this machine, with the command that helps; empty where they can."""
    driver = subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True, check=False)
    if find_chromium() is None:
        reason = "no Chromium, Chrome or Edge on this machine"
    elif driver.returncode:
        reason = f"Playwright does not run: {driver.stderr.decode(errors='replace').strip()}"
    else:
        return ""
    return f"{reason}. What helps: {' && '.join(install_commands()) or 'to set CHROMIUM to the program of one'}"


def install_commands() -> list[str]:
    """What brings a Chromium to this machine; nothing where no package manager is known."""
    manager = next(filter(shutil.which, MANAGERS), None)
    if manager is None:
        return []
    rights = "" if manager == "brew" or os.geteuid() == 0 else "sudo "
    return [rights + command for command in MANAGERS[manager]]


def get_chromium() -> None:
    """Install what lacks, as far as that needs no password, and say what came of it."""
    if what_lacks() and "CHROMIUM" not in os.environ:
        print("Installing Chromium for the browser tests …", file=sys.stderr)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in install_commands():
            words = command.replace("sudo ", "sudo --non-interactive ").split()
            if shutil.which(words[0]) is None:
                break
            done = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode:
                print(done.stderr.decode(errors="replace").strip(), file=sys.stderr)
                break
        what_lacks.cache_clear()
    print(f"Browser tests: {what_lacks() or find_chromium()}", file=sys.stderr)
