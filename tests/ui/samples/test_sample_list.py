"""The table of samples shows ten at a time, says what narrows it, and takes nothing from a sample for markup."""

import pytest
from samples_material import find, store_samples

from core.samples.store.findings import Finding
from core.samples.store.sample import Sample
from core.samples.store.sample_store import SampleStore
from core.samples.store.sft_dataset import append_sample
from ui.page.view import View
from ui.samples.sample_list import ReviewPosition, list_html


@pytest.fixture
def look(services, project):
    def at(**position) -> str:
        there = ReviewPosition(project="Physik", **position)
        return list_html(View(services, "de", "Physik", {ReviewPosition: there}), SampleStore(project))

    return at


def test_each_row_has_its_place_its_status_and_what_was_found(look, project):
    assert "Kein Beispiel passt dazu." in look()
    store_samples(project, 2)
    append_sample(project.samples_file, Sample("F?", "A.", "s3"))
    find(project, {"s1": [Finding("too_short"), Finding("too_short"), Finding("refusal")]})
    _, first, second, third, _ = look().split("</tr>")
    for words in ("a.txt", "Seite 3", ">neu<"):
        assert words in first
    assert (first.count("badge warn"), second.count("badge warn")) == (2, 0)
    assert "–" in third


def test_markup_in_a_sample_is_text_and_lines_that_hold_none_are_counted(look, project):
    append_sample(project.samples_file, Sample("<img src=x onerror=alert(1)>", "<script>", '"><b>'))
    with project.samples_file.open("a", encoding="utf-8") as file:
        file.write("nothing\n")
    for markup in ("<img", "<script>", '"><b>'):
        assert markup not in look()
    assert "1 Zeilen der Datei enthalten kein Beispiel" in look()
