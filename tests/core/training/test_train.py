"""Training for real, with a model so small that an epoch takes a moment."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save_file

from core.models.chat_text import PLAIN_CHAT_TEMPLATE
from core.training import checkpoints, engines, reporter, train
from core.training import measured as peak_memory
from tests.core.training.training_material import (
    TrainingContext,
    curve,
    make_base,
    make_project,
    make_run,
    pause,
    published,
)
from tests.refusals import code_of, refusal_of
from utils.config import TrainingSettings
from utils.errors import AppError
from utils.files import read_json, sha256_of, write_json

# What makes an exact resume hard: dropout, evaluation, accumulation that does not divide the epoch.
HARD = {"epochs": 2, "batch_size": 2, "gradient_accumulation": 3, "lora_dropout": 0.1, "learning_rate": 1e-3}
STEPS_PER_EPOCH = 4


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, base):
    """A finished run, and its result."""
    run = make_run(make_project(tmp_path_factory.mktemp("projects")), base, **HARD)
    return run, train.run(TrainingContext(), run)


def assert_the_same_end(run, uninterrupted):
    whole, _ = uninterrupted
    assert curve(run) == curve(whole)
    assert published(run.project) == published(whole.project)


def noted_best(project):
    return read_json(project.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE)


def test_a_run_publishes_every_epoch_and_the_best_one(uninterrupted):
    run, result = uninterrupted
    assert set(published(run.project)) == {"epoch_1", "epoch_2", "best"}
    for folder in run.project.checkpoints_folder.iterdir():
        assert {path.name for path in folder.iterdir()} >= set(checkpoints.ADAPTER_FILES)
    measured = [point["eval_loss"] for point in curve(run) if "eval_loss" in point]
    best = noted_best(run.project)
    assert best["run"] == run.id
    assert best["eval_loss"] == min(measured) == result["eval_loss"]
    assert result["adapter_sha256"] == sha256_of(run.project.checkpoints_folder / "best" / checkpoints.ADAPTER)
    # And a save took no more room than was asked for; the best one before stood beside it.
    adapter = (run.project.checkpoints_folder / "best" / checkpoints.ADAPTER).stat().st_size
    published_folders = [run.project.checkpoints_folder / name for name in ("epoch_2", "best", "best")]
    folders = [run.trainer_folder / "checkpoint-8", *published_folders]
    taken = sum(path.stat().st_size for folder in folders for path in folder.iterdir())
    assert taken <= checkpoints.ADAPTER_COPIES * adapter


def test_a_run_says_what_it_did_and_called_again_it_trains_nothing(uninterrupted):
    run, result = uninterrupted
    assert json.loads(json.dumps(result)) == result
    assert (result["run"], result["state"]) == (run.id, "done")
    assert (result["epochs"], result["steps"]) == (2, 2 * STEPS_PER_EPOCH)
    assert (result["samples"], result["held_out"]) == (20, 4)
    assert result["loss"] < result["first_loss"]
    steps = [json.loads(line) for line in run.metrics_file.read_text().splitlines() if '"loss"' in line]
    assert [point["step"] for point in steps] == list(range(1, 9))
    assert set(steps[0]) == {"step", "epoch", "loss", "learning_rate", "tokens_per_second", "seconds"}
    assert "eval_loss=" in run.project.training_log.read_text(encoding="utf-8")
    context = TrainingContext()
    assert (train.run(context, run), context.points) == (result, [])


def test_a_run_tells_its_peak_of_all_its_sessions(home, base):
    run = make_run(home, base)
    write_json(run.memory_file, {"ram_gib": 99.0})
    assert peak_memory.note(run, engines.Device("cpu", False))["ram_gib"] == 99.0


def test_a_run_that_will_hardly_fit_says_so_and_begins(home, base):
    expected = {"device": "cpu", "formula_gib": 9.0, "estimated_gib": 9.0, "free_gib": 2.0, "light": "red"}
    run = make_run(home, base)
    write_json(run.folder / "run.json", {**run.request, "memory": expected})
    assert pause(run, at=0).keys[0] == "training.memory_short"


@pytest.mark.parametrize("stop_at", [3, STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH - 1])
def test_a_paused_run_ends_as_if_it_had_never_stopped_though_samples_are_edited_meanwhile(
    uninterrupted, home, base, stop_at
):
    run = make_run(home, base, **HARD)
    pause(run, at=stop_at)
    home.samples_file.write_text("")
    context = TrainingContext()
    train.run(context, run)
    assert context.points[0]["step"] == stop_at + 1
    assert_the_same_end(run, uninterrupted)


def test_torn_and_damaged_checkpoints_are_passed_over_though_their_files_have_their_size(uninterrupted, home, base):
    run = make_run(home, base, **HARD)
    pause(run, at=STEPS_PER_EPOCH)
    pause(run, at=6)
    damaged = shutil.copytree(run.trainer_folder / "checkpoint-6", run.trainer_folder / "checkpoint-7")
    (damaged / "rng_state.pth").unlink()
    optimizer = run.trainer_folder / "checkpoint-6" / "optimizer.pt"
    optimizer.write_bytes(bytes(optimizer.stat().st_size))
    context = TrainingContext()
    train.run(context, run)
    assert context.points[0]["step"] == STEPS_PER_EPOCH + 1
    assert_the_same_end(run, uninterrupted)


def test_as_many_epochs_as_are_wanted_stay_and_the_best_one(home, base):
    run = make_run(home, base, **{**HARD, "epochs": 5, "keep_checkpoints": 2})
    pause(run, at=6)
    train.run(TrainingContext(), run)
    measured = [point["eval_loss"] for point in curve(run) if "eval_loss" in point]
    best = 1 + measured.index(min(measured))
    epochs = {4, 5, best}
    kept = {checkpoint.step for checkpoint in checkpoints.complete_checkpoints(run.trainer_folder)}
    assert kept == {epoch * STEPS_PER_EPOCH for epoch in epochs} | {6}
    assert set(published(home)) == {f"epoch_{epoch}" for epoch in epochs} | {"best"}


def test_weights_that_are_no_numbers_are_never_saved(home, base, monkeypatch):
    # The loss of a step may still be a number while its gradients are none any more.
    from transformers import Trainer

    run = make_run(home, base, **HARD)
    broken = {2: float("inf")}
    monkeypatch.setattr(Trainer, "_get_grad_norm", lambda self, *_, **__: broken.get(self.state.global_step, 1.0))
    refused = refusal_of(lambda: train.run(TrainingContext(), run))
    assert (refused.code, refused.params["step"]) == ("training_diverged", 3)
    assert checkpoints.complete_checkpoints(run.trainer_folder) == []


def test_long_epochs_are_saved_by_the_clock_without_changing_anything(uninterrupted, home, base, monkeypatch):
    monkeypatch.setattr(reporter, "SAVE_EVERY_SECONDS", 0.0)
    run = make_run(home, base, **HARD)
    train.run(TrainingContext(), run)
    steps = [checkpoint.step for checkpoint in checkpoints.complete_checkpoints(run.trainer_folder)]
    assert steps == [STEPS_PER_EPOCH, 2 * STEPS_PER_EPOCH - 1, 2 * STEPS_PER_EPOCH]
    assert_the_same_end(run, uninterrupted)


def test_a_new_run_replaces_what_the_previous_one_published(home, base):
    first, second = make_run(home, base, epochs=2), make_run(home, base, epochs=1)
    for run in (first, second):
        train.run(TrainingContext(), run)
    assert set(published(home)) == {"epoch_1", "best"}
    assert noted_best(home)["run"] == second.id
    assert checkpoints.newest_complete(first.trainer_folder) is not None


def test_without_held_out_samples_the_training_loss_decides_and_that_nothing_stops_early_is_said(home, base):
    context = TrainingContext()
    run = make_run(home, base, epochs=2, held_out_share=0.0, learning_rate=1e-3, early_stopping=1)
    result = train.run(context, run)
    assert (result["held_out"], result["eval_loss"], result["stopped_early"]) == (0, None, False)
    assert noted_best(home)["epoch"] == 2
    assert "training.early_stopping_unused" in context.keys


def test_training_in_4_bit_learns_on_the_cpu_too(home, base):
    result = train.run(TrainingContext(), make_run(home, base, epochs=2, four_bit=True, learning_rate=1e-3))
    assert result["loss"] < result["first_loss"]


def test_a_model_without_a_chat_template_gets_a_plain_one(home, tmp_path):
    context = TrainingContext()
    run = make_run(home, make_base(tmp_path / "base", chat_template=None), epochs=1)
    train.run(context, run)
    assert "training.plain_template" in context.keys
    template = home.checkpoints_folder / "best" / "chat_template.jinja"
    assert template.read_text() == PLAIN_CHAT_TEMPLATE


def test_a_damaged_or_missing_base_is_said_and_once_it_is_back_the_run_goes_on(home, base, tmp_path):
    damaged = shutil.copytree(base, tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"nonsense")
    assert code_of(lambda: train.run(TrainingContext(), make_run(home, damaged))) == "training_base_damaged"
    there, gone = shutil.copytree(base, tmp_path / "there"), tmp_path / "gone"
    run = make_run(home, there, **HARD)
    pause(run, at=2)
    there.rename(gone)
    assert code_of(lambda: train.run(TrainingContext(), run)) == "training_base_missing"
    gone.rename(there)
    assert train.run(TrainingContext(), run)["state"] == "done"


def test_data_of_which_nothing_can_be_learned_is_refused_before_any_weights_are_loaded(home, base, tmp_path):
    without = shutil.copytree(base, tmp_path / "without")
    (without / "model.safetensors").write_bytes(b"nonsense")
    lines = [json.dumps({"instruction": f"{number} " + "Kapitel " * 200, "output": "Ja."}) for number in range(9)]
    for count, code in ((9, "training_nothing_to_learn"), (3, "too_few_samples"), (0, "training_no_samples")):
        home.samples_file.write_text("\n".join(lines[:count]))
        run = make_run(home, without, max_length=64)
        assert code_of(lambda: train.run(TrainingContext(), run)) == code  # noqa: B023


def test_a_diverging_run_stops_and_keeps_the_last_good_checkpoint(home, base, tmp_path):
    sick = shutil.copytree(base, tmp_path / "sick")
    weights = load_file(sick / "model.safetensors")
    weights["model.norm.weight"].fill_(float("nan"))
    save_file(weights, sick / "model.safetensors", metadata={"format": "pt"})
    run = make_run(home, sick)
    refused = refusal_of(lambda: train.run(TrainingContext(), run))
    assert (refused.code, refused.params["step"]) == ("training_diverged", 1)
    assert published(home) == {}


def test_a_full_disk_stops_the_run_before_it_writes(home, base, monkeypatch):
    run = make_run(home, base, **HARD)
    pause(run, at=2)
    monkeypatch.setattr("utils.files.free_disk_gib", lambda folder: 0.01)
    assert code_of(lambda: train.run(TrainingContext(), run)) == "disk_full"
    monkeypatch.undo()
    assert train.run(TrainingContext(), run)["state"] == "done"


def test_unsloth_is_imported_before_the_tokenizer_which_brings_transformers(home, base, monkeypatch):
    order = []

    def read_language(folder):
        order.append("tokenizer")
        raise AppError("training_no_stop_token")

    monkeypatch.setattr(engines, "choose_engine", lambda *_: "unsloth")
    monkeypatch.setattr(engines.importlib, "import_module", order.append)
    monkeypatch.setattr(train, "read_language", read_language)
    assert code_of(lambda: train.run(TrainingContext(), make_run(home, base))) == "training_no_stop_token"
    assert order == ["unsloth", "tokenizer"]


def test_unsloth_is_chosen_only_where_it_can_run():
    cpu = engines.Device("cpu", bf16=True)
    assert engines.choose_engine("unsloth", cpu) == "trl"
    assert engines.choose_engine(None, engines.Device("mps", bf16=False)) == "trl"


@pytest.mark.parametrize(
    ("given", "learning"),
    [
        ([], {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}),
        (["v_proj", "down_proj"], {"v_proj", "down_proj"}),
        ("attention", {"q_proj", "k_proj", "v_proj", "o_proj"}),  # as runs of an earlier version have it
    ],
)
def test_only_the_chosen_layers_learn_and_without_a_choice_all(home, base, given, learning):
    run = make_run(home, base, epochs=1, target_modules=given)
    train.run(TrainingContext(), run)
    weights = load_file(run.project.checkpoints_folder / "best" / "adapter_model.safetensors")
    assert {name.split(".lora_")[0].rpartition(".")[2] for name in weights} == learning


def test_a_model_without_the_chosen_layers_is_refused_and_its_own_are_named(home, tmp_path):
    from transformers import Phi3Config, Phi3ForCausalLM

    folder, sizes = make_base(tmp_path / "phi"), {"hidden_size": 32, "intermediate_size": 64, "pad_token_id": 0}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 1, "vocab_size": 400}
    Phi3ForCausalLM(Phi3Config(**sizes, **heads, bos_token_id=1, eos_token_id=3)).save_pretrained(folder)
    run = make_run(home, folder, epochs=1, target_modules=["o_proj", "up_proj"])
    refused = refusal_of(lambda: train.run(TrainingContext(), run))
    assert refused.code == "training_modules_missing"
    assert refused.params == {"missing": "up_proj", "there": "o_proj, qkv_proj, gate_up_proj, down_proj"}


def test_whatever_is_learned_the_held_out_loss_measures_answers(home, base):
    runs = [make_run(home, base, epochs=1, learning_rate=1e-5, train_on_answers=only) for only in (True, False)]
    for run in runs:
        train.run(TrainingContext(), run)
    answers, both = (curve(run) for run in runs)
    assert both[0]["loss"] != pytest.approx(answers[0]["loss"], rel=1e-4)
    # Hardly anything was learned, so that the two differ by what is measured alone.
    assert both[-1]["eval_loss"] == pytest.approx(answers[-1]["eval_loss"], rel=1e-3)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        *((given, ()) for given in ("all-linear", "", [])),
        ("attention", ("q_proj", "k_proj", "v_proj", "o_proj")),
        ("down_proj, q_proj", ("q_proj", "down_proj")),
        (["v_proj", "q_proj", "v_proj"], ("q_proj", "v_proj")),
    ],
)
def test_layers_are_read_as_they_were_and_as_a_flag_names_them(given, meant):
    settings = TrainingSettings(target_modules=given)
    assert settings.target_modules == meant
    assert TrainingSettings.model_validate_json(settings.model_dump_json()) == settings
