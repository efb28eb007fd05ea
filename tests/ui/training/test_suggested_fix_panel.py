"""The button beside a training that broke off: where it stands, what it says, and that it goes on."""

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.jobs.services import child_job
from ui.page.view import View
from ui.texts import KEYS
from ui.training.suggested_fix_panel import about_html, button_of, current
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


def test_too_little_memory_offers_half_the_batch_with_twice_the_accumulation(broken_off):
    view = broken_off("training_out_of_memory", batch_size=4, gradient_accumulation=2)
    offer = current(view)
    assert offer.changes == {"batch_size": 2, "gradient_accumulation": 4}
    shown = button_of(view, offer)
    assert shown["visible"] is True
    assert "Batch-Größe 2" in shown["value"]
    assert "von vorn" in about_html(view, offer)


@pytest.mark.parametrize("name", ["smaller_batch", "gradient_checkpointing", "lower_rate"])
def test_every_suggested_fix_has_its_words(name):
    assert {f"fix.{name}", f"fix.{name}.why"} <= KEYS


def test_nothing_is_offered_where_nothing_broke_off(services, project, broken_off, puppet):
    view = View(services, "de", project.name)
    assert current(view) is None
    assert button_of(view, None)["visible"] is False
    assert about_html(view, None) == ""
    assert current(broken_off("disk_full")) is None
    puppet("train")
    assert current(View(services, "de", project.name)) is None


def test_the_click_goes_on_and_the_next_training_begins_with_what_helped_unless_somebody_changed_it(
    services, project, broken_off, monkeypatch
):
    asked = []
    monkeypatch.setattr(trainer, "continue_from_checkpoint", lambda *given: asked.append(given))
    job = broken_off("training_out_of_memory", batch_size=4).job(["train"])
    for before, after in ((8, 8), (4, 2)):
        project.set("training", {"batch_size": before})
        trainer.take_fix(services, project)
        assert project.load_config().training.batch_size == after
    assert asked == [(services, project, job.id, None, {"batch_size": 2, "gradient_accumulation": 2})] * 2
