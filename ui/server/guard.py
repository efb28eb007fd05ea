"""Which connections and requests the server answers at all. Knows HTTP headers; knows no page and no visitor.

The app has no password on the own machine, so it answers only requests that its own pages send: a foreign `Host` is a
rebound name of another site; a foreign `Origin`, or a browser's word in `Sec-Fetch-Site`, is another site's page.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

import h11
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn._types import ASGISendEvent
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

LOCAL_NAMES = ("127.0.0.1", "localhost", "[::1]")
BODY_SECONDS = 30.0  # without a byte of a body that was announced: its sender has gone, or never meant to send it
HEAD_SECONDS = 10.0  # without the head of a request
SEND_SECONDS = 5.0  # a page that takes nothing for so long is let go; it comes back by itself
CONNECTIONS = 400  # of one address; a browser keeps six, and one for each page
# Where a link on another site may lead: pages only, never a file or a change.
ENTRANCES = re.compile(r"/|/[a-z]{2}/|/join|/entered")
# The browser itself refuses whatever a page, or a library inside it, would load from elsewhere.
SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; frame-ancestors 'none'; form-action 'self'"
    ),
    # Other sites learn nothing. Not "no-referrer": with that, browsers send a form with "Origin: null", even to us.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


class Guard:
    """Answers 403 to other sites, gives up on half a request, and sends headers that keep pages at home."""

    def __init__(self, app: ASGIApp, port: int, extra_hosts: Iterable[str] = ()) -> None:
        self.app = app
        names = [*LOCAL_NAMES, *(name.lower() for name in extra_hosts)]
        self.hosts = {f"{name}:{port}" for name in names} | (set(names) if port == 80 else set())
        self.origins = {f"{scheme}://{host}" for scheme in ("http", "https") for host in self.hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        allowed = self.allows(headers) and comes_from_here(scope, headers)
        if scope["type"] == "websocket":
            # Browsers always name the page that opens one; whoever names none is no page of this app.
            await (self.app if allowed and "origin" in headers else refuse)(scope, receive, send)
            return
        if not allowed:
            await PlainTextResponse("403 Forbidden", status_code=403)(scope, receive, send)
            return
        answered = False

        async def send_with_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                message["headers"] = [
                    *message.get("headers", []),
                    *((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()),
                ]
            await send(message)

        try:
            await self.app(scope, in_time(receive), send_with_headers)
        except ClientDisconnect:
            if not answered:
                gone = PlainTextResponse("408 Request Timeout", status_code=408, headers={"connection": "close"})
                await gone(scope, receive, send)

    def allows(self, headers: Headers) -> bool:
        """Whether Host, and Origin where there is one, name this server; and so the page that asks, where a browser
        says that it is ours: behind a proxy that writes our name into Host, it has another one."""
        origin, page = headers.get("origin"), headers.get("referer")
        if page and headers.get("sec-fetch-site") == "same-origin" and origin_of(page) not in self.origins:
            return False
        return headers.get("host", "").lower() in self.hosts and (origin is None or origin.lower() in self.origins)


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a WebSocket before it opens, which is answered with 403."""
    await receive()
    await send({"type": "websocket.close"})


def origin_of(address: str) -> str:
    """`http://127.0.0.1:7860` of an address on it."""
    return "/".join(address.split("/")[:3]).lower()


class Connection(H11Protocol):
    """One connection. Whoever opened too many, or asked nothing on them, would leave none for others."""

    _open: ClassVar[Counter[str]] = Counter()  # by address

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = self.client[0] if self.client else ""
        self._open[self._address] += 1
        self._look_later()
        if self._open[self._address] > CONNECTIONS:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From here on it is a `PageConnection`."""
        self._look.cancel()
        super().handle_websocket_upgrade(event)

    def _forget(self) -> None:
        self._look.cancel()
        self.left(self._address)

    @classmethod
    def left(cls, address: str) -> None:
        """One connection of this address has ended."""
        cls._open[address] -= 1
        if not cls._open[address]:
            del cls._open[address]

    def _look_later(self) -> None:
        at_rest = self.cycle is None or self.cycle.response_complete
        self._look = self.loop.call_later(HEAD_SECONDS, self._close_if_still, self.cycle if at_rest else self)

    def _close_if_still(self, last: object) -> None:
        """Close it if it rests since the last look, with the same request as its last one, or with none."""
        if self.cycle is last:
            self.transport.abort()
        else:
            self._look_later()


class PageConnection(WebSocketsSansIOProtocol):
    """A page's connection, which counts as its address's until it ends. Nobody waits for one that takes nothing."""

    def connection_lost(self, exc: Exception | None) -> None:
        Connection.left(self.client[0] if self.client else "")
        super().connection_lost(exc)

    async def send(self, message: ASGISendEvent) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self.writable.wait()
        except TimeoutError:
            self.transport.abort()
            raise ClientDisconnected from None
        await super().send(message)

    def handle_ping(self) -> None:
        """Whoever asks and takes no answer would have them pile up."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.transport.abort()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()  # a mere close waits for ever until what was sent has been taken


def comes_from_here(scope: Scope, headers: Headers) -> bool:
    """Whether a browser says that our own page, or the person, asked for this; other programs say nothing."""
    if headers.get("sec-fetch-site", "none") in {"same-origin", "none"}:
        return True
    is_link = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    return is_link and scope.get("method") == "GET" and ENTRANCES.fullmatch(scope["path"]) is not None


def in_time(receive: Receive) -> Receive:
    """`receive`, which takes a body that stops coming for a closed connection."""
    complete = False

    async def next_message() -> Message:
        nonlocal complete
        try:
            async with asyncio.timeout(None if complete else BODY_SECONDS):
                message = await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}
        complete = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    return next_message
