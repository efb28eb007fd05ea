"""Training and its course as a person uses them: settings behind one line, the curve by mouse and by touch."""

import math

import pytest
from playwright.sync_api import expect

from tests.ui.runs_material import make_run

LOSSES = tuple(4.0 / (1 + step / 20) + 0.3 * math.sin(step * 7) for step in range(120))


def middle_of(page, share: float = 0.5) -> tuple[float, float]:
    """A point in the picture of the curve, so far from its left."""
    box = page.locator("#loss-curve > svg").bounding_box()
    return box["x"] + box["width"] * share, box["y"] + box["height"] / 2


@pytest.mark.parametrize("width", [1280, 390])
def test_settings_are_one_click_away_and_other_browsers_follow(open_page, project, width):
    page, other = (
        open_page(f"/de/?project={project.name}&tab=training"),
        open_page(f"/en/?project={project.name}&tab=training", locale="en-GB"),
    )
    page.set_viewport_size({"width": width, "height": 900})
    expect(page.get_by_role("button", name="Training starten")).to_be_disabled()
    expect(page.locator("#why-train")).to_contain_text("Beispiele")
    epochs = page.get_by_role("slider", name="Epochen")
    expect(epochs).to_be_hidden()
    page.get_by_text("ändern").click()
    epochs.fill("7")
    expect(other.locator("#training-settings > summary")).to_contain_text("7 epochs")
    expect(epochs).to_be_visible()  # what was opened stays open
    assert project.load_config().training.epochs == 7


def test_a_finished_training_shows_its_curve_and_leads_to_the_result(open_page, project, foreign_requests):
    make_run(project, losses=LOSSES)
    page = open_page(f"/de/?project={project.name}&tab=running")
    expect(page.locator("#screen-running h2")).to_contain_text("Das Training ist fertig")
    said, whole = page.locator("#loss-curve output"), page.get_by_role("button", name="Alles zeigen")
    page.mouse.move(*middle_of(page))
    expect(said).to_contain_text("Schritt 5")
    expect(said).to_contain_text("beim Prüfen")
    page.mouse.down()
    page.mouse.move(*middle_of(page, 0.8), steps=5)
    page.mouse.up()
    expect(whole).to_be_visible()
    page.mouse.move(*middle_of(page))
    expect(said).to_contain_text("Schritt 7")
    whole.click()
    expect(whole).to_be_hidden()
    page.get_by_role("button", name="Einen Teil größer zeigen").press("Enter")
    expect(whole).to_be_visible()
    page.get_by_role("link", name="Zum Ergebnis").click()
    expect(page.locator(":root[data-tab=result]")).to_be_attached()
    page.go_back()
    expect(page.locator("#loss-curve")).to_be_visible()
    assert foreign_requests == []


def test_a_finger_reads_the_curve(open_page, project):
    make_run(project, losses=LOSSES)
    page = open_page(f"/en/?project={project.name}&tab=running", locale="en-GB", has_touch=True)
    page.set_viewport_size({"width": 390, "height": 800})
    page.locator("#loss-curve").scroll_into_view_if_needed()
    page.touchscreen.tap(*middle_of(page))
    expect(page.locator("#loss-curve output")).to_contain_text("Step 5")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
