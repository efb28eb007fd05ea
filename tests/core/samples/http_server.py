"""A real HTTP server on 127.0.0.1 in a thread of its own, for tests and benchmarks of what talks to servers."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from aiohttp import web


class HttpServer:
    """Serves what `routes` of a subclass declares, on a free port, from `with` until its end."""

    def __init__(self) -> None:
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        return f"http://{self.place}"

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        application = web.Application(client_max_size=64 * 2**20)
        application.add_routes(self.routes())
        # A request whose client has gone is over, also one that would hang for an hour.
        self._runner = web.AppRunner(application, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await web.SockSite(self._runner, listening).start()

    async def _stop(self) -> None:
        assert self._runner
        await self._runner.cleanup()


class CountingServer(HttpServer):
    """Counts what it is asked. `most_in_flight` is how many requests were under way at once at most."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = 0
        self.in_flight = 0
        self.most_in_flight = 0
        self.first_request_at = 0.0
        self.last_answer_at = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """A request while it is under way."""
        self.first_request_at = self.first_request_at or time.monotonic()
        self.requests += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            yield
        finally:
            self.in_flight -= 1
            self.last_answer_at = time.monotonic()


class ScriptedServer(HttpServer):
    """Answers every request with the next of `answers`, and with the last one from then on."""

    def __init__(self, *answers: Callable[[web.Request], Awaitable[web.StreamResponse]] | web.Response) -> None:
        super().__init__()
        self.answers = list(answers)
        self.requests: list[web.Request] = []
        self.bodies: list[Any] = []

    def routes(self) -> list[web.RouteDef]:
        return [web.route("*", "/{path:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        text = await request.text()
        self.bodies.append(json.loads(text) if text else None)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, web.Response):
            # A response object serves one request only.
            return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
        return await answer(request)
