"""The list of documents on the page: filter, read again, remove, and the field for passwords. Knows the widgets."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from core import rag_processor
from core.project_manager import Project
from core.rag_processor import SourceFile
from ui.documents.documents_list import STATUSES, ListPosition, busy, depends, list_html, matching, rows_of
from ui.page import html
from ui.page.clickable import Click, clickable
from ui.page.frame import Answer, Component, PageFrame
from ui.page.view import View
from utils.errors import AppError, readable

EVERYTHING_LOCKED = "*"
NAMES_IN_QUESTION = 5


def build(frame: PageFrame, browse: Mapping[str, Component]) -> None:
    """The whole section. `browse` are the fields that choose what the chunk browser shows."""
    t = frame.t
    position = gr.State(ListPosition())
    asked = gr.State(("", ()))
    password_field(frame)
    listed = clickable("documents-list")
    with gr.Column(visible=False, min_width=0, elem_classes="card question") as panel:
        question = gr.HTML()
        with gr.Row(elem_classes="tight"):
            remove = gr.Button(t("documents.remove_now"), variant="stop", size="sm", min_width=120)
            cancel = gr.Button(t("app.cancel"), size="sm", min_width=90)
    notice = gr.HTML()
    frame.live.show_own(listed, list_html, position, depends)
    states = {"position": position, "asked": asked}
    answered = {**states, "panel": panel, "question": question, **browse}
    frame.act_on_click(listed, partial(clicked, frame), notice, states, answered)
    frame.act(remove.click, partial(remove_asked, frame), notice, states, {**states, "panel": panel})
    frame.act(cancel.click, lambda *_: {"panel": gr.update(visible=False)}, notice, {}, {"panel": panel})


def clicked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Answers a button of the list."""
    click: Click = values["click"]
    position: ListPosition = values["position"].of(project.name)
    if click.do == "status":
        status = click.of if click.of in STATUSES else ""
        return {"position": replace(position, status=status, page=0, round=position.round + 1)}
    if click.do == "page":
        return {"position": replace(position, page=click.number)}
    if click.do == "chunks":
        return {"filename": click.of}
    names = ticked_names(View(frame.services, frame.language, project.name), position, click)
    if click.do == "again" and names:
        rag_processor.start_reprocess(frame.services, project, names)
        return {"position": replace(position, round=position.round + 1)}
    if click.do == "remove" and names:
        asked = (project.name, tuple(names))
        return {"asked": asked, "panel": gr.update(visible=True), "question": question_html(frame, names)}
    return None


def ticked_names(view: View, position: ListPosition, click: Click) -> list[str]:
    """The documents that are meant, of those that the list shows on all of its pages."""
    return click.chosen(row.source.filename for row in matching(rows_of(view), position.status) if row.kept)


def question_html(frame: PageFrame, names: list[str]) -> str:
    """Asks before anything is gone: nothing brings a document back."""
    shown = ", ".join(names[:NAMES_IN_QUESTION]) + (" …" if len(names) > NAMES_IN_QUESTION else "")
    return html.box("warn", frame.t("documents.remove_question", count=len(names)), shown)


def remove_asked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Removes what the question named; a question of another project counts for nothing."""
    name, names = values["asked"]
    if name != project.name:
        return {"panel": gr.update(visible=False)}
    rag_processor.remove_documents(frame.services, project, list(names))
    position = values["position"].of(project.name)
    return {
        "asked": ("", ()),
        "panel": gr.update(visible=False),
        "position": replace(position, round=position.round + 1),
        "notice": html.box("good", frame.t("documents.removed", count=len(names))),
    }


def password_field(frame: PageFrame) -> None:
    """The field for the documents that need a password; it is there only while there are such documents."""
    t = frame.t
    with gr.Column(visible=False, min_width=0, elem_classes="card", elem_id="passwords") as panel:
        about = gr.HTML()
        with gr.Row(elem_classes="password-row"):
            document = gr.Dropdown([], label=t("documents.password_for"), elem_id="password-for", min_width=200)
            password = gr.Textbox(
                label=t("documents.password"),
                type="password",
                max_lines=1,
                elem_id="document-password",
                min_width=160,
            )
            unlock = gr.Button(t("documents.unlock"), variant="secondary", min_width=120)
        why_not, notice = gr.HTML(), gr.HTML()
    frame.allow(unlock, why_not, busy)
    frame.live.show(panel, lambda view: gr.update(visible=bool(locked(view))))
    frame.live.show(about, lambda view: html.muted(t("documents.password_about", count=len(locked(view)))))
    frame.live.show(document, choices_of_locked)
    fields = {"document": document, "password": password}
    for trigger in (unlock.click, password.submit):
        frame.act(trigger, partial(unlocked, frame), notice, fields, {"password": password})


def locked(view: View) -> list[SourceFile]:
    """The documents that a password would open: of the formats, only PDF takes one."""
    return [source for source in view.documents if source.status == "password" and is_pdf(source)]


def is_pdf(source: SourceFile) -> bool:
    return source.filename.lower().endswith(".pdf")


def choices_of_locked(view: View) -> Any:
    names = [source.filename for source in locked(view)]
    if not names:
        return gr.update(choices=[], value=None)
    several = [(view.t("documents.password_all", count=len(names)), EVERYTHING_LOCKED)] if len(names) > 1 else []
    first = EVERYTHING_LOCKED if several else names[0]
    return gr.update(choices=[*several, *((name, name) for name in names)], value=first)


def unlocked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Reads locked documents with the password that was typed. The field is emptied whatever comes of it."""
    try:
        password = values["password"] or ""
        if not password:
            raise AppError("password_empty")
        names = [source.filename for source in locked(View(frame.services, frame.language, project.name))]
        if values["document"] != EVERYTHING_LOCKED:
            names = [name for name in names if name == values["document"]]
        if names:
            rag_processor.start_reprocess(frame.services, project, names, dict.fromkeys(names, password))
    except (AppError, OSError) as error:
        return {"password": "", "notice": frame.error_box(readable(error))}
    return {"password": ""}
