"""One folder of projects in which almost everything is odd: each project stands for itself."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from odd_projects import OLD_NAMES

from core import projects
from core.jobs.runs import create_run, list_runs
from core.jobs.services import Services, reattach
from core.project_manager import ProjectStore
from tests.refusals import code_of
from utils.errors import AppError, readable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems' disks refuse most of these names")


def test_old_names_open_as_they_are_and_can_be_renamed_and_deleted(services):
    store = services.projects
    for number, name in enumerate(OLD_NAMES):
        root = store.create("template").root
        os.rename(root, store.folder / name)
        (shown,) = store.names()
        assert shown == store.open(shown).name
        assert store.open(shown).root == store.folder / name
        shown.encode()  # can be written anywhere
        if number % 2:
            assert store.rename(shown, "new").root == store.folder / "new"
            shown = "new"
        store.delete(shown)
        assert store.names() == [] == os.listdir(store.folder)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "../secret", "/etc", "secret/", "p/../../secret", "p/data", "p\\data", "~", "a\0b", "p\0"),
        *(".hidden", ".deleted-p", "outside", "circle", "a file", "a pipe", "empty", None, 7, [], {}, "p/", "./p"),
    ],
)
def test_nothing_outside_of_the_projects_folder_is_ever_opened(services, tmp_path, name):
    secret = ProjectStore(tmp_path).create("secret")
    services.projects.create("p")
    (services.projects.folder / "outside").symlink_to(tmp_path)
    (services.projects.folder / "circle").symlink_to("circle")
    (services.projects.folder / "a file").touch()
    os.mkfifo(services.projects.folder / "a pipe")
    for odd in (".hidden", ".deleted-p", "empty/inner"):
        os.makedirs(services.projects.folder / odd)
        (services.projects.folder / odd / "config.json").write_text("{}")
    for work in (services.projects.open, services.projects.delete, lambda name: services.projects.rename(name, "q")):
        with pytest.raises(AppError):
            work(name)
    assert secret.config_file.exists()
    assert services.projects.open("p").root == services.projects.folder / "p"


def test_a_link_that_leads_out_is_shown_with_its_reason_and_not_followed(services, tmp_path):
    elsewhere = ProjectStore(tmp_path / "elsewhere").create("mine")
    services.projects.create("p")
    (services.projects.folder / "link").symlink_to(elsewhere.root)
    (services.projects.folder / "alias").symlink_to("p")
    assert services.projects.names() == ["alias", "link", "p"]
    for name in ("link", "alias"):
        for work in (services.projects.open, services.projects.delete):
            with pytest.raises(AppError, match="project_is_link"):
                work(name)
    assert elsewhere.load_config() == services.projects.open("p").load_config()


def as_nobody(work: Callable[[], None]) -> None:
    """Do it as a user for whom closed files are closed: root reads them all."""
    if os.getuid() != 0:
        work()
        return
    if (child := os.fork()) == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            work()
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the parent must never go on in this process
            sys.excepthook(*sys.exc_info())
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0


CLOSED = ("", "config.json", "runs", "runs/1-train", "runs/1-train/state.json", "data", "data/sft_data.jsonl")


def test_what_is_closed_to_this_user_is_told_and_the_other_projects_work(monkeypatch):
    folder = Path(tempfile.mkdtemp())  # pytest's own folder is closed to others
    monkeypatch.setenv("CUSTOM_AI_CONFIG", "/nowhere")
    store = ProjectStore(folder)
    names = [f"closed {number}" for number in range(len(CLOSED))]
    for name in names:
        project = store.create(name)
        project.samples_file.write_text('{"instruction": "a", "output": "b"}\n')
        run = project.runs_folder / "1-train"
        run.mkdir()
        (run / "run.json").write_text('{"kind": "train"}')
        (run / "state.json").write_text('{"state": "done", "result": {}}')
    store.create("good")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o777)
    for name, closed in zip(names, CLOSED, strict=True):
        (folder / name / closed).chmod(0)

    def look():
        services = Services(store)
        reattach(services)
        assert store.names() == [*names, "good"]
        assert projects.status(store.open("good")).next_step == "documents"
        for name in names:
            with pytest.raises((AppError, OSError)) as refused:
                projects.status(store.open(name))
            assert readable(refused.value).code == "file_forbidden"

    as_nobody(look)
    folder.chmod(0)

    def look_at_all():
        assert code_of(store.names) == "file_forbidden"
        for work in (store.require_writable, ProjectStore(folder / "inner").make_folder):
            assert code_of(work) == "folder_not_writable"

    as_nobody(look_at_all)
    folder.chmod(0o777)
    shutil.rmtree(folder, ignore_errors=True)


def test_a_run_whose_events_never_end_does_not_keep_the_app_waiting(services, project):
    run = create_run(project, "train", {})
    os.mkfifo(run.events_file)
    os.mkfifo(run.folder / "control")
    assert run.asked() is None
    reattach(services)
    (job,) = services.runner.jobs()
    assert services.runner.wait(services.runner.resume(job.id).id, 20).state == "failed"
    assert [one.id for one in list_runs(project)] == [run.id]


@pytest.mark.parametrize(
    "path", ["", "~nobody at all/x", "a\0b", "file", "file/x", "/proc/x", "circle/x", "x" * 300, "caf\udce9"]
)
def test_a_projects_folder_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("circle").symlink_to("circle")
    with pytest.raises(AppError, match="folder_not_writable"):
        ProjectStore(path).make_folder()


def test_work_in_a_folder_whose_name_is_no_text_asks_for_another_name_and_then_starts(services):
    os.rename(services.projects.create("x").root, services.projects.folder / "caf\udce9")
    with pytest.raises(AppError, match="name_not_text"):
        create_run(services.projects.open("caf\\udce9"), "train", {})
    renamed = services.projects.rename("caf\udce9", "café")  # also as the terminal passes it on
    with pytest.raises(AppError, match="name_not_text"):
        create_run(renamed, "rag", {"files": ["/home/f\udcfcnf.txt"]})
    assert list_runs(renamed) == []
    assert create_run(renamed, "train", {}).is_whole
