"""The figures of a training, which move while it runs: from its points alone, in words."""

import json

import pytest

from core.jobs.job import Job
from core.jobs.runs import create_run
from ui.page.moving import curve_data, training_figures


def write_points(project, *points):
    run = create_run(project, "train", {})
    run.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in points))


def test_a_training_shows_its_loss_its_pace_and_how_far_it_is(project, view):
    write_points(
        project,
        {"step": 1, "epoch": 0.5, "loss": 2.5, "learning_rate": 2e-4, "tokens_per_second": 1000.0, "seconds": 1.0},
        {"step": 2, "epoch": 1.0, "loss": 2.5, "learning_rate": 1e-4, "tokens_per_second": 3000.0, "seconds": 2.0},
        {"step": 2, "epoch": 1.0, "eval_loss": 2.75, "seconds": 2.5},
    )
    assert {"2,500", "2,750", "1,00", "0,0001", "2.000"} <= set(training_figures(view()).values())
    assert [line["points"] for line in curve_data(view())["lines"]] == [[(1, 2.5), (2, 2.5)], [(2, 2.75)]]


def test_the_time_of_a_training_is_that_of_its_computing_whatever_the_app_saw_of_it(services, project, view):
    def work(context):
        context.metric(step=7, loss=2.0, seconds=42.0)  # 42 seconds with what was before a pause, or before this app
        return {}

    services.runner.wait(services.runner.start(Job("train", project.name, work)).id, 10)
    assert training_figures(view())["time_label"] == "42 s"


def test_without_a_training_there_are_dashes_and_no_curve(view):
    assert set(training_figures(view()).values()) == {"–"}
    assert not any(line["points"] for line in curve_data(view())["lines"])


@pytest.mark.parametrize(("rate", "words"), [(7.32e-5, "0,000073"), (2.6e-8, "fast 0"), (0.0, "0"), (1e-3, "0,001")])
def test_a_learning_rate_is_written_out_and_not_as_a_power_of_ten(project, view, rate, words):
    write_points(project, {"step": 1, "epoch": 1.0, "loss": 3.0, "learning_rate": rate})
    assert training_figures(view())["rate_label"] == words
