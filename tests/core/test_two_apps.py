"""Two apps, or an app and a command, on one folder of projects. Real processes, which know nothing of each other."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from core import projects
from core.documents.store.chunk_store import ChunkStore
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.jobs.services import child_job
from core.project_manager import ProjectStore
from core.samples.store.sft_dataset import read_samples
from tests.core.waiting import wait_for
from utils import config
from utils.errors import AppError

ROOT = Path(__file__).resolve().parents[2]
ONE_APP, CHILD_APP = (Path(__file__).with_name(name) for name in ("one_of_two_apps.py", "child_app.py"))
ROUNDS_OF_EACH = 100
SETTER = """
import sys
from pathlib import Path
from core.project_manager import Project
project, section = Project(Path(sys.argv[1])), sys.argv[2]
for number in range(150):
    project.set(section, {"seed": number})
    assert getattr(project.load_config(), section).seed == number, f"{number} is lost"
"""
MACHINE_SETTER = """
import sys
from utils import config
for number in range(100):
    value = {"language": ("de", "en")[number % 2], "force_cpu": bool(number % 2)}[sys.argv[1]]
    config.change_app_settings(**{sys.argv[1]: value})
    assert getattr(config.load_app_settings(), sys.argv[1]) == value, f"{number} is lost"
"""
CREATOR = """
import sys
from pathlib import Path
from core.project_manager import ProjectStore
from utils.errors import AppError
store = ProjectStore(Path(sys.argv[1]))
for number in range(60):
    try:
        store.create(f"p{number}").set("training", {"seed": int(sys.argv[2])})
        print(number, sys.argv[2])
    except AppError as refused:
        assert refused.code == "project_exists", refused
"""


def test_two_apps_rename_delete_and_write_in_one_folder_and_nothing_that_was_acknowledged_is_lost(tmp_path):
    store = ProjectStore(tmp_path / "projects")
    apps = [start(tmp_path, name, seed) for seed, name in enumerate("ab")]
    finish(apps)
    noted = sorted(json.loads(line) for file in tmp_path.glob("?.notes") for line in file.read_text().splitlines())
    assert all((path / "config.json").is_file() for path in store.folder.iterdir()), "a folder that is no project"
    done = Counter(what for _, _, what, *_ in noted)
    assert min(done[what] for what in ("set", "sample", "at least", "document", "rename", "delete")) > 0, done
    known_as = {old: new for _, _, what, old, new in (line for line in noted if line[2] == "rename")}
    deleted = {line[3] for line in noted if line[2] == "delete"}
    created = {line[3] for line in noted if line[2] == "create"}
    assert set(store.names()) == {now(name, known_as) for name in created} - deleted
    for name in store.names():
        theirs = [line[1:3] + line[4:] for line in noted if now(line[3], known_as) == name]
        require_all(store.open(name), theirs)


def require_all(project, noted):
    """Everything in this project that was acknowledged, in its order, and not replaced by something later."""
    config, samples = project.load_config(), {sample.id: sample for sample in read_samples(project.samples_file)}
    documents, gone = set(), set()
    fields, texts, statuses = {}, {}, {}
    for _, what, *rest in noted:
        match what, rest:
            case "set", [section, value]:
                fields[section] = value
            case "sample", [own_id, text, status]:
                texts[own_id], statuses[own_id] = text, status
            case "status", [own_id, status]:
                statuses[own_id] = status
            case "at least", [count]:
                assert len(samples) >= count
            case "document", [name]:
                documents.add(name)
            case "no document", [name]:
                gone.add(name)
    assert {section: getattr(config, section).seed for section in fields} == fields
    assert {own_id: samples[own_id].instruction for own_id in texts} == texts
    assert {own_id: samples[own_id].status for own_id in statuses} == statuses
    assert {source.filename for source in ChunkStore(project.database).documents()} == documents - gone


def now(name, known_as):
    """What a project of this name is called after all the renames that followed."""
    while name in known_as:
        name = known_as[name]
    return name


def start(folder, name, seed):
    notes = str(folder / f"{name}.notes")
    command = [sys.executable, str(ONE_APP), str(folder / "projects"), notes, name, str(seed), str(ROUNDS_OF_EACH)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(apps):
    """What each of these programs printed, once all have ended well."""
    printed = [app.communicate(timeout=120)[0] for app in apps]
    assert [app.returncode for app in apps] == [0] * len(apps), printed
    return printed


def run_program(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)


def test_two_apps_that_set_fields_of_one_config_lose_none(tmp_path):
    project = ProjectStore(tmp_path).create("p")
    finish([run_program(SETTER, project.root, section) for section in ("training", "sft")])


def test_two_apps_that_set_machine_wide_settings_lose_none_and_a_third_notices(tmp_path, monkeypatch, services):
    assert services.settings.language == "auto"
    finish([run_program(MACHINE_SETTER, name) for name in ("language", "force_cpu")])
    assert (services.settings.language, services.settings.force_cpu) == ("en", True)
    assert config.load_app_settings() == services.settings


def test_of_two_apps_that_make_a_project_of_one_name_only_one_does(tmp_path):
    printed = finish([run_program(CREATOR, tmp_path, seed) for seed in (1, 2)])
    made = dict(line.split() for line in "".join(printed).splitlines())
    assert len("".join(printed).splitlines()) == len(made) == 60
    store = ProjectStore(tmp_path)
    assert {number: str(store.open(f"p{number}").load_config().training.seed) for number in made} == made


def test_a_project_that_another_app_works_in_is_neither_renamed_nor_deleted_until_that_is_killed(tmp_path):
    store = ProjectStore(tmp_path)
    run = create_run(store.create("p"), "count", {"to": 10_000})
    child = subprocess.Popen([sys.executable, str(CHILD_APP), "worker", str(run.folder)])
    try:
        wait_for(lambda: (run.folder / "numbers").exists())
        for refused in (lambda: store.rename("p", "q"), lambda: store.rename("p", "P"), lambda: store.delete("p")):
            with pytest.raises(AppError, match="project_busy"):
                refused()
        assert store.names() == ["p"]
    finally:
        child.kill()
        child.wait()
    assert store.rename("p", "q").load_config()
    store.delete("q")
    assert list(store.folder.iterdir()) == []


def test_a_refused_rename_keeps_what_the_app_knows_of_the_projects_jobs(services, project):
    run = create_run(project, "count", {"to": 1})
    services.runner.adopt(child_job(services, run), JobState.PAUSED)
    with project.held(), pytest.raises(AppError, match="project_busy"):
        projects.rename_project(services, project.name, "q")
    assert [job.id for job in services.runner.jobs(project.name)] == [run.id]
    projects.rename_project(services, project.name, "q")
    assert services.runner.jobs(project.name) == []
