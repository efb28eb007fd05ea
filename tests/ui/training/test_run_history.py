"""What the buttons of the history do, when they are off and why, and that nothing is deleted by accident."""

import gradio as gr
import pytest
from fastapi import FastAPI
from runs_material import add_checkpoint, make_run, publish
from starlette.testclient import TestClient
from ui.page.clickable import Click

from core import trainer
from core.jobs.job import Job, JobState
from core.jobs.runs import create_run
from core.training.history import Chosen
from tests.refusals import code_of
from ui.page.downloads import add_route
from ui.training import bundle_download, run_history
from ui.training.run_list import HistoryPosition, chosen
from utils.files import write_json


def clicked(project, do, of="", ticked=(), **position):
    values = {"position": HistoryPosition("Physik", **position), "click": Click(do, of, tuple(ticked))}
    return run_history.clicked(project, values) or {}


def entry_of(view, run):
    return chosen(view(), HistoryPosition("Physik", chosen=run.id))


def at(run, **more):
    return {"position": HistoryPosition("Physik", chosen=run.id), **more}


def test_two_to_four_runs_can_be_compared(project):
    runs = [make_run(project).id for _ in range(5)]
    assert set(clicked(project, "compare", ticked=runs[:2])["position"].compared) == set(runs[:2])
    assert code_of(lambda: clicked(project, "compare", ticked=runs[:1])) == "compare_count"
    assert code_of(lambda: clicked(project, "compare", ticked=runs)) == "compare_count"
    assert code_of(lambda: clicked(project, "compare", ticked=["/etc", runs[0]])) == "compare_count"


@pytest.mark.parametrize(("of", "page"), [("2", 2), ("-1", 0), ("x", 0), ("9" * 30, 0)])
def test_a_page_is_a_number_whatever_is_sent(project, of, page):
    assert clicked(project, "page", of)["position"].page == page


def test_a_paused_run_can_be_continued_by_its_own_branch_only(services, project, view):
    paused, other = make_run(project, JobState.PAUSED), make_run(project)
    project.set("training", {"epochs": 2})
    services.runner.adopt(Job("train", project.name, lambda _: {}, id=paused.id), JobState.PAUSED)
    assert run_history.continue_blocked(view(), entry_of(view, paused)) == ""
    assert run_history.continue_blocked(view(), entry_of(view, other)) == view().t("blocked.training_paused")


def test_a_finished_run_is_continued_with_what_may_change_and_a_setting_that_may_not_is_named(project, view):
    run = make_run(project)
    project.set("training", {"epochs": 2, "learning_rate": 5e-5})
    reasons = (run_history.continue_blocked, run_history.bundle_blocked, run_history.delete_blocked)
    assert [blocked(view(), entry_of(view, run)) for blocked in reasons] == ["", "", ""]
    project.set("training", {"lora_rank": 64})
    assert "LoRA-Rang" in run_history.continue_blocked(view(), entry_of(view, run))


def test_a_run_without_checkpoints_or_of_another_version_cannot_be_continued(project, view):
    run = make_run(project)
    (run.trainer_folder / "checkpoint-4" / "complete.json").unlink()
    assert "kein gesicherter Stand" in run_history.continue_blocked(view(), entry_of(view, run))
    other = make_run(project)
    write_json(other.folder / "run.json", {**other.request, "training": {"from_the_future": 1}})
    assert "andere Version" in run_history.continue_blocked(view(), entry_of(view, other))
    assert "andere Version" in run_history.adopt_blocked(view(), entry_of(view, other))


def test_an_unfinished_run_is_not_packed_and_while_a_training_runs_the_buttons_say_so(
    services, project, view, puppet
):
    run = make_run(project, JobState.FAILED)
    assert run_history.bundle_blocked(view(), entry_of(view, run)) != ""
    assert run_history.delete_blocked(view(), entry_of(view, run)) == ""
    puppet("train")
    for reason in (run_history.continue_blocked, run_history.repeat_blocked):
        assert reason(view(), entry_of(view, run)) == view().t("blocked.training_running")


def test_a_run_that_is_looked_at_is_compared_and_exported_at_the_chosen_checkpoint(frame, project, view, puppet):
    run = make_run(project, JobState.CANCELLED)
    make_run(project)
    calls = []
    assert run_history.use_blocked("export", view(), entry_of(view, run)) == ""
    run_history.use_run(frame, lambda *arguments, chosen: calls.append(chosen), project, at(run, point="4"))
    assert calls == [Chosen(run, 4)]
    puppet("export")
    assert run_history.use_blocked("export", view(), entry_of(view, run)) == view().t("error.job_already_running")
    empty = create_run(project, "train", {})
    assert run_history.use_blocked("evaluate", view(), entry_of(view, empty)) == view().t("history.no_points")


def test_continuing_takes_the_chosen_step_and_what_is_set_differently_now(frame, project, monkeypatch):
    run = make_run(project)
    add_checkpoint(run, 2)
    project.set("training", {"epochs": 5, "learning_rate": 5e-5})
    calls = []
    monkeypatch.setattr(trainer, "continue_from_checkpoint", lambda *arguments: calls.append(arguments[2:]))
    run_history.continue_run(frame, project, at(run, point="2"))
    run_history.continue_run(frame, project, at(run, point=None))
    settings = project.load_config().training.model_dump()
    assert calls == [(run.id, 2, settings), (run.id, None, settings)]


def test_a_runs_settings_can_be_taken_over(frame, project):
    run = make_run(project, learning_rate=7e-5, lora_rank=64)
    with gr.Blocks():
        fields = {"lora_rank": gr.Number()}
    answer = run_history.adopt_settings(frame, fields, project, at(run))
    assert project.load_config().training.learning_rate == 7e-5
    assert answer["lora_rank"] == 64


def test_deleting_asks_first_and_says_what_is_lost(frame, services, project):
    run = make_run(project)
    make_run(project)  # which is compared and exported from now on
    asked = run_history.ask_to_delete(frame, project, at(run))
    assert asked["asked"] == ("Physik", run.id, False)
    assert "1 gesicherte" in asked["question"]
    other = services.projects.create("Chemie")
    run_history.delete_asked(frame, other, at(run, asked=("Physik", run.id, True)))
    assert run.folder.is_dir(), "a question of another project deletes nothing"
    answer = run_history.delete_asked(frame, project, at(run, asked=asked["asked"]))
    assert not run.folder.exists()
    assert answer["position"].chosen == ""


def test_the_run_in_use_is_asked_for_twice(frame, project):
    run = make_run(project)
    publish(project, run)
    asked = run_history.ask_to_delete(frame, project, at(run))
    assert "das gelernte Modell" in asked["question"]
    again = run_history.delete_asked(frame, project, at(run, asked=asked["asked"]))
    assert again["asked"] == ("Physik", run.id, True)
    assert run.folder.is_dir()
    run_history.delete_asked(frame, project, at(run, asked=again["asked"]))
    assert not run.folder.exists()


@pytest.fixture
def browser(services):
    server = FastAPI()
    add_route(server, services, bundle_download.PATH, bundle_download.bundle_of)
    return TestClient(server)


@pytest.mark.parametrize("run", ["", "../../config.json", "..", "/etc/passwd", "nothing"])
def test_nothing_but_a_runs_bundle_is_downloaded(project, browser, run):
    assert browser.get("/download/bundle", params={"project": "Physik", "run": run}).status_code == 404
    assert browser.get("/download/bundle", params={"project": "../x", "run": run}).status_code == 404
