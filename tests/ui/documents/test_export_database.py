"""The exported database: shown on this machine, downloaded by another one; only that file, only inside the door."""

import pytest
from documents_material import store_document
from starlette.testclient import TestClient

from core import access
from core.access import Visitor
from core.documents.store.chunk_store import ChunkStore
from ui.documents import export_database
from ui.page import downloads
from ui.page.parts import Act
from ui.server.server import create_server
from utils import file_manager

BASE = "http://127.0.0.1:7860"


@pytest.fixture
def stored(services):
    project = services.projects.create("Übung & Physik")
    store_document(project, "a.txt", ["Wärme"])
    return project


@pytest.fixture
def browser(services):
    client = TestClient(create_server(services, 7860), base_url=BASE, client=("127.0.0.1", 5000))
    with client:
        yield client


def test_the_database_is_downloaded_under_the_projects_name(browser, stored, tmp_path):
    ChunkStore(stored.database).export(stored.database_export)
    answer = browser.get(downloads.address_of(export_database.PATH, stored.name))
    assert answer.status_code == 200
    assert "%C3%9Cbung%20%26%20Physik.db" in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].startswith("attachment")
    (tmp_path / "copy.db").write_bytes(answer.content)
    assert ChunkStore(tmp_path / "copy.db").count() == 1


@pytest.mark.parametrize("name", ["", "nirgends", "..", "../Physik", "Physik/../../etc", "a\x00b", ".", "NUL"])
def test_other_names_lead_nowhere(browser, stored, name):
    assert browser.get(export_database.PATH, params={"project": name}).status_code == 404


def test_on_this_machine_the_file_manager_opens_and_elsewhere_a_download_begins(services, stored, monkeypatch):
    shown = []
    monkeypatch.setattr(file_manager, "show", shown.append)
    act = Act(services, "de", stored.name, {})
    here = export_database.export_database(act)
    assert shown == [stored.database_export]
    assert here.download == ""
    assert str(stored.database_export) in here.notice.replace("&amp;", "&")
    assert "/download/database?project=%C3%9Cbung%20%26%20Physik" in here.notice
    shown.clear()
    with access.acting_as(Visitor("", at_machine=False)):
        elsewhere = export_database.export_database(act)
    assert shown == []
    assert elsewhere.download == downloads.address_of(export_database.PATH, stored.name)
    assert str(stored.root) not in elsewhere.notice
