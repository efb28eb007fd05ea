"""Documents are parsed in processes of their own: a parser that hangs or crashes costs a page or a file, no more.

Every process takes requests one after the other and answers them in that order, some way ahead of whoever reads. The
pages of a printed document are asked for in ranges, so that several processes work on it; when one is lost, its
requests go to its successor, and a page that costs a process twice is given up.
"""

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Any

import psutil

from core.documents.formats.page_text import Heading, Page
from core.documents.formats.printed import Outline, pages_of_texts
from core.hardware_detector import usable_cores
from core.jobs.child_process import kill_tree, own_command
from utils.errors import AppError
from utils.files import parse_json

MOST_PROCESSES = 3
LARGE_FILE_BYTES = 64 << 20  # is read by one process: each would hold all its pages' records, 115 MB for 48,000 pages
RANGE_PAGES = 32
RANGES_AHEAD = 4  # per process
ANSWERS_AHEAD = 12  # batches that a process may be ahead of the reader, besides what is in its pipe
LOOK_UP_EVERY_SECONDS = 0.3
MOST_LOSSES = 4  # processes that one document may cost


@dataclass(frozen=True)
class Limits:
    """What a document may take: for one page, in all (and more the more pages it has), and in memory."""

    page_seconds: float = 60.0
    file_seconds: float = 300.0
    file_seconds_per_page: float = 0.5
    memory_bytes: int = 1 << 30


@dataclass(eq=False)
class Request:
    """Pages that a process is asked for; `first` moves on with every page that came."""

    path: Path
    password: str | None
    first: int = 0
    count: int = RANGE_PAGES
    careful: bool = False  # one page at a time, to find the one that does the harm


