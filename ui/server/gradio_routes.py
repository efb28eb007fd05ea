"""What of Gradio's web server the page needs, and nothing else. Knows Gradio's routes and what their bodies hold.

Gradio believes what a page sends: any path as an upload, any session as its own, any address as a file to fetch. Here
each session and each upload belongs to the browser that began it, and whatever the page does not use is not there.
"""

import contextlib
import json
import math
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import gradio as gr
from gradio import route_utils
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import access
from core.jobs.services import Services
from ui.server.guard import BODY_SECONDS
from ui.server.traffic import Holdings, NoRoom, Room, Traffic
from ui.texts import error_text
from utils.files import parse_json

API = "/gradio_api"
FILES = re.compile(r"/(theme\.css|(assets|static)/.{1,200})")
HEARTBEAT = re.compile(rf"{API}/heartbeat/([\w-]{{1,64}})")
WORD = re.compile(r"[\w-]{1,64}")
MOST_BODY_BYTES = 8 * 2**20
SESSIONS = 50  # open pages of one browser; older ones start anew when they are used again
CLICKS = 8  # of one browser at the same time, which itself sends no more than six; all share forty threads
UPLOADS = 2_000  # of one browser, that no project has taken in yet
# What a page sends with a click. Everything else that Gradio would read from a body is left out.
FIELDS = ("data", "fn_index", "session_hash", "event_data", "trigger_id")


