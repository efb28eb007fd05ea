"""Every page sees the truth at once, gets only what changed, and whatever it says is checked."""

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from core.jobs.job import JobState
from core.jobs.runs import create_run, this_process
from core.jobs.worker import alone_with
from ui.page.view import View
from ui.server import live
from ui.server.server import create_server

BASE = "http://127.0.0.1:7860"
HERE = ("127.0.0.1", 5000)
ADDRESS = "ws://127.0.0.1:7860/live/de"


class Page:
    """A page that somebody has open: what it has been shown, and what it was told last."""

    def __init__(self, socket: WebSocketTestSession) -> None:
        self._socket = socket
        self.places: dict[str, str] = {}
        self.messages: list[dict] = []

    def say(self, **message: object) -> dict:
        """Say something; what the page is told next."""
        self._socket.send_json(message)
        return self.told()

    def told(self) -> dict:
        message = self._socket.receive_json()
        self.messages.append(message)
        self.places |= message.get("places", {})
        return message

    def until(self, name: str, words: str) -> str:
        """Wait until a place shows some words."""
        for _ in range(30):
            if words in self.places.get(name, ""):
                return self.places[name]
            self.told()
        raise AssertionError(f"{name}: {self.places.get(name)}")

    def leave(self) -> None:
        self._socket.close()

    def do(self, action: str, of: str = "", **values: object) -> dict:
        self._socket.send_json({"act": action, "of": of, "values": values, "number": 1})
        while "done" not in (told := self.told()):
            pass
        return told


@pytest.fixture
def client(services, monkeypatch) -> Iterator[TestClient]:
    monkeypatch.setattr(live, "INTERVAL_SECONDS", 0.1)
    with TestClient(create_server(services, 7860), base_url=BASE, client=HERE) as made:
        made.get("/language/de")
        yield made


@pytest.fixture
def open_page(client) -> Iterator[Callable[..., Page]]:
    with contextlib.ExitStack() as sockets:

        def make(project: str = "", tab: str = "documents", name: str = "") -> Page:
            socket = client.websocket_connect(ADDRESS, headers={"origin": BASE})
            page = Page(sockets.enter_context(socket))
            page.say(page=name, look={"project": project, "tab": tab}, visible=True)
            return page

        yield make


def test_a_page_opens_at_the_first_project_and_is_told_where_it_is(open_page, project):
    page = open_page()
    assert page.messages[0]["look"] == {"project": "Physik", "tab": "documents"}
    assert "Physik" in page.places["project"]


def test_a_page_gets_only_what_changed(open_page, project):
    page = open_page("Physik")
    project.set("sft", {"topic": "Wärme"})  # the settings' file is another one, and nothing shows it on this screen
    project.config_file.touch()
    told = page.say(visible=True)
    assert set(told.get("places", {})) <= {"project"}
    assert page.do("project.ask", "create")["places"].keys() == {"project"}


def test_a_setting_that_one_page_sets_is_seen_on_another(open_page, project):
    first, second = open_page("Physik", "training"), open_page("Physik", "training")
    first.do("set", "training.epochs", value="7")
    assert project.load_config().training.epochs == 7
    for page in (first, second):
        for _ in range(5):
            if any('value="7"' in shown for shown in page.places.values()):
                break
            page.told()
        assert any('value="7"' in shown for shown in page.places.values())


def test_a_refused_action_says_why_and_leaves_the_page_as_it_is(open_page, project):
    told = open_page("Physik").do("set", "training.epochs", value="0")
    assert told["refused"] and "zu klein" in told["notice"]


def test_a_page_that_was_open_before_shows_a_training_that_a_terminal_began(open_page, services, project):
    page = open_page("Physik")
    run = create_run(project, "train", {})
    with alone_with(project, "train"):
        run.write_state(JobState.RUNNING, process=this_process())
        page.until("running", "Training")
        run.write_state(JobState.PAUSED)
        assert services.runner.wait(run.id, 10).state == JobState.PAUSED


def test_what_moves_comes_as_figures_and_nothing_is_drawn_for_it(open_page, project, puppet):
    page = open_page("Physik")
    job = puppet("rag")
    page.until("running", job.snapshot.id)
    job.report(lambda context: context.progress(1, 4))
    for _ in range(10):
        told = page.told()
        if told.get("moving", {}).get("jobs", {}).get(job.snapshot.id, {}).get("percent") == 25.0:
            break
    assert "places" not in told
    job.finish()
    for _ in range(10):
        if job.snapshot.id not in page.places["running"]:
            return
        page.told()
    raise AssertionError("the last change is never shown")


def test_a_page_in_the_background_is_told_that_work_ended_and_nothing_is_drawn_for_it(open_page, project, puppet):
    """It was told nothing at all, so that neither its title nor a notification could say so."""
    page = open_page("Physik")
    job = puppet("rag")
    page.until("running", job.snapshot.id)
    page.say(visible=False)
    job.finish()
    for _ in range(10):
        told = page.told()
        assert "places" not in told
        if told["moving"]["jobs"][job.snapshot.id]["state"] == "done":
            return
    raise AssertionError("it is never told")


def test_a_project_that_is_renamed_on_another_page_is_followed(open_page, project):
    first, second = open_page("Physik"), open_page("Physik")
    first.do("project.rename", name="Biologie")
    told = second.told()
    assert told["look"]["project"] == "Biologie"


def test_a_project_that_is_gone_is_said_and_not_taken_for_an_empty_app(open_page, services, project):
    page = open_page("Physik")
    os.rename(project.root, project.root.with_name("anders"))
    assert "Physik" in page.until("problem", "box bad")
    assert "welcome" not in page.places["welcome"]


