"""What is known of a model and of its samples before any weights are loaded."""

import json
import shutil
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.samples.sft_dataset import read_samples
from core.training import material, training_data
from tests.core.training.training_material import make_project, make_run
from utils.errors import AppError


@pytest.mark.parametrize("change", ["as it is", "no generation config", "a list", "not in the config"])
def test_end_tokens_are_the_same_without_weights_as_with_them(base: Path, tmp_path: Path, change: str) -> None:
    folder = shutil.copytree(base, tmp_path / "model")
    generation, config = folder / "generation_config.json", folder / "config.json"
    if change == "a list":
        generation.write_text(json.dumps({"eos_token_id": [3, 7]}))
    elif change != "as it is":
        generation.unlink()
    if change == "not in the config":
        config.write_text(
            json.dumps({k: v for k, v in json.loads(config.read_text()).items() if k != "eos_token_id"})
        )
    model = AutoModelForCausalLM.from_pretrained(folder)
    with_weights = training_data.stop_ids_of(AutoTokenizer.from_pretrained(folder), model)
    (folder / "model.safetensors").unlink()
    assert material.read_language(folder).stop_ids == with_weights


def test_a_tokenizer_that_cannot_be_read_is_said(base: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(base, tmp_path / "model")
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(AppError) as caught:
        material.read_language(folder)
    assert caught.value.code == "training_base_damaged"


def test_a_plan_can_be_made_of_samples_that_are_not_copied_yet(base: Path, tmp_path: Path) -> None:
    project = make_project(tmp_path)
    run = make_run(project, base, held_out_share=0.25)
    run.samples_file.unlink()
    plan = material.plan_of(run, read_samples(project.samples_file))
    assert (len(plan.train), len(plan.held_out)) == (18, 6)
