"""Cutting again is offered where it would change something, with the reason."""

import pytest
from documents_material import store_document

from core.documents.token_counting import LOCAL_NAME
from ui.documents.chunk_cutting import cutting_html

CUT = {"chunk_tokens": 512, "overlap_tokens": 50, "tokenizer": LOCAL_NAME}


def offered(html: str) -> bool:
    return "disabled" not in html.partition('data-do="documents.cut"')[2]


def test_cutting_again_is_offered_where_it_would_change_something_with_the_reason(view, project, puppet):
    assert cutting_html(view()) == ""
    store_document(project, "a.txt", ["Text"], params=CUT)
    fits = cutting_html(view())
    assert not offered(fits)
    assert "Alle Abschnitte passen" in fits
    assert "Wortschatz der App" in fits
    project.set("documents", {"chunk_tokens": 128})
    assert offered(cutting_html(view()))
    assert "mit anderen Werten geteilt" in cutting_html(view())
    puppet("rag")
    assert not offered(cutting_html(view()))
    assert "gerade verarbeitet" in cutting_html(view())


@pytest.mark.parametrize("name", ["qwen-0.5b#12345678", "a <b>#12345678", "Ein Modell#12345678"])
def test_another_tokenizer_is_a_reason_and_both_are_named(view, project, name):
    store_document(project, "a.txt", ["Text"], params={**CUT, "tokenizer": name})
    shown = cutting_html(view())
    assert f"„{name.partition('#')[0].replace('<', '&lt;').replace('>', '&gt;')}“" in shown
    assert "12345678" not in shown
    assert offered(shown)


def test_cutting_again_starts_the_work_once(act, project):
    store_document(project, "a.txt", ["Text " * 200], params=CUT)
    act("set", "documents.chunk_tokens", value="64")
    act("documents.cut")
    assert [job.kind for job in act.view().jobs] == ["rechunk"]
