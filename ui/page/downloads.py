"""Files of a project to take along: shown here or fetched by a browser. Knows nothing of what they hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, Response

from core import access
from core.jobs.services import Services
from core.project_manager import Project
from ui.page import html
from ui.page.parts import Act, Answer
from utils import file_manager
from utils.errors import AppError


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


def take_along(act: Act, write: Callable[[], tuple[Path, str]], address: str) -> Answer:
    """`write` makes a file and says what it is. Whoever sits at this machine sees it in the file manager; all others
    download it from `address`."""
    file, words = write()
    here = access.asking().at_machine
    if here:
        file_manager.show(file)
    found = html.box("good", words, str(file) if here else act.t("documents.downloading"))
    link = link_html(address, act.t("documents.download"))
    return Answer(notice=f"{found}<p>{link}</p>", download="" if here else address)
