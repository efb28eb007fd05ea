"""Base against tuned model, with a tiny model that was really trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.jobs.job import CancelRequested, PauseRequested
from core.jobs.runs import Run, create_run
from core.project_manager import Project
from core.proof import evaluate
from core.proof.evaluate import Measured
from core.training import checkpoints, train, training_data
from tests.core.training.training_material import TrainingContext, make_base, make_project, make_run
from tests.refusals import code_of
from ui.texts import KEYS
from utils.files import read_json

Evaluated = tuple[Run, dict[str, Any]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Run:
    project = make_project(tmp_path_factory.mktemp("projects"), samples=40)
    run = make_run(project, base, epochs=4, learning_rate=1e-3, held_out_share=0.45, lora_dropout=0.0)
    train.run(TrainingContext(), run)
    return run


@pytest.fixture(autouse=True)
def short_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluate, "ANSWER_TOKENS", 12)


@pytest.fixture(scope="module")
def whole(trained: Run) -> Evaluated:
    run = evaluation_of(trained)
    return run, evaluate.run(TrainingContext(), run)


def evaluation_of(trained: Run) -> Run:
    return create_run(trained.project, "evaluate", {"train_run": trained.id})


class PausingContext(TrainingContext):
    """Asks for a pause at the `at`-th safe point."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def checkpoint(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise PauseRequested


def test_a_model_that_learned_is_better_on_samples_it_never_saw(whole: Evaluated) -> None:
    run, result = whole
    assert result["verdict"] == "better"
    assert result["low"] <= result["difference"] <= result["high"] < 0
    assert result["wins"] > result["samples"] / 2
    assert result["tuned_perplexity"] < result["base_perplexity"]
    assert (result["samples"], result["chunks"]) == (18, 9)
    assert read_json(run.folder / evaluate.RESULT) == json.loads(json.dumps(result))


def test_answers_of_both_models_stand_beside_the_expected_one_with_their_source(whole: Evaluated) -> None:
    answers = whole[1]["answers"]
    assert 1 <= len(answers) <= evaluate.QUESTIONS
    assert answers[0]["expected"].startswith("Kapitel")
    assert (answers[0]["document"], answers[0]["page"]) == ("buch.pdf", 1)
    assert any(answer["base"] != answer["tuned"] for answer in answers)


def test_the_measured_loss_is_that_of_the_trainer(trained: Run, whole: Evaluated) -> None:
    result = whole[1]
    note = read_json(trained.project.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE)
    assert (result["run"], result["step"]) == (trained.id, note["step"])
    # The trainer averages over tokens of a batch and may compute in bfloat16.
    assert result["tuned_loss"] == pytest.approx(note["eval_loss"], rel=0.02)


def test_a_paused_comparison_goes_on_where_it_stopped(trained: Run, whole: Evaluated) -> None:
    run = evaluation_of(trained)
    with pytest.raises(PauseRequested):
        evaluate.run(PausingContext(at=8), run)
    assert len((run.folder / evaluate.MEASURED).read_text().splitlines()) == 7
    again = evaluate.run(TrainingContext(), run)
    assert {**again, "seconds": 0} == {**whole[1], "seconds": 0, "answers": again["answers"]}


def test_a_run_whose_adapter_was_replaced_is_not_measured_with_another_ones(trained: Run) -> None:
    other = make_run(trained.project, trained.base_folder)
    assert code_of(lambda: evaluate.run(TrainingContext(), evaluation_of(other))) == "adapter_missing"


def test_a_training_that_was_started_and_aborted_since_takes_no_finished_one_away(base: Path, tmp_path: Path) -> None:
    run = make_run(make_project(tmp_path), base, epochs=2, keep_checkpoints=2)
    train.run(TrainingContext(), run)
    aborted = make_run(run.project, run.base_folder)
    with pytest.raises(CancelRequested):
        train.run(TrainingContext(stop_at=0, request="cancel"), aborted)
    checkpoints.publish(aborted, [])  # what a training does at its very start
    assert checkpoints.adapter_of(run.project.checkpoints_folder, run.id) is None
    first, last = (found.step for found in checkpoints.adapters(run))
    assert evaluate.run(TrainingContext(), evaluation_of(run))["step"] in (first, last)
    losses = {}
    for step in (first, last):
        named = create_run(run.project, "evaluate", {"train_run": run.id, "step": step})
        result = evaluate.run(TrainingContext(), named)
        assert (result["run"], result["step"]) == (run.id, step)
        losses[step] = result["tuned_loss"]
    assert losses[first] != losses[last]


