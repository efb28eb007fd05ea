"""A page or a program that may talk to the app, and tries to read or to freeze the machine behind it."""

import threading
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hostile.visitors import Visitor
from starlette.routing import Mount

from ui.server.language_page import mounted


@pytest.fixture(scope="module")
def attacker(own_app):
    return Visitor(own_app.address).open_page()


@pytest.fixture(scope="module", autouse=True)
def others_are_answered(own_app):
    """While all this goes on, somebody else uses the app."""
    stop, lost = threading.Event(), []

    def look():
        while not stop.wait(0.5):
            try:
                httpx.get(f"{own_app.address}/page.js", timeout=20).raise_for_status()
            except httpx.HTTPError as error:
                lost.append(error)

    watcher = threading.Thread(target=look)
    watcher.start()
    yield
    stop.set()
    watcher.join()
    assert lost == []


def forms_of(path: str, upload: str) -> list[object]:
    """The ways to name a file that somebody may understand."""
    marked = {"path": path, "meta": {"_type": "gradio.FileData"}}
    return [
        marked,
        [marked],
        {"value": marked, "__type__": "update"},
        path,
        [path],
        f"file={path}",
        f"{upload}/../../../../../../../..{path}",
        f"../../../../../../../..{path}",
    ]


def test_no_action_of_the_page_hands_out_a_file_of_this_machine(own_app, attacker, machine):
    own = attacker.upload("mine.txt", b"my own words")
    actions = ("set", "project.open", "database.export", "settings.set", "documents.read", "samples.import")
    with attacker.live() as page:
        page.do("project.create", name="Angriff")
        for target in (*machine.files, machine.listener.url, "/etc/passwd"):
            for action in actions:
                for form in forms_of(target, own):
                    page.do(action, of=target, value=form, ticked=[form], uploads=[form])
    assert machine.heard_in(attacker.everything()) == []
    assert machine.listener.visits == []


def test_no_copy_of_a_file_of_this_machine_is_made(own_app, attacker, machine):
    """What was not answered might still lie where another request finds it."""
    cache = machine.folder / "alone" / "cache"
    kept = b"".join(path.read_bytes() for path in cache.rglob("*") if path.is_file())
    assert machine.heard_in(kept) == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in (cache / "uploads").iterdir())
    assert not (own_app.projects / ".uploads").exists()


def routes_of(app: FastAPI, prefix: str = "") -> set[tuple[str, str]]:
    """Methods and addresses of an app, also of the routers inside it."""
    found = set()
    for route in app.routes:
        if inner := getattr(route, "original_router", None):
            found |= routes_of(inner, prefix)
        elif isinstance(route, Mount):
            found |= routes_of(route.app, route.path) if hasattr(route.app, "routes") else set()
        else:
            found |= {(method, prefix + route.path) for method in route.methods}
    return found


def test_no_route_of_gradio_hands_out_or_fetches_anything(attacker, machine):
    routes = routes_of(mounted("de"))
    assert len(routes) > 60
    assert ("POST", "/de/gradio_api/run/{api_name}") in routes
    places = [*machine.files, machine.listener.url]
    for place in places:
        for method, route in sorted(routes):
            for word in (place, quote(place, safe="")):
                path = route
                while "{" in path:
                    path = path[: path.index("{")] + word + path[path.index("}") + 1 :]
                options = {"json": {"data": [place], "url": place, "path": place}} if method == "POST" else {}
                attacker.ask(method, path, params={"deep_link": place, "file": place}, **options)
    for place in places:
        for path in (
            "/gradio_api/file=",
            "/file=",
            "/gradio_api/proxy=",
            "/proxy=",
            "/static/..",
            "/assets/..",
            "/..",
        ):
            attacker.ask("GET", f"/de{path}{place}")
            attacker.ask("GET", f"/de{path}{quote(place, safe='')}")
    assert machine.heard_in(attacker.everything()) == []
    assert machine.listener.visits == []


@pytest.mark.parametrize("place", ["/dev/zero", "/dev/tty", "/dev/stdin", "fifo", "/proc/kmsg"])
def test_a_device_or_a_pipe_freezes_nobody(own_app, attacker, machine, place):
    path = str(machine.folder / "home" / "fifo") if place == "fifo" else place
    with attacker.live() as page:
        for form in forms_of(path, path):
            for action in ("documents.read", "samples.import"):
                page.do(action, of=path, value=form, uploads=[form])
    assert httpx.get(f"{own_app.address}/page.js", timeout=20).status_code == 200


def test_another_browser_does_not_read_an_upload(own_app, machine):
    owner = Visitor(own_app.address).open_page()
    name = owner.upload("private.txt", machine.canary("upload").encode())
    other = Visitor(own_app.address).open_page()
    with other.live() as page:
        page.do("project.create", name="Fremd")
        for form in forms_of(name, name):
            page.do("documents.read", uploads=[form])
            page.do("samples.import", uploads=[form])
        assert "private.txt" not in str(page.say(look={"project": "Fremd", "tab": "documents"}))
    other.ask("GET", f"/upload/{name}")
    other.ask("GET", f"/upload/de?name={name}")
    assert machine.heard_in(other.everything()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"},
        {"host": "evil.example"},
    ],
)
def test_a_foreign_page_gets_nothing_but_the_entrance(own_app, headers):
    foreign = Visitor(own_app.address, headers)
    is_link = headers.get("sec-fetch-dest") == "document"
    assert (foreign.ask("GET", "/de/").status_code == 200) is is_link
    for path in ("/page.js", "/download/database?project=x", "/download/samples?project=x", "/de/theme.css"):
        assert foreign.ask("GET", path).status_code == 403
    assert foreign.ask("POST", "/upload/de?name=a", content=b"a").status_code == 403
