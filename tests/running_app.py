"""A real app in its own process, with its own projects, settings and cache, for tests that talk to it over HTTP."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 90


def result_of(projects: Path, *words: object, seconds: int = 300, **environment: object) -> dict:
    """What a command of the app gave; what a person read meanwhile stands in it as "stderr"."""
    done = subprocess.run(
        [sys.executable, "app.py", *map(str, words), "--json", "--projects", str(projects)],
        cwd=ROOT,
        env={**os.environ, "LC_ALL": "en_US.UTF-8", **{name: str(value) for name, value in environment.items()}},
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr
    return {**json.loads(done.stdout.splitlines()[-1]), "stderr": done.stderr}


class App:
    """The app as a person starts it: `python app.py`, with its own projects and settings folders."""

    def __init__(self, folder: Path, *flags: str, working: Path = ROOT, **environment: str) -> None:
        self._flags = flags
        self._working = working
        self._environment = environment
        self.projects = folder / "projects"
        self.settings = folder / "settings"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self.output = folder / "app.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            sys.executable,
            str(ROOT / "app.py"),
            "--no-browser",
            "--port",
            str(self.port),
            "--projects",
            str(self.projects),
            *self._flags,
        ]
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self._working,
                stdout=output,
                stderr=output,
                env={**os.environ, "CUSTOM_AI_CONFIG": str(self.settings), **self._environment},
            )
        for _ in range(START_SECONDS * 10):
            assert self._process.poll() is None, self.output.read_text()
            try:
                urllib.request.urlopen(f"{self.address}/language/xx", timeout=5)
                return  # the page that asks for the code of a room
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError(f"the app did not answer: {self.output.read_text()}")

    @property
    def code(self) -> str:
        """The join code of a room, as the terminal shows it."""
        return re.search(r": ([A-Z2-9]{8})$", self.output.read_text("utf-8"), re.MULTILINE)[1]

    @property
    def host_link(self) -> str:
        """The link that makes a browser the host's, as the terminal shows it."""
        return re.search(r"http\S+\?host=\S+", self.output.read_text("utf-8"))[0]

    def kill(self) -> None:
        """What a crash or a pulled plug does."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)
