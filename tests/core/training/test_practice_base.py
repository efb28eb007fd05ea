"""The practice base model: really made, small here, and loadable by transformers."""

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.jobs.job import PauseRequested
from core.jobs.runs import create_run
from core.models import bases
from core.project_manager import Project, ProjectStore
from core.training import practice_base
from tests.core.model_material import SMALL, make_base, read_project
from tests.core.recording_context import RecordingContext
from utils.config import BaseChoice
from utils.errors import AppError
from utils.files import read_json, sha256_of

CHAT = [
    {"role": "system", "content": "Antworte kurz."},
    {"role": "user", "content": "Was ist Energie?"},
    {"role": "assistant", "content": "Die Fähigkeit, Arbeit zu verrichten."},
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = read_project(tmp_path_factory.mktemp("practice"))
    make_base(made)
    return made


@pytest.fixture(autouse=True)
def small_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(practice_base, "SIZE", SMALL)


def test_transformers_loads_the_model_and_its_tokenizer(project: Project) -> None:
    model = AutoModelForCausalLM.from_pretrained(project.practice_folder)
    tokenizer = AutoTokenizer.from_pretrained(project.practice_folder)
    assert model.config.vocab_size == len(tokenizer)
    assert model.generation_config.eos_token_id == tokenizer.convert_tokens_to_ids("<|end|>")


def test_reading_the_chunks_lowers_the_loss(project: Project) -> None:
    facts = read_json(project.practice_folder / "practice.json")
    assert facts["loss"] < facts["first_loss"]


def test_the_app_s_own_size_has_three_to_five_million_parameters_also_with_a_small_vocabulary(
    project: Project,
) -> None:
    size = practice_base.Size()
    for vocabulary in (300, size.vocabulary):
        tokenizer = practice_base.make_tokenizer(["Energie ist die Fähigkeit, Arbeit zu verrichten."], size)
        config = practice_base.llama_config(tokenizer, size)
        config.vocab_size = vocabulary
        with torch.device("meta"):
            parameters = practice_base.LlamaForCausalLM(config).num_parameters()
        assert 3_000_000 < parameters < 5_000_000
    assert size.hidden % 256 == size.feed_forward % 256 == 0


def test_any_text_survives_the_tokenizer(project: Project) -> None:
    tokenizer = AutoTokenizer.from_pretrained(project.practice_folder)
    text = "Ärger über 3,50 € — \n\n\t🙂 中文 e\u0301"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_trained_part_of_a_conversation_is_the_answer_with_its_end_token(project: Project) -> None:
    tokenizer = AutoTokenizer.from_pretrained(project.practice_folder)
    encoded = tokenizer.apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)
    learned = [
        token for token, trained in zip(encoded["input_ids"], encoded["assistant_masks"], strict=True) if trained
    ]
    assert tokenizer.decode(learned) == CHAT[2]["content"] + "<|end|>"


def test_a_prompt_is_a_prefix_of_the_prompt_with_its_answer(project: Project) -> None:
    tokenizer = AutoTokenizer.from_pretrained(project.practice_folder)
    prompt = tokenizer.apply_chat_template(CHAT[:2], add_generation_prompt=True, return_dict=False)
    whole = tokenizer.apply_chat_template(CHAT, return_dict=False)
    assert whole[: len(prompt)] == prompt


def test_the_same_chunks_and_seed_keep_the_model_as_it_is(project: Project) -> None:
    before = sha256_of(project.practice_folder / "model.safetensors")
    assert make_base(project)["reused"] is True
    assert sha256_of(project.practice_folder / "model.safetensors") == before


def test_the_same_chunks_and_seed_give_the_same_weights_again(project: Project, tmp_path: Path) -> None:
    again = read_project(tmp_path)
    make_base(again)
    assert sha256_of(again.practice_folder / "model.safetensors") == sha256_of(
        project.practice_folder / "model.safetensors"
    )


def test_a_pause_leaves_nothing_half_made(tmp_path: Path) -> None:
    class Pausing(RecordingContext):
        def checkpoint(self) -> None:
            raise PauseRequested

    paused = read_project(tmp_path)
    with pytest.raises(PauseRequested):
        practice_base.run(Pausing(), create_run(paused, "practice_base", {"seed": 1}))
    assert not bases.is_ready(paused, BaseChoice(source="practice", name="practice"))
    assert list(paused.practice_folder.parent.glob(".practice_*")) == []


def test_a_project_without_text_is_told_so(tmp_path: Path) -> None:
    empty = ProjectStore(tmp_path).create("leer")
    with pytest.raises(AppError, match="no_chunks"):
        practice_base.run(RecordingContext(), create_run(empty, "practice_base", {"seed": 1}))