class Refused(Exception):
    """A request that no page of this app sends."""

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class GradioGate:
    """In front of one language's Gradio app; `page` is what it shows."""

    def __init__(self, app: ASGIApp, page: gr.Blocks, language: str, services: Services, traffic: Traffic) -> None:
        self._app = app
        self._page = page
        self._language = language
        self._prefix = f"/{language}"
        self._services = services
        self._traffic = traffic
        self._begun = Holdings()
        # Gradio checks paths only in apps that it started itself.
        page.has_launched = True
        for function in page.fns.values():
            if function.fn is not None:
                function.fn = known_visitors_only(function.fn)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._answer(scope, receive, send)
        except Refused as refused:
            await PlainTextResponse(refused.reason, refused.status)(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(self._prefix)
        browser = scope.get("state", {}).get("browser", "")
        upload = parse_qs(scope["query_string"].decode("latin-1")).get("upload_id", [""])[0]
        # What a query asks of Gradio's own pages, such as stored states, is not there either.
        scope = {**scope, "query_string": b""}
        match scope["method"], path:
            case (("GET" | "HEAD"), _) if path == "/" or FILES.fullmatch(path):
                await self._app(scope, receive, send)
            case _ if not browser:
                raise Refused("a browser without its cookie")
            case "GET", _ if beat := HEARTBEAT.fullmatch(path):
                self._claim(browser, beat[1])
                await self._app(scope, receive, send)
            case "GET", _ if path == f"{API}/upload_progress":
                self._claim(browser, upload)
                await self._app({**scope, "query_string": f"upload_id={upload}".encode()}, receive, send)
            case "POST", _ if path == f"{API}/upload":
                if upload:
                    self._claim(browser, upload)
                    scope["query_string"] = f"upload_id={upload}".encode()
                # One after the other: each may fill what is left.
                turn = contextlib.nullcontext() if access.asking().is_host else self._traffic.turns[browser]
                async with turn:
                    await self._take_upload(browser, scope, receive, send)
            case "POST", _ if path == f"{API}/run/predict":
                with self._click(browser):
                    body = self._checked(browser, await whole_body(scope, receive))
                    await self._app(with_length(scope, len(body)), once(body, receive), send)
            case _:
                raise Refused("nothing that a page asks for", 404)

    @contextlib.contextmanager
    def _click(self, browser: str) -> Iterator[None]:
        clicks = self._traffic.clicks
        if clicks[browser] >= CLICKS:
            raise Refused("too many clicks at once", 429)
        clicks[browser] += 1
        try:
            yield
        finally:
            clicks[browser] -= 1
            clicks += Counter()  # without those that have none

    def _claim(self, browser: str, word: str) -> None:
        """A session, or an upload that is under way: whoever begins it, goes on with it."""
        if not WORD.fullmatch(word):
            raise Refused("no session", 400)
        if not self._begun.claim(browser, word, SESSIONS):
            raise Refused("another browser's session")

    def _checked(self, browser: str, body: bytes) -> bytes:
        """A click as Gradio may read it: of this browser's own session, and with no file but its own uploads."""
        try:
            sent = parse_json(body, half_pairs=True)
            sent = {name: sent[name] for name in FIELDS if name in sent}
            function = self._page.fns[sent["fn_index"]]
            inputs, values = function.inputs, list(sent["data"])
            self._claim(browser, str(sent["session_hash"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Refused("no click of a page", 400) from None
        if len(values) != len(inputs):
            raise Refused("no click of a page", 400)
        for place, component in enumerate(inputs):
            if isinstance(component, gr.File):
                values[place] = self._own_files(browser, values[place])
            elif names_file(values[place]):
                raise Refused("a file where none belongs")
        if names_file(sent.get("event_data")):
            raise Refused("a file where none belongs")
        sent["data"] = values
        try:
            return json.dumps(sent, ensure_ascii=False).encode()
        except (ValueError, RecursionError):  # half a pair of surrogates is JSON, and no text to answer with
            raise Refused("no click of a page", 400) from None

    def _own_files(self, browser: str, value: Any) -> Any:
        """The value of a field for files, reduced to uploads of this browser that are still there."""
        if value is None:
            return None
        if isinstance(value, list):
            return [self._own_files(browser, one) for one in value]
        path = value.get("path") if isinstance(value, dict) else None
        if not isinstance(path, str) or not self._traffic.uploads.holds(browser, path) or not os.path.isfile(path):
            raise Refused("no upload of this browser")
        return {"path": path, "orig_name": str(value.get("orig_name") or ""), "meta": {"_type": "gradio.FileData"}}

    async def _take_upload(self, browser: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Let Gradio store what a browser uploads, as far as there is room for it; then it is that browser's."""
        self._remove_torn()
        room = Room(self._room_bytes(browser), self._traffic.folder)
        announced = Headers(scope=scope).get("content-length", "0")
        answer: list[Message] = []

        async def measured() -> Message:
            message = await receive()
            room.take(len(message.get("body", b"")))
            return message

        async def kept(message: Message) -> None:
            answer.append(message)

        with contextlib.suppress(NoRoom):
            room.require(int(announced) if announced.isdigit() else 0)
            await self._app(scope, measured, kept)
        if room.is_full:
            raise Refused(no_room_words(self._language), 413)
        if answer[0]["status"] == 200:
            for path in parse_json(b"".join(message.get("body", b"") for message in answer[1:])):
                self._traffic.uploads.hold(browser, path, UPLOADS)
        for message in answer:
            await send(message)

    def _room_bytes(self, browser: str) -> float:
        """How much this browser may still upload."""
        if access.asking().is_host:
            return math.inf
        projects = [self._services.projects.open(name) for name in self._services.projects.names()]
        documents = [path for project in projects for path in project.documents_folder.glob("*")]
        uploads = [path for path in map(Path, self._traffic.uploads.held(browser)) if path.is_file()]
        if len(uploads) >= UPLOADS:  # the oldest would be forgotten, and lie there uncounted
            return 0
        taken = [*(path for path in documents if path.is_file()), *uploads]
        return access.GUEST_UPLOAD_BYTES - sum(path.stat().st_size for path in taken)

    def _remove_torn(self) -> None:
        """What is left of uploads that broke off: nothing has been added to it for longer than anyone waits."""
        for path in self._traffic.folder.glob("tmp*"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > 2 * BODY_SECONDS:
                    path.unlink()


class FilesOnly(route_utils.GradioMultiPartParser):
    """Gradio would gather other fields of a form in memory, however large they are."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **{**options, "max_fields": 0})


route_utils.GradioMultiPartParser = FilesOnly  # type: ignore[misc]


def no_room_words(language: str) -> str:
    return " ".join(error_text("upload_no_room", language, {"free_gib": access.FREE_DISK_GIB}))


def known_visitors_only(function: Callable[..., Any]) -> Callable[..., Any]:
    """A handler that refuses to work where nobody knows for whom."""

    @wraps(function)
    def handle(*values: Any) -> Any:
        access.require_known()
        return function(*values)

    return handle


def names_file(value: Any) -> bool:
    """Whether Gradio would take any part of this for a file."""
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, dict):
            if "path" in part or "_type" in part:
                return True
            rest += part.values()
        elif isinstance(part, list):
            rest += part
    return False


async def whole_body(scope: Scope, receive: Receive) -> bytes:
    """The body of a request. Raises Refused where it is larger than any click."""
    body = bytearray()
    async for part in Request(scope, receive).stream():
        body += part
        if len(body) > MOST_BODY_BYTES:
            raise Refused("too much for a click", 413)
    return bytes(body)


def with_length(scope: Scope, length: int) -> Scope:
    headers = [(name, value) for name, value in scope["headers"] if name not in (b"content-length", b"content-type")]
    described = [(b"content-length", str(length).encode()), (b"content-type", b"application/json")]
    return {**scope, "headers": [*headers, *described]}


def once(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives this body, and then what really comes."""
    given = False

    async def next_message() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
