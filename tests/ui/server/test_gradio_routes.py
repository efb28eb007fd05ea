"""What a page may upload, and how much; what a click may name; who goes on with what."""

import asyncio
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.testclient import TestClient

from core import access
from ui.server.gradio_routes import CLICKS, GradioGate
from ui.server.server import create_server
from ui.server.traffic import Holdings, Traffic

BASE = "http://127.0.0.1:7860"
CODE = "ABCD2345"


@pytest.fixture
def server(services, monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))
    return create_server(services, 7860, join_code=CODE)


@pytest.fixture
def guest(server):
    with TestClient(server, base_url=BASE, client=("192.168.1.7", 1)) as made:
        made.post("/join", data={"code": CODE})
        yield made


def upload(browser, size: int, name: str = "a.bin"):
    return browser.post("/de/gradio_api/upload", files={"files": (name, bytes(size))})


def test_a_guest_uploads_only_so_much_and_is_told_in_their_language(guest, monkeypatch):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100_000)
    assert upload(guest, 60_000).status_code == 200
    refused = upload(guest, 60_000, "b.bin")
    assert refused.status_code == 413
    assert "kein Platz" in refused.text
    assert upload(guest, 10_000, "c.bin").status_code == 200


def test_documents_in_a_guests_projects_count_and_the_hosts_do_not(guest, services, monkeypatch):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100_000)
    hosts = services.projects.create("Wirt")
    (hosts.documents_folder / "large.pdf").write_bytes(bytes(500_000))
    browser = guest.cookies["browser-7860"].partition(".")[0]
    with access.acting_as(access.Visitor(browser)):
        mine = services.projects.create("Gast")
    (mine.documents_folder / "large.pdf").write_bytes(bytes(80_000))
    assert upload(guest, 50_000).status_code == 413
    (mine.documents_folder / "large.pdf").unlink()
    assert upload(guest, 50_000).status_code == 200


def test_an_upload_that_hides_its_length_ends_where_the_room_ends(guest, monkeypatch, tmp_path):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100_000)

    def endless():
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(1_000):
            yield bytes(10_000)

    refused = guest.post(
        "/de/gradio_api/upload", content=endless(), headers={"content-type": "multipart/form-data; boundary=x"}
    )
    assert refused.status_code == 413
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert kept <= 100_000


def test_nobody_not_even_the_host_fills_the_disk(server, monkeypatch):
    monkeypatch.setattr(access, "FREE_DISK_GIB", 1e9)
    with TestClient(server, base_url=BASE, client=("127.0.0.1", 1)) as host:
        host.get(server.state.host_link)
        assert upload(host, 10).status_code == 413


def test_a_field_that_is_no_file_is_not_gathered_in_memory(guest):
    assert guest.post("/de/gradio_api/upload", files={"files": (None, "words")}).status_code == 400


NO_CLICKS = [
    *(b"", b"{", b"[]", b"null", b"1", b'"x"', b"{}", b"[" * 100_000, b"\xff\xfe", b'{"data": []}', b"9" * 10_000),
    *(b'{"data": {}, "fn_index": 0, "session_hash": "a"}', b'{"data": [], "fn_index": [], "session_hash": "a"}'),
    *(
        b'{"data": [], "fn_index": 99999, "session_hash": "a"}',
        b'{"data": [], "fn_index": 1, "session_hash": "../a"}',
    ),
]


def test_what_is_no_click_is_refused_before_the_page_hears_of_it(guest):
    for body in NO_CLICKS:
        assert guest.post("/de/gradio_api/run/predict", content=body).status_code == 400, body[:50]


def test_a_click_larger_than_any_is_not_read(guest, monkeypatch):
    monkeypatch.setattr("ui.server.gradio_routes.MOST_BODY_BYTES", 1_000)
    assert guest.post("/de/gradio_api/run/predict", content=b" " * 2_000).status_code == 413


def test_without_its_cookie_a_browser_neither_clicks_nor_uploads(services):
    with TestClient(create_server(services, 7860), base_url=BASE, client=("127.0.0.1", 1)) as browser:
        assert upload(browser, 1).status_code == 403
        assert browser.post("/de/gradio_api/run/predict", json={}).status_code == 403
        browser.get("/de/")
        assert upload(browser, 1).status_code == 200


