"""The screen of a result: what comes next, and questions, comparisons and exports as they are asked for."""

import re

import pytest

from core import exporter
from core.jobs.job import Job, JobState
from core.jobs.runs import create_run
from tests.refusals import code_of
from tests.ui.runs_material import make_run
from tests.ui.training.test_training_results import COMPARISON, finished
from ui.training.result_screen import PART
from utils.errors import AppError


def drawn(view):
    return "".join(render(view()) for render in PART.places.values())


def primary(view):
    """The buttons, and links as buttons, that stand out."""
    shown = drawn(view)
    return re.findall(r'class="button primary" id="([\w-]+)"', shown) + re.findall(
        r'class="button primary" href="\?tab=(\w+)"', shown
    )


def test_the_one_primary_button_is_the_next_step(project, view):
    assert primary(view) == ["training"]
    run = make_run(project)
    assert primary(view) == ["evaluate"]
    finished(project, "evaluate", **{**COMPARISON, "run": run.id})
    assert primary(view) == ["export"]
    finished(project, "export", run=run.id, folder=str(project.final_folder / "gguf"))
    assert primary(view) == ["ask"]
    make_run(project)
    assert primary(view) == ["evaluate"], "a newer training is compared first"


def test_a_comparison_that_failed_does_not_keep_from_the_export(services, project, view):
    make_run(project)

    def fails(_):
        raise AppError("evaluation_nothing_held_out")

    services.runner.wait(services.runner.start(Job("evaluate", project.name, fails)).id, 10)
    assert primary(view) == ["export"]


def test_nothing_is_asked_before_there_is_a_file_that_answers(project, view, act):
    make_run(project)
    assert view().t("error.not_exported") in drawn(view)
    assert code_of(lambda: act("ask", question="Was?")) == "not_exported"
    assert code_of(lambda: act("ask", question="  ")) == "no_question"


def test_a_question_goes_to_the_exported_model_and_comparison_and_export_to_the_newest_training(
    project, act, monkeypatch
):
    run = make_run(project)
    calls = []
    monkeypatch.setattr(exporter, "start_child_job", lambda *request: calls.append(request[2:]))
    folder = project.final_folder / "gguf"
    folder.mkdir(parents=True)
    (folder / "p.gguf").write_bytes(b"GGUF")
    act("evaluate")
    act("export")
    act("ask", question="Was?" * 1000)
    assert [kind for kind, _ in calls] == ["evaluate", "export", "ask"]
    assert [request["train_run"] for _, request in calls[:2]] == [run.id] * 2
    assert len(calls[2][1]["question"]) == 2000


@pytest.mark.parametrize(("format_", "asks"), [("gguf", True), ("ollama", True), ("safetensors", False)])
def test_the_export_is_filled_in_from_the_project_and_a_setting_is_kept_at_once(project, act, view, format_, asks):
    make_run(project)
    act("set", "output.format", value=format_)
    assert project.load_config().output.format == format_
    shown = PART.places["export"](view())
    assert f'<option value="{format_}" selected>' in shown
    assert ('id="field-export-quantization"' in shown) is asks


def test_while_something_is_at_work_its_button_says_so(project, view, puppet):
    make_run(project)
    puppet("export")
    assert view().t("error.job_already_running") in PART.places["export"](view())
    create_run(project, "evaluate", {}).write_state(JobState.FAILED)
    assert "disabled" not in PART.places["verdict"](view())
