"""Base against tuned model, with a tiny model that was really trained."""

import json

import pytest

from core.jobs.job import CancelRequested, PauseRequested
from core.jobs.runs import create_run
from core.proof import evaluate
from core.proof.evaluate import Measured
from core.training import checkpoints, train
from tests.core.recording_context import RecordingContext
from tests.core.training.training_material import TrainingContext, make_project, make_run, pause
from tests.refusals import code_of
from ui.texts import KEYS
from utils.files import read_json


@pytest.fixture(scope="module")
def trained(tmp_path_factory, base):
    project = make_project(tmp_path_factory.mktemp("projects"), samples=40)
    run = make_run(project, base, epochs=4, learning_rate=1e-3, held_out_share=0.45, lora_dropout=0.0)
    train.run(TrainingContext(), run)
    return run


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    monkeypatch.setattr(evaluate, "ANSWER_TOKENS", 12)


@pytest.fixture(scope="module")
def whole(trained):
    """A comparison, and its result."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "ANSWER_TOKENS", 12)
        run = evaluation_of(trained)
        return run, evaluate.run(RecordingContext(), run)


def evaluation_of(trained, **more):
    return create_run(trained.project, "evaluate", {"train_run": trained.id, **more})


def evaluated(trained, **more):
    return evaluate.run(RecordingContext(), evaluation_of(trained, **more))


def test_a_model_that_learned_is_better_on_samples_it_never_saw_as_the_trainer_measured(trained, whole):
    run, result = whole
    assert result["verdict"] == "better"
    assert result["low"] <= result["difference"] <= result["high"] < 0
    assert result["wins"] > result["samples"] / 2
    assert result["tuned_perplexity"] < result["base_perplexity"]
    assert (result["samples"], result["chunks"]) == (18, 9)
    assert read_json(run.folder / evaluate.RESULT) == json.loads(json.dumps(result))
    note = read_json(trained.project.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE)
    assert (result["run"], result["step"]) == (trained.id, note["step"])
    # The trainer averages over tokens of a batch and may compute in bfloat16.
    assert result["tuned_loss"] == pytest.approx(note["eval_loss"], rel=0.02)


def test_answers_of_both_models_stand_beside_the_expected_one_with_their_source(whole):
    answers = whole[1]["answers"]
    assert 1 <= len(answers) <= evaluate.QUESTIONS
    assert answers[0]["expected"].startswith("Kapitel")
    assert (answers[0]["document"], answers[0]["page"]) == ("buch.pdf", 1)
    assert any(answer["base"] != answer["tuned"] for answer in answers)


def test_a_paused_comparison_goes_on_where_it_stopped(trained, whole):
    run = evaluation_of(trained)
    with pytest.raises(PauseRequested):
        evaluate.run(RecordingContext(stop_after=7), run)
    assert len((run.folder / evaluate.MEASURED).read_text().splitlines()) == 7
    again = evaluate.run(RecordingContext(), run)
    assert {**again, "seconds": 0} == {**whole[1], "seconds": 0, "answers": again["answers"]}


def test_a_run_whose_adapter_was_replaced_or_that_held_nothing_out_is_not_measured(trained):
    other = make_run(trained.project, trained.base_folder)
    assert code_of(lambda: evaluated(other)) == "adapter_missing"
    other = make_run(trained.project, trained.base_folder, held_out_share=0.0)
    assert code_of(lambda: evaluated(other)) == "evaluation_nothing_held_out"


def test_a_training_that_was_started_and_aborted_since_takes_no_finished_one_away(base, tmp_path):
    run = make_run(make_project(tmp_path), base, epochs=2, keep_checkpoints=2)
    train.run(TrainingContext(), run)
    aborted = make_run(run.project, run.base_folder)
    with pytest.raises(CancelRequested):
        train.run(TrainingContext(stop_at=0, request="cancel"), aborted)
    checkpoints.publish(aborted, [])  # what a training does at its very start
    assert checkpoints.adapter_of(run.project.checkpoints_folder, run.id) is None
    steps = [found.step for found in checkpoints.adapters(run)]
    assert evaluated(run)["step"] in steps
    results = [evaluated(run, step=step) for step in steps]
    assert [(result["run"], result["step"]) for result in results] == [(run.id, step) for step in steps]
    assert results[0]["tuned_loss"] != results[-1]["tuned_loss"]
    file = checkpoints.adapter(run).folder / checkpoints.ADAPTER
    file.write_bytes(bytes(file.stat().st_size))
    assert code_of(lambda: evaluated(run)) == "adapter_damaged"


def test_a_stopped_trainings_complete_checkpoint_within_an_epoch_can_be_compared(base, tmp_path):
    run = make_run(make_project(tmp_path), base, epochs=2)
    pause(run, at=2)
    assert evaluated(run)["step"] == 2


def series(differences):
    return [Measured(str(n), f"chunk {n}", 2.0, 2.0 + difference) for n, difference in enumerate(differences)]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([-0.5, -0.4, -0.6] * 4, "better"),
        ([0.5, 0.4, 0.6] * 4, "worse"),
        ([0.5, -0.4, -0.1] * 4, "no_better"),
        ([-0.5] * 7, "too_few"),
    ],
)
def test_the_verdict_follows_from_the_interval_which_the_same_figures_give_again(differences, verdict):
    found = evaluate.compare(series(differences), seed=1)
    assert found["verdict"] == verdict and f"evaluation.{verdict}" in KEYS
    assert found == evaluate.compare(series(differences), seed=1)


def test_many_samples_of_one_chunk_do_not_count_as_much_evidence():
    apart = series([-0.6, 0.3, -0.5, 0.2, -0.7, 0.1, -0.4, 0.2] * 8)
    together = [Measured(item.sample, str(int(item.sample) % 8), item.base_loss, item.tuned_loss) for item in apart]
    narrow, wide = evaluate.compare(apart, seed=1), evaluate.compare(together, seed=1)
    assert narrow["difference"] == wide["difference"]
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])
    assert (narrow["verdict"], wide["verdict"]) == ("better", "no_better")


def test_the_difference_lies_in_its_interval_also_where_all_samples_are_of_one_chunk():
    for base in (3.1, 3.7, 2.9):
        one = [Measured(str(n), "chunk", base + 0.1 * n, 1.7 + 0.07 * n) for n in range(17)]
        found = evaluate.compare(one, seed=1)
        assert found["low"] <= found["difference"] <= found["high"]
