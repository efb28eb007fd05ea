"""A training as it runs: a sentence that is true of it, figures that move, what is next, what helps it."""

import json
import re

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.jobs.services import child_job
from ui.page.moving import moving
from ui.page.view import View
from ui.texts import KEYS
from ui.training.running_screen import screen_html
from utils.config import TrainingSettings


@pytest.fixture
def broken_off(services, project):
    """A training that stopped with an error, as a restarted app finds it."""

    def make(code, state=JobState.FAILED, **settings):
        request = {"training": TrainingSettings(**settings).model_dump(mode="json")}
        run = create_run(project, "train", request)
        run.write_state(state, error={"code": code, "params": {"step": 7}})
        services.runner.adopt(child_job(services, run), state, run.read_state().error)
        return View(services, "de", project.name)

    return make


def points(context, *losses: float, tests: tuple[float, ...] = ()) -> None:
    """What a training of as many steps reports, and its tests after the last one."""
    for step, loss in enumerate(losses, 1):
        context.metric(step=step, epoch=step / 10, loss=loss, tokens_per_second=100.0, seconds=float(step))
    for epoch, loss in enumerate(tests, 1):
        context.metric(step=len(losses) + epoch, epoch=float(epoch), eval_loss=loss)


def heading(view: View) -> str:
    found = re.search(r"<h2[^>]*>(.*?)</h2>", screen_html(view))
    assert found
    return found[1]


def test_where_nothing_ran_it_says_so_and_leads_to_the_settings(view):
    assert heading(view()) == "Noch lief kein Training."
    assert 'class="button primary" href="?tab=training"' in screen_html(view())


@pytest.mark.parametrize(
    ("tests", "says"),
    [((2.0, 1.8), "sinkt noch"), ((1.5, 1.7), "steigt seit Epoche 1"), ((2.0, 1.5, 1.9, 1.6), "nicht klar")],
)
def test_a_training_at_work_says_how_it_goes_and_says_it_as_it_moves(view, puppet, tests, says):
    job = puppet("train")
    job.report(lambda context: context.progress(2, 9, "training.epoch", epoch=2, epochs=3))
    job.report(lambda context: points(context, 2.0, 1.0, tests=tests))
    sentence = heading(view())
    assert sentence.startswith("Das Modell lernt: Epoche 2 von 3; ") and says in sentence
    moved = moving(view())["jobs"][job.snapshot.id]
    assert moved["sentence"] == sentence
    shown = screen_html(view())
    for name, words in moved["figures"].items():
        assert f'<dd data-figure="{name}">{words}</dd>' in shown
    assert "job.running.pause" in shown and "job.running.stop" in shown and "button primary" not in shown
    assert "notify" in shown
    job.finish()
    assert "notify" not in screen_html(view()), "what is done needs no message"


@pytest.mark.parametrize(
    ("key", "words"), [("training.loading", "werden geladen"), ("training.measuring", "zurückgehaltenen Beispielen")]
)
def test_what_it_does_beside_learning_is_said(view, puppet, key, words):
    puppet("train").report(lambda context: context.progress(0, None, key))
    assert words in heading(view())


def test_a_paused_training_says_so_and_its_next_step_is_to_go_on(services, view, puppet):
    job = puppet("train")
    services.runner.pause(job.snapshot.id)
    services.runner.wait(job.snapshot.id, 10)
    assert "angehalten" in heading(view())
    assert 'class="button primary" id="job.running.resume"' in screen_html(view())
    assert "sentence" not in moving(view())["jobs"][job.snapshot.id]  # what is drawn holds


@pytest.mark.parametrize("known", ["to this app", "from its folder"])
def test_a_finished_training_says_what_came_of_it_and_leads_to_the_result(project, view, puppet, known):
    if known == "to this app":
        job = puppet("train")
        job.report(lambda context: points(context, 2.0, tests=(1.9, 1.5, 1.7)))
        job.finish()
    else:
        run = create_run(project, "train", {})
        run.write_state(JobState.DONE)
        measured = [
            {"step": epoch, "epoch": epoch, "eval_loss": loss} for epoch, loss in ((1, 1.9), (2, 1.5), (3, 1.7))
        ]
        run.metrics_file.write_text("".join(f"{json.dumps(point)}\n" for point in measured), encoding="utf-8")
    assert "ist fertig" in heading(view()) and "nach Epoche 2" in heading(view())
    assert 'class="button primary" href="?tab=result"' in screen_html(view())


def test_the_buttons_are_those_of_the_training_alone(services, act, puppet):
    training, export = puppet("train"), puppet("export")
    act("job.running.pause")
    assert services.runner.wait(training.snapshot.id, 10).state == JobState.PAUSED
    act("job.running.stop")
    assert services.runner.get(training.snapshot.id).state == JobState.CANCELLED
    assert services.runner.get(export.snapshot.id).state == JobState.RUNNING


def test_too_little_memory_offers_half_the_batch_with_twice_the_accumulation(broken_off):
    view = broken_off("training_out_of_memory", batch_size=4, gradient_accumulation=2)
    offer = trainer.suggested_fix(view.project, view.job(["train"]))
    assert offer and offer.changes == {"batch_size": 2, "gradient_accumulation": 4}
    shown = screen_html(view)
    assert 'id="suggested-fix"' in shown and "Batch-Größe 2" in shown and "von vorn" in shown
    assert "abgebrochen" in heading(view) and 'class="box bad"' in shown


@pytest.mark.parametrize("name", ["smaller_batch", "gradient_checkpointing", "lower_rate"])
def test_every_suggested_fix_has_its_words(name):
    assert {f"fix.{name}", f"fix.{name}.why"} <= KEYS


def test_nothing_is_offered_where_nothing_would_help(broken_off):
    shown = screen_html(broken_off("disk_full"))
    assert "suggested-fix" not in shown and 'href="?tab=training"' in shown


def test_the_click_goes_on_and_the_next_training_begins_with_what_helped_unless_somebody_changed_it(
    services, project, broken_off, act, monkeypatch
):
    asked = []
    monkeypatch.setattr(trainer, "continue_from_checkpoint", lambda *given: asked.append(given))
    job = broken_off("training_out_of_memory", batch_size=4).job(["train"])
    for before, after in ((8, 8), (4, 2)):
        project.set("training", {"batch_size": before})
        act("training.fix")
        assert project.load_config().training.batch_size == after
    assert asked == [(services, project, job.id, None, {"batch_size": 2, "gradient_accumulation": 2})] * 2
