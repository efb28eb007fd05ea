"""What was found is counted by kind, filters the review, and is dealt with together; nothing goes by itself."""

import re

import pytest
from documents_material import store_document
from samples_material import find, store_samples
from store_material import remove_document

from core.documents.store.chunk_store import ChunkStore
from core.samples.store.findings import Finding
from core.samples.store.sample_store import SampleStore
from ui.samples import checks_panel


@pytest.fixture
def look(act, project):
    return lambda: checks_panel.checks_html(act.view())


def off(html: str, do: str) -> bool:
    return bool(re.search(rf'data-do="checks.{do}" data-of="\w*" disabled', html))


def test_findings_are_counted_by_kind_and_only_the_chosen_one_can_be_rejected_as_a_whole(look, act, project):
    assert look() == ""
    store_samples(project, 5)
    assert "0 von 5 geprüft" in look()
    assert (off(look(), "start_checks"), off(look(), "accept_clean")) == (False, True)
    find(project, {})
    assert "Nichts fällt auf." in look()
    find(project, {"s1": [Finding("refusal")], "s2": [Finding("refusal"), Finding("too_short")]})
    assert "5 von 5 geprüft" in look()
    assert (off(look(), "start_checks"), off(look(), "accept_clean")) == (True, False)
    assert re.search(r'data-of="refusal" aria-pressed="false">[^<]+<b>2</b>', look())
    assert "reject_all" not in look()
    act("checks.choose_finding", "too_short")
    assert re.search(r'data-of="too_short" aria-pressed="true">[^<]+<b>1</b>', look())
    act("checks.choose_finding", "refusal")
    assert "Alle 2 ablehnen" in look()
    act("checks.choose_finding", "refusal")
    assert "reject_all" not in look() and 'aria-pressed="true"' not in look()


@pytest.mark.parametrize("kind", ["", "everything", "../x", "<b>"])
def test_what_is_no_kind_of_finding_filters_nothing_and_rejects_nothing(look, act, project, kind):
    store_samples(project, 2)
    act("checks.choose_finding", kind)
    act("checks.reject_all", kind)
    assert 'aria-pressed="true"' not in look()
    assert SampleStore(project).counts().by_status == {"new": 2}


def test_all_that_nothing_was_found_against_is_accepted_and_taken_back_together(act, project):
    store_samples(project, 4)
    find(project, {"s2": [Finding("too_long")]})
    store = SampleStore(project)
    store.set_status(["s3"], "rejected")
    assert "Angenommen: 2." in act("checks.accept_clean").notice
    assert store.counts().by_status == {"accepted": 2, "new": 1, "rejected": 1}
    store.undo()
    assert store.counts().by_status == {"new": 3, "rejected": 1}


def test_what_nobody_has_checked_is_not_accepted(act, project):
    store_samples(project, 2)
    find(project, {})
    store = SampleStore(project)
    store.edit("s1", "Anders?", "Anders.")
    store.set_status(["s1"], "new")
    act("checks.accept_clean")
    assert store.get("s1").sample.status == "new"
    assert store.get("s2").sample.status == "accepted"


def test_all_with_a_finding_are_rejected_and_none_deleted(act, project):
    store_samples(project, 4)
    find(project, {"s1": [Finding("refusal")], "s2": [Finding("refusal")]})
    assert "Abgelehnt: 2." in act("checks.reject_all", "refusal").notice
    assert SampleStore(project).counts().total == 4
    assert "nichts zu ändern" in act("checks.reject_all", "refusal").notice


def test_documents_that_were_removed_count_for_no_coverage(look, project):
    for name in ("a.txt", "b.txt"):
        store_document(project, name, ["Text"])
        store_samples(project, 3, document=name)
    remove_document(ChunkStore(project.database), "a.txt")
    shown = look()
    assert "Aus 1 von 1 Dokumenten gibt es Beispiele" in shown and "a.txt" not in shown


def test_documents_with_too_few_samples_are_named_in_sight(look, project, puppet):
    for name, count in (("a.txt", 99), ("b.txt", 1), ("c<1>.txt", 0)):
        store_document(project, name, [f"Text von {name}"])
        store_samples(project, count, document=name)
    in_sight = look().partition("<details")[0]
    assert "zu wenigen Beispielen (unter 5): 2" in in_sight
    assert "c&lt;1&gt;.txt (0), b.txt (1)" in in_sight and "a.txt" not in in_sight
    job = puppet("sft")
    assert "zu wenigen" not in look()  # more may be under way
    job.finish()
    store_samples(project, 5, document="b.txt")
    store_samples(project, 5, document="c<1>.txt", status="rejected")
    assert "c&lt;1&gt;.txt (0). " in look() and "b.txt (" not in look()


def test_what_a_person_excluded_lacks_nothing(look, project):
    for name in ("a.txt", "b.txt"):
        store_document(project, name, [f"Text von {name}"])
    store_samples(project, 9)
    store = ChunkStore(project.database)
    store.exclude([chunk.id for chunk in store.chunks(filename="b.txt")])
    assert "zu wenigen" not in look()


def test_many_neglected_documents_are_counted_and_a_few_named(look, project):
    for number in range(40):
        store_document(project, f"{number:02}.txt", [f"Text {number}"])
    store_samples(project, 3, document="00.txt")
    project.set("sft", {"samples": 80})
    in_sight = look().partition("<details")[0]
    assert "zu wenigen Beispielen (unter 2): 39" in in_sight and "und 34 weitere Dokumente" in in_sight
