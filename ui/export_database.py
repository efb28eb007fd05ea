"""The database as a file to take along: shown in the file manager of this machine, or downloaded by another one."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import gradio as gr
from fastapi import FastAPI

from core import access, document_pipeline, file_manager
from core.project_manager import Project
from core.services import Services
from ui import downloads, html
from ui.downloads import CLICK_LINK, Download
from ui.page_frame import Action, Answer, PageFrame
from utils.errors import AppError, readable

PATH = "/download/database"


def build(frame: PageFrame) -> None:
    """The button and what came of it."""
    t = frame.t
    gr.HTML(html.muted(t("documents.export_about")))
    with gr.Row(elem_classes="tight"):
        export = gr.Button(t("documents.export"), size="sm", elem_id="export-database", min_width=200)
    exported = gr.HTML()
    address = gr.Textbox(visible=False)
    frame.live.show(export, lambda view: gr.update(interactive=bool(view.status and view.status.chunks)))
    work = partial(export_database, frame)
    outputs = {"address": address}
    frame.actions.append(Action(export.click, work, exported, {}, outputs, {}, then=CLICK_LINK))


def export_database(frame: PageFrame, project: Project, _: dict[str, Any]) -> Answer:
    """Writes the file. Whoever sits at this machine sees it in the file manager; all others download it."""
    try:
        file = document_pipeline.export_database(project)
    except (AppError, OSError) as error:
        return {"notice": frame.error_box(readable(error)), "address": ""}
    address = download_address(project)
    here = access.asking().at_machine
    shown = here and file_manager.show(file)
    link = downloads.link_html(address, frame.t("documents.download"))
    if here:
        words = frame.t("documents.exported_shown" if shown else "documents.exported")
        found = html.box("good", words, str(file))
    else:
        found = html.box("good", frame.t("documents.exported_download"))
    return {"notice": f"{found}<p>{link}</p>", "address": "" if here else address}


def download_address(project: Project) -> str:
    return downloads.address_of(PATH, project.name)


def add_route(server: FastAPI, services: Services) -> None:
    downloads.add_route(server, services, PATH, database_of)


def database_of(project: Project, _asked: Mapping[str, str]) -> Download:
    """The project's database as it was last exported."""
    return Download(project.database_export, f"{project.name}.db", "application/vnd.sqlite3")
