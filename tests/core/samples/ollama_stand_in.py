"""A stand-in for Ollama, by the shapes of its documented API. UNPROVEN: nobody has compared it with a real server.

It writes no text of its own, downloads nothing, and knows the models that it is told of. Where it answers with an
error, the words are those of Ollama's server (server/routes.go and server/sched.go, August 2026).
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web

from tests.core.samples.helper_answers import AnswerMaker, as_json
from tests.core.samples.http_server import CountingServer


def listed(name: str, size: int, details: Mapping[str, Any], *capabilities: str, **more: Any) -> dict[str, Any]:
    """A model as /api/tags names it."""
    return {"name": name, "model": name, "size": size, "details": details, "capabilities": [*capabilities], **more}


def details(family: str, parameters: str, quantization: str, **more: Any) -> dict[str, Any]:
    return {"family": family, "parameter_size": parameters, "quantization_level": quantization, **more}


CLOUD = listed(
    "gpt-oss:120b-cloud",
    384,
    details("gptoss", "116.8B", "MXFP4"),
    "completion",
    remote_model="gpt-oss:120b",
    remote_host="https://ollama.com:443",
)
LOCAL = listed(
    "qwen3:4b", 2497293931, details("qwen3", "4.0B", "Q4_K_M", context_length=40960), "completion", "tools"
)
EMBEDDING = listed("nomic-embed-text:latest", 274302450, details("nomic-bert", "137M", "F16"), "embedding")
MODELS = (LOCAL, CLOUD, EMBEDDING)
DOWNLOADABLE = "llama3.2:1b"
PART_BYTES = 1000
PIECES = 5


class OllamaStandIn(CountingServer):
    """Set the attributes to have it misbehave; `bodies` holds what it was asked at each path."""

    def __init__(self, latency_seconds: float = 0.0, models: Sequence[Mapping[str, Any]] = MODELS) -> None:
        super().__init__()
        self.latency_seconds = latency_seconds
        self.models = list(models)
        self.version = "0.32.1"
        self.refuses_think = False
        self.thinks_aloud = ""  # delivered apart, as message.thinking
        self.fails_after_pieces: int | None = None
        self.failure = "an error was encountered while running the model"
        self.ends_without_last_line = False
        self.done_reason = "stop"
        self.status_of_chat = 200
        self.pull_failure = ""
        self.create_failure = ""
        self.blobs: dict[str, bytes] = {}
        self.created: dict[str, dict[str, Any]] = {}
        self.answer_of_created: tuple[str, int] = ("", 0)  # what such a model says, and its count of prompt tokens
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self._answers = AnswerMaker()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/version", self._version),
            web.get("/api/tags", self._tags),
            web.post("/api/chat", self._chat),
            web.post("/api/pull", self._pull),
            web.head("/api/blobs/{digest}", self._has_blob),
            web.post("/api/blobs/{digest}", self._take_blob),
            web.post("/api/create", self._create),
        ]

    async def _version(self, request: web.Request) -> web.Response:
        return web.json_response({"version": self.version})

    async def _tags(self, request: web.Request) -> web.Response:
        return web.json_response({"models": self.models})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._noted(request)
        names = [model["name"] for model in self.models]
        if body["model"] not in names and f"{body['model']}:latest" not in names:
            return web.json_response({"error": f"model '{body['model']}' not found"}, status=404)
        if self.refuses_think and "think" in body:
            return web.json_response({"error": f'"{body["model"]}" does not support thinking'}, status=400)
        if self.status_of_chat != 200:
            return web.json_response({"error": self.failure}, status=self.status_of_chat)
        if body["model"] in self.created:
            words, prompt_tokens = self.answer_of_created
            message = {"role": "assistant", "content": words}
            counts = {"prompt_eval_count": prompt_tokens, "eval_count": 3}
            return web.json_response({"model": body["model"], "message": message, "done": True, **counts})
        with self.counted():
            await asyncio.sleep(self.latency_seconds)
            return await self._streamed_answer(request, body)

    async def _streamed_answer(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = await self._stream(request)
        base = {"model": body["model"], "created_at": "2026-11-23T06:00:00.000000Z"}
        if self.thinks_aloud:
            message = {"role": "assistant", "content": "", "thinking": self.thinks_aloud}
            await self._line(response, {**base, "message": message, "done": False})
        text = as_json(self._answers.answer(body["messages"]))
        size = len(text) // PIECES + 1
        for number, start in enumerate(range(0, len(text), size)):
            if number == self.fails_after_pieces:
                await self._line(response, {"error": self.failure})
                return response
            message = {"role": "assistant", "content": text[start : start + size]}
            await self._line(response, {**base, "message": message, "done": False})
        if not self.ends_without_last_line:
            counts = {"prompt_eval_count": 120, "eval_count": len(text) // 4, "total_duration": 1, "load_duration": 1}
            empty = {"role": "assistant", "content": ""}
            last = {**base, "message": empty, "done": True, "done_reason": self.done_reason, **counts}
            await self._line(response, last)
        return response

    async def _pull(self, request: web.Request) -> web.StreamResponse:
        body = await self._noted(request)
        response = await self._stream(request)
        await self._line(response, {"status": "pulling manifest"})
        if body["model"] != DOWNLOADABLE:
            await self._line(response, {"error": "pull model manifest: file does not exist"})
            return response
        for part in ("sha256:aaaaaaaaaaaaaaaa", "sha256:bbbbbbbbbbbbbbbb"):
            for done in (0, PART_BYTES // 2, PART_BYTES):
                progress = {"digest": part, "total": PART_BYTES, "completed": done}
                await self._line(response, {"status": f"pulling {part[7:19]}", **progress})
            if self.pull_failure:
                await self._line(response, {"error": self.pull_failure})
                return response
        for status in ("verifying sha256 digest", "writing manifest", "success"):
            if status == "success" and self.ends_without_last_line:
                return response
            await self._line(response, {"status": status})
        self.models.append({**LOCAL, "name": body["model"], "model": body["model"]})
        return response

    async def _has_blob(self, request: web.Request) -> web.Response:
        return web.Response(status=200 if request.match_info["digest"] in self.blobs else 404)

    async def _take_blob(self, request: web.Request) -> web.Response:
        content, digest = await request.read(), request.match_info["digest"]
        if digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
            return web.json_response({"error": "digest mismatch, file must be downloaded again"}, status=400)
        self.blobs[digest] = content
        return web.Response(status=201)

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await self._noted(request)
        if any(digest not in self.blobs for digest in body["files"].values()):
            return web.json_response({"error": "blob not found"}, status=400)
        response = await self._stream(request)
        for status in ("parsing GGUF", "creating new layer", "writing manifest"):
            await self._line(response, {"status": status})
        if self.create_failure:
            await self._line(response, {"error": self.create_failure})
            return response
        if self.ends_without_last_line:
            return response
        await self._line(response, {"status": "success"})
        self.created[body["model"]] = body
        self.models.append({**LOCAL, "name": f"{body['model']}:latest", "model": f"{body['model']}:latest"})
        return response

    async def _noted(self, request: web.Request) -> dict[str, Any]:
        body = await request.json()
        self.bodies.append((request.path, body))
        return body

    @staticmethod
    async def _stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        await response.prepare(request)
        return response

    @staticmethod
    async def _line(response: web.StreamResponse, content: Mapping[str, Any]) -> None:
        await response.write(json.dumps(content).encode() + b"\n")
