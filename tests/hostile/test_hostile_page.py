"""A page or a program that may talk to the app, and tries to read or to freeze the machine behind it."""

import threading
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI
from hostile.visitors import Visitor
from starlette.routing import Mount

from ui.server.language_page import built, mounted


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
    """The ways to name a file that Gradio has understood somewhere."""
    marked = {"path": path, "meta": {"_type": "gradio.FileData"}}
    return [
        marked,
        {"path": path},
        [marked],
        [[{"file": marked}]],
        {"value": marked, "__type__": "update"},
        {**marked, "url": path},
        {**marked, "path": upload, "url": path},
        {**marked, "path": f"{upload}/../../../../../../../..{path}"},
        path,
        [path],
        f"file={path}",
    ]


def test_no_function_of_the_page_hands_out_a_file_of_this_machine(own_app, attacker, machine):
    own = attacker.upload("mine.txt", b"my own words")
    tries = 0
    for function in (one for one in attacker.functions if one["backend_fn"]):
        kinds = attacker.types_of(function)
        for target in [*machine.files, machine.listener.url, own]:
            for form in forms_of(target, own):
                attacker.call(function["id"], [form if kind == "file" else "" for kind in kinds])
                attacker.call(function["id"], [form for _ in kinds], event_data=form)
                tries += 2
    assert tries >= 150
    assert machine.heard_in(attacker.everything()) == []
    assert machine.listener.visits == []


def test_no_action_of_the_page_hands_out_a_file_of_this_machine(own_app, attacker, machine):
    with attacker.live() as page:
        for target in (*machine.files, "/etc/passwd"):
            for action in ("set", "project.open", "database.export", "settings.set"):
                for form in forms_of(target, target):
                    page.do(action, of=target, value=form, ticked=[form])
    assert machine.heard_in(attacker.everything()) == []


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


def test_no_route_of_gradio_hands_out_or_fetches_anything(attacker, machine, services):
    routes = routes_of(mounted(built(services, "de"), "de"))
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
    for function in attacker.functions:
        kinds = attacker.types_of(function)
        if "file" not in kinds:
            continue
        for form in forms_of(path, path):
            attacker.call(function["id"], [form if kind == "file" else None for kind in kinds])
    assert httpx.get(f"{own_app.address}/page.js", timeout=20).status_code == 200


def test_another_browser_neither_reads_an_upload_nor_goes_on_with_a_session(own_app, machine):
    owner = Visitor(own_app.address).open_page()
    path = owner.upload("private.txt", machine.canary("upload").encode())
    other = Visitor(own_app.address).open_page()
    other.session = owner.session
    takes_files = [one for one in other.functions if "file" in other.types_of(one)]
    owner.call(takes_files[0]["id"], [None for _ in takes_files[0]["inputs"]])
    refused = other.call(takes_files[0]["id"], [None for _ in takes_files[0]["inputs"]])
    assert refused.status_code == 403
    other.session = "mine"
    for function in takes_files:
        kinds = other.types_of(function)
        for form in forms_of(path, path):
            other.call(function["id"], [form if kind == "file" else None for kind in kinds])
    other.ask("GET", f"/de/gradio_api/file={path}")
    other.ask("GET", f"/de/gradio_api/heartbeat/{owner.session}")
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
    assert foreign.ask("POST", "/de/gradio_api/upload", files={"files": ("a", b"a")}).status_code == 403
