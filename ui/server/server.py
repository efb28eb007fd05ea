"""The web server: one Gradio page per language behind a guard. Knows HTTP and Gradio's mounting; knows no widget."""

import asyncio
import contextlib
import logging
import os
import re
import shutil
import socket
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Iterable
from functools import partial

import psutil
import uvicorn
from fastapi import FastAPI, Request, WebSocket
from fastapi.responses import RedirectResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from core.jobs.services import Services
from ui import layout
from ui.documents import export_database
from ui.page.downloads import add_route
from ui.page.theme import SCRIPT
from ui.samples import exchange_panel
from ui.server.guard import Connection, Guard, PageConnection
from ui.server.join import Door, new_code
from ui.server.language_page import LanguagePage
from ui.server.live import MOST_MESSAGE_BYTES, Live
from ui.server.uploads import Uploads
from ui.server.visitors import HOST_WORD, Gate, Passes, with_query
from ui.texts import LANGUAGES, person_language, text
from ui.training import result_downloads
from utils import config
from utils.errors import AppError

DOWNLOADS = {
    export_database.PATH: export_database.database_of,
    exchange_panel.PATH: exchange_panel.samples_of,
    result_downloads.BUNDLE: result_downloads.bundle_of,
    result_downloads.EXPORT: result_downloads.export_of,
}
LANGUAGE_COOKIE = "language"
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600
OPEN_FILES = 8192  # connections are files too, and some systems start a program with room for 256
SHUTDOWN_SECONDS = 2  # open pages hold a connection for ever; nobody waits for them


def create_server(services: Services, port: int, extra_hosts: Iterable[str] = (), join_code: str = "") -> FastAPI:
    """The whole web app. Leaving its lifespan shuts `services` down, which pauses what runs.

    With a `join_code`, others get in as guests by typing it; without one, only the host does.
    `state.host_link` is the path by which a browser becomes the host's.
    """
    passes = Passes(config.config_folder(), port, join_code)
    uploads = Uploads(services)
    pages: dict[str, ASGIApp] = {language: LanguagePage(language) for language in LANGUAGES}
    pages["page.js"] = send_script
    live = Live(services, layout.FRAME, layout.SCREENS, uploads)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        beat = asyncio.create_task(live.beat())
        yield
        beat.cancel()
        await live.close()
        await asyncio.to_thread(services.runner.shutdown)
        shutil.rmtree(uploads.folder, ignore_errors=True)

    server = FastAPI(lifespan=lifespan, openapi_url=None)
    server.state.host_link = f"/?{HOST_WORD}={passes.host_token}"

    @server.get("/")
    def start(request: Request) -> Response:
        return RedirectResponse(with_query(f"/{chosen_language(request)}/", request.url.query), status_code=303)

    @server.get("/language/{language}")
    def switch_language(language: str, request: Request) -> Response:
        if language not in LANGUAGES:
            return Response(status_code=404)
        response = RedirectResponse(with_query(f"/{language}/", request.url.query), status_code=303)
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=LANGUAGE_COOKIE_SECONDS, samesite="strict", httponly=True
        )
        return response

    @server.websocket("/live/{language}")
    async def attend(socket: WebSocket, language: str) -> None:
        await live.attend(socket, language if language in LANGUAGES else LANGUAGES[0])

    @server.post("/upload/{language}")
    async def upload(request: Request, language: str) -> Response:
        return await uploads.take(request, language if language in LANGUAGES else LANGUAGES[0])

    for path, find in DOWNLOADS.items():
        add_route(server, services, path, find)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].split("/", 2)[1]
        await pages.get(name, Response(status_code=404))(scope, receive, send)

    # Pages only: packing a model of gigabytes would take a core, and nobody could go on with half of it.
    server.mount("", GZipMiddleware(page, minimum_size=2_000, compresslevel=6))
    server.add_middleware(
        Gate, passes=passes, language_of=chosen_language, door=Door(join_code) if join_code else None
    )
    server.add_middleware(Guard, port=port, extra_hosts=tuple(extra_hosts))
    return server