def test_a_page_that_lost_its_connection_is_where_it_was(open_page, project):
    before = open_page("Physik", name="abc")
    before.do("project.ask", "create")
    before.leave()
    assert "key-create" in open_page("Physik", name="abc").places["project"]
    assert "key-create" not in open_page("Physik", name="other").places["project"]


def test_each_viewer_is_where_they_are(open_page, project):
    first, second = open_page("Physik"), open_page("Physik")
    first.do("project.ask", "delete")
    second.do("project.ask", "rename")
    assert "key-delete" in first.places["project"] and "key-rename" in second.places["project"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "nonsense",
        '{"act": "core.keys.forget"}',
        '{"act": 3}',
        "{}",
        '{"act": "set", "of": ' + "[" * 3000 + "]" * 3000 + "}",
        '{"visible": "yes"}',
        '{"look": []}',
        b"{}",
        b"\xff",
    ],
)
def test_what_no_page_says_ends_the_connection_and_nothing_else(client, open_page, project, said):
    with client.websocket_connect(ADDRESS, headers={"origin": BASE}) as socket:
        socket.send_bytes(said) if isinstance(said, bytes) else socket.send_text(said)
        with pytest.raises(WebSocketDisconnect):
            socket.receive_json()
    assert "Physik" in open_page().places["project"]


@pytest.mark.parametrize("values", [None, [], {"value": {"a": 1}}, {"value": None}, {"name": ["x", 3]}, {"": 1}])
def test_odd_values_of_an_action_are_refused_in_words(open_page, project, values):
    page = open_page("Physik")
    page._socket.send_json({"act": "set", "of": "training.epochs", "values": values, "ticked": 5, "number": []})
    while "done" not in (told := page.told()):
        pass
    assert told["refused"] and "box bad" in told["notice"]


@pytest.mark.parametrize(
    "headers", [{}, {"origin": "https://evil.example"}, {"origin": BASE, "host": "evil.example"}]
)
def test_only_a_page_of_this_app_opens_a_connection(client, headers):
    opened = client.websocket_connect(ADDRESS, headers=headers)
    with pytest.raises(WebSocketDisconnect), opened:
        pass


def test_a_browser_without_its_cookie_is_sent_back_to_the_door(client):
    client.cookies.clear()
    opened = client.websocket_connect(ADDRESS, headers={"origin": BASE})
    with opened as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert closed.value.code == 4403


def test_one_browser_cannot_open_pages_without_end(client, open_page, project, monkeypatch):
    monkeypatch.setattr(live, "PAGES", 2)
    open_page("Physik"), open_page("Physik")
    opened = client.websocket_connect(ADDRESS, headers={"origin": BASE})
    with opened as socket, pytest.raises(WebSocketDisconnect):
        socket.receive_json()


@pytest.mark.parametrize("tab", ["", "nowhere", "<b>", None, 7, ["model"], {"a": 1}, "x" * 10_000])
def test_a_page_that_looks_nowhere_is_at_the_first_screen_and_the_others_stay_up_to_date(
    open_page, project, caplog, tab
):
    page, odd = open_page("Physik"), open_page("Physik", name="odd")
    odd.say(look={"project": "Physik", "tab": tab}, visible=True)
    project.set("training", {"epochs": 9})
    odd.do("project.ask", "create")
    page.do("project.ask", "rename")
    assert odd.messages[-1]["look"]["tab"] == "documents" and "key-rename" in page.places["project"]
    assert not caplog.records


def test_a_page_that_only_says_that_it_is_visible_is_shown_something(client, project):
    with client.websocket_connect(ADDRESS, headers={"origin": BASE}) as socket:
        socket.send_json({"visible": True})
        assert socket.receive_json()["look"] == {"project": "Physik", "tab": "documents"}


def test_a_page_that_cannot_be_brought_up_to_date_leaves_others_alone(open_page, services, project, monkeypatch):
    page, broken = open_page("Physik"), open_page("Kaputt")
    stamp = View.stamp
    monkeypatch.setattr(View, "stamp", lambda self: 1 / 0 if self.project_name == "Kaputt" else stamp(self))
    os.rename(project.root, project.root.with_name("anders"))
    assert page.until("problem", "box bad")
    broken.leave()


def test_what_a_page_asks_once_more_because_the_answer_was_lost_is_done_once(open_page, services):
    first = open_page(name="abc")
    assert not first.do("project.create", name="Einmal")["refused"]
    first.leave()
    again = open_page(name="abc")
    assert again.messages[0]["known"]
    assert again.do("project.create", name="Einmal") == {"done": 1} | {
        name: value for name, value in again.messages[-1].items() if name != "done"
    }
    assert "notice" not in again.messages[-1] and services.projects.names() == ["Einmal"]


def test_a_page_that_comes_back_before_its_end_was_noticed_is_where_it_was(open_page, project):
    before = open_page("Physik", name="abc")
    before.do("project.ask", "create")
    assert "key-create" in open_page("Physik", name="abc").places["project"]
    with pytest.raises(WebSocketDisconnect):
        while True:
            before.told()


def test_a_page_is_told_which_script_it_should_have(client, open_page):
    script = open_page(name="abc").messages[0]["script"]
    assert f'src="{script}"' in client.get("/de/").text


def test_a_folder_of_projects_that_cannot_be_read_is_said_and_ends_no_page(open_page, services, project, caplog):
    page = open_page("Physik")
    folder = project.root.parent
    os.rename(folder, folder.with_name("away"))
    folder.write_text("a file")
    page.say(look={"project": "", "tab": "documents"})
    assert page.do("project.create", name="Neu")["refused"]
    folder.unlink()
    os.rename(folder.with_name("away"), folder)
    page.say(look={"project": "Physik", "tab": "documents"})
    assert "Physik" in page.until("project", "project-rename")
    assert not [record for record in caplog.records if record.exc_info]
