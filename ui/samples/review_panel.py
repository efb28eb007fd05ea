"""Review on the page: the table with its filters, the opened sample beside it, decisions by mouse and keyboard."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr

from core.project_manager import Project
from core.sft_generator import STATUSES, SampleRow, SampleStore
from ui.page import html
from ui.page.clickable import Click
from ui.page.frame import Answer, Component, PageFrame
from ui.page.view import View
from ui.samples import sample_detail, sample_list
from ui.samples.review_scripts import HEAD_SCRIPT, LIST_SCRIPT, SOURCE_SCRIPT
from ui.samples.sample_list import ROWS_SHOWN, ReviewPosition, counts_of
from ui.texts import message_text
from utils.errors import AppError

LONGEST_WORDS = 500
DECISIONS = {"accept": "accepted", "reject": "rejected"}


@dataclass(frozen=True)
class Loaded:
    """What was put into the text boxes, to know what a person has changed in them."""

    id: str = ""
    instruction: str = ""
    output: str = ""


def build(frame: PageFrame, position: gr.State) -> None:
    """The whole section. The position is shared with the quality checks, whose findings filter this table."""
    t = frame.t
    loaded = gr.State(Loaded())
    with gr.Row(elem_classes="search"):
        words = gr.Textbox(label=t("review.search"), max_lines=1, elem_id="sample-words")
        document = gr.Dropdown([(t("review.all_documents"), "")], value="", label=t("review.document"))
    with gr.Row(elem_classes="two-columns review"):
        with gr.Column(min_width=280, scale=3):
            listed = gr.HTML(elem_id="samples-list", js_on_load=LIST_SCRIPT)
        with gr.Column(min_width=280, scale=2), gr.Column(min_width=0, elem_classes="card", elem_id="sample"):
            head = gr.HTML(elem_id="sample-head", js_on_load=HEAD_SCRIPT)
            notice = gr.HTML()
            with gr.Column(min_width=0, visible=False, elem_id="sample-boxes") as boxes:
                instruction = gr.Textbox(
                    label=t("samples.head_instruction"), lines=2, max_lines=8, elem_id="sample-instruction"
                )
                output = gr.Textbox(label=t("samples.head_output"), lines=4, max_lines=16, elem_id="sample-output")
                save = gr.Button(t("review.save"), size="sm", min_width=110, elem_id="save-sample")
            source = gr.HTML(elem_id="sample-source", js_on_load=SOURCE_SCRIPT)
    live = frame.live
    live.show_own(listed, sample_list.list_html, position, sample_list.depends)
    live.show_own(head, sample_detail.head_html, position, sample_detail.depends)
    live.show_own(source, sample_detail.source_html, position, sample_detail.depends)
    live.show_own(boxes, shown_while_open, position, sample_detail.depends)
    live.show(document, choices)
    frame.fill(words, lambda _: "")
    frame.fill(document, lambda _: "")

    own: dict[str, Component] = {"position": position, "loaded": loaded, "instruction": instruction, "output": output}
    filters: dict[str, Component] = {"words": words, "document": document}
    everything = {**own, **filters}
    for place in (listed, head, source):
        frame.act_on_click(place, partial(clicked, frame), notice, everything, everything)
    frame.act(words.submit, narrow, notice, everything, own)
    frame.act(document.input, narrow, notice, everything, own)
    frame.act(save.click, save_edit, notice, own, own)


def shown_while_open(view: View, position: ReviewPosition) -> Any:
    return gr.update(visible=sample_detail.opened(view, position) is not None)


def choices(view: View) -> Any:
    """All documents that samples come from."""
    names = sorted(counts_of(view).by_document)
    return gr.update(choices=[(view.t("review.all_documents"), ""), *((name, name) for name in names if name)])


def clicked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Answers a button or a key. Whatever was typed before is kept first, unless it is deleted or undone."""
    click: Click = values["click"]
    position: ReviewPosition = values["position"].of(project.name)
    store = SampleStore(project)
    if click.do == "undo":
        return undo(frame, store, position, values)
    if click.do == "delete":
        return delete(frame, store, position)
    if click.do != "every" and keep_typed(store, values):
        position = replace(position, version=position.version + 1)
    match click.do:
        case "status":
            status = click.of if click.of in STATUSES else ""
            return {"position": replace(position.at_start(), status=status)}
        case "every":
            cleared = replace(position.at_start(), finding="", document="", words="")
            return {"position": cleared, "words": "", "document": ""}
        case "back" | "onward":
            return {"position": position.turned(click.do, click.number)}
        case "open":
            return show(position, store.get(click.of))
        case "next":
            return show_next(frame, store, position)
        case "accept" | "reject" | "accept_next" | "reject_next":
            return decide(frame, store, position, click.do)
    return None