async def send_script(scope: Scope, receive: Receive, send: Send) -> None:
    """The page's script, whose address changes with it."""
    kept = {"cache-control": "max-age=31536000, immutable"}
    await Response(SCRIPT, media_type="text/javascript", headers=kept)(scope, receive, send)


def chosen_language(request: Request) -> str:
    """The language somebody wants: chosen by click, then in the settings, then in the browser; else English."""
    with contextlib.suppress(AppError):  # damaged settings are reported where they are shown, not on the way in
        for wish in (request.cookies.get(LANGUAGE_COOKIE), config.load_app_settings().language):
            if wish in LANGUAGES:
                return wish
    return preferred_language(request.headers.get("accept-language", ""))


def preferred_language(accept_language: str) -> str:
    """The first of our languages in an Accept-Language header such as `fr, de-AT;q=0.8, en;q=0.5`: the best one."""
    tags = (re.split("[-;]", part.strip())[0].lower() for part in accept_language.split(","))
    return next((tag for tag in tags if tag in LANGUAGES), "en")


def serve(services: Services, port: int = 7860, *, lan: bool = False, open_browser: bool = True) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises AppError `port_in_use`."""
    _allow_open_files()
    listener = listen("0.0.0.0" if lan else "127.0.0.1", port)
    port = listener.getsockname()[1]
    names = _own_names() if lan else []
    join_code = new_code() if lan else ""
    app = create_server(services, port, names, join_code)
    settings = uvicorn.Config(
        app,
        http=Connection,
        ws=PageConnection,
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # which costs more time for thirty pages than the drawing
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        server_header=False,
        proxy_headers=False,  # who is at this machine is not for a header to say
    )
    logging.getLogger("uvicorn.error").addFilter(worth_reading)
    server = uvicorn.Server(settings)
    places = [f"http://{name}:{port}" for name in dict.fromkeys(("127.0.0.1", *names))]
    words = [f"{place}/" for place in places]
    host_link = places[0] + app.state.host_link
    words.append(text("cli.host_link", person_language(), link=host_link))
    if join_code:
        words.append(text("cli.join_code", person_language(), code=join_code))
    announce = partial(_announce, server, "\n".join(words), host_link if open_browser else "")
    threading.Thread(target=announce, daemon=True).start()
    server.run(sockets=[listener])


def worth_reading(record: logging.LogRecord) -> bool:
    """False for what uvicorn says of each open page that it cuts off when the app ends, and of bytes that are no
    text, which anybody may send without end."""
    kinds = (asyncio.CancelledError, UnicodeDecodeError)
    of_page = record.exc_info and record.exc_info[0] in kinds
    return not of_page and not str(record.msg).startswith("Cancel ")


def _allow_open_files() -> None:
    if os.name == "posix":
        import resource  # which only these systems have

        least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(least, wanted), most))


def listen(host: str, port: int) -> socket.socket:
    """The socket that the server listens on. Raises AppError `port_in_use`."""
    # asyncio sends answers at once only where a socket says that it is TCP; else each one on a kept connection waits
    # 40 ms for the browser's word that it got the one before.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # on Windows this option would let two apps share the port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise AppError("port_in_use", port=port) from None
    return listener


def _own_names() -> list[str]:
    """The names and addresses under which others in the local network can reach this machine."""
    name = socket.gethostname()
    cards = (address for addresses in psutil.net_if_addrs().values() for address in addresses)
    own = {address.address for address in cards if address.family == socket.AF_INET}
    return sorted({name, f"{name}.local", *own})


def _announce(server: uvicorn.Server, words: str, to_open: str) -> None:
    while not server.started and not server.should_exit:
        time.sleep(0.02)
    if server.started:
        print(words, flush=True)
        if to_open:
            webbrowser.open(to_open)
