"""Step 1: documents in, searchable chunks out."""

import re
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from core import pipeline
from core.chunk_store import ChunkStore, Found, SourceFile
from core.jobs import ACTIVE
from core.project_manager import Project
from ui import forms, html
from ui.job_panel import job_panel
from ui.page_frame import PageFrame
from ui.texts import error_text
from ui.view import View
from utils.config import ChunkSettings
from utils.errors import AppError

KINDS = ("rag",)
FOUND_SHOWN = 5
MARKED = re.compile(r"\[([^\[\]]*)\]")  # the store sets the found words in brackets
STATUS_TONES = {
    "queued": "info",
    "done": "good",
    "partial": "warn",
    "duplicate": "info",
}  # every other status is a failure


def build(frame: PageFrame) -> None:
    t = frame.t
    gr.HTML(html.muted(t("documents.about")))
    with gr.Row(elem_classes="two-columns"):
        with gr.Column(min_width=280, scale=2):
            # Every type is taken: Gradio would refuse the others in English, the reader says it in both languages.
            files = gr.File(file_count="multiple", label=t("documents.files"), height=150, buttons=[])
            with gr.Accordion(t("documents.chunking"), open=False):
                gr.HTML(html.muted(t("documents.chunking_about")))
                chunking = forms.widgets(ChunkSettings, ("chunk_tokens", "overlap_tokens"), frame.language)
            process = gr.Button(t("documents.process"), variant="primary", elem_id="process")
            why_not = gr.HTML()
            notice = gr.HTML()
        with gr.Column(min_width=280, scale=3):
            frame.live.show(gr.HTML(), documents_html)
            with gr.Row(elem_classes="search"):
                words = gr.Textbox(
                    label=t("documents.search"), placeholder=t("documents.search_example"), max_lines=1
                )
            found = gr.HTML()
            with gr.Row(elem_classes="tight"):
                export = gr.Button(t("documents.export"), size="sm")
            exported = gr.HTML()
    job_panel(frame, KINDS)

    def start(project: Project, values: dict[str, Any]) -> dict[str, Any]:
        project.set("documents", {name: values[name] for name in chunking})
        pipeline.start_documents(frame.services, project, [Path(file) for file in values["files"] or []])
        return {"files": None}

    def search(project: Project, values: dict[str, Any]) -> dict[str, Any]:
        return {"found": found_html(View(frame.services, frame.language, project.name), values["words"] or "")}

    def export_database(project: Project, _: object) -> dict[str, Any]:
        if not project.database.is_file():
            raise AppError("no_chunks")
        ChunkStore(project.database).export(project.database_export)
        return {"notice": html.box("good", t("documents.exported"), str(project.database_export))}

    frame.allow(process, why_not, blocked)
    frame.live.show(export, lambda view: gr.update(interactive=bool(view.status and view.status.chunks)))
    forms.autosave(frame, "documents", chunking, notice)
    frame.act(process.click, start, notice, {"files": files, **chunking}, {"files": files}, preprocess=True)
    frame.act(words.submit, search, found, {"words": words}, {"found": found})
    frame.act(export.click, export_database, exported)


def blocked(view: View) -> str:
    """Why nothing can be processed now; empty if it can."""
    if view.project is None:
        return view.t("blocked.no_project")
    job = view.job(KINDS)
    return view.t("blocked.documents_running") if job and job.state in ACTIVE else ""


def documents_html(view: View) -> str:
    """All files of the project with what became of them; a file that gave no text says why."""
    if view.project is None or not view.project.database.is_file():
        return html.muted(view.t("documents.none"))
    known = ChunkStore(view.project.database).documents()
    heads = [view.t(f"documents.head_{name}") for name in ("name", "status", "pages", "chunks")]
    found = html.table(heads, (document_row(view, document) for document in known), view.t("documents.none"))
    chunks = sum(document.chunks for document in known)
    return found + (html.muted(view.t("documents.total", documents=len(known), chunks=chunks)) if known else "")


def document_row(view: View, document: SourceFile) -> list[str]:
    tone = STATUS_TONES.get(document.status, "bad")
    status = html.badge(tone, view.t(f"document.status.{document.status}"))
    if document.detail:
        happened, hint = error_text(document.detail, view.language, document.params)
        status += f"<br><small>{escape(happened)} {escape(hint)}</small>"
    name = f'<span class="file">{escape(document.filename)}</span>'
    return [name, status, str(document.pages or "–"), str(document.chunks or "–")]


def found_html(view: View, words: str) -> str:
    """The best chunks for some words, each with document and page."""
    if not words.strip() or not view.project or not view.project.database.is_file():
        return ""
    hits = ChunkStore(view.project.database).search(words, FOUND_SHOWN)
    return "".join(hit_html(view, hit) for hit in hits) or html.muted(view.t("documents.nothing_found", words=words))


def hit_html(view: View, hit: Found) -> str:
    place = view.t("documents.page", page=hit.chunk.page)
    excerpt = MARKED.sub(r"<mark>\1</mark>", escape(hit.excerpt))
    return (
        f'<blockquote class="hit"><cite>{escape(hit.chunk.filename)} · {escape(place)}</cite>{excerpt}</blockquote>'
    )
