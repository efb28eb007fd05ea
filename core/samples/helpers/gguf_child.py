"""The side of a local helper model that runs in a process of its own: llama.cpp serves one file until nobody is left.

The app's own process loads no llama.cpp. See local_gguf.py for the other side.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

import xllamacpp

from core.hardware_detector import cores_for_work
from utils.errors import AppError


def serve_gguf(arguments: list[str]) -> int:
    """The child's whole life. `arguments`: the file, how many requests at once, and the context tokens of each.

    The first line of stdin is the key that every request must carry. One line of JSON comes out: the address, or the
    reason why there is none. When stdin ends, the app is gone, and so is this process; only a file that is just being
    loaded is loaded to its end first, because llama.cpp lets no other thread run meanwhile.
    """
    # llama.cpp prints: it gets stderr, the answer a channel of its own.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    key = sys.stdin.readline().strip()
    if not key:
        return 1
    watcher = threading.Thread(target=_leave_with_the_app)
    watcher.start()
    file, slots, context_tokens = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    try:
        server = _server(file, slots, context_tokens, key)
        answer: dict[str, Any] = {"address": server.listening_address}
    except AppError as error:
        answer = {"code": error.code, "params": error.params}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
    watcher.join()
    return 0


def _leave_with_the_app() -> None:
    sys.stdin.read()
    os._exit(0)  # in the middle of an answer too: nobody waits for it


def _server(file: Path, slots: int, context_tokens: int, key: str) -> "xllamacpp.Server":
    """llama.cpp's own server on a free port of this machine. Raises AppError `gguf_unreadable`."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.n_ctx = context_tokens * slots  # divided evenly among the slots
    parameters.n_parallel = slots
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.cpuparams.n_threads = cores_for_work()
    parameters.enable_reasoning = 0  # samples need no thinking, and thinking would use up the room for the answer
    parameters.ui = False
    parameters.endpoint_slots = False  # it would show what is being written
    parameters.api_keys = [key]
    try:
        return xllamacpp.Server(parameters)
    except RuntimeError as error:
        raise AppError("gguf_unreadable", file=file.name, problem=str(error)[:200]) from error
