"""The side of a local helper model that runs in a process of its own: llama.cpp serves one file until nobody is left.

The app's own process loads no llama.cpp. See local_gguf.py for the other side.
"""

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from core.models.llama_server import start_server
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
        # Samples need no thinking, and thinking would use up the room for the answer.
        server = start_server(file, context_tokens, key, slots, thinks=False)
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
