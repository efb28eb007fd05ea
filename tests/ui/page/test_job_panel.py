"""A job looks the same to everybody, in words and figures of their language."""

from core.jobs.job import Job
from ui.page.job_panel import can_pause, can_resume, can_stop, log_html, progress_html
from ui.page.view import View
from utils.errors import AppError


def seen_by(services, language="de"):
    return View(services, language, "Physik")


def test_the_buttons_follow_the_state(services, puppet):
    job = puppet("rag")
    running = services.runner.get(job.snapshot.id)
    assert (can_pause(running), can_resume(running), can_stop(running)) == (True, False, True)
    services.runner.pause(job.snapshot.id)
    paused = services.runner.wait(job.snapshot.id, 10)
    assert (can_pause(paused), can_resume(paused), can_stop(paused)) == (False, True, True)
    services.runner.resume(job.snapshot.id)
    done = job.finish()
    assert (can_pause(done), can_resume(done), can_stop(done)) == (False, False, False)


def test_a_failed_job_says_why_and_what_to_do(services, project):
    def fail(_):
        raise AppError("no_chunks")

    job = services.runner.start(Job("rag", "Physik", fail))
    failed = services.runner.wait(job.id, 10)
    shown = progress_html(seen_by(services), failed)
    assert "noch kein Text" in shown
    assert "Lade im ersten Schritt" in shown


def test_names_from_outside_cannot_become_markup(services, puppet):
    job = puppet("rag")
    job.report(lambda context: context.log("unknown.key", name="<script>alert(1)</script>"))
    shown = log_html(seen_by(services), services.runner.get(job.snapshot.id))
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
