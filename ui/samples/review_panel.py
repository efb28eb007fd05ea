"""Review on the page: samples as cards that advance, the table of all of them below. Knows what each button does."""

from dataclasses import replace
from functools import partial

from core.sft_generator import STATUSES, SampleRow, SampleStore
from ui.page import html
from ui.page.parts import Act, Answer, Part, Work, good
from ui.page.view import View
from ui.samples import sample_detail, sample_list
from ui.samples.sample_list import LONGEST_WORDS, ROWS_SHOWN, ReviewPosition, counts_of
from utils.errors import AppError

MOST_NOTED = 50
BOXES = ("review.instruction", "review.output")


def review_html(view: View) -> str:
    """The whole section, as soon as there is something to look at, or to take back."""
    counts = counts_of(view)
    if view.project is None or view.status is None or not (counts.total or counts.undoable):
        return ""
    store = SampleStore(view.project)
    title = f'<h2 class="section">{view.html("review.title")}</h2>'
    both = sample_detail.card_html(view, store) + sample_list.list_html(view, store)
    return f'<section id="review" data-form>{title}{both}</section>'


def typed(act: Act) -> bool:
    """Whether the boxes hold something else than what was put into them."""
    loaded = act.text("review_loaded")
    return bool(loaded) and sample_detail.mark_of(*map(act.text, BOXES)) != loaded


def keeping(work: Work) -> Work:
    """The same work, before which is kept what was typed. Raises AppError `sample_gone`, `sample_empty`."""

    def keep_and_work(act: Act) -> Answer | None:
        if typed(act):
            note(act, SampleStore(act.project).edit(act.text("review_sample"), *map(act.text, BOXES)).sample.id)
        return work(act)

    return keep_and_work


def note(act: Act, own: str) -> None:
    """This viewer has changed this sample: undo comes back to it."""
    position = act.at(ReviewPosition)
    act.move(replace(position, changed=(*position.changed, own)[-MOST_NOTED:]))


def open_sample(act: Act) -> None:
    """Opens a sample. The one that is open stays so, also where a filter hides it once it is kept."""
    show(act, SampleStore(act.project).get(act.of))


def show(act: Act, row: SampleRow | None) -> None:
    """Opens a sample, and the page of the table that it is on; without one, whatever is the next."""
    position = act.at(ReviewPosition)
    page = SampleStore(act.project).page(position, ROWS_SHOWN).rows
    if row and row.number not in {shown.number for shown in page}:
        position = replace(position, after=row.number - 1, before=0)
    act.move(replace(position, open=row.sample.id if row else ""))


def show_next(act: Act) -> Answer | None:
    """Opens the next sample that nobody has looked at, of those that the other filters show."""
    row = SampleStore(act.project).next_to_review(act.at(ReviewPosition), act.of)
    show(act, row)
    return None if row else good(act, "review.all_done")


def decide(status: str, act: Act) -> Answer | None:
    """Accepts or rejects the sample, and goes on to the next one."""
    store = SampleStore(act.project)
    if store.get(act.of) is None:
        raise AppError("sample_gone")
    store.set_status([act.of], status)
    note(act, act.of)
    return show_next(act)


def delete(act: Act) -> Answer:
    """Takes the sample out of the file and goes on; undo brings it back."""
    store = SampleStore(act.project)
    following = store.next_to_review(act.at(ReviewPosition), act.of)
    if not store.delete([act.of]):
        raise AppError("sample_gone")
    note(act, act.of)
    show(act, store.get(following.sample.id) if following else None)
    return Answer(notice=html.box("info", act.t("review.deleted")))


def undo(act: Act) -> Answer:
    """Takes back what was typed and not kept, else the newest change of anybody."""
    store, position = SampleStore(act.project), act.at(ReviewPosition)
    if typed(act) and store.get(act.text("review_sample")):
        return Answer(notice=html.box("info", act.t("review.undone_typing")), empty=BOXES)
    what = store.undo()
    act.move(replace(position, changed=position.changed[:-1]))
    show(act, store.get((position.open, *position.changed)[-1]))
    words = act.view.message(what) if what else act.t("review.nothing_to_undo")
    return Answer(notice=html.box("good" if what else "info", words))


def narrow(act: Act) -> None:
    """Shows what holds the words, and what comes from the document."""
    words, document = act.text("review.words").strip()[:LONGEST_WORDS], act.text("review.document")[:LONGEST_WORDS]
    act.move(replace(act.at(ReviewPosition).at_start(), words=words, document=document))


def narrow_to_status(act: Act) -> None:
    act.move(replace(act.at(ReviewPosition).at_start(), status=act.of if act.of in STATUSES else ""))


def show_every(act: Act) -> None:
    act.move(replace(act.at(ReviewPosition).at_start(), finding="", document="", words=""))


def turn(direction: str, act: Act) -> None:
    act.move(act.at(ReviewPosition).turned(direction, act.number))


AFTER_TYPING: dict[str, Work] = {
    "accept": partial(decide, "accepted"),
    "reject": partial(decide, "rejected"),
    "next": show_next,
    "open": open_sample,
    "narrow": narrow,
    "status": narrow_to_status,
    "every": show_every,
    "back": partial(turn, "back"),
    "onward": partial(turn, "onward"),
}
PART = Part(
    {"review": review_html},
    {
        "review.delete": delete,
        "review.undo": undo,
        **{f"review.{name}": keeping(work) for name, work in AFTER_TYPING.items()},
    },
)
