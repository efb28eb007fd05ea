"""What goes between a page and the server over its WebSocket: where somebody looks, what they ask, what they see.

All who look at the same thing are shown the same: it is looked at once a second for all of them, drawn once, and sent
where it is something new. A page that is in the background is only told when a job begins or ends.
"""

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from starlette.websockets import WebSocket, WebSocketDisconnect

from core import access
from core.access import Visitor
from core.jobs.services import Services, join_running
from ui.page.moving import LOG_LINES_SHOWN, moving
from ui.page.parts import Act, Answer, Part, done, shown
from ui.page.theme import SCRIPT_ADDRESS
from ui.page.view import Position, View
from ui.server.uploads import Uploads
from utils.errors import AppError
from utils.files import parse_json

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
PAGES = 20  # of one browser
PAGES_KEPT = 300  # whose places in their lists are known when they come back after a lost connection
ASKED_KEPT = 50  # of each: what a page asks once more because the answer was lost is not done twice
AT_ONCE = 8  # actions of one browser that are at work at the same time
NEW_LINES = 10  # of a log, that a page is told each second; one that missed some gets all when it looks again
MOST_MESSAGE_BYTES = 2**20
MOST_NAME = 5_000  # characters of what was clicked, and of a project's name
FULL, NOT_UNDERSTOOD = 4429, 4400  # the codes with which a page is turned away
Value = TypeVar("Value")


@dataclass(eq=False)
class OpenPage:
    """One page that somebody has open: who they are, where they look, and what they have been shown."""

    socket: WebSocket
    visitor: Visitor
    browser: str
    language: str
    tab: str
    name: str = ""  # by which it is known again
    project: str = ""
    visible: bool = False
    positions: dict[type[Position], Position] = field(default_factory=dict)
    asked: deque[Any] = field(default_factory=partial(deque, maxlen=ASKED_KEPT))
    shown: dict[str, int] = field(default_factory=dict)
    stamp: tuple[Any, ...] = ()
    told: tuple[Any, ...] = ()  # the stamp at which it was last told of the jobs while in the background
    moved: int = 0  # which figures it has been told
    turn: int = 0  # grows with whatever this page asks; what was drawn before is out of date
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def sees(self) -> tuple[Any, ...]:
        """Pages with the same one are shown the same."""
        return (*self.looks, self.tab, frozenset(self.positions.values()))

    @property
    def looks(self) -> tuple[Any, ...]:
        """Pages with the same one follow the same work."""
        return (self.language, self.visitor, self.project)

    async def send(self, message: str) -> None:
        """Send JSON, in order. A page that has left is told nothing."""
        async with self.sending:
            with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                await self.socket.send_text(message)

    async def close(self, code: int = 1000) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self.socket.close(code)


@dataclass(frozen=True)
class Drawn:
    """A page at one moment: what changes it, and what each place shows."""

    stamp: tuple[Any, ...]
    places: dict[str, str]


