"""The door for a room: on the local network nobody enters without the join code. Knows HTTP; knows no widget.

Whoever sits at the machine itself needs no code. The others type it once; a cookie remembers that, not the code.
"""

import secrets
from collections.abc import Callable
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from ui.texts import text

COOKIE = "joined"
PATH = "/join"
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are mistaken for one another when read aloud
CODE_LENGTH = 8
MAX_FORM_BYTES = 1_000
LOOPBACK = {"127.0.0.1", "::1"}
PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{font:16px system-ui,sans-serif;max-width:22rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}}
input,button{{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;margin:.4rem 0}}</style>
<h1>{title}</h1><form method="post"><label>{label}<input name="code" autofocus autocomplete="off"></label>
<button>{button}</button></form><p role="alert">{problem}</p></html>"""


def new_code() -> str:
    """A code that a teacher can write on the board: about 10¹² possibilities."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


class JoinGate:
    """Lets in whoever is on this machine or has typed the code; shows everyone else the page that asks for it."""

    def __init__(self, app: ASGIApp, code: str, language_of: Callable[[Request], str]) -> None:
        self.app = app
        self._code = code
        self._language_of = language_of
        self._pass = secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            if self._may_enter(scope):
                await self.app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
        elif self._may_enter(scope):
            await self.app(scope, receive, send)
        else:
            await (await self._ask(Request(scope, receive)))(scope, receive, send)

    def _may_enter(self, scope: Scope) -> bool:
        if (scope.get("client") or ("",))[0] in LOOPBACK:
            return True
        cookies = Request({**scope, "type": "http"}).cookies
        return secrets.compare_digest(cookies.get(COOKIE, "").encode(), self._pass.encode())

    async def _ask(self, request: Request) -> Response:
        language = self._language_of(request)
        problem = ""
        if request.url.path == PATH and request.method == "POST":
            if secrets.compare_digest(await typed_code(request), self._code.encode()):
                answer = RedirectResponse("/", status_code=303)
                answer.set_cookie(COOKIE, self._pass, samesite="strict", httponly=True)
                return answer
            problem = text("join.wrong", language)
        elif request.method != "GET" or request.url.path != PATH:
            return RedirectResponse(PATH, status_code=303)
        words = {name: escape(text(f"join.{name}", language)) for name in ("title", "label", "button")}
        page = PAGE.format(language=language, problem=escape(problem), **words)
        return HTMLResponse(page, status_code=403 if problem else 200)


async def typed_code(request: Request) -> bytes:
    """The code in a posted form, as forgiving as a person reading from a board needs: case and spaces are free."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return b""
    value = body.partition(b"code=")[2].partition(b"&")[0]
    return value.replace(b"+", b"").replace(b"-", b"").replace(b"%20", b"").upper()
