"""Decisions are kept, go on to the next sample and can be taken back; what was typed is never lost silently."""

import re
from dataclasses import replace

import pytest
from samples_material import find, store_samples

from core.samples.store.findings import Finding
from core.samples.store.sample_store import SampleStore
from ui.samples import review_panel
from ui.samples.sample_detail import mark_of
from ui.samples.sample_list import ReviewPosition
from utils.errors import AppError


class Reviewer:
    """One viewer of the review: what they see, what they type, what they click."""

    def __init__(self, act, project):
        self.act, self.project, self.notice, self.fields = act, project, "", {}
        self.look()

    def look(self):
        """Take the fields as they are drawn, as a browser does."""
        self.shown = review_panel.review_html(self.act.view())
        self.open = re.search(r'data-open="([^"]*)"', self.shown)[1]
        row = SampleStore(self.project).get(self.open)
        texts = (row.sample.instruction, row.sample.output) if row else ("", "")
        self.fields = {"review_sample": self.open, "review_loaded": mark_of(*texts)}
        self.type(*texts)

    def type(self, instruction="", output=""):
        typed = {"review.instruction": instruction, "review.output": output}
        self.fields |= {name: words for name, words in typed.items() if words}
        return self

    def click(self, do, of=None, **more):
        of = self.open if of is None else of
        self.notice = self.act(f"review.{do}", of, **self.fields, **more).notice
        self.look()
        return self

    @property
    def position(self) -> ReviewPosition:
        return self.act.view().at(ReviewPosition)

    def filter(self, **what):
        self.act.positions[ReviewPosition] = replace(self.position, project=self.project.name, **what)
        self.look()


@pytest.fixture
def reviewer(act, project):
    store_samples(project, 15)
    return Reviewer(act, project)


@pytest.fixture
def status(project):
    return lambda sample_id: SampleStore(project).get(sample_id).sample.status


def test_without_samples_there_is_nothing_and_the_last_one_that_was_deleted_can_still_come_back(act, project):
    assert review_panel.review_html(act.view()) == ""
    store_samples(project, 1)
    reviewer = Reviewer(act, project)
    assert reviewer.click("delete").open == ""
    assert 'data-do="review.undo"' in reviewer.shown
    assert reviewer.click("undo").open == "s1"


def test_a_decision_goes_on_to_the_next_new_one_and_undo_comes_back(reviewer, status):
    assert reviewer.open == "s1"  # without a click
    assert "0 von 15 durchgesehen" in reviewer.shown
    assert reviewer.click("accept").open == "s2"
    assert reviewer.click("reject").open == "s3"
    assert (status("s1"), status("s2")) == ("accepted", "rejected")
    assert "2 von 15 durchgesehen" in reviewer.shown
    reviewer.click("undo")
    assert (status("s2"), reviewer.open) == ("new", "s2")
    assert "box good" in reviewer.notice
    reviewer.click("undo")
    assert (status("s1"), reviewer.open) == ("new", "s1")
    assert reviewer.click("undo").open == "s1"
    assert "nichts zurückzunehmen" in reviewer.notice


def test_a_letter_that_was_pressed_twice_decides_about_one_sample_alone(reviewer, status):
    reviewer.click("accept", "s1").click("accept", "s1")
    assert (status("s1"), status("s2"), reviewer.open) == ("accepted", "new", "s2")


def test_duplicates_come_first_beside_what_they_are_like_then_other_findings_then_the_rest(reviewer, project):
    find(project, {"s4": [Finding("refusal")], "s9": [Finding("near_duplicate", of_id="s2", share=0.92)]})
    reviewer.look()
    assert reviewer.open == "s9"
    for words in ("Frage 9?", "Frage 2?", "Antwort 2.", "92 %"):
        assert words in reviewer.shown.split("samples-list")[0]
    assert [reviewer.click("next").open for _ in range(3)] == ["s4", "s1", "s2"]


def test_next_skips_what_is_decided_turns_the_page_and_begins_anew_at_the_end(reviewer, project):
    SampleStore(project).set_status([f"s{number}" for number in range(2, 13)], "accepted")
    reviewer.click("open", "s1").click("next")
    assert reviewer.open == "s13"
    assert reviewer.position.after == 12
    reviewer.click("open", "s15").click("next")
    assert reviewer.open == "s1"


