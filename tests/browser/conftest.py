"""A real app in its own process and a real browser. The browser may talk to nobody but the app."""

import os
import re

import pytest
from chromium import find_chromium, what_lacks
from running_app import ROOT, App

from core.project_manager import ProjectStore

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SCREENSHOTS = ROOT / "build" / "browser-failures"
PATIENCE_MILLISECONDS = 30_000  # when a page hangs, not when it is slow: other tests may run beside this one


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    made = App(tmp_path_factory.mktemp("app"))
    made.start()
    yield made
    made.stop()
    # A place of the page that fails does not take the others down, so that nobody might notice it.
    assert "Traceback" not in made.output.read_text(encoding="utf-8", errors="replace")


@pytest.fixture
def project(app, request):
    """An empty project for each test."""
    return ProjectStore(app.projects).create(request.node.name[:60].replace("[", "").replace("]", ""))


@pytest.fixture(scope="module")
def chromium():
    lacks = what_lacks()
    if lacks and os.environ.get("CI"):
        pytest.fail(lacks)  # a green run would hide that no page was tested
    if lacks:
        pytest.skip(lacks)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def foreign_requests():
    """Every address outside of this machine that a page asked for."""
    return []


@pytest.fixture
def open_page(chromium, app, foreign_requests, request):
    """`open_page(path, locale=…)`: a page in a browser of its own, as another person would open it."""
    contexts = []

    def note(address: str) -> None:
        if not address.startswith((app.address + "/", "data:", "blob:", "about:")):
            foreign_requests.append(address)

    def make(path: str = "/", locale: str = "de-DE", **options):
        context = chromium.new_context(locale=locale, viewport={"width": 1280, "height": 900}, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE_MILLISECONDS)
        page = context.new_page()
        page.on("request", lambda sent: note(sent.url))
        page.on("websocket", lambda opened: note(opened.url.replace("ws:", "http:", 1)))
        page.goto(app.address + path)
        page.wait_for_selector("#field-project")
        return page

    yield make
    if getattr(request.node, "failed", False):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"\W+", "-", request.node.name)
        for number, context in enumerate(contexts):
            for page in context.pages:
                page.screenshot(path=SCREENSHOTS / f"{name}-{number}.png", full_page=True)
    for context in contexts:
        context.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    outcome = yield
    if outcome.get_result().failed:
        item.failed = True
