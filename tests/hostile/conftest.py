"""A machine full of secrets, and two apps on it: one that its host uses alone, and one that a room was let into."""

import json
import os
import secrets
import tempfile
from pathlib import Path

import pytest
from documents_material import store_document
from hostile.machine import Listener, Machine
from hostile.visitors import Visitor
from running_app import App
from samples_material import store_samples

from core.jobs.services import Services
from core.project_manager import Project, ProjectStore


@pytest.fixture(scope="package")
def machine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("machine")
    made = Machine(folder, Listener())
    made.files += ["/etc/passwd", "/proc/self/environ", "/proc/self/cmdline"]
    made.secret_file(folder / "home" / "diary.txt", "file")
    made.secret_file(folder / "working" / "notes.txt", "working folder")
    made.secret_file(folder / "working" / "projects" / "x" / "config.json", "projects of a checkout")
    in_temp = made.secret_file(Path(tempfile.gettempdir()) / f"{secrets.token_hex(8)}.txt", "temp folder")
    os.mkfifo(folder / "home" / "fifo")
    yield made
    in_temp.unlink()
    made.listener.shutdown()


def started(machine: Machine, name: str, *flags: str, **environment: str) -> App:
    folder = machine.folder / name
    key = machine.canary(f"environment of {name}")
    app = App(
        folder,
        *flags,
        working=machine.folder / "working",
        OPENROUTER_API_KEY=key,
        CUSTOM_AI_CACHE=str(folder / "cache"),
        **environment,
    )
    machine.secret_file(app.settings / "private.txt", f"settings of {name}")
    (app.settings / "keys.json").write_text(json.dumps({machine.listener.url: machine.canary(f"keys of {name}")}))
    machine.files.append(str(app.settings / "keys.json"))
    app.start()
    return app


@pytest.fixture(scope="package")
def own_app(machine):
    """The app as its host uses it alone."""
    app = started(machine, "alone", FORWARDED_ALLOW_IPS="*")
    yield app
    assert app.stop() == 0


@pytest.fixture(scope="package")
def room(machine):
    """The app with a room let in, and a project of the host that is full of secrets."""
    app = started(machine, "room", "--lan", FORWARDED_ALLOW_IPS="*")
    secret_project(machine, app)
    yield app
    assert app.stop() == 0


def secret_project(machine: Machine, app: App) -> Project:
    project = ProjectStore(app.projects).create("Geheim")
    store_document(project, "geheim.txt", [f"Das Passwort ist {machine.canary('chunk')}."])
    (project.documents_folder / "geheim.txt").write_text(machine.canary("document"))
    store_samples(project, 30)
    with project.samples_file.open("a") as file:
        file.write(json.dumps({"instruction": machine.canary("sample"), "output": "ja"}) + "\n")
    project.set(
        "sft", {"provider": "ollama", "system_prompt": machine.canary("prompt"), "topic": machine.canary("topic")}
    )
    for name in ("sft_export_jsonl.jsonl", "rag_export.db"):
        machine.secret_file(project.root / "data" / name, f"export {name}")
    machine.files += [str(project.samples_file), str(project.database), str(project.config_file)]
    return project


@pytest.fixture(scope="package")
def host(room):
    """The room's host in their browser."""
    return Visitor(room.address).open_page(link=room.host_link)


@pytest.fixture(scope="package")
def guest(room):
    return Visitor(room.address).join(room.code).open_page()


@pytest.fixture(scope="package")
def services(machine):
    """A core of its own, to see which routes and functions a page has."""
    made = Services(ProjectStore(machine.folder / "empty"))
    yield made
    made.runner.shutdown()
