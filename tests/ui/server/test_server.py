"""What the web server answers before any page is clicked."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import gradio
import pytest
from hostile.visitors import Visitor
from starlette.testclient import TestClient

from ui.server.language_page import localized
from ui.server.server import create_server, listen, preferred_language
from ui.texts import WORDS
from utils import config

BASE = "http://127.0.0.1:7860"
HERE = ("127.0.0.1", 5000)


@pytest.fixture
def browser(services):
    with TestClient(create_server(services, 7860), base_url=BASE, client=HERE, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en-GB", "en"),
        ("fr, DE;q=0.7", "de"),
        ("fr", "en"),
        ("", "en"),
        ("*", "en"),
    ],
)
def test_the_browser_chooses_the_language(header, language):
    assert preferred_language(header) == language


def test_a_chosen_language_and_that_of_the_settings_win_over_the_browsers_and_the_address_is_kept(browser):
    def start(header, query="") -> str:
        return browser.get(f"/{query}", headers={"accept-language": header}).headers["location"]

    assert start("de", "?project=Physik&tab=model") == "/de/?project=Physik&tab=model"
    config.save_app_settings(config.AppSettings(language="de"))
    assert start("en") == "/de/"
    switched = browser.get("/language/en?tab=model", headers={"accept-language": "de"})
    assert switched.headers["location"] == "/en/?tab=model"
    assert start("de") == "/en/"


def test_an_unknown_language_or_page_is_not_found(browser):
    assert browser.get("/language/xx").status_code == 404
    assert browser.get("/fr/").status_code == 404
    assert browser.get("/docs").status_code == 404


@pytest.mark.parametrize(("language", "other"), [("de", "en"), ("en", "de")])
def test_a_page_holds_no_words_of_the_other_language(browser, language, other):
    page = browser.get(f"/{language}/").text
    settings = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page, re.S)[1])
    shown = {word for component in settings["components"] for word in strings(component["props"])}
    foreign = set(WORDS[other].values()) - set(WORDS[language].values()) - {WORDS[other]["app.this_language"]}
    assert shown & foreign == set()
    assert f'<html lang="{language}"' in page


def test_a_page_names_no_other_site_and_nothing_is_recorded_or_watched(browser):
    page = browser.get("/de/").text
    assert not re.search(r"""(?:src|href|content)=["']https?://""", page)
    assert '"analytics_enabled":false' in page.replace(": ", ":")
    assert browser.get("/de/monitoring/summary").status_code in {401, 403, 404}
    assert browser.get("/de/gradio_api/runs").status_code == 404


def test_gradios_page_template_still_has_what_we_change():
    template = Path(gradio.__file__).parent / "templates/frontend/index.html"
    page = localized(template.read_text(encoding="utf-8"), "de")
    assert '<html lang="de"' in page
    assert "dataset.tab" in page
    assert "manifest.json" not in page
    assert "og:image" not in page


def test_the_first_page_is_light_and_its_script_may_be_kept(browser):
    page = browser.get("/de/", headers={"accept-encoding": "gzip"})
    assert page.headers["content-encoding"] == "gzip"
    assert int(page.headers["content-length"]) < 45_000
    address = re.search(r'src="(/page\.js\?\w+)"', page.text)[1]
    assert "immutable" in browser.get(address).headers["cache-control"]
    assert browser.get(address).text == browser.get(address, headers={"accept-encoding": "identity"}).text


def test_a_download_comes_as_it_is_so_that_a_browser_can_go_on_with_half_of_it(browser, project):
    """Packed on the way, a model of gigabytes took a core and had no length."""
    project.database_export.write_bytes(b"0123456789" * 1_000)
    address, packed = "/download/database?project=Physik", {"accept-encoding": "gzip"}
    whole = browser.get(address, headers=packed)
    assert (whole.headers["content-length"], "content-encoding" in whole.headers) == ("10000", False)
    rest = browser.get(address, headers={**packed, "range": "bytes=9995-"})
    assert (rest.status_code, rest.content) == (206, b"56789")


def test_the_page_is_a_small_one_for_gradio(browser):
    page = browser.get("/de/").text
    settings = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", page, re.S)[1])
    assert len(settings["components"]) <= 250
    assert len(settings["dependencies"]) <= 120


def test_ending_the_app_while_a_page_is_open_is_quiet_and_counts_as_done(tmp_path):
    command = [sys.executable, "app.py", "--no-browser", "--port", "0", "--projects", str(tmp_path / "projects")]
    environment = {**os.environ, "CUSTOM_AI_CONFIG": str(tmp_path / "config")}
    root = Path(__file__).resolve().parents[3]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=root, env=environment, **pipes) as app:
        try:
            address = app.stdout.readline().strip()
            with Visitor(address.rstrip("/")).open_page().live():
                app.send_signal(signal.SIGINT)
                _, errors = app.communicate(timeout=60)
        finally:
            app.kill()  # where something went wrong; nobody waits for it to end by itself
    assert app.returncode == 0
    assert errors == ""


def test_answers_on_a_kept_connection_wait_for_nobody():
    """asyncio sends small parts at once only on sockets that say they are TCP; others wait 40 ms for each answer."""
    with listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def strings(value: object) -> set[str]:
    if isinstance(value, str):
        return {value}
    if isinstance(value, dict):
        if "choices" in value:  # pairs of words and what they stand for; only the words are shown
            value = {**value, "value": None, "choices": [words for words, _ in value["choices"]]}
        return set().union(*(strings(inner) for inner in value.values())) if value else set()
    if isinstance(value, list):
        return set().union(*(strings(inner) for inner in value)) if value else set()
    return set()
