"""The door for a room: on the local network nobody enters without the join code."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.join import JoinGate, new_code

CODE = "ABCD2345"


@pytest.fixture
def app():
    inside = Starlette(routes=[Route("/de/", lambda request: PlainTextResponse("inside"))])
    inside.add_route("/", lambda request: PlainTextResponse("inside"))
    return JoinGate(inside, CODE, lambda request: "de")


@pytest.fixture
def pupil(app):
    return TestClient(app, client=("192.168.1.7", 4242))


def test_whoever_sits_at_the_machine_needs_no_code(app):
    assert TestClient(app, client=("127.0.0.1", 4242)).get("/de/").text == "inside"


def test_others_are_asked_for_the_code_in_their_language(pupil):
    page = pupil.get("/de/")
    assert page.url.path == "/join"
    assert "Beitreten" in page.text
    assert "inside" not in page.text


@pytest.mark.parametrize("typed", [CODE, "abcd 2345", "ABCD-2345"])
def test_the_code_opens_the_door_and_stays_out_of_the_cookie(pupil, typed):
    assert pupil.post("/join", data={"code": typed}).text == "inside"
    assert CODE not in str(dict(pupil.cookies))
    assert pupil.get("/de/").text == "inside"


@pytest.mark.parametrize("typed", ["", "WRONG234", "x" * 5000, "ABCD2345X"])
def test_a_wrong_code_is_said_so_and_opens_nothing(pupil, typed):
    answer = pupil.post("/join", data={"code": typed})
    assert answer.status_code == 403
    assert "stimmt nicht" in answer.text
    assert pupil.get("/de/").url.path == "/join"


def test_a_made_up_cookie_opens_nothing(app):
    stranger = TestClient(app, client=("192.168.1.8", 1), cookies={"joined": "guess"})
    assert stranger.get("/de/").url.path == "/join"


def test_events_without_the_code_are_turned_away(pupil):
    assert pupil.post("/de/queue/join", json={}, follow_redirects=False).status_code == 303


def test_two_codes_differ():
    assert new_code() != new_code()
    assert len(new_code()) == 8
