"""JSON over HTTP to one address: requests, streams of lines, limits. Knows no provider's protocol."""

import contextlib
import ipaddress
import os
import ssl
import urllib.request
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp  # noqa: TID251

from core.addresses import is_address, is_this_machine, place_of
from core.samples.providers import http_errors
from core.samples.providers.chat import HelperError
from utils.errors import AppError

CONNECT_SECONDS = 20.0
SILENCE_SECONDS = 600.0  # a model that is being loaded says nothing for minutes
LIST_SECONDS = 20.0
SOON = aiohttp.ClientTimeout(total=LIST_SECONDS)
MOST_BYTES_OF_ANSWER = 8 * 2**20
MOST_BYTES_OF_LIST = 32 * 2**20
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS")
EVENT, LAST_EVENT = b"data:", b"[DONE]"


class HttpClient:
    """One server. Every method raises HelperError.

    The key goes to this address only: redirects are not followed. `base_url` may be corrected while it is in use.
    """

    def __init__(self, base_url: str, model: str, key: str | None, headers: Mapping[str, str] | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.recipient = http_errors.Recipient(place_of(base_url), model, key)
        self._headers = dict(headers or {}) | ({"Authorization": f"Bearer {key}"} if key else {})
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, path: str, content: Mapping[str, Any] | None = None) -> Any:
        """The JSON at a path, or, with content, what comes back for it."""
        is_list = content is None
        asked = self._response("GET", path, timeout=SOON) if is_list else self._response("POST", path, json=content)
        async with asked as response:
            return self._content(await read(response, MOST_BYTES_OF_LIST if is_list else MOST_BYTES_OF_ANSWER))

    async def post_for_lines(self, path: str, content: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The objects that come back, one a line, as they come. A line with an error raises."""
        async with self._response("POST", path, json=content) as response:
            async for line in response.content:
                if not line.strip():
                    continue
                entry = self._content(line)
                if not isinstance(entry, dict):
                    raise http_errors.strange_answer(self.recipient, text_of(line))
                yield entry

    async def has(self, path: str) -> bool:
        """Whether there is something at a path."""
        try:
            async with self._response("HEAD", path, timeout=SOON):
                return True
        except http_errors.HttpError as error:
            if error.status == 404:
                return False
            raise

    async def upload(self, path: str, parts: AsyncGenerator[bytes, None], size: int) -> None:
        """Send `size` bytes, part by part."""
        headers = {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
        async with self._response("POST", path, data=parts, headers=headers):
            return

    async def close(self) -> None:
        """Let go of all connections; another request would open them anew."""
        if self._session:
            await self._session.close()
            self._session = None

    @asynccontextmanager
    async def _response(self, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """A response that says yes; every other end of the request is raised as what it means."""
        failed: HelperError
        try:
            if self._session is None:
                self._session = self._new_session()
            async with self._session.request(
                method, self.base_url + path, allow_redirects=False, **options
            ) as response:
                if response.status not in (200, 201):
                    body = text_of(await beginning(response, http_errors.MOST_CHARACTERS_READ * 4))
                    raise http_errors.of_status(self.recipient, response.status, response.headers, body)
                yield response
                return
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            failed = http_errors.of_connection(self.recipient, error)
        except (_TooMuch, UnicodeError, ValueError):
            failed = http_errors.strange_answer(self.recipient)  # a line without an end is a ValueError
        raise failed from None  # aiohttp's exceptions know the headers, the key among them

    def _new_session(self) -> aiohttp.ClientSession:
        proxy = proxy_for(self.base_url)
        if proxy and not proxy.startswith(("http://", "https://")):
            raise HelperError(AppError("helper_proxy", place=self.recipient.place), "stop")
        return aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENCE_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            proxy=proxy,
            connector=aiohttp.TCPConnector(ssl=trusted() if self.base_url.startswith("https:") else True),
        )

    def _content(self, body: bytes) -> Any:
        """A body as JSON, unless it says that something went wrong; whitespace before it keeps connections alive."""
        if (events := self._events(body)) is not None:
            return events
        content = http_errors.parsed(body)
        if content is None:
            raise http_errors.strange_answer(self.recipient, text_of(body))
        if failed := http_errors.of_content(self.recipient, content):
            raise failed
        return content

    def _events(self, body: bytes) -> "Events | None":
        """The events of a stream, which some servers send though nobody asked for one; None where it is none."""
        lines = [line.strip() for line in body.splitlines()]
        pieces = [line[len(EVENT) :].strip() for line in lines if line.startswith(EVENT)]
        if not pieces or not next(filter(None, lines)).startswith((EVENT, b":", b"event:", b"id:", b"retry:")):
            return None
        is_ended = LAST_EVENT in pieces
        return Events([self._content(piece) for piece in pieces if piece and piece != LAST_EVENT], is_ended)


@dataclass(frozen=True)
class Events:
    """A stream of objects, and whether its end was said."""

    entries: list[Any]
    is_ended: bool


class _TooMuch(Exception):
    """A body that is longer than any answer."""


async def read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """The whole body."""
    body = await beginning(response, most_bytes)
    if len(body) > most_bytes:
        raise _TooMuch
    return body


async def beginning(response: aiohttp.ClientResponse, enough_bytes: int) -> bytes:
    """The body, which is left unread where enough of it is there."""
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > enough_bytes:
            break
    return bytes(body)


def text_of(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def proxy_for(url: str) -> str | None:
    """The proxy that environment or system name for a URL; none stands between this machine and itself.

    aiohttp's own `trust_env` would also read ~/.netrc, and refuses to send a key to a host that is named there.
    """
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    if is_this_machine(url) or goes_direct(url, proxies.get("no", "")):
        return None
    if urllib.request.proxy_bypass(parts.netloc.rpartition("@")[2]):  # what Windows and macOS have set
        return None
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def goes_direct(url: str, exceptions: str) -> bool:
    """Whether `no_proxy` names the host: itself, a domain that it is in, a pattern, or a network that holds it."""
    parts = urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port or {"https": 443}.get(parts.scheme, 80)
    for written in exceptions.lower().replace(",", " ").replace(";", " ").split():
        name = written.partition("://")[2] or written
        if not is_network(name) and name.endswith(f":{port}"):
            name = name.removesuffix(f":{port}")
        name = name.strip("[]")
        if is_network(name):
            if is_address(host) and ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False):
                return True
        elif fnmatch(host, name) or host.endswith("." + name.lstrip("*.")) or host == name.lstrip("."):
            return True
    return False


def is_network(name: str) -> bool:
    """Whether this is an address or a network in numbers."""
    try:
        ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False
    return True


@cache  # it takes a quarter of a second
def trusted() -> ssl.SSLContext:
    """The system's certificates, and the company's own where one of the usual variables names a file or folder."""
    context = ssl.create_default_context()
    for variable in CERTIFICATES:
        path = os.environ.get(variable, "")
        if os.path.exists(path):
            with contextlib.suppress(OSError):  # ssl.SSLError is one: a file that holds no certificate
                context.load_verify_locations(**{"capath" if os.path.isdir(path) else "cafile": path})
    return context
