"""Whatever a browser sends is checked; one broken place or button does not take the others down."""

import pytest

from ui import layout
from ui.page.parts import Act, Answer, Part, done, good, shown
from ui.page.view import View
from utils.errors import AppError


@pytest.fixture
def clicked(services):
    def make(ticked=(), of="") -> Act:
        return Act(services, "de", "Physik", {}, of, tuple(ticked))

    return make


@pytest.mark.parametrize(
    ("ticked", "chosen"),
    [
        ([], []),
        (["c", "a", "../../etc/passwd"], ["a", "c"]),  # in the list's order, and only those that exist
        (["*"], ["a", "b", "c"]),
        (["*", "a"], ["b", "c"]),  # all but those that were unticked again
    ],
)
def test_ticked_rows_are_chosen(clicked, ticked, chosen):
    assert clicked(ticked).chosen(["a", "b", "c"]) == chosen


@pytest.mark.parametrize(("of", "number"), [("7", 7), ("", 0), ("-1", 0), ("9" * 40, 0), ("٣", 3), ("x", 0)])
def test_a_clicked_number_is_one_or_nothing(clicked, of, number):
    assert clicked(of=of).number == number


def test_a_place_that_fails_as_nobody_foresaw_says_so(services, project, caplog):
    def unforeseen(view: View) -> str:
        return view.project.name[10_000]

    assert "IndexError" in shown(unforeseen, View(services, "de", "Physik"))
    assert "unforeseen" in caplog.text  # whoever mends it finds where


def test_a_button_that_fails_as_nobody_foresaw_says_so(clicked, caplog):
    answer, refused = done(lambda act: Answer(notice="x"[act.number + 5]), clicked())
    assert refused and "IndexError" in answer.notice
    assert caplog.records


def test_an_action_that_is_refused_says_why(clicked):
    def refuse(act: Act) -> None:
        raise AppError("no_chunks")

    answer, refused = done(refuse, clicked())
    assert refused and "noch kein Text" in answer.notice


def test_without_a_project_an_action_that_needs_one_says_how_to_go_on(services):
    answer, refused = done(lambda act: good(act, act.project.name), Act(services, "de", "", {}))
    assert refused and "noch kein Projekt" in answer.notice and "Lege zuerst links eines an." in answer.notice


def test_nothing_on_the_page_has_the_name_of_something_else():
    together = layout.FRAME
    for screen in layout.SCREENS.values():
        if not screen.places.keys() & together.places.keys():  # views of a tab share the panel of its job
            together |= screen
    with pytest.raises(ValueError, match="twice"):
        Part({"a": str}) | Part({"a": str})
