"""The table of kinds of jobs: a new one is a row and its stage; whoever runs or shows jobs knows it from there."""

from importlib.util import find_spec
from pkgutil import resolve_name

import pytest
from child_stages import ROW

from core.jobs.job import JobState
from core.jobs.kinds import KINDS, of_step, of_tab
from core.jobs.services import Services, reattach, start_child_job
from core.jobs.worker import lock_file
from tests.core.waiting import wait_for
from ui.layout import TABS
from ui.page.job_panel import progress_html
from ui.page.view import View
from ui.texts import KEYS, WORDS


def test_a_new_kind_runs_as_a_child_job_is_shown_and_goes_on_after_a_restart(
    services, project, monkeypatch, child_app
):
    monkeypatch.setitem(KINDS, "count", ROW)
    monkeypatch.setitem(WORDS["en"], "job.kind.count", "Counting")
    job = start_child_job(services, project, "count", {"to": 100, "seconds_each": 0.1})
    wait_for(lambda: services.runner.get(job.id).done >= 2)
    view = View(services, "en", project.name)
    shown = progress_html(view, view.job(of_tab("documents")))
    assert "Counting" in shown and "/100" in shown
    services.runner.pause(job.id)
    services.runner.wait(job.id, 20)
    next_app = Services(services.projects)
    reattach(next_app)
    (found,) = next_app.runner.jobs()
    assert (found.id, found.state) == (job.id, JobState.PAUSED)
    (run_folder,) = project.runs_folder.glob("*-count")
    (run_folder / "hurry").touch()
    next_app.runner.resume(job.id)
    assert next_app.runner.wait(job.id, 20).result == {"counted": 100}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_row_names_is_there(name):
    kind = KINDS[name]
    assert f"job.kind.{name}" in KEYS
    assert not kind.stage or find_spec(kind.stage)
    assert not kind.start or callable(resolve_name(kind.start))
    assert not kind.then or KINDS[kind.then].start
    assert kind.tab is None or kind.tab in TABS


def test_what_must_not_work_at_the_same_time_shares_a_lock(project):
    assert lock_file(project, "rechunk") == lock_file(project, "rag") != lock_file(project, "train")
    assert lock_file(project, "import") == lock_file(project, "sft")


def test_a_kind_of_a_later_version_is_known_to_no_tab(project):
    assert not any("later" in of_tab(tab) for tab in TABS)
    assert of_step("try") == ()
    assert lock_file(project, "later").name == ".later.lock"
