"""Settings that change what is learned: which layers, and whether questions too."""

import pytest
from safetensors.torch import load_file

from core.training import train
from tests.core.training.training_material import TrainingContext, curve, make_base, make_run
from tests.refusals import refusal_of
from utils.config import TrainingSettings


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
