"""Samples come in with a word on every line that holds none; they go out as one file, to whom it belongs."""

import pytest
from fastapi import FastAPI
from samples_material import store_samples
from starlette.testclient import TestClient

from core import access
from core.access import Visitor
from core.jobs.job import Job
from core.sft_generator import EXPORTS
from ui.page.downloads import add_route
from ui.page.view import View
from ui.samples import exchange_panel
from utils import file_manager
from utils.errors import AppError


@pytest.fixture
def browser(services):
    server = FastAPI()
    add_route(server, services, exchange_panel.PATH, exchange_panel.samples_of)
    return TestClient(server)


@pytest.fixture
def imported(services, project):
    """What is shown after an import with this result."""

    def make(**result) -> str:
        known = {"imported": 0, "duplicates": 0, "bad": 0, "bad_lines": [], **result}
        services.runner.wait(services.runner.start(Job("import", project.name, lambda _: known)).id, 10)
        return exchange_panel.result_html(View(services, "de", "Physik"))

    return make


def test_bad_lines_are_named_with_their_numbers_and_reasons(imported):
    assert "box good" in imported(imported=4)
    shown = imported(imported=1200, duplicates=3, bad=2, bad_lines=[(7, "exchange.bad.not_json"), (1234, "<new>")])
    for words in (
        "Übernommen: 1.200 Beispiele. Schon da waren 3.",
        "Nicht brauchbar: 2 Zeilen.",
        "Zeile 7: kein gültiges JSON",
        "Zeile 1.234: &lt;new&gt;",
        "box warn",
    ):
        assert words in shown
    many = imported(bad=500, bad_lines=[(line, "exchange.bad.not_json") for line in range(1, 101)])
    assert many.count("Zeile ") == exchange_panel.BAD_LINES_SHOWN
    assert "und 480 weitere" in many


def test_another_machine_downloads_and_learns_no_path(act, project, monkeypatch):
    monkeypatch.setattr(file_manager, "show", lambda file: pytest.fail("nobody there to see it"))
    with pytest.raises(AppError):
        act("samples.export", "jsonl")
    assert "button" not in exchange_panel.export_html(act.view())
    store_samples(project, 1)
    assert exchange_panel.export_html(act.view()).count("<button") == len(EXPORTS)
    with access.acting_as(Visitor("", at_machine=False)):
        answer = act("samples.export", "csv")
    assert answer.download == "/download/samples?project=Physik&kind=csv"
    assert str(project.root) not in answer.notice


def test_a_file_comes_in_and_none_is_asked_for(services, act, tmp_path):
    with pytest.raises(AppError, match="no_import_file"):
        act("samples.import")
    file = tmp_path / "fremd.csv"
    file.write_text("instruction,output\nWas ist Licht?,Eine Welle.\nUnd Schall?,\n", "utf-8")
    act("samples.import", uploads=[file])
    services.runner.wait(act.view().job(["import"]).id, 20)
    shown = exchange_panel.result_html(act.view())
    assert "Übernommen: 1 Beispiele." in shown and "Zeile 3: keine Antwort gefunden" in shown


@pytest.mark.parametrize("kind", ["", "exe", "../../config.json", "jsonl/../x"])
def test_only_exports_are_downloaded(browser, project, kind):
    store_samples(project, 1)
    assert browser.get(exchange_panel.PATH, params={"project": "Physik", "kind": kind}).status_code == 404
    assert browser.get(exchange_panel.PATH, params={"project": "../x", "kind": "jsonl"}).status_code == 404
    assert browser.get(exchange_panel.PATH, params={"project": "Physik", "kind": "jsonl"}).status_code == 404
