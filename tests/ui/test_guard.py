"""Only this machine's own pages get an answer."""

import asyncio

import pytest
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from ui.guard import Guard

PORT = 7860


def guard(*extra_hosts: str, port: int = PORT) -> Guard:
    return Guard(PlainTextResponse("ours"), port, extra_hosts)


def answer(host: str, origin: str | None = None, *extra_hosts: str) -> int:
    headers = {"host": host} | ({"origin": origin} if origin is not None else {})
    return TestClient(guard(*extra_hosts)).get("/", headers=headers).status_code


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "LOCALHOST:7860", "[::1]:7860"])
def test_names_of_this_machine_are_answered(host):
    assert answer(host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:7860", "127.0.0.1:7861", "127.0.0.1", "localhost.evil.example:7860", "192.168.0.5:7860", ""],
)
def test_a_foreign_host_is_refused(host):
    assert answer(host) == 403


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://127.0.0.1:9999",
        "http://127.0.0.1:7860.evil.example",
        "http://evil.example@127.0.0.1:7860",
        "file://127.0.0.1:7860",
    ],
)
def test_a_foreign_origin_is_refused(origin):
    assert answer("127.0.0.1:7860", origin) == 403


def test_our_own_origin_is_answered():
    assert answer("127.0.0.1:7860", "http://127.0.0.1:7860") == 200


def test_names_of_the_local_network_are_answered_only_when_sharing_was_asked_for():
    assert answer("192.168.0.5:7860") == 403
    assert answer("192.168.0.5:7860", "http://192.168.0.5:7860", "192.168.0.5") == 200


def test_the_default_port_may_be_left_out():
    assert guard(port=80).allows(Headers({"host": "localhost"}))
    assert not guard(port=81).allows(Headers({"host": "localhost"}))


def test_pages_may_load_nothing_from_elsewhere():
    policy = TestClient(guard()).get("/", headers={"host": "localhost:7860"}).headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_browsers_may_name_our_own_pages_to_us_and_to_nobody_else():
    sent = TestClient(guard()).get("/", headers={"host": "localhost:7860"}).headers
    assert sent["referrer-policy"] == "same-origin"


def test_half_a_body_is_given_up_and_a_slow_answer_is_waited_for(monkeypatch):
    monkeypatch.setattr("ui.guard.BODY_SECONDS", 0.05)

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
