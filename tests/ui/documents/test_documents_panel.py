"""What the buttons of the list do, and that a password goes to the reader and nowhere else."""

import pytest
from documents_material import store_document
from ui.page.clickable import Click

from core import rag_processor
from ui.documents import documents_panel
from ui.documents.documents_list import ListPosition
from ui.page.view import View

SECRET = "sehr geheimes Wort"


@pytest.fixture
def started(monkeypatch):
    """What would have been read again."""
    calls = []
    monkeypatch.setattr(
        rag_processor,
        "start_reprocess",
        lambda services, project, names, passwords=None: calls.append((list(names), passwords)),
    )
    return calls


@pytest.fixture
def stored(project):
    for name in ("a.txt", "b.txt", "c.txt"):
        store_document(project, name, ["Text"])
    store_document(project, "zu.pdf", status="password", detail="pdf_password", params={"file": "zu.pdf"})
    store_document(project, "zu.docx", status="password", detail="docx_password", params={"file": "zu.docx"})
    return project


def clicked(frame, project, do, of="", ticked=(), **position):
    values = {"position": ListPosition("Physik", **position), "click": Click(do, of, tuple(ticked))}
    return documents_panel.clicked(frame, project, values) or {}


@pytest.mark.parametrize(("of", "page"), [("2", 2), ("-1", 0), ("x", 0), ("9" * 30, 0)])
def test_a_page_is_a_number_whatever_is_sent(frame, stored, of, page):
    assert clicked(frame, stored, "page", of)["position"].page == page


@pytest.mark.parametrize(
    ("ticked", "status", "read"),
    [
        (["c.txt", "a.txt", "nirgends.txt"], "", ["a.txt", "c.txt"]),
        (["*", "b.txt"], "done", ["a.txt", "c.txt"]),  # all means all that the filter shows
        ([], "", None),
    ],
)
def test_ticked_documents_are_read_again(frame, stored, started, ticked, status, read):
    answer = clicked(frame, stored, "again", ticked=ticked, status=status)
    assert started == ([(read, None)] if read else [])
    assert read or (answer, clicked(frame, stored, "remove")) == ({}, {})


def test_a_document_is_removed_only_after_a_question_in_its_own_project(frame, stored, services, monkeypatch):
    removed = []
    monkeypatch.setattr(rag_processor, "remove_documents", lambda services, project, names: removed.extend(names))
    answer = clicked(frame, stored, "remove", ticked=["b.txt"])
    assert "b.txt" in answer["question"]
    assert removed == []
    values = {"asked": answer["asked"], "position": ListPosition("Physik")}
    other = services.projects.create("Chemie")
    documents_panel.remove_asked(frame, other, values)
    assert removed == []
    documents_panel.remove_asked(frame, stored, values)
    assert removed == ["b.txt"]


def test_only_documents_that_a_password_would_open_are_offered_and_several_at_once(frame, services, stored, started):
    offered = documents_panel.choices_of_locked(View(services, "de", "Physik"))
    assert offered["choices"] == [("zu.pdf", "zu.pdf")]
    store_document(stored, "auch zu.pdf", status="password", detail="pdf_password")
    offered = documents_panel.choices_of_locked(View(services, "de", "Physik"))
    assert offered["value"] == documents_panel.EVERYTHING_LOCKED
    documents_panel.unlocked(frame, stored, {"document": offered["value"], "password": SECRET})
    assert started == [(["zu.pdf", "auch zu.pdf"], {"zu.pdf": SECRET, "auch zu.pdf": SECRET})]
