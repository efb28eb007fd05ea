"""Documents are parsed in a process of their own: a parser that hangs or crashes costs its file, and nothing else.

The parsers are C libraries that meet whatever people upload. Both sides talk in lines of JSON: paths go in, pages or
the reason why there are none come out.
"""

import json
import logging
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from core.formats.page_text import Heading, Page
from core.readers import read_document
from core.worker import kill_tree, own_command
from utils.errors import AppError

logger = logging.getLogger(__name__)

PAGE_TIMEOUT_SECONDS = 120.0
LOOK_UP_EVERY_SECONDS = 0.3


class ParserProcess:
    """Reads documents in a child that is started when first needed and replaced when it was lost.

    `while_waiting` is called again and again and may raise to stop; then, too, the child is let go.
    """

    def __init__(self, while_waiting: Callable[[], None], page_timeout_seconds: float = PAGE_TIMEOUT_SECONDS) -> None:
        self._while_waiting = while_waiting
        self._timeout = page_timeout_seconds
        self._child: subprocess.Popen[bytes] | None = None
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def __enter__(self) -> "ParserProcess":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: Path) -> Iterator[Page]:
        """The pages of a document, as `readers.read_document` gives them, with the same errors.

        Raises AppError `parser_crashed` or `parser_hangs` in their place where the child was lost.
        """
        child = self._running()
        whole = False
        try:
            assert child.stdin is not None
            child.stdin.write(json.dumps(str(path)).encode() + b"\n")
            child.stdin.flush()
            while "end" not in (answer := self._next()):
                yield page_of(answer)
            whole = True
            raise_error(answer["end"])
        except BrokenPipeError:
            raise AppError("parser_crashed") from None
        finally:
            if not whole:
                self.close()  # it may be in the middle of anything

    def close(self) -> None:
        """End the child."""
        if self._child:
            kill_tree(self._child.pid)
            self._child.wait()
            self._child = None

    def _running(self) -> "subprocess.Popen[bytes]":
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen([*own_command(), "parse"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self._lines = queue.SimpleQueue()
            threading.Thread(target=pass_lines, args=(self._child.stdout, self._lines), daemon=True).start()
        return self._child

    def _next(self) -> dict[str, Any]:
        """The child's next line."""
        deadline = time.monotonic() + self._timeout
        while True:
            self._while_waiting()
            try:
                line = self._lines.get(timeout=LOOK_UP_EVERY_SECONDS)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise AppError("parser_hangs", seconds=round(self._timeout)) from None
                continue
            if line is None:
                raise AppError("parser_crashed")
            return json.loads(line)


def pass_lines(stream: IO[bytes], lines: "queue.SimpleQueue[bytes | None]") -> None:
    """Hand on a child's lines, and None when it has ended."""
    for line in stream:
        lines.put(line)
    lines.put(None)


def page_of(answer: dict[str, Any]) -> Page:
    headings = tuple(Heading(**heading) for heading in answer.pop("headings"))
    return Page(**answer, headings=headings)


def raise_error(end: dict[str, Any]) -> None:
    """What ended the document, if it was no regular end. Raises AppError."""
    if "code" in end:
        raise AppError(end["code"], **end["params"])


def serve_parsing() -> int:
    """The child's whole life: read the documents whose paths come in, until nobody is there any more."""
    # A library that prints would talk into the middle of a line: it gets stderr, the answers a channel of their own.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    paths: queue.SimpleQueue[Path] = queue.SimpleQueue()
    threading.Thread(target=listen, args=(paths,), daemon=True).start()
    while True:
        answer_with_pages(paths.get(), answers)


def listen(paths: "queue.SimpleQueue[Path]") -> None:
    """Take in paths. When the other side is gone, so is the reason to live, also in the middle of a document."""
    for line in sys.stdin.buffer:
        paths.put(Path(json.loads(line)))
    os._exit(0)


def answer_with_pages(path: Path, answers: IO[bytes]) -> None:
    """Write one document's pages and how it ended."""
    end: dict[str, Any] = {}
    try:
        for page in read_document(path):
            write(answers, asdict(page))
    except AppError as error:
        end = {"code": error.code, "params": error.params}
    except Exception as error:
        # Parsers meet files that their authors never saw; such a file must cost only itself.
        logger.exception("cannot read %s", path.name)
        problem = f"{type(error).__name__}: {error}"[:300]
        end = {"code": "file_unreadable", "params": {"file": path.name, "problem": problem}}
    write(answers, {"end": end})


def write(answers: IO[bytes], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer, default=str).encode() + b"\n")
    answers.flush()
