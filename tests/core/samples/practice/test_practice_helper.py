import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.documents.store.chunk_store import Chunk
from core.samples.drafts import Draft, Task, Usage
from core.samples.practice.practice_helper import write_drafts
from utils.config import SftSettings

GERMAN = """\
1.3 Was ist ein Pendel?

Ein Pendel ist ein Körper, der an einem Faden hängt und um eine Ruhelage schwingt. Es kommt ohne Reibung nie zur Ruhe.

1.4 Die Umwandlung der Energie

Im höchsten Punkt hat die Kugel nur Höhenenergie. Wenn der Faden reißt, fliegt die Kugel geradeaus weiter.

Siehe dazu Abschnitt 4.4 und das Bild auf der nächsten Seite. Dieser Satz lehnt sich an einen anderen an.

Der Wirkungsgrad liegt immer zwischen null und eins und wird in Prozent angegeben.
"""
ENGLISH = """\
The pump is a machine that moves water from the cellar to the roof. The pump requires a voltage of 230 volts.

If the filter is dirty, the pump stops after a short time and the red light is on.
"""


class Tasks:
    """A supply of these tasks."""

    def __init__(self, *tasks):
        self._left = list(tasks)

    def take(self):
        return self._left.pop(0) if self._left else None

    @property
    def is_over(self):
        return not self._left


def make_chunk(text, chunk_id=1, index=0, **metadata):
    headings = [[text.index(line), line] for line in text.split("\n") if line[:2] in ("1.", "2.")]
    return Chunk(chunk_id, "physik.pdf", index, text, {"page": 3, "headings": headings, **metadata})


def written(*tasks, **chosen):
    """The drafts of each of these tasks."""
    return [list(each.drafts) for each in write_drafts(Tasks(*tasks), SftSettings(**chosen), Usage())]


def all_drafts(chunk, **chosen):
    """What a chunk gives, asked until nothing comes any more."""
    every = written(*(Task(chunk, turn) for turn in range(50)), **chosen)
    assert not every[-1]
    return [draft for drafts in every for draft in drafts]


def questions(chunk, **chosen):
    return [draft.instruction for draft in all_drafts(chunk, **chosen)]


def test_a_heading_that_asks_is_the_question_and_its_section_the_answer():
    answer = (
        "Ein Pendel ist ein Körper, der an einem Faden hängt und um eine Ruhelage schwingt. "
        "Es kommt ohne Reibung nie zur Ruhe."
    )
    assert all_drafts(make_chunk(GERMAN))[0] == Draft("Was ist ein Pendel?", answer, "de")


@pytest.mark.parametrize("text", [GERMAN, ENGLISH])
def test_every_answer_stands_verbatim_in_its_chunk_and_no_question_comes_twice(text):
    drafts = all_drafts(make_chunk(text))
    assert len(drafts) >= 4
    assert all(draft.output in " ".join(text.split()) for draft in drafts)
    asked = [draft.instruction for draft in drafts]
    assert len(set(asked)) == len(asked)
    assert all(question.strip() and question[-1] in "?.“”" for question in asked)


def test_sentences_that_are_torn_or_lean_on_others_are_nobodys_answer():
    answers = " ".join(draft.output for draft in all_drafts(make_chunk(GERMAN)))
    assert "Siehe dazu" not in answers and "Dieser Satz" not in answers
    torn = "Kugel ist im tiefsten Punkt am schnellsten und nicht im höchsten."
    whole = "Der Faden ist ein Teil des Pendels und nicht der Kugel."
    assert {draft.output for draft in all_drafts(make_chunk(f"{torn}\n\n{whole}", index=4))} == {whole}


def test_english_chunks_get_english_questions_unless_another_language_is_wanted():
    wanted = {"What is the pump?", "What does the pump require?", "What happens if the filter is dirty?"}
    assert wanted <= set(questions(make_chunk(ENGLISH)))
    assert questions(make_chunk(ENGLISH), language="de") == []
    assert questions(make_chunk(GERMAN), language="de") == questions(make_chunk(GERMAN))


def test_seeds_decide_and_equal_seeds_agree():
    chunk = make_chunk(GERMAN)
    assert all_drafts(chunk, seed=1) == all_drafts(chunk, seed=1)
    assert len({tuple(questions(chunk, seed=seed)) for seed in range(6)}) > 1


def test_tables_of_contents_and_code_give_nothing():
    contents = "\n".join(f"{n}.1 Was ist das und warum ist es so? . . . . . . . . {n}" for n in range(1, 20))
    for text in (contents, "int main() {\n    return 0;\n}\n" * 10):
        assert all_drafts(make_chunk(text)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*GERMAN.split(), *ENGLISH.split(), "\n\n", "„", "{", "}", "…", "\n"]), max_size=80),
    st.lists(st.tuples(st.integers(0, 200), st.text(max_size=20)), max_size=3),
)
def test_any_chunk_is_taken_and_answers_stay_grounded(words, headings):
    text = " ".join(words)
    places = [list(place) for place in sorted(headings)]
    for draft in all_drafts(make_chunk(text, headings=places)):
        assert "".join(draft.output.split()).replace("-", "") in "".join(text.split()).replace("-", "")


def test_several_pairs_of_a_chunk_come_at_once_where_they_are_wanted():
    chunk = make_chunk(GERMAN)
    assert written(Task(chunk, 1, count=2)) == [all_drafts(chunk)[1:3]]
