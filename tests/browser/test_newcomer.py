"""Somebody who has never seen the app: from nothing to a finished model, by clicks alone."""

from pathlib import Path

import axe_playwright_python
import pytest
from material import write_energy_pdf
from playwright.sync_api import Page, expect
from running_app import ROOT, App

from core.project_manager import ProjectStore
from ui import layout
from ui.texts import text

pytestmark = pytest.mark.slow
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LONG = 600_000
PICTURES = ROOT / "build" / "screens"


class Newcomer:
    """Clicks, and counts them."""

    def __init__(self, page: Page, language: str, app: App) -> None:
        self.page, self.language, self.app, self.clicks = page, language, app, 0

    def empty_again(self) -> None:
        """As if the app had never been used."""
        store = ProjectStore(self.app.projects)
        for name in store.names():
            store.delete(name)
        self.page.goto(self.app.address)
        self.clicks = 0

    def t(self, key: str) -> str:
        return text(key, self.language)

    def choose(self, selector: str, file: Path) -> None:
        """A file chosen in the browser's own window counts as one click."""
        self.page.locator(selector).set_input_files(file)
        expect(self.page.get_by_text(file.name).first).to_be_visible()
        self.clicks += 1

    def press_enter(self) -> None:
        self.page.keyboard.press("Enter")
        self.clicks += 1

    def onward(self, tab: str) -> None:
        """The one primary button of the screen, which leads to the next one."""
        self.click(f"a.button.primary[data-tab={tab}]:visible")
        expect(self.page.locator(f"#screen-{tab}")).to_be_visible()

    def click(self, selector: str) -> None:
        button = self.page.locator(selector)
        expect(button).to_be_enabled(timeout=LONG)
        button.click()
        self.clicks += 1


@pytest.fixture(scope="module", params=["de", "en"])
def newcomer(request, chromium, tmp_path_factory):
    """Somebody in front of an app that was never used."""
    app = App(tmp_path_factory.mktemp(f"newcomer-{request.param}"))
    app.start()
    context = chromium.new_context(locale=request.param, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(app.address)
    yield Newcomer(page, request.param, app)
    context.close()
    assert app.stop() == 0
    assert "Traceback" not in app.output.read_text(encoding="utf-8", errors="replace")


def test_an_empty_app_takes_the_whole_way_with_a_sample_text_in_three_clicks(newcomer):
    expect(newcomer.page.get_by_role("heading", name=newcomer.t("welcome.title"))).to_be_visible()
    newcomer.click("[id='welcome.try']")
    expect(newcomer.page.locator("#example .box")).to_contain_text(newcomer.t("example.done"), timeout=LONG)
    newcomer.click("[id='example.aside']")
    expect(newcomer.page.locator("#screen-result")).to_be_visible()
    assert newcomer.clicks <= 3


def test_a_document_of_ones_own_becomes_an_exported_model_in_fourteen_clicks(newcomer, tmp_path):
    newcomer.empty_again()
    page = newcomer.page
    newcomer.click("[id='welcome.own']")
    expect(page.locator("#field-name")).to_be_focused()
    page.keyboard.type("Energie")
    newcomer.press_enter()
    expect(page.locator("#step-documents")).to_be_focused()
    newcomer.choose("#process-files input[type=file]", write_energy_pdf(tmp_path / "Energie.pdf"))
    newcomer.click("#process")
    newcomer.onward("model")
    newcomer.click("#create-practice")
    newcomer.onward("samples")
    newcomer.click("#generate")
    newcomer.onward("training")
    newcomer.click("#train")
    newcomer.onward("result")
    newcomer.click("#export")
    expect(page.locator(".file-row .badge.good")).to_have_text(newcomer.t("export.passed"), timeout=LONG)
    with page.expect_download() as download:
        newcomer.click(".file-row a[download]")
    assert download.value.path().stat().st_size > 0
    assert newcomer.clicks <= 14


@pytest.mark.parametrize("shade", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_each_screen_of_a_finished_project_is_accessible(newcomer, shade, width):
    assert faults(newcomer, "Energie", shade, width) == []


@pytest.mark.parametrize("shade", ["light", "dark"])
def test_each_screen_is_accessible_before_its_step_is_possible(newcomer, shade):
    store = ProjectStore(newcomer.app.projects)
    name = "Leer" if "Leer" in store.names() else store.create("Leer").name
    assert faults(newcomer, name, shade, 390) == []


def faults(newcomer: Newcomer, project: str, shade: str, width: int) -> list[str]:
    """What axe finds on the screens of a project; a picture of each is kept."""
    page, found = newcomer.page, []
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(f"localStorage.setItem('shade', '{shade}')")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for screen in layout.SCREENS:
        page.goto(page.url.partition("?")[0] + f"?project={project}&tab={screen}")
        page.wait_for_selector(f"#screen-{screen} [data-place] > *")
        page.wait_for_timeout(300)
        page.screenshot(path=PICTURES / f"{newcomer.language}-{project}-{screen}-{width}-{shade}.png", full_page=True)
        assert page.evaluate("document.body.classList.contains('dark')") == (shade == "dark")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found += [f"{screen}: {one}" for one in violations(page)]
    return found


def violations(page: Page) -> list[str]:
    """What axe finds on the page as it is, in words."""
    page.evaluate(AXE.read_text("utf-8"))
    result = page.evaluate("(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{one['id']} {one['nodes'][0]['target']} {one['nodes'][0]['html'][:120]}" for one in result["violations"]
    ]
