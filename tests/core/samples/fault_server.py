"""A server that speaks OpenAI's chat protocol, takes its time, and fails as often as it is told to."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from aiohttp import web

from tests.core.samples.helper_answers import AnswerMaker, as_json
from tests.core.samples.http_server import CountingServer

HANG_SECONDS = 3600.0
UNDER_WAY_SECONDS = 0.05  # a request that comes so soon after a 429 had left before
PROSE = "Gerne! Der Abschnitt beschreibt mehrere Anlagen und ihre Werte, die man sich gut merken kann."


@dataclass(frozen=True)
class Faults:
    """The share of the requests that each fault happens to, 0 to 1."""

    too_many: float = 0.0  # 429 with Retry-After
    server_error: float = 0.0  # 500
    hang: float = 0.0  # no answer at all
    cut_off: float = 0.0  # half an answer, half of them without saying so
    prose: float = 0.0  # an answer that is no JSON
    reset: float = 0.0  # the connection breaks


NO_FAULTS = Faults()
# As peers were measured with (FACTS §7), and one connection in fifty that breaks.
USUAL_FAULTS = Faults(too_many=0.10, server_error=0.05, hang=0.05, cut_off=0.05, prose=0.05, reset=0.02)


class FaultServer(CountingServer):
    """`happened` counts the faults, and the answers without."""

    def __init__(
        self, latency_seconds: float = 0.0, faults: Faults = NO_FAULTS, retry_after_seconds: int = 1, seed: int = 1
    ) -> None:
        super().__init__()
        self.latency_seconds = latency_seconds
        self.faults = faults
        self.retry_after_seconds = retry_after_seconds
        self.happened: Counter[str] = Counter()
        self.early = 0  # requests that came although the server had just asked for a pause
        self._pause_from = 0.0
        self._pause_until = 0.0
        self._random = random.Random(seed)
        self._answers = AnswerMaker()

    @property
    def base_url(self) -> str:
        return f"{self.address}/v1"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/chat/completions", self._chat), web.get("/v1/models", self._models)]

    def _next_fault(self) -> str:
        """One draw decides, so that the shares add up."""
        drawn = self._random.random()
        for fault in fields(self.faults):
            drawn -= getattr(self.faults, fault.name)
            if drawn < 0:
                return fault.name
        return ""

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        self.early += self._pause_from + UNDER_WAY_SECONDS < time.monotonic() < self._pause_until
        with self.counted():
            return await self._response(request, await request.json(), self._next_fault())

    async def _response(self, request: web.Request, body: dict[str, Any], fault: str) -> web.StreamResponse:
        self.happened[fault or "answer"] += 1
        if fault == "too_many":
            self._pause_from = time.monotonic()
            self._pause_until = self._pause_from + self.retry_after_seconds
            error = {"error": {"code": 429, "message": "Rate limit exceeded"}}
            return web.json_response(error, status=429, headers={"Retry-After": str(self.retry_after_seconds)})
        if fault == "hang":
            await asyncio.sleep(HANG_SECONDS)
        await asyncio.sleep(self.latency_seconds)
        if fault == "server_error":
            return web.json_response({"error": {"code": 500, "message": "Internal Server Error"}}, status=500)
        if fault == "reset":
            if request.transport:
                request.transport.abort()
            return web.Response()
        if fault == "prose":
            return self._completion(body, PROSE, "stop")
        answer = self._answers.answer(body["messages"])
        text = as_json(answer)
        if fault == "cut_off":
            self._answers.take_back(answer)
            says_so = self.happened["cut_off"] % 2
            return self._completion(body, text[: len(text) // 2], "length" if says_so else "stop")
        return self._completion(body, text, "stop")

    @staticmethod
    def _completion(body: Mapping[str, Any], text: str, reason: str) -> web.Response:
        asked, said = sum(len(message["content"]) for message in body["messages"]) // 4, len(text) // 4
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        usage = {"prompt_tokens": asked, "completion_tokens": said, "cost": asked * 1e-6 + said * 2e-6}
        return web.json_response({"id": "1", "model": body["model"], "choices": [choice], "usage": usage})

    @staticmethod
    async def _models(request: web.Request) -> web.Response:
        prices = {"prompt": "0.000001", "completion": "0.000002"}
        model = {"id": "x", "name": "Test model", "context_length": 8192, "pricing": prices}
        return web.json_response({"data": [{**model, "supported_parameters": ["structured_outputs"]}]})
