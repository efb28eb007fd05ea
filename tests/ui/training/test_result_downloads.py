"""What can be downloaded of a training: bundles and the files of the newest export, of one's own projects only."""

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from core import access
from core.jobs.job import JobState
from core.jobs.runs import create_run
from ui.page.downloads import add_route, address_of
from ui.page.view import View
from ui.training import result_downloads
from ui.training.training_results import exported_html


@pytest.fixture
def browser(services):
    server = FastAPI()
    add_route(server, services, result_downloads.BUNDLE, result_downloads.bundle_of)
    add_route(server, services, result_downloads.EXPORT, result_downloads.export_of)
    return TestClient(server)


@pytest.fixture
def exported(project):
    """An export to GGUF, and beside it what an earlier export to Ollama left."""
    for name in ("gguf/p-f16.gguf", "gguf/model_card.md", "safetensors/model.safetensors", "ollama/Modelfile"):
        file = project.final_folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    final = project.final_folder
    files = [str(final / "safetensors"), str(final / "gguf" / "p-f16.gguf")]
    report = {"file": "p-f16.gguf", "passed": True, "checks": [], "bytes": 15}
    result = {"run": "r", "folder": str(final / "gguf"), "files": files, "verification": {"files": [report]}}
    create_run(project, "export", {}).write_state(JobState.DONE, result=result)
    return project


def asked(browser, address, **query):
    return browser.get(f"/download/{address}", params={"project": "Physik", **query})


@pytest.mark.parametrize("run", ["", "../../config.json", "..", "/etc/passwd", "nothing"])
def test_nothing_but_a_runs_bundle_is_downloaded(project, browser, run):
    assert asked(browser, "bundle", run=run).status_code == 404
    assert asked(browser, "bundle", run=run, project="../x").status_code == 404


@pytest.mark.parametrize("name", ["gguf/p-f16.gguf", "gguf/model_card.md", "safetensors/model.safetensors"])
def test_each_file_of_the_newest_export_is_there_to_download_and_linked(exported, browser, view, name):
    answer = asked(browser, "export", file=name)
    assert (answer.status_code, answer.text) == (200, name)
    assert name.rpartition("/")[2] in answer.headers["content-disposition"]
    assert address_of(result_downloads.EXPORT, "Physik", file=name).replace("&", "&amp;") in exported_html(view())


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "gguf",
        "gguf/",
        "/etc/passwd",
        "../config.json",
        "gguf/../../config.json",
        "ollama/Modelfile",
        "gguf/link",
    ],
)
def test_no_other_file_is(exported, browser, name):
    (exported.final_folder / "gguf" / "link").symlink_to(exported.config_file)
    assert asked(browser, "export", file=name).status_code == 404


@pytest.mark.parametrize("folder", ["/x/..", "/x", "", "..", "/gguf/models/final"])
def test_a_result_that_names_another_folder_leads_nowhere(project, browser, folder):
    project.final_folder.mkdir(parents=True, exist_ok=True)
    (project.final_folder / "secret").write_text("s")
    create_run(project, "export", {}).write_state(JobState.DONE, result={"run": "r", "folder": folder})
    for name in ("secret", "../config.json", f"{folder}/secret"):
        assert asked(browser, "export", file=name).status_code == 404


def test_a_guest_downloads_their_own_export_and_no_other(exported, services, browser, view):
    with access.acting_as(access.Visitor("anna")):
        assert asked(browser, "export", file="gguf/p-f16.gguf").status_code == 404
    (exported.root / ".owner").write_text("anna")
    with access.acting_as(access.Visitor("anna")):
        assert asked(browser, "export", file="gguf/p-f16.gguf").status_code == 200
        shown = exported_html(View(services, "de", "Physik"))
    assert "p-f16.gguf" in shown
    assert str(services.projects.folder) not in shown


def test_the_files_are_found_after_the_project_was_renamed(exported, services, browser):
    services.projects.rename("Physik", "Anders")
    assert asked(browser, "export", project="Anders", file="gguf/p-f16.gguf").status_code == 200
