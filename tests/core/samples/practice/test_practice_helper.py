import itertools

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

    def __init__(self, *tasks: Task) -> None:
        self._left = list(tasks)

    def take(self) -> Task | None:
        return self._left.pop(0) if self._left else None

    @property
    def is_over(self) -> bool:
        return not self._left


def make_chunk(text: str, chunk_id: int = 1, index: int = 0, **metadata: object) -> Chunk:
    headings = [[text.index(line), line] for line in text.split("\n") if line[:2] in ("1.", "2.")]
    return Chunk(chunk_id, "physik.pdf", index, text, {"page": 3, "headings": headings, **metadata})


def all_drafts(chunk: Chunk, **settings_values: object) -> list[Draft]:
    """What a chunk gives, asked until nothing comes any more."""
    chosen = SftSettings(**settings_values)
    drafts: list[Draft] = []
    for turn in itertools.count():
        found = [
            draft
            for written in write_drafts(Tasks(Task(chunk, turn)), chosen, Usage())
            if written
            for draft in written.drafts
        ]
        if not found:
            return drafts
        drafts += found
    raise AssertionError


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_heading_that_asks_is_the_question_and_its_section_the_answer() -> None:
    first = all_drafts(make_chunk(GERMAN))[0]
    assert first.instruction == "Was ist ein Pendel?"
    assert first.output == (
        "Ein Pendel ist ein Körper, der an einem Faden hängt und um eine Ruhelage schwingt. "
        "Es kommt ohne Reibung nie zur Ruhe."
    )
    assert first.language == "de"


def test_every_answer_stands_verbatim_in_its_chunk() -> None:
    for text in (GERMAN, ENGLISH):
        drafts = all_drafts(make_chunk(text))
        assert len(drafts) >= 4
        for draft in drafts:
            assert draft.output in flat(text)


def test_no_question_comes_twice_and_none_is_empty() -> None:
    drafts = all_drafts(make_chunk(GERMAN))
    assert len({draft.instruction for draft in drafts}) == len(drafts)
    assert all(draft.instruction.strip() and draft.instruction[-1] in "?.“" for draft in drafts)


def test_sentences_that_lean_on_others_are_nobodys_answer() -> None:
    answers = " ".join(draft.output for draft in all_drafts(make_chunk(GERMAN)))
    assert "Siehe dazu" not in answers
    assert "Dieser Satz" not in answers


def test_english_chunks_get_english_questions() -> None:
    questions = {draft.instruction for draft in all_drafts(make_chunk(ENGLISH))}
    assert {"What is the pump?", "What does the pump require?", "What happens if the filter is dirty?"} <= questions


def test_a_set_language_leaves_out_chunks_of_the_other() -> None:
    assert all_drafts(make_chunk(ENGLISH), language="de") == []
    assert all_drafts(make_chunk(GERMAN), language="de") == all_drafts(make_chunk(GERMAN))


def test_the_torn_first_sentence_of_a_later_chunk_is_left_out() -> None:
    torn = "Kugel ist im tiefsten Punkt am schnellsten und nicht im höchsten."
    whole = "Der Faden ist ein Teil des Pendels und nicht der Kugel."
    answers = {draft.output for draft in all_drafts(make_chunk(f"{torn}\n\n{whole}", index=4))}
    assert answers == {whole}


def test_seeds_decide_and_equal_seeds_agree() -> None:
    chunk = make_chunk(GERMAN)
    assert all_drafts(chunk, seed=1) == all_drafts(chunk, seed=1)
    orders = {tuple(draft.instruction for draft in all_drafts(chunk, seed=seed)) for seed in range(6)}
    assert len(orders) > 1


def test_tables_of_contents_and_code_give_nothing() -> None:
    contents = "\n".join(f"{n}.1 Was ist das und warum ist es so? . . . . . . . . {n}" for n in range(1, 20))
    code = "int main() {\n    return 0;\n}\n" * 10
    assert all_drafts(make_chunk(contents)) == []
    assert all_drafts(make_chunk(code)) == []


def test_each_task_counts_as_a_request() -> None:
    usage = Usage()
    list(write_drafts(Tasks(*(Task(make_chunk(GERMAN), turn) for turn in range(3))), SftSettings(), usage))
    assert (usage.requests, usage.failed, usage.cost_usd) == (3, 0, 0.0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from([*GERMAN.split(), *ENGLISH.split(), "\n\n", "„", "{", "}", "…", "\n"]), max_size=80),
    st.lists(st.tuples(st.integers(0, 200), st.text(max_size=20)), max_size=3),
)
def test_any_chunk_is_taken_and_answers_stay_grounded(words: list[str], headings: list[tuple[int, str]]) -> None:
    text = " ".join(words)
    places = [list(place) for place in sorted(headings)]
    for draft in all_drafts(make_chunk(text, headings=places)):
        assert "".join(draft.output.split()).replace("-", "") in "".join(text.split()).replace("-", "")


def test_several_pairs_of_a_chunk_come_at_once_where_they_are_wanted() -> None:
    one_by_one = all_drafts(make_chunk(GERMAN))
    (written,) = write_drafts(Tasks(Task(make_chunk(GERMAN), 1, count=2)), SftSettings(), Usage())
    assert written and list(written.drafts) == one_by_one[1:3]