def test_an_aborted_trainings_complete_checkpoint_within_an_epoch_can_be_compared(base: Path, tmp_path: Path) -> None:
    run = make_run(make_project(tmp_path), base, epochs=2)
    with pytest.raises(CancelRequested):
        train.run(TrainingContext(stop_at=2, request="cancel"), run)
    assert evaluate.run(TrainingContext(), evaluation_of(run))["step"] == 2


def test_a_damaged_adapter_is_said(base: Path, tmp_path: Path) -> None:
    run = make_run(make_project(tmp_path), base, epochs=1)
    train.run(TrainingContext(), run)
    file = checkpoints.adapter(run).folder / "adapter_model.safetensors"
    file.write_bytes(bytes(file.stat().st_size))
    assert code_of(lambda: evaluate.run(TrainingContext(), evaluation_of(run))) == "adapter_damaged"


def test_without_held_out_samples_there_is_nothing_to_compare(base: Path, tmp_path: Path) -> None:
    project: Project = make_project(tmp_path)
    run = make_run(project, base, held_out_share=0.0)
    assert code_of(lambda: evaluate.run(TrainingContext(), evaluation_of(run))) == "evaluation_nothing_held_out"


def series(differences: list[float]) -> list[Measured]:
    return [
        Measured(str(number), f"chunk {number}", 2.0, 2.0 + difference)
        for number, difference in enumerate(differences)
    ]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([-0.5, -0.4, -0.6] * 4, "better"),
        ([0.5, 0.4, 0.6] * 4, "worse"),
        ([0.5, -0.4, -0.1] * 4, "no_better"),
        ([-0.5] * 7, "too_few"),
    ],
)
def test_the_verdict_follows_from_the_interval(differences: list[float], verdict: str) -> None:
    assert evaluate.compare(series(differences), seed=1)["verdict"] == verdict
    assert f"evaluation.{verdict}" in KEYS


def test_many_samples_of_one_chunk_do_not_count_as_much_evidence() -> None:
    apart = series([-0.6, 0.3, -0.5, 0.2, -0.7, 0.1, -0.4, 0.2] * 8)
    together = [Measured(item.sample, str(int(item.sample) % 8), item.base_loss, item.tuned_loss) for item in apart]
    narrow, wide = evaluate.compare(apart, seed=1), evaluate.compare(together, seed=1)
    assert narrow["difference"] == wide["difference"]
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])
    assert (narrow["verdict"], wide["verdict"]) == ("better", "no_better")


def test_the_same_figures_give_the_same_interval() -> None:
    assert evaluate.compare(series([0.1, -0.3] * 5), seed=3) == evaluate.compare(series([0.1, -0.3] * 5), seed=3)


def test_the_difference_lies_in_its_interval_also_where_all_samples_are_of_one_chunk() -> None:
    for base in (3.1, 3.7, 2.9):
        one = [Measured(str(n), "chunk", base + 0.1 * n, 1.7 + 0.07 * n) for n in range(17)]
        found = evaluate.compare(one, seed=1)
        assert found["low"] <= found["difference"] <= found["high"]


def test_the_plain_template_is_measured_as_it_was_trained(tmp_path: Path) -> None:
    run = make_run(make_project(tmp_path), make_base(tmp_path / "base", chat_template=None), epochs=1)
    train.run(TrainingContext(), run)
    result = evaluate.run(TrainingContext(), evaluation_of(run))
    assert result["samples"] == 4
    assert training_data.PLAIN_CHAT_TEMPLATE in (
        run.project.checkpoints_folder / "best" / "chat_template.jinja"
    ).read_text(encoding="utf-8")
