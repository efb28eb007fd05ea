"""What the buttons of a run do, what is refused and why, and that nothing is deleted by accident."""

import pytest

from core import exporter, trainer
from core.jobs.job import Job, JobState
from core.jobs.runs import create_run
from core.training.history import Chosen
from tests.refusals import code_of
from tests.ui.runs_material import add_checkpoint, make_run, publish
from ui.training.run_history import details_html
from utils.files import write_json


def shown(act, run):
    """The run in detail, as whoever opened it sees it."""
    if act("runs.open", run.id).focus:
        return details_html(act.view())
    act("runs.open", run.id)
    return details_html(act.view())


def test_two_to_four_runs_can_be_compared(project, act):
    runs = [make_run(project).id for _ in range(5)]
    for ticked in (runs[:1], runs, ["/etc", runs[0]]):
        assert code_of(lambda ticked=ticked: act("runs.compare", ticked=ticked)) == "compare_count"
    assert act("runs.compare", ticked=runs[:2]).focus == "#compared"


def test_another_training_that_is_paused_or_at_work_is_said_where_a_run_is_continued(services, project, act, puppet):
    paused, other = make_run(project, JobState.PAUSED), make_run(project)
    services.runner.adopt(Job("train", project.name, lambda _: {}, id=paused.id), JobState.PAUSED)
    assert code_of(lambda: act("run.continue", other.id, point="4")) == "job_is_paused"
    services.runner.cancel(paused.id)
    puppet("train")
    assert code_of(lambda: act("run.continue", other.id)) == "job_already_running"


def test_a_setting_that_may_not_change_half_way_is_named_and_what_may_helps(project, act):
    run = make_run(project)
    project.set("training", {"lora_rank": 64})
    assert code_of(lambda: act("run.continue", run.id, point="4")) == "branch_fixed"
    assert "Übernimm die Einstellungen" in act.view().t("hint.branch_fixed")
    act("run.adopt", run.id)
    assert project.load_config().training.lora_rank != 64


def test_what_a_run_cannot_give_is_not_offered_and_one_of_another_version_is_refused(project, act):
    run, unfinished = make_run(project), make_run(project, JobState.FAILED)
    assert 'id="continue-run"' in shown(act, run) and 'id="bundle-run"' in shown(act, run)
    assert 'id="bundle-run"' not in shown(act, unfinished)
    assert code_of(lambda: act("run.bundle", unfinished.id)) == "bundle_not_done"
    (run.trainer_folder / "checkpoint-4" / "complete.json").unlink()
    assert 'id="continue-run"' not in shown(act, run) and 'name="point"' not in shown(act, run)
    write_json(run.folder / "run.json", {**run.request, "training": {"from_the_future": 1}})
    assert code_of(lambda: act("run.adopt", run.id)) == "repeat_settings_unknown"
    empty = create_run(project, "train", {})
    assert code_of(lambda: act("run.evaluate", empty.id)) == "adapter_missing"


@pytest.mark.parametrize(("point", "step"), [("4", 4), ("", None)])
def test_a_run_that_is_looked_at_is_compared_and_exported_at_the_chosen_checkpoint(
    project, act, monkeypatch, point, step
):
    run = make_run(project, JobState.CANCELLED)
    make_run(project)
    calls = []
    monkeypatch.setattr(exporter, "start_child_job", lambda *request: calls.append(request[2:]))
    act("run.evaluate", run.id, point=point)
    act("run.export", run.id, point=point)
    assert [kind for kind, _ in calls] == ["evaluate", "export"]
    assert all((of["train_run"], of["step"]) == (run.id, 4) for _, of in calls), "4 is its only checkpoint"
    assert trainer.choose(project, f"{run.id}:{point}") == Chosen(run, step)


def test_continuing_takes_the_chosen_step_and_what_is_set_differently_now(project, act, monkeypatch):
    run = make_run(project)
    add_checkpoint(run, 2)
    project.set("training", {"epochs": 5, "learning_rate": 5e-5})
    calls = []
    monkeypatch.setattr(trainer, "continue_from_checkpoint", lambda *arguments: calls.append(arguments[2:]))
    assert act("run.continue", run.id, point="2").tab == "running"
    act("run.continue", run.id)
    settings = project.load_config().training.model_dump()
    assert calls == [(run.id, 2, settings), (run.id, None, settings)]


def test_a_runs_settings_can_be_taken_over(project, act):
    run = make_run(project, learning_rate=7e-5, lora_rank=64)
    act("run.adopt", run.id)
    training = project.load_config().training
    assert (training.learning_rate, training.lora_rank) == (7e-5, 64)


def test_deleting_asks_first_and_says_what_is_lost(project, act):
    run, other = make_run(project), make_run(project)  # the second one is compared and exported
    act("run.delete_now", run.id)
    assert run.folder.is_dir(), "nobody was asked yet"
    act("run.delete", run.id)
    assert "1 gesicherte" in details_html(act.view())
    act("run.delete_now", other.id)
    assert other.folder.is_dir(), "a question about one run deletes no other"
    act("run.delete_now", run.id)
    assert not run.folder.exists()
    assert details_html(act.view()) == ""


def test_looking_elsewhere_takes_the_question_back(project, act):
    run, other = make_run(project), make_run(project)
    for leave in (lambda: act("run.delete"), lambda: act("runs.open", other.id)):
        act("run.delete", run.id)
        leave()
        act("run.delete_now", run.id)
        assert run.folder.is_dir()


def test_the_run_in_use_is_asked_for_twice(project, act):
    run = make_run(project)
    publish(project, run)
    act("run.delete", run.id)
    assert "das gelernte Modell" in details_html(act.view())
    act("run.delete_now", run.id)
    assert run.folder.is_dir()
    assert act.view().t("error.run_is_published") in details_html(act.view())
    act("run.delete_now", run.id)
    assert not run.folder.exists()


@pytest.mark.parametrize("what", ["continue", "adopt", "evaluate", "export", "repeat", "bundle"])
@pytest.mark.parametrize("run", ["", "../Physik", "/etc/passwd", "nothing"])
def test_what_is_no_run_is_refused(project, act, what, run):
    assert code_of(lambda: act(f"run.{what}", run)) == "run_missing"


@pytest.mark.parametrize("point", ["x", "-1", "4.0", "9" * 5000, "4:4"])
def test_what_is_no_checkpoint_is_refused_and_no_failure_of_the_app(project, act, point):
    run = make_run(project)
    refused = {"field_not_a_number", "branch_no_checkpoint", "adapter_missing"}
    for what in ("run.continue", "run.evaluate", "run.export"):
        assert code_of(lambda what=what: act(what, run.id, point=point)) in refused


@pytest.mark.parametrize("run", ["", "x" * 5000, "../Physik"])
def test_no_question_is_asked_about_what_is_no_run(project, act, run):
    act("run.delete", run)
    assert details_html(act.view()) == ""
    act("run.delete_now", run)
    assert project.root.is_dir()
