"""Project folders as they are found on people's disks: oddly named, half copied, damaged, or not what they seem."""

import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.project_manager import Project, ProjectStore
from utils.files import write_json

DEEP = "[" * 100_000
DEEP_BUT_WHOLE = "[" * 900 + "]" * 900
HUGE = "9" * 10_000
NO_JSON = {"deep": f"{DEEP}\n", "whole": f"{DEEP_BUT_WHOLE}\n", "huge": f"{HUGE}\n", "no text": b"\xff\n"}
OLD_NAMES = [
    *("aux", "NUL", "com1.txt", "ends with a dot.", "ends with a blank ", " begins with one", "a<b>c", "a:b", "a|b"),
    *("what?", "a*b", 'say "hi"', "back\\slash", "U\u0308bung vom Mac", "\u212bngstro\u0308m", "x" * 255, "ä" * 125),
    *("line\nbreak", "tab\there", "\x1b[31mred", "bell\x07", "\u202eright to left", "\u2028", "<b>bold", "100%"),
    *("-rf", "$HOME", "a&b=c#d", "{name}", "日本語", "👩‍👩‍👧", "caf\udce9", "\udcff\udcfe"),
]


def config(content: str | bytes) -> Callable[[Project], object]:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return lambda project: project.config_file.write_bytes(data)


def instead(name: str, make: Callable[[Path], object]) -> Callable[[Project], None]:
    """Something else at a place in the project."""

    def damage(project: Project) -> None:
        path = project.root / name
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)

    return damage


def a_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the whole path may be too long for a socket's address
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def a_database(script: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)

    return make


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def text(content: str | bytes) -> Callable[[Path], object]:
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return lambda path: path.write_bytes(data)


NO_FILES: dict[str, Callable[[Path], object]] = {
    "folder": Path.mkdir,
    "pipe": lambda path: os.mkfifo(path),
    "socket": a_socket,
    "device": link("/dev/zero"),
    "terminal": link("/dev/tty"),
    "dangling": link("/nowhere/at/all"),
    "loop": lambda path: path.symlink_to(path.name),
}


def run_with(name: str, make: Callable[[Path], object]) -> Callable[[Project], None]:
    """A training run in which one file is something else."""

    def damage(project: Project) -> None:
        run = create_run(project, "train", {"base": {"source": "practice", "name": "practice"}})
        write_json(run.folder / "state.json", {"state": "done", "result": {"run": run.id}})
        path = run.folder / name
        path.unlink(missing_ok=True)
        make(path)

    return damage


DAMAGES: dict[str, Callable[[Project], object]] = {
    **{f"config is {kind}": instead("config.json", make) for kind, make in NO_FILES.items()},
    "config is empty": config(""),
    "config is deep": config(DEEP),
    "config is deep and whole": config(DEEP_BUT_WHOLE),
    "config is huge": config(f'{{"schema_version": {HUGE}}}'),
    "config is endless": config('{"training": {"epochs": 1e999}}'),
    "config is NaN": config('{"training": {"learning_rate": NaN}}'),
    "config is UTF-16": config("{}".encode("utf-16")),
    "config is no text": config(b"\xff\xfe\x00\xd8"),
    "config has half a pair": config('{"sft": {"topic": "\\ud800"}}'),
    "config is a list": config("[]"),
    **{f"run is {kind}": run_with("run.json", make) for kind, make in NO_FILES.items()},
    **{f"state is {kind}": run_with("state.json", make) for kind, make in NO_FILES.items()},
    **{f"{name} is {kind}": run_with(name, text(content))
       for name in ("run.json", "state.json", "metrics.jsonl", "events.jsonl", "memory.json")
       for kind, content in NO_JSON.items()},
    **{f"{name} is {kind}": run_with(name, make)
       for name in ("metrics.jsonl", "events.jsonl", "memory.json", "checkpoints")
       for kind, make in NO_FILES.items()},
    "state tells of a wild process": run_with("state.json", text('{"state": "running", "process": {"pid": 1e308}}')),
    "state tells of a large process": run_with(
        "state.json", text('{"state": "running", "process": {"pid": %s}}' % ("9" * 300))
    ),
    "state is a wild error": run_with(
        "state.json", text('{"state": "failed", "error": {"code": [], "params": {"a": []}}}')
    ),
    "run of a wild kind": run_with("run.json", text('{"kind": "sing", "id": 5}')),
    "paused run of a wild kind": lambda project: create_run(project, "sing", {}).write_state(JobState.PAUSED),
    "run of half a kind": run_with("run.json", text('{"kind": "\\ud800"}')),
    **{f"store is {kind}": instead("data/rag.db", make) for kind, make in NO_FILES.items()},
    "store is another's": instead("data/rag.db", a_database("CREATE TABLE documents (a); PRAGMA user_version = 99")),
    "store is an older one of another's": instead("data/rag.db", a_database("CREATE TABLE sources (a)")),
    "store is garbage": instead("data/rag.db", text(b"garbage" * 1000)),
    **{f"samples are {kind}": instead("data/sft_data.jsonl", make) for kind, make in NO_FILES.items()},
    "samples are deep": instead("data/sft_data.jsonl", text(DEEP + "\n")),
    **{f"old index is {kind}": instead("data/samples.db", make) for kind, make in NO_FILES.items()},
    **{f"findings are {kind}": instead("data/findings.json", make) for kind, make in NO_FILES.items()},
    "changes are a file": instead("data/undo", text("")),
    "data is a file": instead("data", text("")),
    "runs is a file": instead("runs", text("")),
    "runs is a pipe": instead("runs", NO_FILES["pipe"]),
    "models is a file": instead("models", text("")),
    "logs is a file": instead("logs", text("")),
    **{f"note is {kind}": instead("models/checkpoints/best/published.json", make) for kind, make in NO_FILES.items()},
}  # fmt: skip


def make_odd_projects(store: ProjectStore) -> dict[str, str]:
    """All of these in one folder: name → what is odd about it ("" where only its name is)."""
    made = {}
    for number, name in enumerate(OLD_NAMES):
        root = store.create(f"template {number}").root
        os.rename(root, store.folder / name)
        made[Project(store.folder / name).name] = ""
    for what, damage in DAMAGES.items():
        project = store.create(what)
        damage(project)
        made[what] = what
    (store.folder / "outside").symlink_to("/etc")
    (store.folder / "circle").symlink_to("circle")
    (store.folder / ".hidden").mkdir()
    (store.folder / ".hidden" / "config.json").write_text("{}")
    (store.folder / "a file").write_text("")
    (store.folder / "empty").mkdir()
    os.mkfifo(store.folder / "a pipe")
    return made
