"""The history of runs as a person uses it: compare two, open one, take it along, delete it; use one after another was
aborted."""

import zipfile

import pytest
from playwright.sync_api import expect

from core.jobs.job import JobState
from core.jobs.runs import create_run
from tests.ui.runs_material import make_run


@pytest.mark.parametrize("width", [1300, 390])
def test_runs_are_compared_opened_packed_and_deleted(open_page, project, width, foreign_requests):
    first, second = make_run(project, learning_rate=1e-4), make_run(project, learning_rate=2e-4)
    page = open_page(f"/en/?project={project.name}&tab=result")
    page.set_viewport_size({"width": width, "height": 900})
    rows = page.locator("table.runs button.open")
    expect(rows).to_have_count(2)
    compare = page.locator("button[data-do='runs.compare']")
    expect(compare).to_be_disabled()
    for box in page.locator("table.runs input[type=checkbox]").all():
        box.check()
    compare.click()
    expect(page.locator("#compared figure svg[role=img]")).to_have_count(2)
    expect(page.locator("#compared table").first).to_contain_text("Learning rate")
    rows.last.focus()
    page.keyboard.press("Enter")
    details = page.locator("#run-details")
    expect(details).to_contain_text(first.id)
    page.locator("#bundle-run").click()
    link = details.get_by_role("link")
    expect(link).to_be_visible()
    with page.expect_download() as download:
        link.click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert "run.json" in archive.namelist()
    page.locator("#delete-run").click()
    expect(details).to_contain_text("Delete this run?")
    assert first.folder.is_dir()
    page.get_by_role("button", name="Delete for good").click()
    expect(rows).to_have_count(1)
    expect(details).to_have_count(0)
    assert not first.folder.exists()
    assert second.folder.is_dir()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert foreign_requests == []


def test_the_files_of_an_export_are_downloaded_by_their_links(open_page, project, foreign_requests):
    folder = project.final_folder / "gguf"
    folder.mkdir(parents=True)
    (folder / "physics-f16.gguf").write_bytes(b"GGUF" * 1000)
    report = {"file": "physics-f16.gguf", "passed": True, "checks": [], "bytes": 4000}
    result = {"run": make_run(project).id, "folder": str(folder), "verification": {"files": [report]}}
    create_run(project, "export", {}).write_state(JobState.DONE, result=result)
    page = open_page(f"/en/?project={project.name}&tab=result")
    with page.expect_download() as download:
        page.get_by_role("link", name="physics-f16.gguf").click()
    assert download.value.suggested_filename == "physics-f16.gguf"
    with open(download.value.path(), "rb") as file:
        assert file.read(4) == b"GGUF"
    assert foreign_requests == []


def test_enter_asks_the_model_and_the_question_stays(open_page, project):
    make_run(project)
    (project.final_folder / "gguf").mkdir(parents=True)
    (project.final_folder / "gguf" / "p.gguf").write_bytes(b"no model")
    page = open_page(f"/de/?project={project.name}&tab=result")
    question = page.locator("#field-question")
    question.fill("Was ist")
    question.press("Shift+Enter")
    question.press_sequentially("Licht?")
    question.press("Enter")
    expect(page.locator("[data-place=try-out] .box.bad")).to_be_visible()
    expect(question).to_have_value("Was ist\nLicht?")
