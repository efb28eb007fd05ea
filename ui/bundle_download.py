"""The download of a bundle. Knows the route; the guards before it stay in force."""

from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import FileResponse, Response

from core.runs import open_run
from core.services import Services
from core.training import bundle
from utils.errors import AppError

PATH = "/download/bundle"


def download_address(project_name: str, run_id: str) -> str:
    return f"{PATH}?project={quote(project_name)}&run={quote(run_id)}"


def add_route(server: FastAPI, services: Services) -> None:
    """The bundle of one run of one project, and nothing else: a name that is no run's leads to no file."""

    @server.get(PATH)
    def download(project: str = "", run: str = "") -> Response:
        try:
            opened = services.projects.open(project)
            file = bundle.file_of(opened, open_run(opened, run).id)
        except AppError:
            return Response(status_code=404)
        if not file.is_file():
            return Response(status_code=404)
        return FileResponse(
            file,
            media_type="application/zip",
            filename=f"{opened.name}-{file.name}",
            headers={"cache-control": "no-store"},
        )
