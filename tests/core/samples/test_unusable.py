"""The answers that held no sample, as they are kept for a person to look at."""

from core.documents.store.chunk_store import Chunk
from core.samples import unusable
from core.samples.drafts import Task
from core.samples.unusable import log_file, note_unusable, unusable_answers

TASK = Task(Chunk(1, "a.pdf", 0, "Text.", {"page": 3}), 0)


def test_the_newest_come_first_with_place_and_reason(project):
    assert unusable_answers(project) == []
    note_unusable(project, "m", TASK, "Nein\u2028danke.", "no_json")
    note_unusable(project, "m", Task(None, 0), "", "empty")
    newest, oldest = unusable_answers(project)
    assert (newest.document, newest.page, newest.problem) == ("", None, "empty")
    assert (oldest.document, oldest.page, oldest.answer) == ("a.pdf", 3, "Nein\u2028danke.")


def test_only_the_last_ones_are_kept_and_no_answer_without_end(project, monkeypatch):
    monkeypatch.setattr(unusable, "MOST_BYTES", 20_000)
    for number in range(200):
        note_unusable(project, "m", TASK, f"{number} " + "x" * 10_000, "no_json")
    kept = unusable_answers(project)
    assert kept[0].answer.startswith("199 ") and len(kept) <= unusable.MOST_KEPT
    assert all(len(each.answer) == unusable.MOST_CHARACTERS for each in kept)
    assert log_file(project).stat().st_size < unusable.MOST_KEPT * 2 * unusable.MOST_CHARACTERS


def test_half_a_line_of_a_writer_that_was_killed_hides_no_other(project):
    note_unusable(project, "m", TASK, "Ja.", "no_json")
    with log_file(project).open("a") as file:
        file.write('{"at": 1, "model"')
    note_unusable(project, "m", TASK, "Nein.", "no_json")
    assert [each.answer for each in unusable_answers(project)] == ["Nein.", "Ja."]
