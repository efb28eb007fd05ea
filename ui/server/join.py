"""The page that asks a stranger for the join code of a room, and how long wrong codes make them wait. Knows HTTP."""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse

from ui.texts import text

PATH = "/join"
ENTERED = "/entered"  # where a browser shows that it kept its cookies
CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that are mistaken for one another when read aloud
CODE_LENGTH = 8
MAX_FORM_BYTES = 1_000
FREE_TRIES = 5
LONGEST_WAIT_SECONDS = 60.0
ADDRESSES_KEPT = 10_000
GUESTS = 200  # whom one code lets in: who joins again and again has a new guest's share each time
PAGE = """<!doctype html><html lang="{language}"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>body{{font:16px system-ui,sans-serif;max-width:22rem;margin:15vh auto;padding:0 1rem;color-scheme:light dark}}
input,button{{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;margin:.4rem 0}}</style>
<h1>{title}</h1>{body}</html>"""
FORM = """<form method="post" action="/join"><label>{label}<input name="code" autofocus autocomplete="off"></label>
<button>{button}</button></form><p role="alert">{problem}</p>"""


def new_code() -> str:
    """A code that a teacher can write on the board: about 10¹² possibilities."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


@dataclass
class Door:
    """Compares typed codes. Who has been wrong too often waits twice as long each time, by address."""

    code: str
    guests: int = 0  # so many new ones were let in
    _wrong: OrderedDict[str, tuple[int, float]] = field(default_factory=OrderedDict)

    def seconds_to_wait(self, address: str) -> float:
        """How long nobody at this address may try."""
        return self._wrong.get(address, (0, 0.0))[1] - time.monotonic()

    def opens(self, address: str, typed: bytes) -> bool:
        """Whether this is the code; a wrong one counts."""
        if secrets.compare_digest(typed, self.code.encode()):
            self._wrong.pop(address, None)
            return True
        count = self._wrong.pop(address, (0, 0.0))[0] + 1
        wait = min(2.0 ** (count - FREE_TRIES), LONGEST_WAIT_SECONDS) if count >= FREE_TRIES else 0.0
        self._wrong[address] = (count, time.monotonic() + wait)
        if len(self._wrong) > ADDRESSES_KEPT:
            self._wrong.popitem(last=False)
        return False


def form_page(language: str, problem: str = "", status: int = 200) -> HTMLResponse:
    """The page with the field for the code."""
    words = {name: escape(text(f"join.{name}", language)) for name in ("label", "button")}
    return _page(language, "join.title", FORM.format(problem=escape(problem), **words), status)


def plain_page(language: str, title: str, words: str) -> HTMLResponse:
    """What somebody sees who gets no further; `title` and `words` are keys of texts."""
    return _page(language, title, f"<p>{escape(text(words, language))}</p>", 403)


def _page(language: str, title: str, body: str, status: int) -> HTMLResponse:
    page = PAGE.format(language=language, title=escape(text(title, language)), body=body)
    return HTMLResponse(page, status_code=status, headers={"cache-control": "no-store"})


async def typed_code(request: Request) -> bytes:
    """The code in a posted form, as forgiving as a person reading from a board needs: case and spaces are free."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            return b""
    value = body.partition(b"code=")[2].partition(b"&")[0]
    return value.replace(b"+", b"").replace(b"-", b"").replace(b"%20", b"").upper()
