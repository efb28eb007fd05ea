"""Makes .venv beside the code and starts app.py there. Needs no package, and parses on Python 3.6 to say: too old."""

import contextlib
import importlib.util
import locale
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGES = VENV / ("Lib" if os.name == "nt" else "lib/python{}.{}".format(*sys.version_info)) / "site-packages"
TEMP = VENV / "temp"  # for downloads; the system's own folder is often a small one
LOG = VENV / "start.log"
STAMP = VENV / "start.stamp"  # what `wanted` gave when all of it was installed
COMMANDS = {  # word → its requirements, what runs then, and with what; every other word is one of app.py's
    "": ["requirements.txt", "app.py"],
    "gpu": ["requirements-gpu.txt", "app.py", "doctor"],
    "test": ["requirements-dev.txt", "tests"],
}
AGAIN = "py start.py" if os.name == "nt" else "python3 start.py"
WORDS = {  # German, English
    "old": ("Python 3.11 oder neuer ist nötig, dies ist {}:", "Python 3.11 or later is needed, and this is {}:"),
    "no_venv": ("Diesem Python fehlt das Modul venv. Es hilft:", "This Python lacks the module venv. What helps:"),
    "no_space": ("Zu wenig Platz in {} (3 bis 13 GB). Danach:", "Too little space in {} (3 to 13 GB). Afterwards:"),
    "denied": ("{} lässt sich nicht beschreiben. In einer Kopie:", "{} cannot be written to. In a copy of it:"),
    "no_index": (
        "Kein Paketindex antwortet. Prüfe das Netz (Proxy: HTTPS_PROXY=…, eigener Index: PIP_INDEX_URL=…), dann:",
        "No package index answers. Check the network (proxy: HTTPS_PROXY=…, own index: PIP_INDEX_URL=…), then:",
    ),
    "failed": (
        "Das ging schief, siehe .venv/start.log in {}. Erneut:",
        "That failed, see .venv/start.log in {}. Again:",
    ),
    "set_up": ("Die Umgebung .venv wird eingerichtet …", "Setting up the environment .venv …"),
    "progress": ("{} s: {} Pakete, {} MB geladen, {} entpackt {}", "{} s: {} packages, {} MB, {} unpacked {}"),
}
REASONS = {  # the words → what installers and the system say then
    "no_space": r"Errno 28|No space left|not enough space",
    "denied": r"Errno 13|Errno 30|WinError 5\b|Permission denied",
    "no_index": r"from versions: none|connection broken|Max retries|ProxyError|SSLError",
}


def say(key: str, *facts: object) -> str:
    terminal = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG")
    german = (terminal or locale.getlocale()[0] or "").startswith(("de", "German"))
    return WORDS[key][0 if german else 1].format(*facts)


def explain(problem: str) -> None:
    """End with the last lines of what an installer or the system said, the reason in a sentence, and what helps."""
    key = next((key for key, pattern in REASONS.items() if re.search(pattern, problem)), "failed")
    sys.exit("\n".join(["", *problem.splitlines()[-5:], say(key, ROOT), "    " + AGAIN]))


def read(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.exists() else ""


def wanted(word: str) -> list:
    """What .venv is to hold for a command: names of requirements, earlier commands' too; its place; their text."""
    names = sorted({"requirements.txt", COMMANDS[word][0], *read(STAMP).partition("\n")[0].split()})
    python = PYTHON.resolve()  # a system's upgrade takes it away, or puts another version there
    if os.name == "nt" and PYTHON.exists():
        python = Path(re.findall("home = (.*)", read(VENV / "pyvenv.cfg"))[0], "python.exe")
    half = "Installing collected packages" in read(LOG) and "Successfully installed" not in read(LOG)
    texts = [read(ROOT / name) for name in ["constraints.txt", *names]]
    return [" ".join(names), f"{VENV} {python.name if python.exists() and not half else None}", "\n".join(texts)]


def set_up(word: str) -> None:
    """Bring .venv to what a command needs; where packages cannot be added to it, make it anew."""
    names, place, _ = wanted(word)
    if read(STAMP).split("\n")[1:2] != [place]:
        if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
            sudo = "sudo " if shutil.which("sudo") else ""
            apt = "{0}apt update && {0}apt install python{1}.{2}-venv".format(sudo, *sys.version_info)
            sys.exit(f"{say('no_venv')}\n    {apt}")
        if LOG.exists() or not PYTHON.exists():  # what was made by hand, and works, is only added to
            for folder in filter(Path.exists, (PYTHON.parent, VENV)):  # first Python: nobody takes the rest for whole
                shutil.rmtree(str(folder))
        VENV.mkdir(exist_ok=True)
        install(getattr(sys, "_base_executable", sys.executable), "venv", str(VENV))
    install(str(PYTHON), "pip", "install", *(f"-r{ROOT / name}" for name in names.split()))
    STAMP.write_text("\n".join(wanted(word)), "utf-8")


def install(python: str, *command: str) -> None:
    """Run a module that installs, and show how far it is; where it fails, end with the reason."""
    TEMP.mkdir(exist_ok=True)
    env = dict(os.environ, TMPDIR=str(TEMP), PYTHONUNBUFFERED="1", PYTHONUTF8="1", PIP_USER="0", PIP_NO_INPUT="1")
    pause, end = (0.2, "\r") if sys.stderr.isatty() else (10, "\n")
    began, before = time.monotonic(), len(list(PACKAGES.glob("*.dist-info")))
    with LOG.open("w") as log:
        step = subprocess.Popen([python, "-m", *command], stdout=log, stderr=log, env=env, close_fds=False)
    while step.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired, OSError):  # downloads vanish once they are unpacked
            said = read(LOG).strip()
            what = "".join(re.findall(r"(?:Collecting|Downloading) (\S+)", said.rpartition("\n")[2]))
            size = sum(path.stat().st_size for path in TEMP.rglob("*.whl")) // 10**6
            figures = said.count("Collecting "), size, len(list(PACKAGES.glob("*.dist-info"))) - before
            line = say("progress", int(time.monotonic() - began), *figures, what)
            print(f"{line:<79.79}", end=end, file=sys.stderr)
            step.wait(pause)
    print(end=" " * 79 + end, file=sys.stderr)
    shutil.rmtree(str(TEMP))
    if step.returncode:
        explain(read(LOG))


def main(arguments: list) -> int:
    """Do as `python app.py` would, once the packages are here. Returns the exit code; on POSIX it does not return."""
    if tuple(sys.version_info) < (3, 11):
        sys.exit(f"{say('old', sys.version.split()[0])}\n    https://www.python.org/downloads/")
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C ends a set-up without a traceback
    word = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    try:
        if read(STAMP).split("\n", 2) != wanted(word):
            print(say("set_up"), file=sys.stderr)
            with open(__file__, "rb") as lock:
                os.set_inheritable(lock.fileno(), True)  # an installer that outlives its start keeps the lock
                if sys.platform == "win32":
                    msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
                else:
                    fcntl.flock(lock, fcntl.LOCK_EX)
                if read(STAMP).split("\n", 2) != wanted(word):
                    set_up(word)
    except OSError as error:
        explain(str(error))
    command = [str(PYTHON), str(ROOT / COMMANDS[word][1]), *COMMANDS[word][2:], *arguments[bool(word) :]]
    if os.name != "nt":
        os.execv(command[0], command)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the app answers it
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
