"""Who sends a request: the host, a guest, or nobody that is known. All requests pass here. Knows HTTP; knows no page.

The host is whoever holds the host's link, which the terminal opens and prints. Without `--lan` this machine's own
address is enough, unless a header says that the request was passed on from somewhere else. Guests type the join code.
A browser is told from others by a signed cookie, never by what a page says of itself; it outlives a restart, and so
does what a guest owns.
"""

import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import access
from core.access import Visitor
from ui.server import join
from ui.server.join import Door
from ui.texts import text
from utils.files import write_text_atomic

LOOPBACK = {"127.0.0.1", "::1"}
# How headers begin with which proxies and tunnels say for whom they ask; there is no end to those with "x-", and
# browsers send none of their own but the two below.
PASSED_ON = (
    *("x-", "forwarded", "via", "client-ip", "true-client-ip", "proxy-", "cdn-", "cf-", "fly-", "fastly-", "akamai-"),
    *("ngrok-", "tailscale-"),
)
OF_BROWSERS = ("x-requested-with", "x-gradio-")
HOST_WORD = "host"  # in the host's link: /?host=…
COOKIE_SECONDS = 365 * 24 * 3600
NOT_LET_IN = 4403  # the code that sends a page back to the door
SECRET_FILE = "browsers.secret"


@dataclass(frozen=True)
class Browser:
    """A browser and who sits at it. `id` is empty where it has not been given a cookie yet."""

    id: str
    visitor: Visitor


class Passes:
    """The cookies of one server: which browser this is, and whether it was let in as host or as guest."""

    def __init__(self, folder: Path, port: int, code: str = "") -> None:
        self._secret = kept_secret(folder / SECRET_FILE)
        self.code = code
        self.host_token = secrets.token_urlsafe(24)
        # Cookies do not tell ports apart, and two apps may run on one machine.
        self.browser_cookie, self.pass_cookie = f"browser-{port}", f"pass-{port}"

    def browser_of(self, cookies: dict[str, str]) -> str:
        """The browser's id, or "" where it has none that was given out here."""
        browser, _, signature = cookies.get(self.browser_cookie, "").partition(".")
        return browser if same(signature, self._sign("browser", browser)) else ""

    def is_host(self, browser: str, cookies: dict[str, str]) -> bool:
        return bool(browser) and same(cookies.get(self.pass_cookie, ""), self._sign("host", browser))

    def is_guest(self, browser: str, cookies: dict[str, str]) -> bool:
        return bool(browser and self.code) and same(
            cookies.get(self.pass_cookie, ""), self._sign("guest", browser, self.code)
        )

    def new_browser(self) -> str:
        return secrets.token_hex(16)

    def cookies_of(self, browser: str, role: str = "") -> dict[str, str]:
        """What a browser is to keep; `role` is "host" or "guest" where it is let in."""
        cookies = {self.browser_cookie: f"{browser}.{self._sign('browser', browser)}"}
        if role:
            cookies[self.pass_cookie] = self._sign(role, browser, *([self.code] if role == "guest" else []))
        return cookies

    def _sign(self, *words: str) -> str:
        return hmac.new(self._secret, "\n".join(words).encode(), hashlib.sha256).hexdigest()


