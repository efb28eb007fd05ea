"""Ask an exported GGUF file a question, in llama.cpp itself."""

import time
from pathlib import Path
from typing import Any

from core.jobs.job import JobContext
from core.jobs.runs import Run
from core.models.llama_server import LlamaServer
from utils.errors import AppError

CONTEXT_TOKENS = 2048
ANSWER_TOKENS = 256


def run(context: JobContext, run: Run) -> dict[str, Any]:
    """Answer the request's question with its file; returns {"answer", "tokens", "seconds", "ended", "file"}, and of
    which `run` and `step` the file is, where that is known.

    Raises AppError `not_exported`, `gguf_unreadable`, `gguf_no_answer`.
    """
    request = run.request
    file = Path(request["file"])
    if not file.is_file():
        raise AppError("not_exported")
    of = {name: request[name] for name in ("run", "step") if request.get(name) is not None}
    if of.keys() == {"run", "step"}:
        context.log("result.of_run", **of)
    context.progress(0, None, "chat.loading", file=file.name)
    with LlamaServer(file, CONTEXT_TOKENS) as server:
        context.checkpoint()
        context.progress(0, None, "chat.answering")
        started = time.monotonic()
        messages = [{"role": "user", "content": request["question"]}]
        answer = server.chat(messages, ANSWER_TOKENS)
    return {
        "answer": answer.text.strip(),
        "tokens": len(answer.tokens),
        "seconds": round(time.monotonic() - started, 2),
        "ended": answer.ended,
        "file": file.name,
        **of,
    }
