"""Files that browsers send, until a project takes them in: how much there is room for, whose they are. Knows HTTP.

Each browser has a folder, and in it each file one of its own, by whose random name that browser alone names it.
"""

import asyncio
import math
import os
import re
import secrets
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import psutil
from gradio_client.utils import strip_invalid_filename_characters
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from core import access
from core.jobs.services import Services
from ui.page import html
from ui.texts import error_text
from utils import config
from utils.files import free_disk_gib

KEPT_SECONDS = 24 * 3600
MOST = 2_000  # of one browser, that lie there at the same time
NAME = re.compile(r"[0-9a-f]{32}")


class Uploads:
    """Of one app. Used from its event loop only, except for `find`."""

    def __init__(self, services: Services) -> None:
        self.folder = new_folder()
        self._services = services
        self._coming: Counter[str] = Counter()  # bytes that are on their way, by browser

    def find(self, browser: str, names: Iterable[str]) -> tuple[Path, ...]:
        """The files that this browser sent, by what it was told to call them; of others, none."""
        known = (name for name in names if NAME.fullmatch(name))
        return tuple(file for name in known for file in (self.folder / browser / name).glob("*"))

    async def take(self, request: Request, language: str) -> Response:
        """Keep the body, which is one file, under the name in the query; the answer is what to call it from then."""
        browser, announced = request.scope["state"]["browser"], request.headers.get("content-length", "")
        if not browser or not announced.isdecimal():
            return PlainTextResponse("no page of this app sends that", 403)
        size = int(announced)
        self._remove_old()
        if size > self._room_bytes(browser):
            why = error_text("upload_no_room", language, {"free_gib": access.FREE_DISK_GIB})
            return HTMLResponse(html.box("bad", *why), 413)
        name = secrets.token_hex(16)
        coming = self.folder / f"{name}.part"
        self._coming[browser] += size
        try:
            with open(coming, "wb") as file:
                async for part in request.stream():
                    await asyncio.to_thread(file.write, part)
            kept = self.folder / browser / name
            kept.mkdir(parents=True)
            coming.rename(kept / plain_name(request.query_params.get("name", "")))
        finally:
            self._coming[browser] -= size
            coming.unlink(missing_ok=True)
        return PlainTextResponse(name)

    def _room_bytes(self, browser: str) -> float:
        """How much this browser may still send. What is on its way counts on the disk, and in a guest's share."""
        disk = (free_disk_gib(self.folder) - access.FREE_DISK_GIB) * 2**30 - self._coming.total()
        if access.asking().is_host:
            return disk
        projects = [self._services.projects.open(name) for name in self._services.projects.names()]
        documents = (path for project in projects for path in project.documents_folder.glob("*"))
        uploads = list((self.folder / browser).glob("*/*"))
        taken = sum(path.stat().st_size for path in (*documents, *uploads) if path.is_file())
        share = access.GUEST_UPLOAD_BYTES - taken - self._coming[browser]
        return min(disk, share) if len(uploads) < MOST else -math.inf

    def _remove_old(self) -> None:
        for kept in self.folder.glob("*/*"):
            if time.time() - kept.stat().st_mtime > KEPT_SECONDS:
                shutil.rmtree(kept, ignore_errors=True)


def plain_name(sent: str) -> str:
    """The last part of what a browser calls a file, as every file system takes it."""
    name = strip_invalid_filename_characters(re.split(r"[/\\]", sent)[-1])
    return name if name.strip(".") else "file"


def new_folder() -> Path:
    """Where this app's uploads lie. What an app left that was killed is removed."""
    folder = config.uploads_folder()
    for left in folder.glob("*-*"):
        number = left.name.partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            shutil.rmtree(left, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=folder)).resolve()
