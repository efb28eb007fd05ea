"""Every document with its status in words, filtered and paged; what is shown is escaped; what the buttons do."""

import re

import pytest
from documents_material import store_document

from core import rag_processor
from core.documents.store.chunk_store import ChunkStore, SourceFile
from core.jobs.job import Job
from ui.documents.documents_list import ROWS_SHOWN, STATUSES, ListPosition, list_html
from utils.errors import AppError


@pytest.fixture
def look(view, project):
    return lambda language="de": list_html(view(language))


@pytest.fixture
def started(monkeypatch):
    """What would have been read again."""
    calls = []
    monkeypatch.setattr(rag_processor, "start_reprocess", lambda services, project, names: calls.append(names))
    return calls


@pytest.fixture
def stored(project):
    for name in ("a.txt", "b.txt", "c.txt"):
        store_document(project, name, ["Text"])
    store_document(project, "zu.pdf", status="password", detail="pdf_password", params={"file": "zu.pdf"})
    return project


def names_in(html: str) -> list[str]:
    return re.findall(r'class="file">([^<]*)<', html)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_status_has_words_of_its_own(look, project, status, language):
    store_document(project, "a.pdf", status=status, detail="pdf_no_text", params={"file": "a.pdf"})
    assert f"documents.status.{status}" not in look(language)
    assert 'class="badge' in look(language)


def test_a_document_that_nobody_reads_says_how_to_go_on(look, project, puppet):
    assert look() == ""
    store_document(project, "a.pdf", status="queued")
    assert "noch nicht gelesen" in look()
    puppet("rag")
    assert "noch nicht gelesen" not in look()
    assert "wartet" in look()


def test_while_documents_are_worked_on_nothing_can_be_done_with_ticked_ones_and_it_says_why(look, project, puppet):
    store_document(project, "a.pdf", ["Text"])
    assert 'data-do="documents.remove"' in look()
    puppet("rechunk")
    assert 'data-do="documents.remove"' not in look()
    assert "sobald die Verarbeitung fertig ist" in look()


def test_a_long_list_is_paged_and_a_page_behind_the_end_is_the_last_one(act, project):
    with ChunkStore(project.database).writer() as writer:
        for number in range(1500):
            writer.put(SourceFile(f"{number:04}.txt", f"{number:04}.txt", f"hash {number}", "done"))
    assert len(names_in(list_html(act.view()))) == ROWS_SHOWN
    assert "1 bis 12 von 1.500" in list_html(act.view())
    act("documents.onward", "1")
    assert names_in(list_html(act.view()))[0] == "0012.txt"
    act("documents.onward", str(10**6))
    assert names_in(list_html(act.view()))[-1] == "1499.txt"
    assert len(list_html(act.view())) < 20_000


@pytest.mark.parametrize(("of", "page"), [("2", 2), ("-1", 0), ("x", 0), ("9" * 30, 0)])
def test_a_page_is_a_number_whatever_is_sent(act, of, page):
    act("documents.onward", of)
    assert act.view().at(ListPosition).page == page


def test_a_filter_shows_what_has_the_status_and_is_there_only_where_it_would_change_something(act, stored):
    assert 'data-of="password"' in list_html(act.view())
    act("documents.status", "password")
    assert names_in(list_html(act.view())) == ["zu.pdf"]
    act("documents.status", "no such status")
    assert len(names_in(list_html(act.view()))) == 4
    with ChunkStore(stored.database).writer() as writer:
        writer.remove("zu.pdf")
    assert "documents.status" not in list_html(act.view())


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"filename": "a.txt", "status": "duplicate"}, "schon im Projekt"),
        ({"filename": "bild.png", "status": "unsupported"}, "nicht unterstützt"),
    ],
)
def test_a_file_that_was_not_kept_is_a_row_without_a_tick_also_where_there_is_no_other(look, services, given, shown):
    result = {"documents": [{**given, "detail": "", "params": {}}]}
    job = services.runner.start(Job("rag", "Physik", lambda context: result))
    services.runner.wait(job.id, 10)
    assert shown in look()
    assert "data-row" not in look()


def test_a_position_in_another_project_is_no_position_in_this_one(act, stored):
    act.positions[ListPosition] = ListPosition("Chemie", status="damaged", page=3, asked=("a.txt",))
    assert len(names_in(list_html(act.view()))) == 4
    assert "documents.remove_now" not in list_html(act.view())


@pytest.mark.parametrize("name", ['<img src=x onerror="alert(1)">.txt', "a&b.txt", '".txt'])
def test_a_name_with_markup_is_shown_as_it_is(act, project, name):
    store_document(project, name, ["Text"])
    act("documents.remove", ticked=[name])
    assert name not in list_html(act.view())
    assert len(names_in(list_html(act.view()))) == 1


@pytest.mark.parametrize(
    ("ticked", "status", "read"),
    [
        (["c.txt", "a.txt", "nirgends.txt"], "", ["a.txt", "c.txt"]),
        (["*", "b.txt"], "done", ["a.txt", "c.txt"]),  # all means all that the filter shows
        (["*"], "", ["a.txt", "b.txt", "c.txt", "zu.pdf"]),
        (["zu.pdf"], "done", []),
    ],
)
def test_ticked_documents_are_read_again_and_are_ticked_no_longer(act, stored, started, ticked, status, read):
    act("documents.status", status)
    before = act.view().at(ListPosition).round
    act("documents.again", ticked=ticked)
    assert started == [read]
    assert act.view().at(ListPosition).round == before + 1


def test_reading_again_without_a_tick_is_refused(act, stored):
    with pytest.raises(AppError, match="no_files"):
        act("documents.again")


def test_a_document_is_removed_only_after_a_question(act, stored, monkeypatch):
    removed = []
    monkeypatch.setattr(rag_processor, "remove_documents", lambda services, project, names: removed.extend(names))
    act("documents.remove", ticked=["b.txt"])
    assert "b.txt" in list_html(act.view()).partition("documents.remove_now")[0].partition('class="box')[2]
    act("documents.cancel")
    assert "documents.remove_now" not in list_html(act.view())
    act("documents.remove", ticked=["*", "a.txt"])
    assert removed == []
    assert "Entfernt: 3" in act("documents.remove_now").notice
    assert removed == ["b.txt", "c.txt", "zu.pdf"]
    assert "documents.remove_now" not in list_html(act.view())
