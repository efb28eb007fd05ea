"""Cutting again is offered where it would change something, with the reason; the preview marks what is repeated."""

from documents_material import store_document

from core.documents.token_counting import LOCAL_NAME
from ui.documents import chunk_cutting
from ui.page.view import View

CUT = {"chunk_tokens": 512, "overlap_tokens": 50, "tokenizer": LOCAL_NAME}


def view(services, language="de") -> View:
    return View(services, language, "Physik")


def test_cutting_again_is_offered_where_it_would_change_something_with_the_reason(services, project, puppet):
    assert "nächsten Dokumente" in chunk_cutting.blocked(view(services))
    assert chunk_cutting.reason(view(services)) == ""
    store_document(project, "a.txt", ["Text"], params=CUT)
    assert chunk_cutting.reason(view(services)) == ""
    assert "Wortschatz der App" in chunk_cutting.counted_html(view(services))
    project.set("documents", {"chunk_tokens": 128})
    assert "mit anderen Werten geteilt" in chunk_cutting.reason(view(services))
    assert chunk_cutting.blocked(view(services)) == ""
    puppet("rag")
    assert "gerade verarbeitet" in chunk_cutting.blocked(view(services))


def test_another_tokenizer_is_a_reason_and_both_are_named(services, project):
    store_document(project, "a.txt", ["Text"], params={**CUT, "tokenizer": "qwen-0.5b#12345678"})
    assert "„qwen-0.5b“" in chunk_cutting.reason(view(services))
    assert "12345678" not in chunk_cutting.reason(view(services))
