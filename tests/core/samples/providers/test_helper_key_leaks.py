"""A server that puts the key into everything it says: it must come out nowhere."""

import logging
import traceback
from contextlib import aclosing

import pytest
from aiohttp import web

from core.samples.providers.ollama import Ollama
from core.samples.providers.open_ai_chat import OpenAiChat
from tests.core.samples.http_server import ScriptedServer
from tests.core.samples.providers.helper_use import refusal_of
from ui.texts import LANGUAGES, error_text

KEY = "sk-or-v1-feedfacefeedfacefeedface"
PLAIN_KEY = "geheimes Wort/42"


def echoing(status, kind):
    """A response that repeats the request's headers and key in the status line, headers and body."""

    async def answer(request):
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
            request.transport.abort()
            return response
        metadata = {"raw": said, "headers": headers}
        error = {"message": f"no: {said}", "code": status, "type": said, "metadata": metadata}
        return web.json_response({"error": error, "user": said}, status=status, headers=headers, reason="Echo")

    return answer


def everything_said(error):
    """All that could be shown, logged or stored of an error."""
    parts = [error, repr(error), error.error, repr(error.error), error.error.params, vars(error)]
    parts += traceback.format_exception(error)
    parts += [error_text(error.error.code, language, error.error.params) for language in LANGUAGES]
    return " ".join(map(str, parts)).lower()


@pytest.mark.parametrize("key", [KEY, PLAIN_KEY])
@pytest.mark.parametrize("kind", ["json", "prose", "page", "broken"])
@pytest.mark.parametrize("status", [200, 302, 400, 401, 402, 403, 404, 413, 429, 500, 503])
def test_an_echoed_key_comes_out_nowhere(question, caplog, status, kind, key):
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(echoing(status, kind)) as server:
        chat, ollama = OpenAiChat(server.address, "m", key), Ollama(server.address, "m", 512, key)
        errors = [
            refusal_of(helper, use)
            for helper in (chat, ollama)
            for use in (lambda helper: helper.ask(question), lambda helper: helper.models())
        ]
        errors.append(refusal_of(ollama, pulled))
        assert server.requests[0].headers["Authorization"] == f"Bearer {key}"
    said = " ".join([*map(everything_said, errors), *(record.getMessage().lower() for record in caplog.records)])
    assert key.lower() not in said
    assert "feedface" not in said


async def pulled(ollama):
    async with aclosing(ollama.pull("m")) as steps:
        async for _ in steps:
            pass


def test_an_error_in_the_middle_of_a_stream_is_scrubbed_too(question):
    async def answer(request):
        if request.path == "/api/version":
            return web.json_response({"version": "0.30.0"})
        if request.path == "/api/tags":
            return web.json_response({"models": []})
        return web.Response(text=f'{{"error": "bad token {KEY}"}}\n')

    with ScriptedServer(answer) as server:
        said = everything_said(refusal_of(Ollama(server.address, "m", 512, KEY), lambda helper: helper.ask(question)))
    assert "bad token •••" in said
    assert KEY not in said