def test_an_app_that_ends_takes_uploads_along_and_the_next_one_those_of_a_killed_app(services, monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))
    left = tmp_path / "cache" / "uploads" / "999999999-abc"  # no process has this number
    left.mkdir(parents=True)
    (left / "a.pdf").write_bytes(b"a")
    with TestClient(create_server(services, 7860), base_url=BASE, client=("127.0.0.1", 1)) as browser:
        browser.get("/de/")
        assert upload(browser, 1).status_code == 200
        assert not left.exists()
        assert len(list((tmp_path / "cache" / "uploads").rglob("a.bin"))) == 1
    assert list((tmp_path / "cache" / "uploads").iterdir()) == []


def test_a_thing_belongs_to_who_began_it_and_the_oldest_is_forgotten():
    holdings = Holdings()
    assert holdings.claim("a", "1", most=2)
    assert holdings.claim("a", "1", most=2)
    assert not holdings.claim("b", "1", most=2)
    for thing in ("2", "3"):
        assert holdings.claim("a", thing, most=2)
    assert holdings.held("a") == ["2", "3"]
    assert holdings.claim("b", "1", most=2)
    holdings.hold("b", "2", most=2)
    assert holdings.holds("a", "2")
    assert holdings.holds("b", "2")
    assert not holdings.claim("a", "2", most=2)


def test_many_small_uploads_do_not_make_large_ones_forgotten(guest, monkeypatch):
    monkeypatch.setattr("ui.server.gradio_routes.UPLOADS", 3)
    for number in range(3):
        assert upload(guest, 10, f"{number}.bin").status_code == 200
    assert upload(guest, 10, "more.bin").status_code == 413


async def status_of(gate, path: str, browser: str, *body: bytes) -> int:
    """What the gate answers a browser that sends a body in these parts, not all at once."""
    parts, sent = [*body], []

    async def receive():
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
    await gate({**scope, "state": {"browser": browser}}, receive, send)
    return sent[0]["status"]


def test_one_browsers_clicks_do_not_take_all_threads_from_others(tmp_path):
    """Some clicks wait for a server elsewhere, or unpack a file, for many seconds."""
    go, reached = asyncio.Event(), []

    async def slow(scope, receive, send):
        reached.append(scope["state"]["browser"])
        await go.wait()
        await PlainTextResponse("done")(scope, receive, send)

    page = SimpleNamespace(fns={0: SimpleNamespace(fn=None, inputs=[])})
    gate = GradioGate(slow, page, "de", None, Traffic(tmp_path))

    async def click(browser: str) -> int:
        body = b'{"data": [], "fn_index": 0, "session_hash": "%s"}' % browser.encode()
        return await status_of(gate, "/de/gradio_api/run/predict", browser, body)

    async def both() -> tuple[list[int], list[int]]:
        greedy, other = [asyncio.create_task(click("a")) for _ in range(CLICKS + 5)], asyncio.create_task(click("b"))
        while len(reached) < CLICKS + 1:
            await asyncio.sleep(0)
        go.set()
        return [await one for one in greedy], [await other, await click("a")]

    greedy, others = asyncio.run(both())
    assert sorted(greedy) == [200] * CLICKS + [429] * 5
    assert others == [200, 200]


def test_half_a_character_is_refused_before_an_answer_breaks_on_it(guest):
    body = b'{"data": ["\\ud800"], "fn_index": 0, "session_hash": "a"}'
    json_ = {"content-type": "application/json"}
    guest.get("/de/")
    answers = [
        guest.post("/de/gradio_api/run/predict", content=body.replace(b"0,", b"%d," % number), headers=json_)
        for number in range(12)
    ]
    assert {answer.status_code for answer in answers} == {400}


def test_uploads_at_the_same_time_or_in_another_language_take_no_share_twice(services, tmp_path, monkeypatch):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100)
    traffic, page = Traffic(tmp_path), SimpleNamespace(fns={})

    async def store(scope, receive, send):
        content = await Request(scope, receive).body()
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.bin"
        file.write_bytes(content)
        await JSONResponse([str(file)])(scope, receive, send)

    gates = [GradioGate(store, page, language, services, traffic) for language in ("de", "en", "de")]

    async def upload_to(gate) -> int:
        return await status_of(gate, f"{gate._prefix}/gradio_api/upload", "anna", bytes(30), bytes(30))

    async def all_at_once() -> list[int]:
        return await asyncio.gather(*map(upload_to, gates))

    with access.acting_as(access.Visitor("anna")):
        assert sorted(asyncio.run(all_at_once())) == [200, 413, 413]
