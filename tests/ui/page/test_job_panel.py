"""A job looks the same to everybody, in words and figures of their language."""

from functools import partial

import pytest

from core import access
from core.jobs.job import Job
from core.jobs.kinds import of_tab
from ui.page.job_panel import panel_html, possible
from ui.page.moving import moving
from ui.page.view import View
from utils.errors import AppError

panel = partial(panel_html, kinds=of_tab("documents"), tab="documents")


def test_the_buttons_follow_the_state(services, puppet):
    job = puppet("rag")
    running = services.runner.get(job.snapshot.id)
    assert possible(running) == ["pause", "stop"]
    services.runner.pause(job.snapshot.id)
    paused = services.runner.wait(job.snapshot.id, 10)
    assert possible(paused) == ["resume", "stop"]
    services.runner.resume(job.snapshot.id)
    done = job.finish()
    assert possible(done) == []


def test_a_click_pauses_and_resumes_the_job_that_the_panel_shows(services, act, puppet):
    job = puppet("rag")
    act("job.documents.pause")
    assert services.runner.wait(job.snapshot.id, 10).state == "paused"
    act("job.documents.resume")
    assert job.finish().state == "done"
    act("job.documents.stop")
    assert services.runner.get(job.snapshot.id).state == "done"


def test_a_failed_job_says_why_and_what_to_do(services, project, view):
    def fail(_):
        raise AppError("no_chunks")

    job = services.runner.start(Job("rag", "Physik", fail))
    services.runner.wait(job.id, 10)
    shown = panel(view())
    assert "noch kein Text" in shown
    assert "Lade im ersten Schritt" in shown


@pytest.mark.parametrize("kind", ["sing", "", "train2", "__class__", "job.kind.train"])
def test_a_job_of_a_kind_that_a_later_version_knows_stops_nothing_that_moves(puppet, view, kind):
    job = puppet(kind)
    assert moving(view())["jobs"][job.snapshot.id]["state"] == "running"
    job.finish()
    assert kind in moving(view())["jobs"][job.snapshot.id]["ended"]


def test_names_from_outside_cannot_become_markup(view, puppet):
    job = puppet("rag")
    job.report(lambda context: context.log("unknown.key", name="<script>alert(1)</script>"))
    shown = panel(view())
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_jobs_progress_moves_as_data_and_draws_nothing_anew(view, puppet):
    job = puppet("rag")
    before = view().stamp()
    job.report(lambda context: context.progress(3, 12, "documents.reading", file="a.pdf", page=1, pages=2))
    data = moving(view())["jobs"][job.snapshot.id]
    assert (data["percent"], data["state"]) == (25.0, "running")
    assert "3/12" in data["words"] and "a.pdf" in data["doing"]
    assert view().stamp() == before
    job.finish()
    assert view().stamp() != before
    data = moving(view())["jobs"][job.snapshot.id]
    assert "fertig" in data["ended"] and data["doing"] == ""


@pytest.mark.parametrize("name", ["Physik", " Physik", "Physik "])
def test_a_guest_who_asks_for_anothers_project_hears_nothing_of_its_jobs(services, project, puppet, view, name):
    """Their messages, logs and results name documents and say what a model answered."""
    job = puppet("rag")
    job.report(lambda context: context.log("documents.reading", file="geheim.pdf", page=1, pages=2))
    assert "geheim.pdf" in panel(view())
    with access.acting_as(access.Visitor("anna")):
        theirs = View(services, "de", name)
        assert (theirs.jobs, theirs.job(("rag",)), theirs.result("rag")) == ([], None, None)
        assert "geheim" not in str(moving(theirs))
    job.finish()
    assert view().result("rag") == {}
