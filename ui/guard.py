"""Who may talk to the server. Knows HTTP headers; knows no page.

The app has no password on the own machine, so it answers only requests that this machine's own pages send: a foreign
`Host` is a rebound name of another site, a foreign `Origin` is another site's page.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
# The browser itself refuses whatever a page, or a library inside it, would load from elsewhere.
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'; form-action 'self'"
    ),
    # Other sites learn nothing. Not "no-referrer": with that, browsers send a form with "Origin: null", even to us.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Answers 403 to a foreign Host or Origin, and sends everything else on with headers that keep pages at home."""

    def __init__(self, app: ASGIApp, port: int, extra_hosts: Iterable[str] = ()) -> None:
        self.app = app
        names = [*LOCAL_NAMES, *(name.lower() for name in extra_hosts)]
        self.hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        if not self.allows(Headers(scope=scope)):
            await PlainTextResponse("403 Forbidden", status_code=403)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def allows(self, headers: Headers) -> bool:
        """Whether Host, and Origin where there is one, name this server."""
        origin = headers.get("origin")
        return headers.get("host", "").lower() in self.hosts and (
            origin is None or (urlsplit(origin).scheme in {"http", "https"} and urlsplit(origin).netloc in self.hosts)
        )
