"""The database as a file to take along: shown in the file manager of this machine, or downloaded by another one."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from core import rag_processor
from core.project_manager import Project
from ui.page import downloads, html
from ui.page.downloads import Download
from ui.page.frame import Answer, PageFrame

PATH = "/download/database"


def build(frame: PageFrame) -> None:
    """The button and what came of it."""
    t = frame.t
    gr.HTML(html.muted(t("documents.export_about")))
    with gr.Row(elem_classes="tight"):
        export = gr.Button(t("documents.export"), size="sm", elem_id="export-database", min_width=200)
    exported = gr.HTML()
    frame.live.show(export, lambda view: gr.update(interactive=bool(view.status and view.status.chunks)))
    downloads.offer(frame, export, partial(export_database, frame), exported, {})


def export_database(frame: PageFrame, project: Project, _: dict[str, Any]) -> Answer:
    """Writes the file."""

    def write() -> tuple[Path, str]:
        return rag_processor.export_database(project), frame.t("documents.exported")

    return downloads.take_along(frame, write, download_address(project))


def download_address(project: Project) -> str:
    return downloads.address_of(PATH, project.name)


def database_of(project: Project, _asked: Mapping[str, str]) -> Download:
    """The project's database as it was last exported."""
    return Download(project.database_export, f"{project.name}.db", "application/vnd.sqlite3")
