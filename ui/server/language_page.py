"""One language's Gradio page as a web app. Knows Gradio's mounting; knows nothing of what is on the page."""

import asyncio
import re
import threading

import gradio as gr
from fastapi import FastAPI
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import layout
from ui.page import theme

# All that a page asks of Gradio, whose other routes believe whatever they are sent.
FILES = re.compile(r"/|/theme\.css|/(assets|static)/.{1,200}")
BUILDING = threading.Lock()  # Gradio notes in a global which page is being built
# Gradio writes its own words, such as those while it loads, in the browser's language. This page has its own.
# The screen that the address names is the one that shows from the first moment.
HEAD_SCRIPT = """<script>for (const [name, value] of [["language", "{0}"], ["languages", ["{0}"]]])
Object.defineProperty(navigator, name, {{get: () => value}});
document.documentElement.dataset.tab = new URLSearchParams(location.search).get("tab") || "documents";
addEventListener("DOMContentLoaded", () => {{
const kept = localStorage.getItem("shade"), dark = matchMedia("(prefers-color-scheme: dark)").matches;
document.body.classList.toggle("dark", kept ? kept === "dark" : dark); }});</script>
<script defer src="{1}"></script>"""
ICON = """<link rel="icon" href="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'>\
<rect width='32' height='32' rx='8' fill='%230f766e'/><path d='M8 21l5-6 4 4 7-9' fill='none' stroke='white' \
stroke-width='3' stroke-linecap='round' stroke-linejoin='round'/></svg>">"""


class LanguagePage:
    """Builds its page when somebody first asks for it: a start pays for one language, not for all."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._lock = asyncio.Lock()
        self._app: FastAPI | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(f"/{self.language}")
        if scope.get("method") not in ("GET", "HEAD") or not FILES.fullmatch(path):
            await PlainTextResponse("nothing that a page asks for", 404)(scope, receive, send)
            return
        async with self._lock:
            if self._app is None:
                self._app = await asyncio.to_thread(mounted, self.language)
            app = self._app
        # What a query asks of Gradio's own pages, such as stored states, is not there either.
        scope = {**scope, "query_string": b""}
        if path == "/" and scope["method"] == "GET":
            await self._send_page(app, scope, receive, send)
        else:
            await app(scope, receive, send)

    async def _send_page(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Gradio's page, with our language, title and icon, and without its links to other sites."""
        plain = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
        answer: list[Message] = []

        async def collect(message: Message) -> None:
            answer.append(message)

        await app({**scope, "headers": plain}, receive, collect)
        start = next(message for message in answer if message["type"] == "http.response.start")
        whole = b"".join(message.get("body", b"") for message in answer)
        page = localized(whole.decode(), self.language).encode()
        headers = [header for header in start["headers"] if header[0] != b"content-length"]
        await send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
        await send({"type": "http.response.body", "body": page})


def mounted(language: str) -> FastAPI:
    """The Gradio page of one language, mounted where the browser will find it."""
    with BUILDING:
        blocks = layout.build(language)
    return gr.mount_gradio_app(
        FastAPI(openapi_url=None),
        blocks,
        path=f"/{language}",
        theme=theme.THEME,
        css=theme.STYLE,
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
    )


def localized(html: str, language: str) -> str:
    """Gradio's page template with our language declared and its `og:` and manifest lines left out."""
    html = re.sub(r'<html\s+lang="en"', f'<html lang="{language}"', html, count=1)
    html = re.sub(r'\s*<meta\s+(?:property|name)="(?:og|twitter):[^>]*>', "", html)
    html = html.replace('<link rel="manifest" href="/manifest.json" />', ICON)
    return html.replace(
        '<meta charset="utf-8" />', '<meta charset="utf-8" />' + HEAD_SCRIPT.format(language, theme.SCRIPT_ADDRESS), 1
    )
