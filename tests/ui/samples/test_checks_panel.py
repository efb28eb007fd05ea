"""What was found is counted by kind, filters the table, and is dealt with together; nothing goes by itself."""

import re

import pytest
from documents_material import store_document
from samples_material import find, store_samples
from store_material import remove_document
from ui.page.clickable import Click

from core.documents.store.chunk_store import ChunkStore
from core.samples.store.findings import Finding
from core.samples.store.sample_store import SampleStore
from ui.page.view import View
from ui.samples import checks_panel
from ui.samples.sample_list import ReviewPosition


@pytest.fixture
def look(services, project):
    return lambda **position: checks_panel.gate_html(
        View(services, "de", "Physik"), ReviewPosition("Physik", **position)
    )


@pytest.fixture
def click(frame, project):
    def make(do, of="", **position):
        values = {"position": ReviewPosition("Physik", **position), "click": Click(do, of, ())}
        return checks_panel.clicked(frame, project, values) or {}

    return make


def off(html: str, do: str) -> bool:
    return bool(re.search(rf'data-do="{do}" data-of="\w*" disabled', html))


def test_findings_are_counted_by_kind_and_only_the_chosen_one_can_be_rejected_as_a_whole(look, project):
    assert look() == ""
    store_samples(project, 5)
    assert "0 von 5 geprüft" in look()
    assert (off(look(), "check"), off(look(), "accept_clean")) == (False, True)
    find(project, {})
    assert "Nichts fällt auf." in look()
    find(project, {"s1": [Finding("refusal")], "s2": [Finding("refusal"), Finding("too_short")]})
    assert "5 von 5 geprüft" in look()
    assert (off(look(), "check"), off(look(), "accept_clean")) == (True, False)
    assert re.search(r'data-of="refusal" aria-pressed="false">[^<]+<b>2</b>', look())
    assert re.search(r'data-of="too_short" aria-pressed="true">[^<]+<b>1</b>', look(finding="too_short"))
    assert "reject_all" not in look()
    assert "Alle 2 ablehnen" in look(finding="refusal")


def test_all_that_nothing_was_found_against_is_accepted_and_taken_back_together(click, project):
    store_samples(project, 4)
    find(project, {"s2": [Finding("too_long")]})
    store = SampleStore(project)
    store.set_status(["s3"], "rejected")
    answer = click("accept_clean")
    assert "Angenommen: 2." in answer["notice"]
    assert store.counts().by_status == {"accepted": 2, "new": 1, "rejected": 1}
    store.undo()
    assert store.counts().by_status == {"new": 3, "rejected": 1}


def test_what_nobody_has_checked_is_not_accepted(click, project):
    store_samples(project, 2)
    find(project, {})
    store = SampleStore(project)
    store.edit("s1", "Anders?", "Anders.")
    store.set_status(["s1"], "new")
    click("accept_clean")
    assert store.get("s1").sample.status == "new"
    assert store.get("s2").sample.status == "accepted"


def test_all_with_a_finding_are_rejected_and_none_deleted(click, project):
    store_samples(project, 4)
    find(project, {"s1": [Finding("refusal")], "s2": [Finding("refusal")]})
    assert "Abgelehnt: 2." in click("reject_all", "refusal")["notice"]
    assert SampleStore(project).counts().total == 4
    assert "nichts zu ändern" in click("reject_all", "refusal")["notice"]
    assert click("reject_all", "everything") == {}


def test_documents_that_were_removed_count_for_no_coverage(look, project, services):
    for name in ("a.txt", "b.txt"):
        store_document(project, name, ["Text"])
        store_samples(project, 3, document=name)
    remove_document(ChunkStore(project.database), "a.txt")
    shown = look()
    assert "Aus 1 von 1 Dokumenten gibt es Beispiele" in shown and "a.txt" not in shown
