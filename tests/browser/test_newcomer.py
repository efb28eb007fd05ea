"""Somebody who has never seen the app: from nothing to a finished model, by clicks alone."""

from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Page, expect
from running_app import ROOT, App

from ui import layout
from ui.texts import text

pytestmark = pytest.mark.slow
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LONG = 600_000
PICTURES = ROOT / "build" / "screens"


class Newcomer:
    """Clicks, and counts them."""

    def __init__(self, page: Page, language: str) -> None:
        self.page, self.language, self.clicks = page, language, 0

    def t(self, key: str) -> str:
        return text(key, self.language)

    def click(self, selector: str) -> None:
        button = self.page.locator(selector)
        expect(button).to_be_enabled(timeout=LONG)
        button.click()
        self.clicks += 1


@pytest.fixture(scope="module", params=["de", "en"])
def finished(request, chromium, tmp_path_factory):
    """A sample run that was begun by clicks on an empty app, and has ended."""
    app = App(tmp_path_factory.mktemp(f"newcomer-{request.param}"))
    app.start()
    context = chromium.new_context(locale=request.param, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(app.address)
    yield Newcomer(page, request.param)
    context.close()
    assert app.stop() == 0
    assert "Traceback" not in app.output.read_text(encoding="utf-8", errors="replace")


def test_an_empty_app_takes_the_whole_way_with_a_sample_text_in_three_clicks(finished):
    expect(finished.page.get_by_role("heading", name=finished.t("welcome.title"))).to_be_visible()
    finished.click("[id='welcome.try']")
    expect(finished.page.locator("#example .box")).to_contain_text(finished.t("example.done"), timeout=LONG)
    finished.click("[id='example.aside']")
    expect(finished.page.locator("#screen-result")).to_be_visible()
    assert finished.clicks <= 3


@pytest.mark.parametrize("shade", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_each_screen_of_a_finished_project_is_accessible(finished, shade, width):
    page = finished.page
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(f"localStorage.setItem('shade', '{shade}')")
    found = []
    for screen in layout.SCREENS:
        page.goto(page.url.partition("?")[0] + f"?tab={screen}")
        page.wait_for_selector(f"#screen-{screen} [data-place] > *")
        page.wait_for_timeout(300)
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{finished.language}-{screen}-{width}-{shade}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found += [f"{screen}: {one}" for one in violations(page)]
    assert found == []


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, in words."""
    page.evaluate(AXE.read_text("utf-8"))
    result = page.evaluate("(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{one['id']} {one['nodes'][0]['target']} {one['nodes'][0]['html'][:120]}" for one in result["violations"]
    ]
