"""Decisions are kept, go on to the next sample and can be taken back; what was typed is never lost silently."""

import pytest
from samples_material import find, store_samples
from ui.page.clickable import Click

from core.samples.store.findings import Finding
from core.samples.store.sample_store import SampleStore
from ui.samples import review_panel
from ui.samples.review_panel import Loaded
from ui.samples.sample_list import ReviewPosition
from utils.errors import AppError


class Reviewer:
    """One viewer of the review: what they see, what they type, what they click."""

    def __init__(self, frame, project, **position):
        self.frame, self.project = frame, project
        self.values = {"position": ReviewPosition(project.name, **position), "loaded": Loaded()}
        self.values |= {"instruction": "", "output": "", "words": "", "document": "", "notice": ""}

    def click(self, do, of=""):
        answer = review_panel.clicked(self.frame, self.project, {**self.values, "click": Click(do, str(of), ())})
        self.values |= {"notice": "", **(answer or {})}
        return self

    def type(self, **words):
        self.values |= words
        return self

    @property
    def position(self) -> ReviewPosition:
        return self.values["position"]

    @property
    def open(self) -> str:
        return self.position.open


@pytest.fixture
def reviewer(frame, project):
    store_samples(project, 15)
    return Reviewer(frame, project)


@pytest.fixture
def status(project):
    return lambda sample_id: SampleStore(project).get(sample_id).sample.status


def test_accepting_goes_on_to_the_next_new_one_and_undo_comes_back(reviewer, status):
    reviewer.click("open", "s4")
    assert (reviewer.open, reviewer.values["instruction"], reviewer.values["output"]) == (
        "s4",
        "Frage 4?",
        "Antwort 4.",
    )
    reviewer.click("open", "s1").click("accept").click("accept")  # twice is no mistake
    assert (status("s1"), reviewer.open) == ("accepted", "s1")
    assert reviewer.click("accept_next").open == "s2"
    reviewer.click("reject_next")
    assert status("s2") == "rejected"
    reviewer.click("undo")
    assert (status("s2"), reviewer.open) == ("new", "s2")
    assert "box good" in reviewer.values["notice"]
    reviewer.click("undo")
    assert status("s1") == "new"


def test_next_skips_what_is_decided_turns_the_page_and_begins_anew_at_the_end(reviewer, project):
    SampleStore(project).set_status([f"s{number}" for number in range(2, 13)], "accepted")
    reviewer.click("open", "s1").click("next")
    assert reviewer.open == "s13"
    assert reviewer.position.after == 12
    reviewer.click("open", "s15").click("next")
    assert reviewer.open == "s1"


def test_next_stays_inside_of_the_filter(reviewer, project):
    find(project, {"s3": [Finding("refusal")], "s9": [Finding("refusal")]})
    filtered = Reviewer(reviewer.frame, project, finding="refusal")
    assert filtered.click("next").open == "s3"
    assert filtered.click("accept_next").open == "s9"
    assert filtered.click("accept_next").open == ""
    assert "Alle sind durchgesehen." in filtered.values["notice"]


def test_what_was_typed_is_kept_when_something_else_is_clicked(reviewer, project):
    reviewer.click("open", "s1").type(output="Bessere Antwort.").click("next")
    kept = SampleStore(project).get("s1").sample
    assert (kept.output, kept.status) == ("Bessere Antwort.", "edited")
    reviewer.click("open", "s2").type(instruction="Neue Frage?").click("reject")
    kept = SampleStore(project).get("s2").sample
    assert (kept.instruction, kept.status) == ("Neue Frage?", "rejected")


def test_undo_takes_back_typing_first(reviewer, project):
    reviewer.click("open", "s1").click("accept").type(output="Vertippt").click("undo")
    assert reviewer.values["output"] == "Antwort 1."
    assert SampleStore(project).get("s1").sample.status == "accepted"


def test_ends_of_lines_that_a_browser_changed_are_no_edit(reviewer, project):
    SampleStore(project).edit("s1", "Frage?", "eins\r\nzwei")
    SampleStore(project).set_status(["s1"], "new")
    reviewer.click("open", "s1").type(output="eins\nzwei").click("open", "s2")
    assert SampleStore(project).get("s1").sample.status == "new"


def test_an_empty_text_and_a_sample_that_is_gone_are_refused_and_nothing_is_lost(reviewer, project):
    reviewer.click("open", "s1").type(output="  ")
    with pytest.raises(AppError) as refused:
        reviewer.click("next")
    assert refused.value.code == "sample_empty"
    assert SampleStore(project).get("s1").sample.output == "Antwort 1."
    reviewer.click("undo")
    SampleStore(project).delete(["s1"])
    with pytest.raises(AppError) as refused:
        reviewer.click("accept_next")
    assert refused.value.code == "sample_gone"
