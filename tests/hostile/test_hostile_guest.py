"""A guest who typed the code, and tries to read, change or use what is the host's or another guest's."""

import pytest
from hostile.machine import state_of
from hostile.visitors import Visitor

from core.project_manager import ProjectStore
from ui import layout
from ui.page.fields import SECTIONS
from utils.config import ProjectConfig

SECRET = "Geheim"
OWN = "Eigenes"
TABS = tuple(layout.SCREENS)
ACTIONS = sorted({*layout.FRAME.actions, *(name for one in layout.SCREENS.values() for name in one.actions)})
# What a form or a setting may be called, so that one word stands in all fields that an action could read.
FIELDS = (
    "name",
    "value",
    "key",
    "base_url",
    "model",
    "question",
    "document",
    "password",
    "repository",
    "folder",
    "words",
)
LONG = frozenset({"project.delete", "welcome.try"})  # it would only be in the way of the others


def create(visitor: Visitor, name: str) -> None:
    """Make a project, as the page's form does."""
    with visitor.live() as page:
        assert page.do("project.create", name=name)["look"]["project"] == name


@pytest.fixture(scope="module")
def own_project(guest, room):
    create(guest, OWN)
    assert ProjectStore(room.projects).open(OWN).owner
    return OWN


def test_no_action_lets_a_guest_see_change_or_use_what_is_the_hosts(room, guest, own_project, machine):
    hosts = ProjectStore(room.projects).open(SECRET)
    before, settings = state_of(hosts.root), state_of(room.settings)
    words = [
        (SECRET, SECRET),
        (own_project, SECRET),
        (own_project, machine.files[3]),
        (own_project, f"path:{hosts.root}"),
        (own_project, machine.listener.url),
        (own_project, f"../projects/{SECRET}"),
    ]
    tries = 0
    for project, word in words:
        for tab in TABS if project == SECRET else TABS[:1]:
            with guest.live(project, tab) as page:
                for action in ACTIONS:
                    if action in LONG:
                        continue
                    page.do(action, of=word, ticked=["*", word], **dict.fromkeys(FIELDS, word))
                    tries += 1
    assert tries >= 400
    assert machine.heard_in(guest.everything()) == []
    assert machine.listener.visits == []
    assert state_of(hosts.root) == before
    assert state_of(room.settings) == settings


def test_no_setting_lets_a_guest_reach_a_file_or_a_server_of_the_hosts(room, guest, own_project, machine):
    for word in (machine.files[0], machine.listener.url, "local", "ollama", "openrouter"):
        with guest.live(own_project, "samples") as page:
            for section in SECTIONS:
                for name in type(getattr(ProjectConfig(), section)).model_fields:
                    page.do("set", f"{section}.{name}", value=word)
            for action in ACTIONS:
                if action not in LONG:
                    page.do(action, of=own_project, value=word)
    assert machine.heard_in(guest.everything()) == []
    assert machine.listener.visits == []


def test_no_route_hands_a_guest_what_is_the_hosts(room, host, guest, machine):
    addresses = ("/download/database", "/download/samples", "/download/bundle", "/download/export")
    for name in (SECRET, f"./{SECRET}", f"../projects/{SECRET}", SECRET.lower(), f"{OWN}/../{SECRET}"):
        for address in addresses:
            for kind in ("jsonl", "csv", "../../config.json"):
                guest.ask("GET", address, params={"project": name, "kind": kind, "run": "x", "file": kind})
    assert machine.heard_in(guest.everything()) == []
    assert b"canary" in host.ask("GET", "/download/samples", params={"project": SECRET, "kind": "jsonl"}).content


def test_the_host_sees_in_their_browser_what_no_guest_may_see(host, machine):
    """Otherwise the tests of guests could not fail."""
    for tab in TABS:
        with host.live(SECRET, tab):
            pass
    heard = machine.heard_in(host.everything())
    assert {"chunk", "prompt", "topic"} <= set(heard)
    assert not [name for name in heard if name.startswith(("keys", "environment", "file", "temp", "settings"))]


def test_another_guest_sees_nothing_of_a_guests_project(room, guest, own_project):
    other = Visitor(room.address).join(room.code).open_page()
    for tab in TABS:
        with other.live(own_project, tab) as page:
            for action in ACTIONS:
                if action not in LONG:
                    page.do(action, of=own_project, ticked=["*"], **dict.fromkeys(FIELDS, own_project))
    assert ProjectStore(room.projects).open(own_project).owner
    create(other, "Anderes")
    for tab in TABS:
        with guest.live(own_project, tab):
            pass
    assert b"Anderes" not in guest.everything()
