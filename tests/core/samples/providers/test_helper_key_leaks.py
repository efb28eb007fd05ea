"""A server that puts the key into everything it says: it must come out nowhere."""

import asyncio
import logging
import traceback
from contextlib import aclosing

import pytest
from aiohttp import web

from core.samples.providers.chat import ChatRequest, HelperError
from core.samples.providers.ollama import Ollama
from core.samples.providers.open_ai_chat import OpenAiChat
from tests.core.samples.http_server import ScriptedServer
from ui.texts import LANGUAGES, error_text

KEY = "sk-or-v1-feedfacefeedfacefeedface"
PLAIN_KEY = "geheimes Wort/42"


def echoing(status: int, kind: str):
    """A response that repeats the request's headers and key in the status line, headers and body."""

    async def answer(request: web.Request) -> web.StreamResponse:
        said = request.headers.get("Authorization", "")
        headers = {"X-Echo": said, "WWW-Authenticate": said, "Retry-After": said, "Location": f"/?key={said}"}
        if kind == "prose":
            return web.Response(status=status, text=f"Your request: {dict(request.headers)}", headers=headers)
        if kind == "page":
            page = f"<html><title>{said}</title>{said}</html>"
            return web.Response(status=status, text=page, headers=headers, content_type="text/html")
        if kind == "broken":
            response = web.StreamResponse(headers={**headers, "Content-Length": "9999"})
            await response.prepare(request)
            await response.write(said.encode())
            assert request.transport
            request.transport.abort()
            return response
        error = {
            "message": f"no: {said}",
            "code": status,
            "type": said,
            "metadata": {"raw": said, "headers": headers},
        }
        return web.json_response({"error": error, "user": said}, status=status, headers=headers, reason="Echo")

    return answer


def everything_said(error: HelperError) -> str:
    """All that could be shown, logged or stored of an error."""
    parts = [str(error), repr(error), str(error.error), repr(error.error), str(error.error.params), str(vars(error))]
    parts += ["".join(traceback.format_exception(error))]
    parts += [" ".join(error_text(error.error.code, language, error.error.params)) for language in LANGUAGES]
    return " ".join(parts).lower()


@pytest.mark.parametrize("key", [KEY, PLAIN_KEY])
@pytest.mark.parametrize("kind", ["json", "prose", "page", "broken"])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 402, 403, 404, 413, 429, 500, 503])
def test_an_echoed_key_comes_out_nowhere(
    question: ChatRequest, caplog: pytest.LogCaptureFixture, status: int, kind: str, key: str
) -> None:
    caplog.set_level(logging.DEBUG)

    async def ask(address: str) -> list[HelperError]:
        errors = []
        chat, ollama = OpenAiChat(address, "m", key), Ollama(address, "m", 512, key)
        for work in (chat.ask(question), chat.models(), ollama.ask(question), ollama.models(), pulled(ollama)):
            with pytest.raises(HelperError) as raised:
                await work
            errors.append(raised.value)
        await chat.close()
        await ollama.close()
        return errors

    with ScriptedServer(echoing(status, kind)) as server:
        errors = asyncio.run(ask(server.address))
        assert server.requests[0].headers["Authorization"] == f"Bearer {key}"
    said = " ".join(everything_said(error) for error in errors)
    logged = " ".join(record.getMessage() for record in caplog.records).lower()
    for secret in (key.lower(), "feedface"):
        assert secret not in said
        assert secret not in logged


async def pulled(ollama: Ollama) -> None:
    async with aclosing(ollama.pull("m")) as steps:
        async for _ in steps:
            pass


def test_an_error_in_the_middle_of_a_stream_is_scrubbed_too(question: ChatRequest) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/api/version":
            return web.json_response({"version": "0.30.0"})
        if request.path == "/api/tags":
            return web.json_response({"models": []})
        return web.Response(text=f'{{"error": "bad token {KEY}"}}\n')

    async def ask(address: str) -> HelperError:
        ollama = Ollama(address, "m", 512, KEY)
        try:
            with pytest.raises(HelperError) as raised:
                await ollama.ask(question)
        finally:
            await ollama.close()
        return raised.value

    with ScriptedServer(answer) as server:
        said = everything_said(asyncio.run(ask(server.address)))
    assert "bad token •••" in said
    assert KEY not in said


def test_a_helpers_own_representation_holds_no_key() -> None:
    helper = OpenAiChat("http://127.0.0.1:9", "m", KEY)
    assert KEY not in f"{helper!r} {helper._http.recipient!r}"