def show(position: ReviewPosition, row: SampleRow | None) -> dict[str, Any]:
    """Opens a sample, or closes the open one."""
    now = replace(position, open=row.sample.id if row else "", version=position.version + 1)
    if row is None:
        return {"position": now, "loaded": Loaded(), "instruction": "", "output": ""}
    sample = row.sample
    loaded = Loaded(sample.id, sample.instruction, sample.output)
    return {"position": now, "loaded": loaded, "instruction": sample.instruction, "output": sample.output}


def show_next(frame: PageFrame, store: SampleStore, position: ReviewPosition) -> dict[str, Any]:
    """Opens the next sample that nobody has looked at, of those that the other filters show."""
    row = next_new(store, position)
    if row is None:
        return {**show(position, None), "notice": html.box("good", frame.t("review.all_done"))}
    return show(with_row(store, position, row), row)


def with_row(store: SampleStore, position: ReviewPosition, row: SampleRow) -> ReviewPosition:
    """The page that is shown, or one that begins with this row where it is on another one."""
    page = store.page(position, ROWS_SHOWN)
    if any(shown.number == row.number for shown in page.rows):
        return position
    return replace(position, after=row.number - 1, before=0)


def next_new(store: SampleStore, position: ReviewPosition) -> SampleRow | None:
    here = store.get(position.open) if position.open else None
    number = here.number if here else position.after
    query = replace(position, status="new", before=0)
    for after in dict.fromkeys((number, 0)):
        if rows := store.page(replace(query, after=after), 1).rows:
            return rows[0]
    return None


def decide(frame: PageFrame, store: SampleStore, position: ReviewPosition, do: str) -> dict[str, Any]:
    """Accepts or rejects the open sample, and on request goes on to the next one."""
    if store.get(position.open) is None:
        raise AppError("sample_gone")
    store.set_status([position.open], DECISIONS[do.removesuffix("_next")])
    position = replace(position, decided=position.open)
    if do.endswith("_next"):
        return show_next(frame, store, position)
    return show(position, store.get(position.open))


def delete(frame: PageFrame, store: SampleStore, position: ReviewPosition) -> dict[str, Any]:
    """Takes the open sample out of the file and goes on; undo brings it back."""
    here = store.get(position.open)
    if here is None:
        raise AppError("sample_gone")
    store.delete([position.open])
    now = replace(position, open="", decided=position.open, after=min(position.after, here.number - 1))
    answer = show_next(frame, store, now)
    return {**answer, "notice": html.box("info", frame.t("review.deleted"))}


def undo(frame: PageFrame, store: SampleStore, position: ReviewPosition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Takes back what was typed and not kept, else the newest change of anybody."""
    if typed(values):
        return {
            **show(position, store.get(position.open)),
            "notice": html.box("info", frame.t("review.undone_typing")),
        }
    what = store.undo()
    there = position.decided or position.open
    again = show(replace(position, decided=""), store.get(there) if there else None)
    if what is None:
        return {**again, "notice": html.box("info", frame.t("review.nothing_to_undo"))}
    return {**again, "notice": html.box("good", message_text(what.key, what.params, frame.language))}


def typed(values: Mapping[str, Any]) -> bool:
    """Whether the boxes hold something else than what was put into them."""
    loaded: Loaded = values["loaded"]
    return bool(loaded.id) and any(
        same_ends(values[name] or "") != same_ends(getattr(loaded, name)) for name in ("instruction", "output")
    )


def same_ends(words: str) -> str:
    """Browsers write all ends of lines in one way."""
    return words.replace("\r\n", "\n").replace("\r", "\n")


def keep_typed(store: SampleStore, values: Mapping[str, Any]) -> SampleRow | None:
    """Keeps what a person has typed. Raises AppError `sample_gone`, `sample_empty`."""
    if not typed(values):
        return None
    return store.edit(values["loaded"].id, values["instruction"] or "", values["output"] or "")


def save_edit(project: Project, values: dict[str, Any]) -> Answer:
    position: ReviewPosition = values["position"].of(project.name)
    row = keep_typed(SampleStore(project), values)
    return show(position, row) if row else None


def narrow(project: Project, values: dict[str, Any]) -> Answer:
    """Shows what holds the words, and what comes from the document."""
    position: ReviewPosition = values["position"].of(project.name)
    keep_typed(SampleStore(project), values)
    words, document = str(values["words"] or "").strip()[:LONGEST_WORDS], str(values["document"] or "")
    return {
        "position": replace(
            replace(position.at_start(), words=words, document=document), version=position.version + 1
        )
    }