class Gate:
    """Lets hosts and guests in, each request with who sent it; shows everyone else what they need to get in."""

    def __init__(
        self, app: ASGIApp, passes: Passes, language_of: Callable[[Request], str], door: Door | None = None
    ) -> None:
        self.app = app
        self._passes = passes
        self._language_of = language_of
        self._door = door  # of a room; None where nobody was invited

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._attend(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        browser = self.browser_of(request)
        if self._brings_host_link(request):
            rest = [(name, value) for name, value in request.query_params.multi_items() if name != HOST_WORD]
            await self._welcome(request, "host", urlencode(rest))(scope, receive, send)
            return
        if request.url.path == join.ENTERED:
            kept = browser is not None and browser.id
            start = RedirectResponse(with_query("/", request.url.query), status_code=303)
            told = join.plain_page(self._language_of(request), "cookies.title", "cookies.needed")
            await (start if kept else told)(scope, receive, send)
            return
        if browser is None or (self._door and request.url.path == join.PATH and not browser.visitor.is_host):
            await (await self._turn_away(request))(scope, receive, send)
            return
        if not browser.id and request.method == "GET":
            browser = Browser(self._passes.new_browser(), browser.visitor)
            send = self._with_cookie(send, browser.id)
        scope.setdefault("state", {})["browser"] = browser.id
        with access.acting_as(browser.visitor):
            await self.app(scope, receive, send)

    async def _attend(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page's WebSocket: its browser got its cookie with the page."""
        browser = self.browser_of(HTTPConnection(scope))
        if browser is None or not browser.id:
            # Opened and closed with a word, since a page cannot read why one was refused.
            await receive()
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": NOT_LET_IN})
            return
        scope.setdefault("state", {})["browser"] = browser.id
        with access.acting_as(browser.visitor):
            await self.app(scope, receive, send)

    def browser_of(self, request: HTTPConnection) -> Browser | None:
        """Who sends this request; None where they have not been let in."""
        cookies = request.cookies
        browser = self._passes.browser_of(cookies)
        here = comes_from_this_machine(request)
        if self._passes.is_host(browser, cookies) or (here and self._door is None):
            return Browser(browser, Visitor(at_machine=here))
        if self._passes.is_guest(browser, cookies):
            return Browser(browser, Visitor(id=browser))
        return None

    def _brings_host_link(self, request: Request) -> bool:
        return request.method == "GET" and same(request.query_params.get(HOST_WORD, ""), self._passes.host_token)

    async def _turn_away(self, request: Request) -> Response:
        language = self._language_of(request)
        if self._door is None:
            return join.plain_page(language, "host_link.title", "host_link.needed")
        if request.url.path != join.PATH or request.method not in {"GET", "POST"}:
            return RedirectResponse(join.PATH, status_code=303)
        if request.method == "GET":
            return join.form_page(language)
        address = request.client.host if request.client else ""
        if (wait := self._door.seconds_to_wait(address)) > 0:
            return join.form_page(language, text("join.wait", language, seconds=round(wait + 0.5)), 429)
        if not self._door.opens(address, await join.typed_code(request)):
            return join.form_page(language, text("join.wrong", language), 403)
        if not self._passes.browser_of(request.cookies):
            if self._door.guests >= join.GUESTS:
                return join.form_page(language, text("join.full", language), 403)
            self._door.guests += 1
        return self._welcome(request, "guest", "")

    def _welcome(self, request: Request, role: str, query: str) -> Response:
        """Sends a browser on with what it is let in by; one that was here before stays the same browser."""
        browser = self._passes.browser_of(request.cookies) or self._passes.new_browser()
        return self._gives(RedirectResponse(with_query(join.ENTERED, query), status_code=303), browser, role)

    def _gives(self, answer: Response, browser: str, role: str = "") -> Response:
        for name, value in self._passes.cookies_of(browser, role).items():
            answer.set_cookie(name, value, max_age=COOKIE_SECONDS, samesite="lax", httponly=True)
        return answer

    def _with_cookie(self, send: Send, browser: str) -> Send:
        given = self._gives(Response(), browser)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message.get("headers", [])))
                headers.append("set-cookie", given.headers["set-cookie"])
                message = {**message, "headers": headers.raw}
            await send(message)

        return send_with_cookie


def with_query(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def comes_from_this_machine(request: HTTPConnection) -> bool:
    """Whether the request's sender is on this machine, and passes nothing on for others."""
    headers = Headers(scope=request.scope)
    return (
        request.client is not None
        and request.client.host in LOOPBACK
        and request.scope.get("http_version") != "1.0"  # no browser speaks it, but proxies that add no header
        and not any(name.startswith(PASSED_ON) and not name.startswith(OF_BROWSERS) for name in headers)
    )


def kept_secret(file: Path) -> bytes:
    """The key that cookies are signed with: the same after a restart, and only this user's. Where it cannot be kept,
    browsers are strangers after a restart."""
    with contextlib.suppress(OSError, ValueError):
        if len(kept := bytes.fromhex(file.read_text(encoding="ascii"))) >= 32:
            return kept
    secret = secrets.token_bytes(32)
    with contextlib.suppress(OSError):
        write_text_atomic(file, secret.hex(), mode=0o600)
    return secret


def same(given: str, expected: str) -> bool:
    """Compared in a time that tells nothing."""
    return secrets.compare_digest(given.encode(), expected.encode())
