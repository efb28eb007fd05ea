"""The table of samples shows ten at a time, says what narrows it, and takes nothing from a sample for markup."""

import re

import pytest
from samples_material import find, store_samples

from core.samples.store.findings import Finding
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_sample
from ui.page.view import View
from ui.samples.sample_list import ROWS_SHOWN, ReviewPosition, list_html


@pytest.fixture
def look(services, project):
    return lambda **position: list_html(View(services, "de", "Physik"), ReviewPosition("Physik", **position))


def shown(html: str) -> list[str]:
    return re.findall(r'data-do="open" data-of="(\w+)"', html)


def test_ten_are_shown_and_the_next_ten_follow(look, project):
    store_samples(project, 23)
    assert shown(look()) == [f"s{number}" for number in range(1, ROWS_SHOWN + 1)]
    onward = re.search(r'data-do="onward" data-of="(\d+)"', look())
    assert shown(look(after=int(onward[1]))) == [f"s{number}" for number in range(11, 21)]
    assert shown(look(before=11)) == [f"s{number}" for number in range(1, 11)]


def test_each_row_has_its_place_its_status_and_what_was_found(look, project):
    assert "Noch keine Beispiele." in look()
    store_samples(project, 2)
    append_sample(project.samples_file, Sample("F?", "A.", "s3"))
    find(project, {"s1": [Finding("too_short"), Finding("too_short"), Finding("refusal")]})
    _, first, second, third, _ = look().split("</tr>")
    for words in ("a.txt", "Seite 3", ">neu<"):
        assert words in first
    assert (first.count("badge warn"), second.count("badge warn")) == (2, 0)
    assert "–" in third


def test_statuses_are_counted_and_the_chosen_one_is_pressed(look, project):
    store_samples(project, 3)
    append_sample(project.samples_file, Sample("F?", "A.", "other", status="rejected"))
    page = look(status="rejected")
    assert shown(page) == ["other"]
    assert re.search(r'data-of="rejected" aria-pressed="true">abgelehnt <b>1</b>', page)
    assert re.search(r'data-of="" aria-pressed="false">alle <b>4</b>', page)


def test_what_narrows_the_table_is_named_and_can_be_dropped(look, project):
    store_samples(project, 12)
    page = look(words="Antwort 12")
    assert shown(page) == ["s12"]
    assert "„Antwort 12“" in page
    assert 'data-do="every"' in page
    assert "Kein Beispiel passt dazu." in look(words="Quark")


def test_markup_in_a_sample_is_text_and_lines_that_hold_none_are_counted(look, project):
    append_sample(project.samples_file, Sample("<img src=x onerror=alert(1)>", "<script>", '"><b>'))
    with project.samples_file.open("a", encoding="utf-8") as file:
        file.write("nothing\n")
    for markup in ("<img", "<script>", '"><b>'):
        assert markup not in look()
    assert "1 Zeilen der Datei enthalten kein Beispiel" in look()


def test_a_position_of_another_project_begins_anew():
    position = ReviewPosition("Chemie", status="new", open="s1", after=20)
    assert position.of("Physik") == ReviewPosition("Physik")
    assert position.of("Chemie") is position
