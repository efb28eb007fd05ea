"""A page whose app is gone, is another one, or does not take what it says."""

import pytest
from playwright.sync_api import expect

from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_samples, read_samples
from tests.browser.typing_material import type_into


@pytest.mark.parametrize(
    "made", ["'x'.repeat(2e6)", "'\\ud83d'", "'halb \\udc00 halb'"], ids=["long", "half", "other half"]
)
def test_what_the_app_cannot_take_is_said_and_asked_only_once(open_page, made):
    page = open_page()
    page.evaluate(f"ask('project.create', {{values: {{name: {made}}}}})")
    expect(page.locator("#notice")).to_contain_text("nicht angenommen")
    assert page.evaluate("waiting.size") == 0
    page.evaluate("ask('project.ask', {of: 'create'})")
    expect(page.locator("#field-name")).to_be_visible()


def test_an_app_that_was_killed_comes_back_to_a_page_that_kept_its_words(app, open_page, project):
    page = open_page(f"/de/?project={project.name}&tab=samples")
    page.locator("#project-rename").click()
    type_into(page.locator("#field-name"), "ein halber Na")
    app.kill()
    expect(page.locator("#disconnected")).to_be_visible()
    page.locator("#field-name").press_sequentially("me")
    app.start()
    expect(page.locator("#disconnected")).to_be_hidden()
    expect(page.locator("#field-name")).to_have_value("ein halber Name")
    page.locator("#project-do").click()
    expect(page.locator("#field-project")).to_have_value("ein halber Name")


def test_an_answer_that_is_half_typed_outlives_the_app_and_is_kept_where_it_belongs(app, open_page, project):
    append_samples(project.samples_file, [Sample(f"Frage {n}?", f"Antwort {n}.", f"s{n}") for n in range(1, 4)])
    page = open_page(f"/de/?project={project.name}&tab=samples")
    page.locator("#samples-list button.open").nth(2).click()
    expect(page.locator("#sample h3")).to_have_text("Beispiel 3")
    type_into(page.get_by_label("Antwort", exact=True), "Lang überlegt.")
    app.kill()
    app.start()
    expect(page.locator("#disconnected")).to_be_hidden()
    page.wait_for_timeout(1500)
    expect(page.get_by_label("Antwort", exact=True)).to_have_value("Lang überlegt.")
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#samples-list")).to_contain_text("bearbeitet")
    assert [row.output for row in read_samples(project.samples_file)] == [
        "Antwort 1.",
        "Antwort 2.",
        "Lang überlegt.",
    ]


def test_a_page_of_an_older_app_comes_anew_as_soon_as_nothing_typed_is_lost(open_page, project):
    page = open_page(f"/de/?project={project.name}&tab=samples")
    page.locator("#project-rename").click()
    type_into(page.locator("#field-name"), "noch nicht gesendet")
    page.evaluate("window.old = true; receive({script: '/page.js?another'})")
    page.wait_for_timeout(500)
    assert page.evaluate("window.old")
    page.locator("#project-cancel").click()
    page.wait_for_function("window.old === undefined")
    expect(page.locator("#field-project")).to_have_value(project.name)


def test_a_page_of_the_same_app_does_not_come_anew(open_page, project):
    page = open_page()
    page.evaluate("window.old = true; socket.close()")
    page.wait_for_function("socket.readyState === WebSocket.OPEN")
    page.wait_for_timeout(500)
    assert page.evaluate("window.old") is True
    assert page.evaluate("outdated") is False


def test_a_connection_that_died_in_a_sleep_is_taken_up_again(open_page, project):
    page = open_page(f"/de/?project={project.name}")
    page.evaluate("""() => { window.dead = socket; socket.send = () => {}; socket.onmessage = null; renew(); }""")
    page.wait_for_function("socket !== dead && socket.readyState === WebSocket.OPEN")
    page.locator("#project-rename").click()
    expect(page.locator("#field-name")).to_be_visible()


def test_an_answer_that_was_lost_does_not_make_the_work_be_done_twice(app, open_page):
    page = open_page()
    page.evaluate("""() => { const lost = {act: "project.create", values: {name: "einmal"}, number: 900};
        socket.onmessage = () => {}; send(lost); waiting.set(900, lost); }""")
    page.wait_for_timeout(800)
    page.evaluate("renew()")
    page.wait_for_function("waiting.size === 0")
    expect(page.locator("#notice .bad")).to_have_count(0)
    assert (app.projects / "einmal").is_dir()
