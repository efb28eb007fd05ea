"""The history of runs as a person uses it: compare two, open one, take it along, delete it; use one after another was
aborted."""

import zipfile
from urllib.parse import quote

import psutil
import pytest
from playwright.sync_api import expect

from core import base_models, exporter
from core.jobs.runs import list_runs, live_run
from tests.browser.typing_material import type_into
from tests.core.model_material import add_samples, make_base, read_project
from tests.core.waiting import wait_for
from tests.ui.runs_material import make_run
from utils.config import BaseChoice


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


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_second_training_that_is_aborted_takes_neither_comparison_nor_export_nor_answer_away(open_page, app):
    project = read_project(app.projects.parent)
    make_base(project)
    add_samples(project, 12)
    base_models.choose_base(project, BaseChoice(source="practice", name="practice"))
    project.set("training", {"epochs": 1, "held_out_share": 0.2})
    project.set("output", {"format": "gguf", "quantization": "q8_0"})
    page = open_page(f"/en/?project={quote(project.name)}&tab=training")
    badge = page.locator(".job-panel:visible .badge")
    page.locator("#train").click()
    expect(badge).to_have_text("done", timeout=60_000)
    first = exporter.trained_run(project)
    page.locator("#train").click()
    wait_for(lambda: live_run(project, "train"), 60)
    second = live_run(project, "train")
    child = psutil.Process(second.read_state().process["pid"])
    child.suspend()  # so that it is stopped before its first step
    expect(badge).to_have_text("running")
    page.locator(".job-panel:visible").get_by_role("button", name="Stop").click()
    wait_for(lambda: second.asked() == "cancel")
    child.resume()
    expect(badge).to_have_text("stopped", timeout=60_000)
    page.locator("#evaluate").click()
    evaluation = page.locator(".evaluation")
    expect(evaluation).to_contain_text(first.id, timeout=60_000)
    page.locator("#export").click()
    exported = page.locator(".export-result")
    expect(exported).to_contain_text(".gguf", timeout=60_000)
    expect(exported).to_contain_text(first.id)
    type_into(page.locator("#question textarea"), "Was ist Energie?")
    page.locator("#ask").click()
    expect(page.locator("#answer")).to_contain_text(first.id, timeout=60_000)
    expect(page.get_by_text("earlier training")).to_have_count(0)
    page.locator("#run-history button.open").last.click()
    expect(page.locator("#run-details")).to_contain_text(first.id)
    page.locator("#evaluate-run").click()
    expect(page.locator("#evaluate-run")).to_be_disabled()
    expect(page.locator("#evaluate-run")).to_be_enabled(timeout=60_000)
    compared = [run.request["train_run"] for run in list_runs(project, "evaluate")]
    assert compared == [first.id, first.id]
