"""start.py: from nothing to the app, in real environments, with small packages from a folder instead of an index."""

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
APP = """
import json, sys, tiny
print(json.dumps([tiny.VERSION, sys.prefix, sys.argv[1:]]))
sys.exit(int(sys.argv[1]) if sys.argv[1:] and sys.argv[1].isdigit() else 0)
"""
TESTS = "import json, sys, tiny, extra; print(json.dumps([tiny.VERSION, sys.prefix, sys.argv[1:]]))"
WAITING_APP = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
print("here", flush=True)
signal.pause()
"""
FILES_THAT_TAKE_SECONDS = 10_000  # to unpack, so that this can be killed


def make_wheel(folder: Path, name: str, version: str, files: int = 0) -> None:
    """A package with nothing in it but its version, and as many empty files as asked for."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}/__init__.py", f"VERSION = {version!r}\n")
        for number in range(files):
            wheel.writestr(f"{name}/{number}.txt", "")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{about}/RECORD", "")


class Machine:
    """A copy of start.py in a folder of its own, with small requirements and a folder of packages for an index."""

    def __init__(self, folder: Path) -> None:
        self.code = folder / "Größe des Übungs Ordners"  # as people name folders
        self.index = folder / "index"
        self.index.mkdir()
        (self.code / "tests").mkdir(parents=True)
        shutil.copy(ROOT / "start.py", self.code)
        (self.code / "app.py").write_text(APP, "utf-8")
        (self.code / "tests" / "__main__.py").write_text(TESTS, "utf-8")
        self.require("tiny==1.0")
        (self.code / "requirements-dev.txt").write_text("-r requirements.txt\nextra==1.0\n")
        (self.code / "constraints.txt").write_text("")
        for name, version in (("tiny", "1.0"), ("tiny", "2.0"), ("extra", "1.0")):
            make_wheel(self.index, name, version)
        names = {name for name in os.environ if name.startswith("PIP_")}
        self.environment = {name: value for name, value in os.environ.items() if name not in names}
        self.environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.index)}
        self.environment |= {"LC_ALL": "en_US.UTF-8", "PIP_NO_COMPILE": "1"}

    def require(self, line: str) -> None:
        (self.code / "requirements.txt").write_text(f"-c constraints.txt\n{line}\n")

    @property
    def environment_folder(self) -> Path:
        return self.code / ".venv"

    @property
    def log(self) -> Path:
        return self.environment_folder / "start.log"

    def start(self, *arguments: str, before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run start.py, after some lines of Python that make this machine another one."""
        return subprocess.run(
            self.command(*arguments, before=before),
            env={**self.environment, **environment},
            cwd="/",
            capture_output=True,
            text=True,
            timeout=120,
        )

    def command(self, *arguments: str, before: str = "") -> list[str]:
        script = str(self.code / "start.py")
        if not before:
            return [sys.executable, script, *arguments]
        run = f"import pathlib, runpy, sys\n{before}\nsys.argv = {[script, *arguments]!r}\n"
        return [sys.executable, "-c", f"{run}runpy.run_path({script!r}, run_name='__main__')"]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, subprocess.CompletedProcess[str]]:
    """A machine on which the app was started once, and what came of that."""
    made = Machine(tmp_path_factory.mktemp("first"))
    return made, made.start("demo", "--json", "Ärger mit Ü.pdf")


@pytest.fixture
def ready(first: tuple[Machine, subprocess.CompletedProcess[str]]) -> Machine:
    return first[0]


def started(done: subprocess.CompletedProcess[str]) -> tuple[str, Path, list[str]]:
    """What the app saw: the version of its package, its environment and its arguments."""
    assert done.returncode == 0, done.stderr
    version, prefix, arguments = json.loads(done.stdout)
    return version, Path(prefix), arguments


def test_the_first_start_sets_up_says_so_and_hands_on_its_arguments(first):
    machine, done = first
    assert started(done) == ("1.0", machine.environment_folder, ["demo", "--json", "Ärger mit Ü.pdf"])
    assert "Setting up the environment .venv" in done.stderr
    assert " packages, " in done.stderr


def test_the_second_start_asks_neither_pip_nor_an_index(ready):
    ready.log.unlink()
    done = ready.start("list", PIP_FIND_LINKS="/nowhere")
    assert started(done)[2] == ["list"]
    assert done.stderr == ""
    assert not ready.log.exists()


def test_exit_code_and_interrupt_are_the_apps_own(ready):
    assert ready.start("3").returncode == 3
    app = ready.code / "app.py"
    app.write_text(WAITING_APP, "utf-8")
    with subprocess.Popen(ready.command(), env=ready.environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "here\n"
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=20) == 130
    app.write_text(APP, "utf-8")


def test_other_requirements_are_noticed_and_earlier_commands_keep_theirs(ready):
    assert started(ready.start("test", "-k", "x")) == ("1.0", ready.environment_folder, ["-k", "x"])
    ready.require("tiny==2.0")
    assert started(ready.start())[0] == "2.0"
    assert ready.start("test").stderr == ""  # what it adds is still there


def test_without_an_index_one_sentence_says_so_and_the_environment_stays_as_it_is(ready):
    own = ready.environment_folder / "own"
    own.touch()
    ready.require("tiny==3.0")
    nobody = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
    done = ready.start(PIP_FIND_LINKS="/nowhere", **nobody)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2:] == [
        "No package index answers. Check the network (proxy: HTTPS_PROXY=…, own index: PIP_INDEX_URL=…), then:",
        "    python3 start.py",
    ]
    assert "Traceback" not in done.stderr
    ready.require("tiny==1.0")
    assert started(ready.start())[0] == "1.0"
    assert own.exists()


def test_an_environment_made_by_hand_is_added_to(ready):
    (ready.environment_folder / "start.stamp").unlink()
    ready.log.unlink()
    own = ready.environment_folder / "own"
    own.touch()
    assert started(ready.start())[0] == "1.0"
    assert own.exists()


@pytest.mark.parametrize("harm", ["python gone", "another version", "moved"])
def test_an_environment_that_lost_its_python_or_its_place_is_made_anew(ready, harm, tmp_path):
    python = ready.environment_folder / "bin" / "python"
    if harm == "moved":
        ready.code = ready.code.rename(ready.code.with_name("moved"))
    else:
        python.unlink()
        python.symlink_to(tmp_path / "python3.99")
    if harm == "another version":
        (tmp_path / "python3.99").touch(0o755)
    done = ready.start()
    assert started(done)[:2] == ("1.0", ready.environment_folder)
    assert "Setting up" in done.stderr
    assert ready.start().stderr == ""


def test_what_was_killed_while_it_unpacked_is_made_anew_by_one_of_two_starts_at_once(ready):
    make_wheel(ready.index, "big", "1.0", files=FILES_THAT_TAKE_SECONDS)
    ready.require("big==1.0")
    ready.log.unlink()
    with subprocess.Popen(
        ready.command(), env=ready.environment, stderr=subprocess.DEVNULL, process_group=0
    ) as running:
        while not (ready.log.exists() and "Installing collected packages" in ready.log.read_text("utf-8")):
            assert running.poll() is None
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGKILL)
    ready.require("tiny==1.0")
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: ready.start(), range(2)))
    assert [started(done)[0] for done in both] == ["1.0", "1.0"]
    assert sorted(" packages, " in done.stderr for done in both) == [False, True]
    assert not list(ready.environment_folder.glob("lib/*/site-packages/big"))


@pytest.mark.parametrize(
    ("before", "language", "sentence", "command"),
    [
        ("sys.version_info = (3, 6, 9)", "en_US.UTF-8", "Python 3.11 or later is needed", "https://www.python.org"),
        ("sys.version_info = (3, 6, 9)", "de_DE.UTF-8", "Python 3.11 oder neuer ist nötig", "https://www.python.org"),
        ("sys.modules['ensurepip'] = None", "en_US.UTF-8", "lacks the module venv", "apt install python3."),
    ],
)
def test_a_python_that_will_not_do_is_told_with_what_helps(machine, before, language, sentence, command):
    done = machine.start(before=before, LC_ALL=language)
    assert done.returncode == 1
    told, helps = done.stderr.splitlines()[-2:]
    assert sentence in told
    assert command in helps
    assert not (machine.code / ".venv").exists()


def test_start_itself_parses_on_old_pythons():
    ast.parse((ROOT / "start.py").read_text("utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "Too little space in"),
        ("[Errno 30] Read-only file system: '.venv'", "cannot be written to"),
    ],
)
def test_a_full_disk_and_a_protected_folder_are_told_with_what_helps(machine, said, sentence):
    done = machine.start(before=f"def fail(*a, **k): raise OSError({said!r})\npathlib.Path.mkdir = fail")
    assert done.returncode == 1
    told, helps = done.stderr.splitlines()[-2:]
    assert sentence in told
    assert helps == "    python3 start.py"