class ProcessLost(Exception):
    """A parser's process ended or was ended; carries the code of the AppError that says why."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.error = AppError(code, **params)


@dataclass(eq=False)
class Document:
    """A document that is being read: what it has cost so far."""

    path: Path
    password: str | None
    first: Request
    most_processes: int
    is_asked_for: bool = False
    is_printed: bool = False
    page_count: int = 1
    asked: deque[Request] = field(default_factory=deque)  # ranges after the first, as far as they were asked for
    pages_asked_for: int = RANGE_PAGES
    losses: int = 0
    seconds: float = 0.0
    given_up: AppError | None = None


class ParserProcess:
    """One child, and the requests that were given to it, in order; answers are read for the first of them."""

    def __init__(self, while_waiting: Callable[[], None], limits: Limits) -> None:
        self.requests: deque[Request] = deque()
        self._while_waiting = while_waiting
        self._limits = limits
        self._child: subprocess.Popen[bytes] | None = None
        self._watched: psutil.Process | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self._stopped = threading.Event()

    def ask(self, request: Request) -> None:
        """Give the child one more request."""
        self.requests.append(request)
        if self._child is None:
            self._start()
        else:
            self._send(request)

    def answer(self, document: Document) -> dict[str, Any]:
        """The next answer to the first request. Raises ProcessLost where the child is gone or had to be ended."""
        if self._child is None:
            self._start()
        began = time.monotonic()
        line: bytes | None = None
        try:
            while line is None:
                self._while_waiting()
                try:
                    line = self._lines.get(timeout=LOOK_UP_EVERY_SECONDS)
                except queue.Empty:
                    self._require_patience(document, time.monotonic() - began)
        finally:
            document.seconds += time.monotonic() - began
        self._require_memory()
        if not line:
            raise ProcessLost("parser_crashed")
        return parse_json(line, half_pairs=True)

    def close(self) -> None:
        """End the child; its requests stay, for its successor."""
        if self._child is not None:
            self._stopped.set()
            kill_tree(self._child.pid)
            self._child.wait()
            for stream in (self._child.stdin, self._child.stdout):
                with contextlib.suppress(OSError):  # what was not sent any more
                    stream.close()  # type: ignore[union-attr]
            self._child = None

    def _start(self) -> None:
        self._child = subprocess.Popen([*own_command(), "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._watched = None
        self._lines = queue.Queue(ANSWERS_AHEAD)
        self._stopped = threading.Event()
        threading.Thread(
            target=pass_lines, args=(self._child.stdout, self._lines, self._stopped), daemon=True
        ).start()
        for request in self.requests:
            self._send(request)

    def _send(self, request: Request) -> None:
        assert self._child is not None and self._child.stdin is not None
        with contextlib.suppress(OSError):  # a child that is gone is noticed where its answer is missing
            self._child.stdin.write(json.dumps(asdict(request), default=str).encode() + b"\n")
            self._child.stdin.flush()

    def _require_patience(self, document: Document, waited: float) -> None:
        limits = self._limits
        if waited > limits.page_seconds:
            raise ProcessLost("parser_hangs", seconds=round(limits.page_seconds))
        allowed = limits.file_seconds + limits.file_seconds_per_page * document.page_count
        if document.seconds + waited > allowed:
            raise ProcessLost("parser_too_slow", minutes=round(allowed / 60))
        self._require_memory()

    def _require_memory(self) -> None:
        assert self._child is not None
        with contextlib.suppress(psutil.Error):
            self._watched = self._watched or psutil.Process(self._child.pid)
            if self._watched.memory_info().rss > self._limits.memory_bytes:
                raise ProcessLost("parser_memory", limit_mb=self._limits.memory_bytes >> 20)


class ParserPool:
    """Reads documents with as many processes as there are cores; they are started when first needed.

    `while_waiting` is called again and again and may raise to stop. Use it as a context manager, in one thread.
    """

    def __init__(
        self, while_waiting: Callable[[], None], limits: Limits | None = None, processes: int | None = None
    ) -> None:
        self._while_waiting = while_waiting
        self._limits = limits or Limits()
        self._most = processes or min(usable_cores(), MOST_PROCESSES)
        self._processes: list[ParserProcess] = []
        self._next: Document | None = None

    def __enter__(self) -> "ParserPool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def prepare(self, path: Path, password: str | None = None) -> None:
        """Name the document that will be read next: a process begins with it when nothing else is left to do."""
        is_large = path.is_file() and path.stat().st_size > LARGE_FILE_BYTES
        self._next = Document(path, password, Request(path, password), 1 if is_large else self._most)

    def read(self, path: Path, password: str | None = None) -> Iterator[Page]:
        """The pages of a document, as `readers.read_document` gives them, with the same errors. It is begun at once.

        A page that costs its process twice is not readable. Where nothing could be read at all, raises AppError
        `parser_crashed`, `parser_hangs`, `parser_too_slow` or `parser_memory`.
        """
        if self._next is None or (self._next.path, self._next.password) != (path, password):
            if self._next is not None:
                self._let_go(self._next)
            self.prepare(path, password)
        self._begin_next()
        document, self._next = self._next, None
        assert document is not None
        return self._read(document)

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.close()
        self._processes = []
        self._next = None

    def _read(self, document: Document) -> Iterator[Page]:
        try:
            yield from self._pages(document)
        finally:
            self._let_go(document)

    def _pages(self, document: Document) -> Iterator[Page]:
        answers = self._answers(document, document.first)
        for answer in answers:
            if "opened" not in answer:
                yield from map(page_of, answer["pages"])
                continue
            page_count, bookmarks, is_broken = answer["opened"]
            outline = Outline(page_count, {int(index): titles for index, titles in bookmarks.items()}, is_broken)
            document.is_printed, document.page_count = True, outline.page_count
            try:
                yield from pages_of_texts(self._texts(document, answers), outline, document.path.name)
            except AppError as error:
                raise (document.given_up if error.code == "pdf_damaged" else None) or error from None
            return

    def _texts(self, document: Document, answers: Iterator[dict[str, Any]]) -> Iterator[str | None]:
        """The raw texts of all pages, range by range; None for those that nobody can read."""
        given = 0
        while True:
            self._ask_ahead(document)
            for answer in answers:
                texts = answer.get("pages", ())
                given += len(texts)
                yield from texts
            if document.given_up or not document.asked:
                break
            answers = self._answers(document, document.asked.popleft())
        for _ in range(document.page_count - given):
            yield None

    def _answers(self, document: Document, request: Request) -> Iterator[dict[str, Any]]:
        """The answers to a request, whoever has to give them. Raises the AppError that ends a document."""
        process = next(process for process in self._processes if request in process.requests)
        while not document.given_up:
            try:
                answer = process.answer(document)
            except ProcessLost as lost:
                process.close()
                document.losses += 1
                if passed_over := self._after_loss(document, request, lost.error):
                    yield passed_over
                if request.count == 0:
                    process.requests.popleft()
                    return
                continue
            if "end" in answer:
                process.requests.popleft()
                if "code" in answer["end"]:
                    raise AppError(answer["end"]["code"], **answer["end"]["params"])
                return
            if "opened" in answer and document.is_printed:
                continue  # told again after a loss
            if "pages" in answer:
                request.first += len(answer["pages"])
                request.count -= len(answer["pages"]) if document.is_printed else 0
            yield answer

    @staticmethod
    def _after_loss(document: Document, request: Request, error: AppError) -> dict[str, Any] | None:
        """Try again page by page; a page that did harm then too is passed over. Raises what cannot be tried again."""
        is_over = document.losses >= MOST_LOSSES or error.code == "parser_too_slow"
        if not document.is_printed and (request.careful or is_over):
            raise error
        if is_over:
            document.given_up = error
            return None
        if not request.careful:
            request.careful = True
            return None
        request.careful = False
        request.first += 1
        request.count -= 1
        return {"pages": [None]}

    def _give(self, request: Request, document: Document) -> None:
        """Give a request to the process that has the fewest, or to a new one."""
        usable = self._processes[: document.most_processes]
        least = min(usable, key=lambda process: len(process.requests), default=None)
        if least is None or (least.requests and len(usable) < document.most_processes):
            least = ParserProcess(self._while_waiting, self._limits)
            self._processes.append(least)
        least.ask(request)

    def _ask_ahead(self, document: Document) -> None:
        """Ask for so many ranges of a document that no process waits, and for the next one where it has no more."""
        most = RANGES_AHEAD * document.most_processes
        while len(document.asked) < most and document.pages_asked_for < document.page_count:
            request = Request(document.path, document.password, document.pages_asked_for)
            document.pages_asked_for += request.count
            document.asked.append(request)
            self._give(request, document)
        if len(document.asked) < most:
            self._begin_next()

    def _begin_next(self) -> None:
        """Ask for the document that was prepared. It comes after all that was asked about the one before it, so the
        answers of each process come in the order in which they are read."""
        if self._next is not None and not self._next.is_asked_for:
            self._next.is_asked_for = True
            self._give(self._next.first, self._next)

    def _let_go(self, document: Document) -> None:
        """Forget what was asked about a document; a process that is still busy with it is ended."""
        for process in self._processes:
            kept = deque(request for request in process.requests if request.path != document.path)
            if len(kept) < len(process.requests):
                process.close()
                process.requests = kept


def pass_lines(stream: IO[bytes], lines: "queue.Queue[bytes]", stopped: threading.Event) -> None:
    """Hand on a child's lines, and an empty one when it has ended; wait while the reader is behind."""
    with contextlib.suppress(ValueError):  # closed from the other side
        for line in chain(stream, (b"",)):
            while not stopped.is_set():
                with contextlib.suppress(queue.Full):
                    lines.put(line, timeout=LOOK_UP_EVERY_SECONDS)
                    break


def page_of(answer: dict[str, Any]) -> Page:
    """A page as it was before it became a line."""
    headings = tuple(Heading(**heading) for heading in answer.pop("headings"))
    return Page(**answer, headings=headings)
