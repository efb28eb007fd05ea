"""Files of a project to take along: shown here or fetched by a browser. Knows nothing of what they hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response

from core import access
from core.jobs.services import Services
from core.project_manager import Project
from ui.page import html
from ui.page.frame import Answer, Component, PageFrame, Work
from utils import file_manager
from utils.errors import AppError, readable

# A link that is clicked asks nothing of the page: it stays as it is while the browser loads the file.
CLICK_LINK = """(address) => { if (!address) return;
const link = document.createElement("a"); link.href = address; link.download = "";
document.body.append(link); link.click(); link.remove(); }"""


@dataclass(frozen=True)
class Download:
    """A file to hand out, whether it has been written yet or not, and its name for whoever fetches it."""

    file: Path
    name: str
    media_type: str = "application/octet-stream"


def add_route(
    server: FastAPI, services: Services, path: str, find: Callable[[Project, Mapping[str, str]], Download | None]
) -> None:
    """Hand out what `find` names in a project for the words of an address, and nothing else.

    Where it names nothing or raises AppError, there is nothing. The guards before the route stay in force.
    """

    @server.get(path)
    def download(request: Request) -> Response:
        asked = request.query_params
        try:
            found = find(services.projects.open(asked.get("project", "")), asked)
        except AppError:
            found = None
        if found is None or not found.file.is_file():
            return Response(status_code=404)
        return FileResponse(
            found.file, media_type=found.media_type, filename=found.name, headers={"cache-control": "no-store"}
        )


def address_of(path: str, project_name: str, **asked: str) -> str:
    """Where a browser fetches a project's file."""
    return f"{path}?{urlencode({'project': project_name, **asked}, quote_via=quote)}"


def link_html(address: str, words: str) -> str:
    return f'<a href="{escape(address)}" download>{escape(words)}</a>'


def offer(frame: PageFrame, button: gr.Button, work: Work, notice: gr.HTML, inputs: Mapping[str, Component]) -> None:
    """On a click, `work` answers as `take_along` does."""
    outputs = {"address": gr.Textbox(visible=False)}
    frame.act(button.click, work, notice, inputs, outputs, CLICK_LINK)


def take_along(frame: PageFrame, write: Callable[[], tuple[Path, str]], address: str) -> Answer:
    """`write` makes a file and says what it is. Whoever sits at this machine sees it in the file manager; all others
    download it from `address`."""
    try:
        file, words = write()
    except (AppError, OSError) as error:
        return {"notice": frame.error_box(readable(error)), "address": ""}
    here = access.asking().at_machine
    if here:
        file_manager.show(file)
    found = html.box("good", words, str(file) if here else frame.t("documents.downloading"))
    link = link_html(address, frame.t("documents.download"))
    return {"notice": f"{found}<p>{link}</p>", "address": "" if here else address}
