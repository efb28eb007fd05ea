"""A helper model from a GGUF file on this machine, served by a child process. Knows no llama.cpp itself."""

import asyncio
import contextlib
import os
import secrets
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.jobs.child_process import start_own
from core.jobs.kinds import CHILD_ENVIRONMENT
from core.providers import HelperModel
from core.samples.providers.chat import ChatAnswer, ChatRequest, HelperError
from core.samples.providers.open_ai_chat import OpenAiChat
from utils.config import SftSettings
from utils.errors import AppError
from utils.files import open_file, parse_json

MAGIC = b"GGUF"
MOST_SLOTS = 2  # each reserves memory for a whole context
START_SECONDS = 900.0  # large files come from slow disks
END_SECONDS = 5.0


class LocalGguf:
    """One file, loaded when the first question comes, and until `close` or the end of this process.

    The key is random, goes to the child through a pipe, and keeps other users of the machine out.
    """

    def __init__(self, file: str, slots: int, context_tokens: int) -> None:
        self._file = file
        self._slots = slots
        self._context_tokens = context_tokens
        self._child: subprocess.Popen[bytes] | None = None
        self._starting: asyncio.Task[OpenAiChat] | None = None

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        """See ChatHelper. The first question waits until the model is loaded."""
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
        # Whoever gives up waiting must not take the model from the others.
        chat = await asyncio.shield(self._starting)
        try:
            return replace(await chat.ask(request), cost_usd=0.0)
        except HelperError:
            # A child that just died may not have been noticed yet when its connection breaks.
            await asyncio.to_thread(self._wait_briefly)
            if self._child is not None and self._child.poll() is not None:
                raise self._error("local_model_ended", code=self._child.returncode) from None
            raise

    async def models(self) -> list[HelperModel]:
        """See ChatHelper. Files are chosen by their path: there is no list."""
        return []

    async def close(self) -> None:
        """See ChatHelper. Ends the child."""
        starting, self._starting = self._starting, None
        await asyncio.to_thread(self._end_child)
        if starting is not None:
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, HelperError):
                await (await starting).close()

    async def _start(self) -> OpenAiChat:
        """Have the child load the file. Raises HelperError."""
        file = Path(os.path.expanduser(self._file))
        self._check(file)
        key = secrets.token_urlsafe(24)
        command = ["serve-gguf", str(file), str(self._slots), str(self._context_tokens)]
        pipe, environment = subprocess.PIPE, {**os.environ, **CHILD_ENVIRONMENT}
        self._child = start_own(command, environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        try:
            async with asyncio.timeout(START_SECONDS):
                answer = await asyncio.to_thread(first_answer, self._child, key)
        except TimeoutError:
            self._end_child()
            raise self._error("local_model_too_slow", minutes=round(START_SECONDS / 60)) from None
        if answer is None:
            raise self._error("local_model_ended", code=self._child.wait())
        if "address" not in answer:
            self._end_child()
            raise HelperError(AppError(answer["code"], **answer["params"]), "stop")
        return OpenAiChat(f"{answer['address']}/v1", file.stem, key)

    def _check(self, file: Path) -> None:
        """What can be said about the file without loading it."""
        try:
            with open_file(file) as opened:
                begins = opened.read(len(MAGIC))
        except FileNotFoundError:
            raise self._error("local_model_missing") from None
        except OSError as error:
            raise self._error("local_model_unreadable", problem=error.strerror or type(error).__name__) from None
        if begins != MAGIC:
            raise self._error("local_model_no_gguf")

    def _wait_briefly(self) -> None:
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._child.wait(0.2)

    def _end_child(self) -> None:
        """A closed pipe ends the child; one that does not listen is killed."""
        if self._child is None:
            return
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        try:
            self._child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _error(self, code: str, /, **params: object) -> HelperError:
        return HelperError(AppError(code, file=Path(self._file).name, **params), "stop")


def client_of(settings: SftSettings, key: str | None) -> LocalGguf:
    """The file that the settings name."""
    return LocalGguf(settings.model, min(settings.concurrency, MOST_SLOTS), settings.context_tokens)


def first_answer(child: "subprocess.Popen[bytes]", key: str) -> dict[str, Any] | None:
    """Hand the child its key and wait for its address or its error; None where it died. Blocks."""
    assert child.stdin and child.stdout
    try:
        child.stdin.write(key.encode() + b"\n")
        child.stdin.flush()
        line = child.stdout.readline()
    except (OSError, ValueError):  # ValueError: closed meanwhile
        return None
    try:
        return parse_json(line)
    except ValueError:
        return None
