"""Only this machine's own pages get an answer."""

import asyncio
import contextlib
import socket

import pytest
import uvicorn
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from ui.server.guard import Connection, Guard

PORT = 7860
FOREIGN_ORIGINS = (
    *("https://evil.example", "null", "", "http://127.0.0.1:9999", "http://127.0.0.1:7860.evil.example"),
    *("http://evil.example@127.0.0.1:7860", "file://127.0.0.1:7860"),
)


def guard(*extra_hosts: str, port: int = PORT) -> Guard:
    return Guard(PlainTextResponse("ours"), port, extra_hosts)


def answer(host: str, origin: str | None = None, *extra_hosts: str) -> int:
    headers = {"host": host} | ({"origin": origin} if origin is not None else {})
    return TestClient(guard(*extra_hosts)).get("/", headers=headers).status_code


@pytest.mark.parametrize(
    ("host", "origin", "names", "status"),
    [
        *((host, None, (), 200) for host in ("127.0.0.1:7860", "localhost:7860", "LOCALHOST:7860", "[::1]:7860")),
        *((host, None, (), 403) for host in ("evil.example:7860", "127.0.0.1:7861", "127.0.0.1", "")),
        *((host, None, (), 403) for host in ("localhost.evil.example:7860", "192.168.0.5:7860")),
        ("127.0.0.1:7860", "http://127.0.0.1:7860", (), 200),
        *(("127.0.0.1:7860", origin, (), 403) for origin in FOREIGN_ORIGINS),
        ("192.168.0.5:7860", "http://192.168.0.5:7860", ("192.168.0.5",), 200),  # only when sharing was asked for
    ],
)
def test_only_names_and_pages_of_this_machine_are_answered(host, origin, names, status):
    assert answer(host, origin, *names) == status


def test_the_default_port_may_be_left_out():
    assert guard(port=80).allows(Headers({"host": "localhost"}))
    assert not guard(port=81).allows(Headers({"host": "localhost"}))


def test_pages_may_load_nothing_from_elsewhere_and_name_themselves_to_nobody_else():
    sent = TestClient(guard()).get("/", headers={"host": "localhost:7860"}).headers
    assert "default-src 'self'" in sent["content-security-policy"]
    assert "http" not in sent["content-security-policy"]
    assert sent["referrer-policy"] == "same-origin"


def test_half_a_body_is_given_up_and_a_slow_answer_is_waited_for(monkeypatch):
    monkeypatch.setattr("ui.server.guard.BODY_SECONDS", 0.05)

    async def app(scope, receive, send):
        await Request(scope, receive).body()
        watching = asyncio.create_task(receive())  # as an answer that streams waits for its reader to go
        await asyncio.sleep(0.2)
        assert not watching.done()
        watching.cancel()
        await PlainTextResponse("all of it")(scope, receive, send)

    assert asyncio.run(answered(app, [b"half"], complete=False)) == 408
    assert asyncio.run(answered(app, [b"one", b"two"], complete=True)) == 200


async def answered(app, parts, complete) -> int:
    """The status that Guard sends where a body comes in these parts, and its end comes or does not."""
    rest = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    rest += [{"type": "http.request", "body": b"", "more_body": False}] if complete else []
    sent = []

    async def receive():
        if not rest:
            await asyncio.sleep(60)
        return rest.pop(0)

    async def send(message):
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:7860")]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    await Guard(app, 7860)(scope, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "http://127.0.0.1:7860/", "ftp://", "\xff"])
def test_an_origin_that_is_no_address_is_refused_and_not_stumbled_over(origin):
    assert not guard().allows(Headers({"host": "127.0.0.1:7860", "origin": origin}))


@pytest.mark.parametrize("origin", [None, *FOREIGN_ORIGINS])
def test_only_pages_of_this_machine_open_a_websocket(origin):
    """A program that names no page is none."""
    headers = {"origin": origin} if origin is not None else {}
    opened = TestClient(guard()).websocket_connect("ws://127.0.0.1:7860/", headers=headers)
    with pytest.raises(WebSocketDisconnect), opened:
        pass


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: 127", b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /"])
def test_a_connection_on_which_nothing_is_asked_is_closed(monkeypatch, sent):
    monkeypatch.setattr("ui.server.guard.HEAD_SECONDS", 0.1)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        try:
            return await reader.read()
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    asyncio.run(served(talk, PlainTextResponse("ours")))


def test_an_answer_that_takes_long_is_waited_for(monkeypatch):
    monkeypatch.setattr("ui.server.guard.HEAD_SECONDS", 0.05)

    async def slow(scope, receive, send):
        await asyncio.sleep(0.4)
        await PlainTextResponse("all of it")(scope, receive, send)

    async def talk(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    assert asyncio.run(served(talk, slow)).endswith(b"all of it")


def test_who_opens_connections_without_number_leaves_some_to_others(monkeypatch):
    monkeypatch.setattr("ui.server.guard.CONNECTIONS", 3)

    async def talk(port: int) -> list[bytes]:
        opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(5)]
        for _, writer in opened:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answers = [await reader.read(15) for reader, _ in opened[:3]]
        for reader, _ in opened[3:]:
            with contextlib.suppress(ConnectionResetError):
                answers.append(await reader.read(15))
        other = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.2", 0))
        other[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answers.append(await other[0].read(15))
        for _, writer in [*opened, other]:
            writer.close()
        return [answer for answer in answers if answer]

    assert asyncio.run(served(talk, PlainTextResponse("ours"))) == [b"HTTP/1.1 200 OK"] * 4
    assert not Connection._open


async def served(talk, app):
    """What `talk` says of a real server whose port it is given."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, http=Connection, ws="none", lifespan="off", log_level="error"))
        serving = asyncio.create_task(server.serve([listener]))
        try:
            async with asyncio.timeout(30):
                return await talk(listener.getsockname()[1])
        finally:
            server.should_exit = True
            await serving


def test_a_page_that_has_another_name_behind_a_proxy_is_not_ours():
    headers = {"host": "127.0.0.1:7860", "sec-fetch-site": "same-origin"}
    for page, ours in (("https://public.example/de/", False), ("http://127.0.0.1:7860/de/?project=a", True)):
        assert guard().allows(Headers({**headers, "referer": page})) is ours
    linked = {**headers, "sec-fetch-site": "cross-site", "referer": "https://public.example/"}
    assert guard().allows(Headers(linked))  # a link elsewhere, which is told by where it leads
    assert guard().allows(Headers(headers))