def test_next_stays_inside_of_the_filter(reviewer, project):
    find(project, {"s3": [Finding("refusal")], "s9": [Finding("refusal")]})
    reviewer.filter(finding="refusal")
    assert reviewer.open == "s3"
    assert reviewer.click("accept").open == "s9"
    assert reviewer.click("accept").open == ""
    assert "Alle sind durchgesehen." in reviewer.notice


@pytest.mark.parametrize(
    ("do", "of", "open_then", "status_then"),
    [
        ("next", "s1", "s2", "edited"),
        ("reject", "s1", "s2", "rejected"),
        ("accept", "s1", "s2", "accepted"),
        ("open", "s7", "s7", "edited"),
        ("open", "s1", "s1", "edited"),  # that is what the button to save does
        ("status", "rejected", "s1", "edited"),
        ("onward", "10", "s1", "edited"),
        ("narrow", "", "s1", "edited"),
        ("every", "", "s1", "edited"),
    ],
)
def test_what_was_typed_is_kept_when_something_else_is_clicked(reviewer, project, do, of, open_then, status_then):
    reviewer.click("open", "s1").type("Neue Frage?", "Bessere\r\nAntwort.").click(do, of)
    kept = SampleStore(project).get("s1").sample
    assert (kept.instruction, kept.output, kept.status) == ("Neue Frage?", "Bessere\r\nAntwort.", status_then)
    assert reviewer.open == open_then


def test_undo_takes_back_typing_first(act, reviewer, project):
    reviewer.click("accept").click("open", "s1").type(output="Vertippt")
    assert act("review.undo", "s1", **reviewer.fields).empty == ("review.instruction", "review.output")
    assert SampleStore(project).get("s1").sample.status == "accepted"
    reviewer.click("open", "s1")  # which keeps it
    assert SampleStore(project).get("s1").sample.output == "Vertippt"
    assert reviewer.click("next").click("undo").open == "s1"
    assert SampleStore(project).get("s1").sample.output == "Antwort 1."


@pytest.mark.parametrize(
    "text", ["eins\r\nzwei", "eins\rzwei", "\n\neins", "a\0b", "&amp;<b>\u2028", "e\u0301 \ufffd"]
)
def test_what_a_text_field_makes_of_a_text_is_no_edit(reviewer, project, text):
    SampleStore(project).edit("s1", "Frage?", text)
    SampleStore(project).set_status(["s1"], "new")
    reviewer.click("open", "s1")
    reviewer.type(output=text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")).click("open", "s2")
    assert SampleStore(project).get("s1").sample.status == "new"


def test_another_ones_edit_is_not_overwritten_by_who_only_looked(reviewer, project):
    SampleStore(project).edit("s1", "Frage 1?", "Von jemand anderem.")
    reviewer.click("accept")  # before the page has shown it
    assert SampleStore(project).get("s1").sample.output == "Von jemand anderem."


def test_an_empty_text_and_a_sample_that_is_gone_are_refused_and_nothing_is_lost(reviewer, project):
    reviewer.click("open", "s1").type(output="  ")
    with pytest.raises(AppError) as refused:
        reviewer.click("next")
    assert refused.value.code == "sample_empty"
    assert SampleStore(project).get("s1").sample.output == "Antwort 1."
    SampleStore(project).delete(["s1"])
    for do in ("accept", "reject", "delete", "next"):
        reviewer.type(output="Getippt")
        with pytest.raises(AppError) as refused:
            reviewer.click(do)
        assert refused.value.code == "sample_gone"
    reviewer.look()
    assert "gibt es nicht mehr" in reviewer.shown
    assert 'data-key="Physik s1" data-own' in reviewer.shown  # the browser leaves the fields as they are
    assert reviewer.click("next").open == "s2"


def test_the_table_is_narrowed_and_widened_again(reviewer, project):
    store_samples(project, 1, document="b.txt")
    reviewer.click("narrow", "", **{"review.words": " Antwort 12 ", "review.document": "a.txt"})
    assert ("Frage 12?" in reviewer.shown, reviewer.shown.count("<tr>")) == (True, 2)
    assert "„Antwort 12“" in reviewer.shown
    reviewer.click("every")
    assert (reviewer.position.words, reviewer.position.document) == ("", "")
    reviewer.click("onward", "10")
    assert reviewer.position.after == 10
    reviewer.click("back", "11")
    assert (reviewer.position.after, reviewer.position.before) == (0, 11)
    reviewer.click("status", "nonsense").click("onward", "x" * 30)
    assert (reviewer.position.status, reviewer.position.after) == ("", 0)
