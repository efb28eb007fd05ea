"""The database as a file to take along: shown in the file manager of this machine, or downloaded by another one."""

from functools import partial
from html import escape
from typing import Any
from urllib.parse import quote

import gradio as gr
from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from core import document_pipeline, file_manager
from core.project_manager import Project
from core.services import Services
from ui import html
from ui.join import LOOPBACK
from ui.page_frame import Action, Answer, PageFrame, readable
from utils.errors import AppError

PATH = "/download/database"
# A link that is clicked asks nothing of the page: it stays as it is while the browser loads the file.
DOWNLOAD = """(address) => { if (!address) return;
const link = document.createElement("a"); link.href = address; link.download = "";
document.body.append(link); link.click(); link.remove(); }"""


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
    frame.actions.append(Action(export.click, work, exported, {}, outputs, {}, then=DOWNLOAD, tells_client=True))


def export_database(frame: PageFrame, project: Project, values: dict[str, Any]) -> Answer:
    """Writes the file. Whoever sits at this machine sees it in the file manager; all others download it."""
    try:
        file = document_pipeline.export_database(project)
    except (AppError, OSError) as error:
        return {"notice": frame.error_box(readable(error)), "address": ""}
    address = download_address(project)
    here = values["client"] in LOOPBACK
    shown = here and file_manager.show(file)
    link = f'<a href="{escape(address)}" download>{escape(frame.t("documents.download"))}</a>'
    if here:
        words = frame.t("documents.exported_shown" if shown else "documents.exported")
        found = html.box("good", words, str(file))
    else:
        found = html.box("good", frame.t("documents.exported_download"))
    return {"notice": f"{found}<p>{link}</p>", "address": "" if here else address}


def download_address(project: Project) -> str:
    return f"{PATH}?project={quote(project.name)}"


def add_route(server: FastAPI, services: Services) -> None:
    """The download of one project's exported database, and of nothing else. The guards before it stay in force."""

    @server.get(PATH)
    def download(project: str = "") -> Response:
        try:
            opened = services.projects.open(project)
        except AppError:
            return Response(status_code=404)
        if not opened.database_export.is_file():
            return Response(status_code=404)
        return FileResponse(
            opened.database_export,
            media_type="application/vnd.sqlite3",
            filename=f"{opened.name}.db",
            headers={"cache-control": "no-store"},
        )
