"""A password goes to the reader and nowhere else, and only where it would open something."""

import re

import pytest
from documents_material import store_document

from core import rag_processor
from ui.documents.passwords import passwords_html
from utils.errors import AppError

SECRET = "sehr geheimes Wort"


@pytest.fixture
def started(monkeypatch):
    """What would have been read with which passwords."""
    calls = []
    monkeypatch.setattr(rag_processor, "start_reprocess", lambda services, project, *what: calls.append(what))
    return calls


@pytest.fixture
def stored(project):
    store_document(project, "a.txt", ["Text"])
    store_document(project, "zu.pdf", status="password", detail="pdf_password", params={"file": "zu.pdf"})
    store_document(project, "zu.docx", status="password", detail="docx_password", params={"file": "zu.docx"})
    return project


def choices(html: str) -> list[str]:
    return re.findall(r'<option value="([^"]*)"', html)


def unlock(act, document: str, password: str):
    return act("documents.unlock", **{"document": document, "document-password": password})


def test_only_documents_that_a_password_would_open_are_offered_and_several_at_once(act, project, stored, started):
    assert choices(passwords_html(act.view())) == ["zu.pdf"]
    store_document(project, "auch zu.PDF", status="password", detail="pdf_password")
    assert choices(passwords_html(act.view())) == ["*", "zu.pdf", "auch zu.PDF"]
    unlock(act, "*", SECRET)
    unlock(act, "zu.pdf", SECRET)
    both, one = ["zu.pdf", "auch zu.PDF"], ["zu.pdf"]
    assert started == [(both, dict.fromkeys(both, SECRET)), (one, dict.fromkeys(one, SECRET))]


def test_without_such_a_document_there_is_no_form(view, project):
    store_document(project, "zu.docx", status="password", detail="docx_password", params={"file": "zu.docx"})
    assert passwords_html(view()) == ""


@pytest.mark.parametrize("refusal", [AppError("samples_running"), OSError(28, "No space left"), None])
def test_the_field_is_emptied_whatever_comes_of_it_and_the_password_is_in_no_answer(
    act, stored, monkeypatch, refusal
):
    def start(*_: object) -> None:
        if refusal:
            raise refusal

    monkeypatch.setattr(rag_processor, "start_reprocess", start)
    answer = unlock(act, "zu.pdf", SECRET)
    assert answer.empty == ("document-password",)
    assert bool(answer.notice) == bool(refusal)
    assert SECRET not in answer.notice + passwords_html(act.view())


def test_an_empty_password_is_refused(act, stored, started):
    assert "Das Passwort ist leer." in unlock(act, "zu.pdf", "").notice
    assert started == []


def test_while_documents_are_read_the_button_says_why_it_waits(view, stored, puppet):
    puppet("rag")
    assert "gerade verarbeitet" in passwords_html(view())
