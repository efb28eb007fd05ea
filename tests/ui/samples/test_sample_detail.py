"""An opened sample shows what it comes from, with the supporting sentence marked, and what was found against it."""

import pytest
from samples_material import find, store_samples

from core.samples.store.findings import Finding
from core.samples.store.sample import Generator, Sample, Source
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_sample
from ui.page.view import View
from ui.samples import sample_detail
from ui.samples.sample_list import ReviewPosition


@pytest.fixture
def open_sample(services, project):
    def make(sample: Sample | None = None, opened: str = "s") -> str:
        if sample:
            append_sample(project.samples_file, sample)
        position = ReviewPosition(project="Physik", open=opened)
        return sample_detail.card_html(
            View(services, "de", "Physik", {ReviewPosition: position}), SampleStore(project)
        )

    return make


def test_a_chunk_that_is_gone_is_told_from_no_document_at_all(open_sample):
    assert "nicht mehr da" in open_sample(Sample("F?", "A.", "s", Source("weg.txt", 2, 99)))
    assert "aus keinem Dokument" in open_sample(Sample("G?", "A.", "t"), "t")


def test_markup_in_a_sample_is_text_wherever_it_stands(open_sample):
    markup = "</textarea><img src=x onerror=alert(1)>"
    shown = open_sample(Sample(markup, markup, '"><b>', Source(markup, 1), style=markup), '"><b>')
    assert "<img" not in shown
    assert '"><b>' not in shown


def test_findings_say_what_they_mean_and_lead_to_the_other_sample(open_sample, project):
    store_samples(project, 2)
    find(project, {"s2": [Finding("near_duplicate", "<q>", "s1", 0.92)]})
    shown = open_sample(opened="s2")
    assert "92 %" in shown
    assert 'data-do="review.open" data-of="s1"' in shown
    assert "&lt;q&gt;" in shown


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("gate.detail.email", "<em>E-Mail-Adresse</em>"),
        ("language.name.tlh", "<em>tlh</em>"),
        ("1234", "<em>1.234 Token</em>"),
        ("Als KI kann ich", "<em><q>Als KI kann ich</q></em>"),
    ],
)
def test_details_of_findings_are_said_in_words(services, project, detail, words):
    shown = sample_detail.finding_html(View(services, "de", "Physik"), Finding("refusal", detail))
    assert words in shown


def test_further_turns_and_who_wrote_it_are_shown(open_sample):
    written = Generator("openrouter", "openai/<gpt>")
    shown = open_sample(Sample("F?", "A.", "s", follow_ups=(("Und <dann>?", "Nichts."),), generator=written))
    for words in ("Und &lt;dann&gt;?", "Nichts.", "openai/&lt;gpt&gt;"):
        assert words in shown
    assert "Übungshelfer" in open_sample(Sample("G?", "A.", "t", generator=Generator("practice", "")), "t")
