"""Browsers without a browser: what a page, a guest or a program sends, and everything that came back."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

PATIENCE_SECONDS = 30.0


@dataclass
class LivePage:
    """A page's connection. All that it is told is kept."""

    socket: ClientConnection
    answers: list[tuple[str, bytes]]

    def say(self, **message: Any) -> dict[str, Any]:
        """Say something; what the page is told next."""
        self.socket.send(json.dumps(message))
        told = self.socket.recv(timeout=PATIENCE_SECONDS)
        self.answers.append((f"live {message}", told.encode()))
        return json.loads(told)

    def do(self, action: str, of: str = "", ticked: Any = (), uploads: Any = (), **values: Any) -> dict[str, Any]:
        """Press a button, with these values in the fields around it; what came of it."""
        told = self.say(act=action, of=of, ticked=list(ticked), uploads=list(uploads), values=values, number=1)
        while "done" not in told:
            message = self.socket.recv(timeout=PATIENCE_SECONDS)
            self.answers.append((f"live {action}", message.encode()))
            told = json.loads(message)
        return told


@dataclass
class Visitor:
    """One browser. All answers are kept, because a status code proves nothing."""

    address: str
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        plain = {"accept-encoding": "identity", **self.headers}  # answers are kept as they came
        self.http = httpx.Client(base_url=self.address, headers=plain, timeout=PATIENCE_SECONDS)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send anything; the answer is kept with its headers. Of an endless one, only the beginning is read."""
        body = b""
        with self.http.stream(method, path, **options) as answer, contextlib.suppress(httpx.ReadError):
            # A server that refuses before it has read a body may end the connection.
            for part in answer.iter_raw():
                body += part
                if body and "event-stream" in answer.headers.get("content-type", ""):
                    break
        answer._content = body
        self.answers.append((f"{method} {path}", str(answer.headers.raw).encode() + body))
        return answer

    def open_page(self, language: str = "de", link: str = "") -> "Visitor":
        """Open the app, by the host's link where there is one."""
        if link:
            self.ask("GET", link.removeprefix(self.address))
        page = self.ask("GET", f"/{language}/")
        assert page.status_code == 200, page.text[:500]
        return self

    def join(self, code: str) -> "Visitor":
        self.ask("POST", "/join", data={"code": code})
        return self

    def upload(self, name: str, content: bytes, language: str = "de") -> str:
        """Upload a file as the page does; what to call it from then."""
        answer = self.ask("POST", f"/upload/{language}", params={"name": name}, content=content)
        assert answer.status_code == 200, answer.text
        return answer.text

    @contextlib.contextmanager
    def live(self, project: str = "", tab: str = "documents", language: str = "de") -> Iterator["LivePage"]:
        """The page's own connection, looking at a project and a tab."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        address = f"{self.address.replace('http', 'ws', 1)}/live/{language}"
        headers = {"cookie": cookies, **self.headers}
        with connect(address, origin=self.address, additional_headers=headers, proxy=None) as socket:
            page = LivePage(socket, self.answers)
            page.say(look={"project": project, "tab": tab}, visible=True)
            yield page

    def everything(self) -> bytes:
        return b"\n".join(body for _, body in self.answers)
