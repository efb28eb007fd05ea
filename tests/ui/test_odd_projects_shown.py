"""What people see of a folder full of odd projects: a page for each, with its reason where there is one."""

import json
import logging
import os
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest
from hostile.visitors import Visitor
from odd_projects import make_odd_projects

from core.jobs.services import reattach
from core.project_manager import ProjectStore
from ui import layout
from ui.page.moving import moving
from ui.page.parts import Act, done, shown
from ui.page.view import View
from ui.texts import error_text
from utils.errors import SYSTEM_ERRORS

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems' disks refuse most of these names")


def test_every_odd_project_has_a_page_that_can_be_sent_and_tells_what_is_wrong(services, caplog):
    caplog.set_level(logging.WARNING)
    odd = make_odd_projects(services.projects)
    services.projects.create("good")
    reattach(services)
    parts = [layout.FRAME, *layout.SCREENS.values()]
    for name in services.projects.names():
        view = View(services, "de", name)
        sent = [json.dumps(shown(render, view)) for part in parts for render in part.places.values()]
        if view.problem:
            words, _ = error_text(view.problem.code, "de", view.problem.params)
            assert odd.get(name, "a link"), (name, words)
            assert any(json.dumps(words.split("„")[0])[1:-1] in each for each in sent)
        json.dumps([moving(view), repr(view.stamp())])
    assert not [record for record in caplog.records if record.exc_info], caplog.text


def test_the_app_starts_on_a_folder_of_odd_projects_and_shows_each_of_them(tmp_path):
    store = ProjectStore(tmp_path / "projects")
    make_odd_projects(store)
    store.create("good")
    environment = {**os.environ, "CUSTOM_AI_CONFIG": str(tmp_path / "config"), "LC_ALL": "C.UTF-8"}
    arguments = [sys.executable, "app.py", "--projects", str(store.folder)]
    listed = subprocess.run([*arguments, "list", "--json"], cwd=ROOT, env=environment, capture_output=True, text=True)
    found = json.loads(listed.stdout)
    assert "good" in found["projects"] and "caf\\udce9" in found["projects"]
    assert found["closed"]["store is garbage"] == "The database “rag.db” is damaged."
    assert {*found["projects"], *found["closed"]} == set(store.names())
    for language in ("C", "de_DE.UTF-8"):
        shown = subprocess.run(
            [*arguments, "list"],
            cwd=ROOT,
            env={**environment, "LC_ALL": language, "PYTHONUTF8": "0"},
            capture_output=True,
        )
        assert shown.returncode == 0 and shown.stderr == b""
        assert len(shown.stdout.splitlines()) == len(store.names())

    app = subprocess.Popen(
        [*arguments, "--no-browser", "--port", "0"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    log: list[str] = []
    reader = threading.Thread(target=lambda: log.extend(app.stderr))
    reader.start()
    try:
        address = app.stdout.readline().strip()
        assert address.startswith("http"), log
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        assert opener.open(f"{address}de/", timeout=60).status == 200
        visitor = Visitor(address.rstrip("/")).open_page()
        for name in [*store.names(), "", "..", "nowhere"]:
            with visitor.live(name) as page:
                assert page.say(visible=True)["look"]["project"] == (name or store.names()[0])
    finally:
        app.terminate()
        app.wait(60)
        reader.join(10)
    assert "Traceback" not in "".join(log)


def test_a_folder_of_projects_that_became_closed_is_told_on_the_page(services, project, monkeypatch):
    def closed(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", closed)
    view = View(services, "de", "Physik")
    assert view.projects == []
    assert view.problem is not None and view.problem.code == "file_forbidden"
    assert "Zugriff" in view.error_box(view.problem)


@pytest.mark.parametrize(("number", "code"), SYSTEM_ERRORS.items())
def test_whatever_the_system_refuses_a_click_is_answered_with_a_sentence(services, project, number, code):
    def refused(_: object):
        raise OSError(number, os.strerror(number), str(project.config_file))

    answer, was_refused = done(refused, Act(services, "de", "Physik", {}))
    words = error_text(code, "de", {"file": "projects/Physik/config.json"})[0]
    assert was_refused and words in answer.notice and 'class="box bad"' in answer.notice


def test_a_failure_that_nobody_foresaw_is_still_a_bug_with_its_trace(services, project, caplog):
    def bug(_: object):
        raise OSError("something else")

    answer, _ = done(bug, Act(services, "de", "Physik", {}))
    assert "OSError" in answer.notice
    assert "something else" in caplog.text
