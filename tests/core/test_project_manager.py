"""Projects: names that people type, folders that come of them, and what may not happen to them."""

import errno
import json
import string
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.project_manager import ProjectStore
from utils import config
from utils.errors import AppError
from utils.validators import project_name


@pytest.fixture
def store(tmp_path):
    return ProjectStore(tmp_path / "projects")


def test_a_new_project_has_its_folders_and_a_typed_config(store):
    project = store.create("Physik 1")
    assert project.documents_folder.is_dir()
    assert project.checkpoints_folder.is_dir()
    assert json.loads(project.config_file.read_text())["schema_version"] == 1
    assert project.load_config() == config.ProjectConfig()
    assert store.names() == ["Physik 1"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "name_empty"),
        ("   ", "name_empty"),
        ("../x", "name_forbidden_character"),
        ("a/b", "name_forbidden_character"),
        ("a\\b", "name_forbidden_character"),
        ("a\0b", "name_forbidden_character"),
        ("a\u202eb", "name_forbidden_character"),
        ("CON", "name_reserved"),
        ("nul.txt", "name_reserved"),
        ("com1 .x", "name_reserved"),
        ("..", "name_dots"),
        (".hidden", "name_dots"),
        ("end.", "name_dots"),
        ("ä" * 100, "name_too_long"),
        (None, "name_empty"),
    ],
)
def test_a_name_that_cannot_be_a_folder_is_refused_with_its_reason(store, name, code):
    with pytest.raises(AppError) as refused:
        store.create(name)
    assert refused.value.code == code
    assert store.names() == []


@given(st.text(alphabet=st.characters() | st.sampled_from(string.punctuation), max_size=60))
def test_whatever_is_typed_either_is_refused_or_stays_inside_the_projects_folder(tmp_path_factory, text):
    store = ProjectStore(tmp_path_factory.mktemp("wild"))
    try:
        project = store.create(text)
    except AppError:
        return
    assert project.root.parent == store.folder
    assert store.names() == [project.name]
    assert project_name(project.name) == project.name


def test_names_that_differ_by_case_or_by_how_umlauts_are_written_are_one(store):
    (store.create("u\u0308bung").documents_folder / "a.txt").write_text("Text")
    store.create("b")
    assert store.names() == ["b", "übung"]
    assert store.open("übung").root == store.open("u\u0308bung").root
    for refused in (lambda: store.create("ÜBUNG"), lambda: store.rename("übung", "B")):
        with pytest.raises(AppError, match="project_exists"):
            refused()
    renamed = store.rename("übung", "Übung")
    assert (renamed.documents_folder / "a.txt").read_text() == "Text"
    store.delete("Übung")
    assert store.names() == ["b"]
    with pytest.raises(AppError, match="project_missing"):
        store.open("Übung")


@pytest.mark.parametrize(
    "content", ["", "{", '{"schema_version": 2}', '{"unknown": 1}', '{"training": {"epochs": 99}}', "[]"]
)
def test_a_damaged_config_is_named_and_left_as_it_is(store, content):
    project = store.create("a")
    project.config_file.write_text(content)
    with pytest.raises(AppError, match="config_damaged"):
        project.load_config()
    assert project.config_file.read_text() == content


def test_a_project_that_could_not_be_written_does_not_block_its_name(store, monkeypatch):
    def no_room(value, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(config, "save", no_room)
        with pytest.raises(OSError, match="No space"):
            store.create("a")
    assert store.create("a").load_config() == config.ProjectConfig()


def test_fields_set_at_the_same_moment_are_all_kept(store):
    project = store.create("a")
    fields = {"epochs": 7, "batch_size": 4, "lora_rank": 32, "seed": 7, "max_length": 512, "weight_decay": 0.1}
    threads = [threading.Thread(target=project.set, args=("training", {name: fields[name]})) for name in fields]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: getattr(project.load_config().training, name) for name in fields} == fields


def test_a_field_that_does_not_fit_is_named_and_the_others_stay(store):
    project = store.create("a")
    project.set("training", {"epochs": 7})
    with pytest.raises(AppError, match="field_too_large"):
        project.set("training", {"epochs": 99})
    assert project.load_config().training.epochs == 7