class Live:
    """All open pages. `screens` are the tabs' parts by name, the first one is where a page begins; `frame` is around
    them."""

    def __init__(self, services: Services, frame: Part, screens: Mapping[str, Part], uploads: Uploads) -> None:
        self.services = services
        self._uploads = uploads
        self._frame = frame
        self._screens = screens
        self._actions = frame
        for screen in screens.values():
            self._actions |= screen
        self._pages: set[OpenPage] = set()
        self._left: OrderedDict[tuple[str, str], tuple[dict[type[Position], Position], deque[Any]]] = OrderedDict()
        self._at_work: Counter[str] = Counter()
        # In which a browser's pages are drawn.
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._beside: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(40, "page")
        self._looking = ThreadPoolExecutor(1, "look")

    async def attend(self, socket: WebSocket, language: str) -> None:
        """One page, from its opening until it leaves."""
        browser = socket.scope["state"]["browser"]
        page = OpenPage(socket, access.asking(), browser, language, next(iter(self._screens)))
        await socket.accept()
        if sum(other.browser == browser for other in self._pages) >= PAGES:
            await socket.close(FULL)
            return
        self._pages.add(page)
        beside: set[asyncio.Task[None]] = set()
        try:
            while True:
                message = await heard(socket)
                if message.get("act") in self._actions.slow and len(beside) < AT_ONCE:
                    task = asyncio.create_task(self._answer(page, message))
                    beside.add(task)
                    task.add_done_callback(beside.discard)
                else:
                    await self._answer(page, message)
        except (WebSocketDisconnect, RuntimeError):
            pass  # it left, or was let go
        except ValueError:  # no page of this app sends that
            await page.close(NOT_UNDERSTOOD)
        except Exception:  # one page's last resort: it comes back, and the others stay
            logger.exception("a page cannot be answered")
            await page.close()
        finally:
            self._pages.discard(page)
            if page.name:
                self._left[browser, page.name] = page.positions, page.asked
            if not any(other.browser == browser for other in self._pages):
                self._turns.pop(browser, None)
            if len(self._left) > PAGES_KEPT:
                self._left.popitem(last=False)

    async def beat(self) -> None:
        """Look once a second what has changed, and show it to all who look at it. Runs until it is cancelled."""
        while True:
            await asyncio.sleep(INTERVAL_SECONDS)
            pages = [page for page in self._pages if page.shown]
            if not pages:
                continue
            turns = {page: page.turn for page in pages}
            try:
                found = await self._in_thread(self._looking, partial(self.news, pages))
            except Exception:  # the last resort of what keeps all pages alive
                logger.exception("the pages cannot be brought up to date")
                continue
            for page, drawn, moved in found:
                if page.sending.locked():  # it takes nothing at the moment, and nobody waits for it
                    continue
                self._soon(self._bring(page, turns[page], drawn, moved))

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside all else."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)

    async def _bring(self, page: OpenPage, turn: int, drawn: Drawn | None, moved: str) -> None:
        """What was found, unless the page has been shown something newer since it was looked for."""
        if page.turn == turn:
            await self._show(page, drawn, moved)

    def news(self, pages: list[OpenPage]) -> list[tuple[OpenPage, Drawn | None, str]]:
        """For each page what it shows now, if that may be something new, and what moves there as JSON."""
        stamps: dict[Any, tuple[Any, ...]] = {}
        moves: dict[Any, str] = {}
        drawings: dict[Any, Drawn] = {}
        found = []
        for page in pages:
            # As it is now: it may look elsewhere while it is drawn.
            at = replace(page, positions=dict(page.positions))
            try:
                with access.acting_as(at.visitor):
                    if at.looks not in stamps:
                        view = View(self.services, at.language, at.project)
                        if view.project:
                            with contextlib.suppress(AppError):  # an app that closes shows nothing new
                                join_running(self.services, view.project)
                        stamps[at.looks], moves[at.looks] = view.stamp(), as_json(moving(view, NEW_LINES))
                    drawn, stamp = None, stamps[at.looks]
                    if at.visible and stamp != at.stamp:
                        drawn = drawings.get(at.sees) or self._drawn(at, stamp)
                        drawings[at.sees] = drawn
                    if at.visible or stamp not in (at.stamp, at.told):
                        page.told = stamp
                        found.append((page, drawn, moves[at.looks]))
            except Exception:  # one page's last resort: the others stay up to date
                logger.exception("a page cannot be brought up to date")
        return found

    def _drawn(self, page: OpenPage, stamp: tuple[Any, ...] | None = None) -> Drawn:
        view = View(self.services, page.language, page.project, dict(page.positions), page.tab)
        if stamp is None:
            stamp = view.stamp()
        places = {**self._frame.places, **self._screens[page.tab].places}
        return Drawn(stamp, {name: shown(render, view) for name, render in places.items()})

    async def _show(
        self, page: OpenPage, drawn: Drawn | None, moved: str, more: Mapping[str, Any] | None = None
    ) -> None:
        """Send what is new of it; `more` goes along."""
        message = dict(more or {})
        if drawn:
            page.stamp = drawn.stamp
            marks = {name: hash(html) for name, html in drawn.places.items()}
            if new := {name: html for name, html in drawn.places.items() if page.shown.get(name) != marks[name]}:
                message["places"] = new
                page.shown.update(marks)
        text = as_json(message) if message else ""
        if page.moved != (mark := hash(moved)):
            page.moved = mark
            text = f'{text[:-1] + "," if text else "{"}"moving":{moved}}}'
        if text:
            await page.send(text)

    async def _answer(self, page: OpenPage, message: dict[str, Any]) -> None:
        """What a page said or asks. Raises ValueError where no page of this app says that."""
        more: dict[str, Any] = {}
        if isinstance(name := message.get("page"), str) and name and not page.name:
            more = {"script": SCRIPT_ADDRESS, "known": self._recognise(page, name[:64])}
        if isinstance(message.get("visible"), bool):
            page.visible = message["visible"]
        if isinstance(look := message.get("look"), dict):
            page.project = str(look.get("project", ""))[:MOST_NAME]
            tab = str(look.get("tab", ""))
            page.tab = tab if tab in self._screens else next(iter(self._screens))
        elif isinstance(name := message.get("act"), str) and name in self._actions.actions:
            more = await self._acted(page, name, message)
        elif "act" in message:
            raise ValueError("no action of this page")
        elif not isinstance(message.get("visible"), bool):
            raise ValueError("nothing that a page says")
        page.turn += 1
        turn = page.turn
        own_turn = self._turns[page.browser]
        await own_turn.acquire()
        began = time.monotonic()
        try:
            drawn, moved, now = await self._in_thread(self._threads, lambda: self._seen_by(page))
        finally:  # who asks without end leaves others as much time as they take
            asyncio.get_running_loop().call_later(time.monotonic() - began, own_turn.release)
        if page.turn == turn:
            await self._show(page, drawn, moved, {**more, **now})
        elif more:
            await page.send(as_json(more))

    def _recognise(self, page: OpenPage, name: str) -> bool:
        """A page that lost its connection is where it was, also where nobody has noticed yet that it left. Whether it
        is known."""
        key = page.browser, name
        before = next((other for other in self._pages if (other.browser, other.name) == key), None)
        page.name = name
        known = before is not None or key in self._left
        if before:
            page.positions, page.asked, before.name = before.positions, before.asked, ""
            self._soon(before.close())
        elif known:
            page.positions, page.asked = self._left.pop(key)
        return known

    def _seen_by(self, page: OpenPage) -> tuple[Drawn, str, dict[str, Any]]:
        """The whole page as it is now, what moves on it, and where it is, if that is elsewhere than it thought."""
        page.project = page.project or next(iter(View(self.services, page.language, "").projects), "")
        moved = as_json(moving(View(self.services, page.language, page.project), LOG_LINES_SHOWN))
        return self._drawn(page), moved, {"look": {"project": page.project, "tab": page.tab}}

    async def _acted(self, page: OpenPage, name: str, message: dict[str, Any]) -> dict[str, Any]:
        """Do what a page asks for; what came of it, as the page takes it."""
        number = message.get("number")
        if page.name and number in page.asked:
            return {"done": number}
        if self._at_work[page.browser] >= AT_ONCE:
            return {"done": number, "refused": True}
        page.asked.append(number)
        act = Act(
            self.services, page.language, page.project, page.positions,
            str(message.get("of", ""))[:MOST_NAME], words_of(message.get("ticked")), values_of(message.get("values")),
            self._uploads.find(page.browser, words_of(message.get("uploads"))),
        )  # fmt: skip
        self._at_work[page.browser] += 1
        try:
            answer, refused = await self._in_thread(self._threads, lambda: done(self._actions.actions[name], act))
        finally:
            self._at_work[page.browser] -= 1
            self._at_work += Counter()  # without those that have none
        if answer.renamed:
            self._follow(*answer.renamed)
        if answer.project is not None:
            page.project = answer.project
        page.tab = answer.tab or page.tab
        return {"done": number, "refused": refused, **told(answer)}

    def _follow(self, before: str, now: str) -> None:
        """Whoever looks at a project that has another name now goes on looking at it, if it is open to them."""
        for page in self._pages:
            with access.acting_as(page.visitor):
                follows = page.project == before and View(self.services, page.language, now).project
            if follows:
                page.project, page.stamp = now, ()
                self._soon(page.send(as_json({"look": {"project": now, "tab": page.tab}})))

    async def _in_thread(self, threads: ThreadPoolExecutor, work: Callable[[], Value]) -> Value:
        """The work is done as whoever asks: `asking` is in the context."""
        return await asyncio.get_running_loop().run_in_executor(threads, copy_context().run, work)

    async def close(self) -> None:
        """Let all pages go; they come back when the app is there again."""
        await asyncio.gather(*(page.close() for page in list(self._pages)))
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._looking.shutdown(wait=False, cancel_futures=True)


def as_json(message: Mapping[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))


def told(answer: Answer) -> dict[str, Any]:
    """What a page is told of an answer beside what it shows."""
    return {"notice": answer.notice, "empty": answer.empty, "focus": answer.focus, "download": answer.download}


async def heard(socket: WebSocket) -> dict[str, Any]:
    """What a page says next. Raises ValueError where it is no object, and WebSocketDisconnect where it leaves."""
    try:
        sent = await socket.receive_text()
    except KeyError:
        raise ValueError("bytes, and no text") from None
    message = parse_json(sent.encode("utf-8", "surrogatepass"))
    if not isinstance(message, dict):
        raise ValueError("no message of a page")
    return message


def words_of(sent: Any) -> tuple[str, ...]:
    return tuple(word for word in sent if isinstance(word, str)) if isinstance(sent, list) else ()


def values_of(sent: Any) -> dict[str, Any]:
    """Texts, switches and lists of texts by name; nothing else is a field's value."""
    if not isinstance(sent, dict):
        return {}
    kept = {name: value for name, value in sent.items() if isinstance(value, (str, bool))}
    lists = {name: list(words_of(value)) for name, value in sent.items() if isinstance(value, list)}
    return {**kept, **lists}
