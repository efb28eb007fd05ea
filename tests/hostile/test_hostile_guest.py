"""A guest who typed the code, and tries to read, change or use what is the host's or another guest's."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hostile.machine import state_of
from hostile.visitors import Visitor

from core.project_manager import ProjectStore

SECRET = "Geheim"
OWN = "Eigenes"


def project_field(visitor: Visitor) -> int:
    """The hidden field with the project's name, which nearly every function is given first."""
    return Counter(one["inputs"][0] for one in visitor.functions if one["inputs"]).most_common(1)[0][0]


def filled(visitor: Visitor, function: dict[str, Any], project: str, word: str, provider: str) -> list[Any]:
    """Values for a function's inputs: the same word wherever a person could type one."""
    field = project_field(visitor)

    def value(number: int) -> Any:
        component = visitor.components[number]
        choices = [one[1] for one in component["props"].get("choices") or []]
        match component["type"]:
            case _ if number == field:
                return project
            case "textbox":
                return word
            case "dropdown" | "radio":
                return provider if provider in choices else (choices[-1] if choices else word)
            case "number" | "slider":
                return 1
            case "checkbox":
                return True
            case "checkboxgroup":
                return choices
        return None

    return [value(number) for number in function["inputs"]]


def create(visitor: Visitor, name: str) -> None:
    """Make a project, as the page's form does."""
    makers = [one for one in visitor.functions if visitor.types_of(one) == ["textbox", "textbox"]]
    for function in makers:
        if name in visitor.call(function["id"], ["", name]).text:
            return
    raise AssertionError("no function made the project")


@pytest.fixture(scope="module")
def own_project(guest, room):
    create(guest, OWN)
    assert ProjectStore(room.projects).open(OWN).owner
    return OWN


def test_no_function_lets_a_guest_see_change_or_use_what_is_the_hosts(room, guest, own_project, machine):
    hosts = ProjectStore(room.projects).open(SECRET)
    before, settings = state_of(hosts.root), state_of(room.settings)
    rounds: list[Callable[[dict[str, Any]], list[Any]]] = [
        lambda function: filled(guest, function, SECRET, SECRET, "practice"),
        lambda function: filled(guest, function, own_project, machine.files[3], "local"),
        lambda function: filled(guest, function, own_project, f"path:{hosts.root}", "path"),
        lambda function: filled(guest, function, own_project, machine.listener.url, "openrouter"),
        lambda function: filled(guest, function, own_project, machine.listener.url, "ollama"),
        lambda function: filled(guest, function, f"../projects/{SECRET}", "../x", "hf"),
    ]
    tries = 0
    for number, values_for in enumerate(rounds):
        for function in guest.distinct() if number else guest.functions:
            if function["backend_fn"]:
                click = {"do": "delete", "of": SECRET, "row": SECRET, "every": True}
                guest.call(function["id"], values_for(function), event_data=click)
                tries += 1
    assert tries >= 400
    assert machine.heard_in(guest.everything()) == []
    assert machine.listener.visits == []
    assert state_of(hosts.root) == before
    assert state_of(room.settings) == settings


def test_no_route_hands_a_guest_what_is_the_hosts(room, host, guest, machine):
    addresses = ("/download/database", "/download/samples", "/download/bundle", "/changes")
    for name in (SECRET, f"./{SECRET}", f"../projects/{SECRET}", SECRET.lower(), f"{OWN}/../{SECRET}"):
        for address in addresses:
            for kind in ("jsonl", "csv", "../../config.json"):
                guest.ask("GET", address, params={"project": name, "kind": kind, "run": "x"})
    assert machine.heard_in(guest.everything()) == []
    assert b"canary" in host.ask("GET", "/download/samples", params={"project": SECRET, "kind": "jsonl"}).content


def test_the_host_sees_in_their_browser_what_no_guest_may_see(host, machine):
    """Otherwise the tests of guests could not fail."""
    for function in host.distinct():
        if len(function["outputs"]) > 20:
            host.call(function["id"], filled(host, function, SECRET, "", ""))
    heard = machine.heard_in(host.everything())
    assert {"chunk", "prompt", "topic"} <= set(heard)
    assert not [name for name in heard if name.startswith(("keys", "environment", "file", "temp", "settings"))]


def test_another_guest_sees_nothing_of_a_guests_project(room, guest, own_project):
    other = Visitor(room.address).join(room.code).open_page()
    for function in other.distinct():
        other.call(function["id"], filled(other, function, own_project, own_project, "practice"))
    assert ProjectStore(room.projects).open(own_project).owner
    lists = [answer for path, answer in other.answers if "predict" in path and own_project.encode() in answer]
    assert all(b"project_missing" in one or own_project.encode() in one for one in lists)
    create(other, "Anderes")
    for function in guest.distinct():
        guest.call(function["id"], filled(guest, function, own_project, "", ""))
    assert b"Anderes" not in guest.everything()
