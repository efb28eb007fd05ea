"""Every document with its status in words, filtered and paged; what is shown is escaped and short."""

import re

import pytest
from documents_material import store_document

from core.documents.store.chunk_store import ChunkStore, SourceFile
from ui.documents.documents_list import ROWS_SHOWN, STATUSES, ListPosition, list_html
from ui.page.view import View


@pytest.fixture
def look(services, project):
    def make(language: str = "de", **position) -> str:
        return list_html(View(services, language, "Physik"), ListPosition("Physik", **position))

    return make


def names_in(html: str) -> list[str]:
    return re.findall(r'class="file">([^<]*)<', html)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("language", ["de", "en"])
def test_every_status_has_words_of_its_own(look, project, status, language):
    store_document(project, "a.pdf", status=status, detail="pdf_no_text", params={"file": "a.pdf"})
    assert f"document.status.{status}" not in look(language)
    assert 'class="badge' in look(language)


def test_a_document_shows_which_page_is_read_and_one_that_nobody_reads_how_to_go_on(look, project, puppet):
    assert "Noch keine Dokumente." in look()
    store_document(project, "a.pdf", status="queued")
    assert "noch nicht gelesen" in look()
    reading = {"page": 7, "pages": 1200, "file": "a.pdf", "number": 1, "count": 2}
    puppet("rag").report(lambda context: context.progress(0.5, 2, "documents.reading", **reading))
    assert "liest Seite 7 von 1.200" in look()


def test_while_documents_are_worked_on_nothing_can_be_ticked_and_it_says_why(look, project, puppet):
    store_document(project, "a.pdf", ["Text"])
    assert 'data-do="remove"' in look()
    puppet("rechunk")
    assert 'data-do="remove"' not in look()
    assert "sobald die Verarbeitung fertig ist" in look()


def test_a_long_list_is_paged_and_a_page_behind_the_end_is_the_last_one(look, project):
    with ChunkStore(project.database).writer() as writer:
        for number in range(1500):
            writer.put(SourceFile(f"{number:04}.txt", f"{number:04}.txt", str(number), "done"))
    assert len(names_in(look())) == ROWS_SHOWN
    assert "1 bis 12 von 1.500" in look()
    assert names_in(look(page=10**6))[-1] == "1499.txt"
    assert len(look()) < 20_000


def test_a_position_in_another_project_is_no_position_in_this_one(services, project):
    store_document(project, "a.txt", ["Text"])
    elsewhere = ListPosition("Chemie", status="damaged", page=3)
    assert names_in(list_html(View(services, "de", "Physik"), elsewhere)) == ["a.txt"]


def test_a_name_with_markup_is_shown_as_it_is(look, project):
    store_document(project, '<img src=x onerror="alert(1)">.txt', ["Text"])
    assert "<img" not in look()
