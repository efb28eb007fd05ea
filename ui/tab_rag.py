"""Step 1: documents in, searchable chunks out. Lays the tab out; each section has a module of its own."""

from pathlib import Path
from typing import Any

import gradio as gr

from core import rag_processor
from core.project_manager import Project
from ui.documents import chunk_browser, chunk_cutting, documents_panel, export_database
from ui.documents.documents_list import busy
from ui.documents.documents_overview import overview_html
from ui.page import html
from ui.page.frame import PageFrame
from ui.page.job_panel import job_panel
from ui.page.view import View


def build(frame: PageFrame) -> None:
    t = frame.t
    gr.HTML(html.muted(t("documents.about")))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=2):
            # Every type is taken: Gradio would refuse the others in English, the reader says it in both languages.
            files = gr.File(file_count="multiple", label=t("documents.files"), height=150, buttons=[])
            gr.HTML(html.muted(t("documents.formats", formats=", ".join(rag_processor.readable_formats()))))
            process = gr.Button(t("documents.process"), variant="primary", elem_id="process")
            why_not = gr.HTML()
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=3):
            frame.live.show(gr.HTML(), overview_html)
    job_panel(frame, "documents")
    browse = chunk_browser.fields(frame)
    with where_documents(frame):
        section(frame, "list")
        documents_panel.build(frame, {"filename": browse["filename"]})
    with gr.Accordion(t("documents.chunking"), open=False, elem_id="cutting"):
        chunk_cutting.build(frame)
    with where_documents(frame):
        section(frame, "chunks")
        chunk_browser.build(frame, browse)
        section(frame, "export")
        export_database.build(frame)

    def start(project: Project, values: dict[str, Any]) -> dict[str, Any]:
        rag_processor.start_documents(frame.services, project, [Path(file) for file in values["files"] or []])
        return {"files": None}

    frame.allow(process, why_not, blocked)
    frame.act(process.click, start, notice, {"files": files}, {"files": files}, preprocess=True)


def where_documents(frame: PageFrame) -> gr.Column:
    """A part of the tab that is there only once the project has documents: before, it would only be in the way."""
    part = gr.Column(visible=False, min_width=0)
    frame.live.show(part, lambda view: gr.update(visible=bool(view.documents)))
    return part


def section(frame: PageFrame, name: str) -> None:
    """The heading of a part of the tab."""
    gr.HTML(f'<h2 class="section">{frame.t(f"documents.section.{name}")}</h2>')


def blocked(view: View) -> str:
    """Why nothing can be processed now; empty if it can."""
    return view.t("blocked.no_project") if view.project is None else busy(view)
