"""The history of runs as a person uses it: compare two, open one, take it along, delete it; use one after another was
aborted."""

import zipfile

import pytest
from playwright.sync_api import expect

from tests.ui.runs_material import make_run


@pytest.mark.parametrize("width", [1300, 390])
def test_runs_are_compared_opened_packed_and_deleted(open_page, project, width, foreign_requests):
    first, second = make_run(project, learning_rate=1e-4), make_run(project, learning_rate=2e-4)
    page = open_page(f"/en/?project={project.name}&tab=training")
    page.set_viewport_size({"width": width, "height": 900})
    rows = page.locator("#run-history button.open")
    expect(rows).to_have_count(2)
    compare = page.locator("#run-history button[data-do=compare]")
    expect(compare).to_be_disabled()
    for box in page.locator("#run-history input[type=checkbox]").all():
        box.check()
    compare.click()
    expect(page.locator("#compared-runs svg")).to_have_count(2)
    expect(page.locator("#compared-runs table").first).to_contain_text("Learning rate")
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
    expect(details).to_be_hidden()
    assert not first.folder.exists()
    assert second.folder.is_dir()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert foreign_requests == []
