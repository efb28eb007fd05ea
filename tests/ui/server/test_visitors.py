"""Who is let in, as whom: the host by their link or by being alone on this machine, guests by the join code."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from core import access
from ui.server.join import FREE_TRIES, Door
from ui.server.visitors import HOST_WORD, Gate, Passes

CODE = "ABCD2345"
HERE, PUPIL, BRIDGE = ("127.0.0.1", 4242), ("192.168.1.7", 4242), ("172.17.0.1", 4242)


def say_who(_):
    visitor = access.asking()
    return PlainTextResponse("host" if visitor.is_host else f"guest {visitor.id}")


@pytest.fixture
def passes(tmp_path):
    return Passes(tmp_path, 7860, CODE)


@pytest.fixture
def app(passes):
    return gate(passes, Door(CODE))


def gate(passes, door=None):
    inside = Starlette()
    inside.add_route("/", say_who)
    inside.add_route("/de/", say_who)
    return Gate(inside, passes, lambda request: "de", door)


@pytest.fixture
def pupil(app):
    return TestClient(app, client=PUPIL)


def joined(app, client=PUPIL, cookies=None):
    made = TestClient(app, client=client, cookies=cookies)
    assert made.post("/join", data={"code": CODE}).text.startswith("guest")
    return made


@pytest.mark.parametrize("client", [HERE, PUPIL, BRIDGE])
def test_in_a_room_everybody_is_asked_for_the_code_also_on_this_machine(app, client):
    page = TestClient(app, client=client).get("/de/")
    assert page.url.path == "/join"
    assert "Beitreten" in page.text
    assert "host" not in page.text


@pytest.mark.parametrize("client", [HERE, PUPIL, BRIDGE])
@pytest.mark.parametrize("headers", [{}, {"x-forwarded-for": "203.0.113.9"}])
def test_the_hosts_link_makes_a_host_wherever_they_are_and_leaves_the_address(app, passes, client, headers):
    browser = TestClient(app, client=client, headers=headers)
    page = browser.get(f"/?{HOST_WORD}={passes.host_token}&project=a")
    assert (page.text, page.url.path, page.url.query) == ("host", "/", b"project=a")
    assert browser.get("/de/").text == "host"
    assert passes.host_token not in str(dict(browser.cookies))


def test_alone_on_this_machine_nobody_needs_a_link(passes):
    assert TestClient(gate(passes), client=HERE).get("/de/").text == "host"


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        (PUPIL, {}),
        (BRIDGE, {}),
        (HERE, {"x-forwarded-for": "127.0.0.1"}),
        (HERE, {"via": "x"}),
        (HERE, {"CF-Ray": "1"}),
        (HERE, {"X-Azure-ClientIP": "1"}),
        (HERE, {"x-remote-user": "anna"}),
        (HERE, {"Tailscale-User-Login": "anna"}),
        (HERE, {"cdn-loop": "x"}),
    ],
)
def test_who_comes_from_elsewhere_is_shown_nothing_but_that_a_link_is_needed(passes, client, headers):
    answer = TestClient(gate(passes), client=client, headers=headers).get("/de/")
    assert answer.status_code == 403
    assert "im Terminal" in answer.text
    assert "host" not in answer.text


@pytest.mark.parametrize("typed", [CODE, "abcd 2345", "ABCD-2345"])
def test_the_code_opens_the_door_and_stays_out_of_the_cookie(pupil, typed):
    assert pupil.post("/join", data={"code": typed}).text.startswith("guest")
    assert CODE not in str(dict(pupil.cookies))
    assert pupil.get("/de/").text.startswith("guest")


@pytest.mark.parametrize("typed", ["", "WRONG234", "x" * 5000, "ABCD2345X"])
def test_a_wrong_code_is_said_so_and_opens_nothing(pupil, typed):
    answer = pupil.post("/join", data={"code": typed})
    assert answer.status_code == 403
    assert "stimmt nicht" in answer.text
    assert pupil.get("/de/").url.path == "/join"


def test_wrong_codes_make_their_address_wait_longer_each_time_and_nobody_else(app, pupil):
    for _ in range(FREE_TRIES):
        assert pupil.post("/join", data={"code": "WRONG234"}).status_code == 403
    refused = pupil.post("/join", data={"code": CODE})
    assert refused.status_code == 429
    assert "Sekunden" in refused.text
    joined(app, client=("192.168.1.8", 1))


def test_the_wait_doubles_up_to_a_minute_and_ends_with_the_right_code(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("ui.server.join.time.monotonic", lambda: now[0])
    door, waits = Door(CODE), []
    for _ in range(FREE_TRIES + 8):
        door.opens("a", b"WRONG")
        waits.append(door.seconds_to_wait("a"))
        now[0] += max(0.0, waits[-1])
    assert waits[: FREE_TRIES - 1] == [0.0] * (FREE_TRIES - 1)
    assert waits[FREE_TRIES - 1 : FREE_TRIES + 3] == [1.0, 2.0, 4.0, 8.0]
    assert waits[-1] == 60.0
    assert door.opens("a", CODE.encode())
    assert door.seconds_to_wait("a") <= 0


@pytest.mark.parametrize("name", ["browser-7860", "pass-7860"])
def test_a_made_up_or_foreign_cookie_opens_nothing(app, tmp_path, name):
    pupil = joined(app)
    value = pupil.cookies[name]
    other = Passes(tmp_path / "elsewhere", 7860, CODE).cookies_of("a" * 32, "guest")
    for wrong in (value[:-1] + ("0" if value[-1] != "0" else "1"), "", "x", other[name]):
        cookies = {**dict(pupil.cookies), name: wrong}
        assert TestClient(app, client=PUPIL, cookies=cookies).get("/de/").url.path == "/join"


def test_a_guest_cannot_make_themselves_the_host_with_what_they_were_given(app):
    pupil = joined(app)
    for header in ({"x-forwarded-for": "127.0.0.1"}, {"host": "localhost"}):
        assert pupil.get("/de/", headers=header).text.startswith("guest")
    assert TestClient(app, client=HERE, cookies=dict(pupil.cookies)).get("/de/").text.startswith("guest")


def test_after_a_restart_the_host_is_the_host_and_a_guest_types_the_new_code_and_is_the_same_one(
    app, passes, tmp_path
):
    pupil, host = joined(app), TestClient(app, client=PUPIL)
    before = pupil.get("/de/").text
    host.get(f"/?{HOST_WORD}={passes.host_token}")
    restarted = gate(Passes(tmp_path, 7860, "NEWC2345"), Door("NEWC2345"))
    again = TestClient(restarted, client=PUPIL, cookies=dict(pupil.cookies))
    assert again.get("/de/").url.path == "/join"
    assert again.post("/join", data={"code": "NEWC2345"}).text == before
    assert TestClient(restarted, client=PUPIL, cookies=dict(host.cookies)).get("/de/").text == "host"


def test_the_secret_of_the_cookies_is_only_this_users(passes, tmp_path):
    assert [path.stat().st_mode & 0o777 for path in tmp_path.iterdir()] == [0o600]


def test_where_no_secret_can_be_kept_people_get_in_all_the_same(tmp_path):
    (tmp_path / "file").write_text("")
    joined(gate(Passes(tmp_path / "file", 7860, CODE), Door(CODE)))


def test_who_joins_again_and_again_for_a_new_guests_share_finds_the_room_full(app, monkeypatch):
    """Each new guest has projects, bytes and requests with the host's key of their own."""
    monkeypatch.setattr("ui.server.join.GUESTS", 3)
    first = joined(app)
    for _ in range(2):
        joined(app)
    refused = TestClient(app, client=PUPIL).post("/join", data={"code": CODE})
    assert refused.status_code == 403
    assert "beigetreten" in refused.text
    assert first.post("/join", data={"code": CODE}).text.startswith("guest")  # is no new one


def test_a_plain_proxy_that_adds_no_header_makes_nobody_the_host(passes):
    """Such as nginx's proxy_pass as it is set up at first: HTTP/1.0, and Host is the address behind it."""

    async def by_proxy(scope, receive, send):
        await gate(passes)({**scope, "http_version": "1.0"}, receive, send)

    assert TestClient(by_proxy, client=HERE).get("/de/").status_code == 403


@pytest.mark.parametrize("as_host", [True, False])
def test_who_keeps_no_cookies_is_told_so_and_not_asked_again_and_again(app, passes, as_host):
    def without(request: httpx.Request) -> None:
        request.headers.pop("cookie", None)

    browser = TestClient(app, client=PUPIL)
    browser.event_hooks["request"] = [without]
    link = f"/?{HOST_WORD}={passes.host_token}"
    page = browser.get(link) if as_host else browser.post("/join", data={"code": CODE})
    assert (page.status_code, page.url.path) == (403, "/entered")
    assert "Cookies" in page.text
