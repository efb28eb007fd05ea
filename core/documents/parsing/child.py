"""The parsers' side of their own process: paths come in as lines of JSON, pages or the reason for none go out.

The parsers are C libraries that meet whatever people upload; here they may crash or hang. The other side is pool.
"""

import importlib
import json
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import IO, Any

from core.documents.readers import READERS, read_document
from utils.errors import AppError
from utils.files import parse_json

BATCH_CHARACTERS = 65_536
BATCH_PAGES = 32
BATCH_SECONDS = 0.3  # what is ready waits no longer for more

logger = logging.getLogger(__name__)


def serve_parsing() -> int:
    """The child's whole life: read the documents that are asked for, until nobody is there any more."""
    # A library that prints would talk into the middle of a line: it gets stderr, the answers a channel of their own.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    requests: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    parser = Parser()
    while True:
        parser.answer(requests.get(), answers)


def _listen(requests: "queue.SimpleQueue[dict[str, Any]]") -> None:
    """Take in requests. When the other side is gone, so is the reason to live, also in the middle of a document."""
    for line in sys.stdin.buffer:
        requests.put(parse_json(line, half_pairs=True))
    os._exit(0)


class Parser:
    """Answers requests, and keeps the last printed document open: the next request is likely about its next pages."""

    def __init__(self) -> None:
        self._file: Any = None
        self._file_key: tuple[str, str | None] | None = None

    def answer(self, request: dict[str, Any], answers: IO[bytes]) -> None:
        """Write the pages that a request asks for, in batches, and how it ended."""
        end: dict[str, Any] = {}
        path = Path(request["path"])
        try:
            for batch in batches(self._pages(path, request, answers), 1 if request["careful"] else BATCH_PAGES):
                write(answers, {"pages": batch})
        except AppError as error:
            end = {"code": error.code, "params": error.params}
        except Exception as error:
            # Parsers meet files that their authors never saw; such a file must cost only itself.
            logger.exception("cannot read %s", path.name)
            problem = f"{type(error).__name__}: {error}"[:300]
            end = {"code": "file_unreadable", "params": {"file": path.name, "problem": problem}}
        write(answers, {"end": end})

    def _pages(self, path: Path, request: dict[str, Any], answers: IO[bytes]) -> Iterator[Any]:
        """The raw texts of the pages of a printed document, or pages as dicts of any other one."""
        first, password = request["first"], request["password"]
        module = importlib.import_module(READERS[path.suffix.lower()])
        if not hasattr(module, "open_printed"):
            return (asdict(page) for page in islice(read_document(path, password), first, None))
        if self._file_key != (str(path), password):
            self._close()
            self._file = module.open_printed(path, password)
            self._file_key = (str(path), password)
        if first == 0:
            write(answers, {"opened": self._file.outline()})
        return self._file.texts(first, request["count"])

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = self._file_key = None


def batches(pages: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """Pages in batches: large enough that handing them over costs little, small enough that nobody waits for them."""
    batch: list[Any] = []
    characters, began = 0, time.monotonic()
    for page in pages:
        batch.append(page)
        characters += len(page["text"] if isinstance(page, dict) else page or "")
        if len(batch) >= most or characters >= BATCH_CHARACTERS or time.monotonic() - began >= BATCH_SECONDS:
            yield batch
            batch, characters, began = [], 0, time.monotonic()
    if batch:
        yield batch


def write(answers: IO[bytes], answer: dict[str, Any]) -> None:
    """Hand one answer over."""
    answers.write(json.dumps(answer, default=str).encode() + b"\n")
    answers.flush()
