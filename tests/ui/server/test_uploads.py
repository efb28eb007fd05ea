"""What a page may send, and how much; and to whom it belongs then."""

import asyncio

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.testclient import TestClient

from core import access
from ui.server.server import create_server
from ui.server.uploads import Uploads, plain_name

BASE = "http://127.0.0.1:7860"
CODE = "ABCD2345"


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("CUSTOM_AI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def server(services):
    return create_server(services, 7860, join_code=CODE)


@pytest.fixture
def guest(server):
    with TestClient(server, base_url=BASE, client=("192.168.1.7", 1)) as made:
        made.post("/join", data={"code": CODE})
        yield made


def upload(browser, size: int, name: str = "a.bin", language: str = "de"):
    return browser.post(f"/upload/{language}", params={"name": name}, content=bytes(size))


def test_a_guest_uploads_only_so_much_and_is_told_in_their_language(guest, monkeypatch):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100_000)
    assert upload(guest, 60_000).status_code == 200
    refused = upload(guest, 60_000)
    assert refused.status_code == 413
    assert "kein Platz" in refused.text
    assert "no room" in upload(guest, 60_000, language="en").text
    assert upload(guest, 10_000).status_code == 200


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


def test_an_upload_that_hides_its_length_is_not_taken(guest, cache):
    refused = guest.post("/upload/de", content=(bytes(10_000) for _ in range(100)))
    assert refused.status_code == 403
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_nobody_not_even_the_host_fills_the_disk(server, monkeypatch):
    monkeypatch.setattr(access, "FREE_DISK_GIB", 1e9)
    with TestClient(server, base_url=BASE, client=("127.0.0.1", 1)) as host:
        host.get(server.state.host_link)
        assert upload(host, 10).status_code == 413


def test_many_small_uploads_end_where_their_number_ends(guest, monkeypatch):
    monkeypatch.setattr("ui.server.uploads.MOST", 3)
    assert [upload(guest, 0).status_code for _ in range(5)] == [200, 200, 200, 413, 413]


def test_without_its_cookie_a_browser_uploads_nothing(services):
    with TestClient(create_server(services, 7860), base_url=BASE, client=("127.0.0.1", 1)) as browser:
        assert upload(browser, 1).status_code == 403
        browser.get("/de/")
        assert upload(browser, 1).status_code == 200


def test_an_app_that_ends_takes_uploads_along_and_the_next_one_those_of_a_killed_app(services, cache):
    left = cache / "uploads" / "999999999-abc"  # no process has this number
    left.mkdir(parents=True)
    (left / "a.pdf").write_bytes(b"a")
    with TestClient(create_server(services, 7860), base_url=BASE, client=("127.0.0.1", 1)) as browser:
        browser.get("/de/")
        assert upload(browser, 1).status_code == 200
        assert not left.exists()
        assert len(list((cache / "uploads").rglob("a.bin"))) == 1
    assert list((cache / "uploads").iterdir()) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Übung (1) – Energie.pdf", "Übung (1) – Energie.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Anna\\a.pdf", "a.pdf"),
        ("..", "file"),
        ("a/..", "file"),
        (".", "file"),
        ("", "file"),
        ("a\0b.txt", "ab.txt"),
        ("日本語.txt", "日本語.txt"),
    ],
)
def test_a_file_keeps_its_name_and_leads_nowhere_else(sent, kept):
    assert plain_name(sent) == kept


def test_a_name_without_end_is_one_that_a_disk_takes():
    assert len(plain_name("ä" * 5_000 + ".pdf").encode()) <= 255


async def sent_in_parts(uploads: Uploads, browser: str, *parts: bytes, length: int, breaks: bool = False):
    """What comes of a body that does not arrive all at once."""
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    last = {"type": "http.disconnect"} if breaks else {"type": "http.request", "body": b"", "more_body": False}

    async def receive():
        await asyncio.sleep(0.01)
        return messages.pop(0) if messages else last

    headers = [(b"content-length", str(length).encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"name=a.bin", "headers": headers}
    return await uploads.take(Request({**scope, "state": {"browser": browser}}, receive), "de")


def test_uploads_at_the_same_time_take_no_share_twice(services, monkeypatch):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100)
    uploads = Uploads(services)

    async def all_at_once() -> list[int]:
        sends = (sent_in_parts(uploads, "anna", bytes(30), bytes(30), length=60) for _ in range(3))
        return [answer.status_code for answer in await asyncio.gather(*sends)]

    with access.acting_as(access.Visitor("anna")):
        assert sorted(asyncio.run(all_at_once())) == [200, 413, 413]


def test_an_upload_that_breaks_off_leaves_nothing_and_takes_no_room(services, monkeypatch):
    monkeypatch.setattr(access, "GUEST_UPLOAD_BYTES", 100)
    uploads = Uploads(services)
    with access.acting_as(access.Visitor("anna")):
        with pytest.raises(ClientDisconnect):
            asyncio.run(sent_in_parts(uploads, "anna", bytes(30), length=60, breaks=True))
        assert list(uploads.folder.rglob("*")) == []
        assert asyncio.run(sent_in_parts(uploads, "anna", bytes(60), length=60)).status_code == 200


def test_only_the_browser_that_sent_a_file_may_name_it(services):
    uploads = Uploads(services)
    name = asyncio.run(sent_in_parts(uploads, "anna", b"mine", length=4)).body.decode()
    assert [file.read_bytes() for file in uploads.find("anna", [name])] == [b"mine"]
    assert uploads.find("bert", [name]) == ()
    for odd in ("", "*", "..", f"../anna/{name}", name.upper(), f"{name}\n", "0" * 32, "/etc/passwd"):
        assert uploads.find("bert", [odd]) == ()
        assert uploads.find("anna", [odd]) == ()


def test_what_no_project_took_in_is_removed_after_a_day(services, monkeypatch):
    uploads = Uploads(services)
    first = asyncio.run(sent_in_parts(uploads, "anna", b"old", length=3)).body.decode()
    monkeypatch.setattr("ui.server.uploads.KEPT_SECONDS", -1)
    second = asyncio.run(sent_in_parts(uploads, "anna", b"new", length=3)).body.decode()
    assert uploads.find("anna", [first]) == ()
    assert len(uploads.find("anna", [second])) == 1
