"""Look at the chunks: search, filter, page on, take some out of the training data. Knows the widgets."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import gradio as gr

from core import rag_processor
from core.project_manager import Project
from core.rag_processor import LAST_SEARCH_OFFSET
from ui.documents.chunk_list import CHUNKS_SHOWN, FLAGS, BrowserPosition, browser_html, depends
from ui.page import forms, html
from ui.page.clickable import Click, clickable
from ui.page.frame import Answer, Component, PageFrame
from ui.page.view import View
from utils.config import ChunkSettings

ALL_DOCUMENTS = ""
MAX_SEARCH_CHARACTERS = 500


def fields(frame: PageFrame) -> dict[str, Component]:
    """What chooses the chunks: words, and one document or all. Other sections may set them."""
    words = gr.Textbox(
        label=frame.t("documents.search"),
        placeholder=frame.t("documents.search_example"),
        max_lines=1,
        elem_id="search",
        render=False,
    )
    filename = gr.Dropdown(
        [(frame.t("chunks.all_documents"), ALL_DOCUMENTS)],
        value=ALL_DOCUMENTS,
        label=frame.t("chunks.document"),
        elem_id="chunks-of",
        render=False,
    )
    return {"words": words, "filename": filename}


def build(frame: PageFrame, chosen: Mapping[str, Component]) -> None:
    """The whole section, with the fields that `fields` made."""
    t = frame.t
    position = gr.State(BrowserPosition())
    gr.HTML(html.muted(t("chunks.about")))
    with gr.Row(elem_classes="side-by-side"):
        skip = forms.widgets(ChunkSettings, ("skip_duplicates", "skip_boilerplate"), frame.language)
    with gr.Row(elem_classes="search"):
        chosen["words"].render()
        chosen["filename"].render()
    notice = gr.HTML()
    listed = clickable("chunks")
    frame.live.show_own(listed, browser_html, position, depends)
    frame.live.show(chosen["filename"], choices)
    for field in chosen.values():
        frame.fill(field, lambda _: "")
    forms.autosave(frame, "documents", skip, notice)
    everything = {"position": position, **chosen}
    # The document's field is also set from the list of documents, so a change counts whoever made it.
    frame.act(chosen["words"].submit, search, notice, everything, everything)  # type: ignore[attr-defined]
    frame.act(chosen["filename"].change, choose, notice, everything, everything)  # type: ignore[attr-defined]
    frame.act_on_click(listed, partial(clicked, frame), notice, {"position": position}, {"position": position})


def choices(view: View) -> Any:
    """All documents that have chunks."""
    names = [source.filename for source in view.documents if source.chunks]
    return gr.update(choices=[(view.t("chunks.all_documents"), ALL_DOCUMENTS), *((name, name) for name in names)])


def search(project: Project, values: dict[str, Any]) -> Answer:
    """Shows the best chunks for some words, from all documents; without words, all chunks again."""
    position: BrowserPosition = values["position"].of(project.name)
    words = (values["words"] or "").strip()[:MAX_SEARCH_CHARACTERS]
    return {"position": BrowserPosition(project.name, words, version=position.version), "filename": ALL_DOCUMENTS}


def choose(project: Project, values: dict[str, Any]) -> Answer:
    """Shows the chunks of one document from its beginning."""
    position: BrowserPosition = values["position"].of(project.name)
    filename = str(values["filename"] or "")
    if filename == position.filename:
        return None
    new = BrowserPosition(project.name, filename=filename, flag=position.flag, version=position.version)
    return {"position": new, "words": ""}


def clicked(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Answers a button of the list."""
    click: Click = values["click"]
    position: BrowserPosition = values["position"].of(project.name)
    if click.do == "flag":
        flag = click.of if click.of in FLAGS else ""
        return {"position": replace(position, flag=flag, after=0, before=0)}
    if click.do in ("back", "onward"):
        return {"position": turned(position, click)}
    if click.do in ("exclude", "include") and rag_processor.exclude_chunk(
        project, click.number, click.do == "exclude"
    ):
        return {"position": replace(position, version=position.version + 1)}
    return None


def turned(position: BrowserPosition, click: Click) -> BrowserPosition:
    """One page on or back. Hits are counted off, chunks go by the id of the page's first or last one."""
    if not position.words:
        return position.turned(click.do, click.number)
    step = CHUNKS_SHOWN if click.do == "onward" else -CHUNKS_SHOWN
    return replace(position, offset=min(max(0, position.offset + step), LAST_SEARCH_OFFSET))
