"""The practice base model: really made, small here, and loadable by transformers."""

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.jobs.job import PauseRequested
from core.jobs.runs import create_run
from core.models import bases
from core.project_manager import ProjectStore
from core.training import practice_base
from tests.core.model_material import SMALL, make_base, read_project
from tests.core.recording_context import RecordingContext
from tests.refusals import code_of
from utils.config import BaseChoice
from utils.files import read_json, sha256_of

CHAT = [
    {"role": "system", "content": "Antworte kurz."},
    {"role": "user", "content": "Was ist Energie?"},
    {"role": "assistant", "content": "Die Fähigkeit, Arbeit zu verrichten."},
]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    made = read_project(tmp_path_factory.mktemp("practice"))
    make_base(made)
    return made


@pytest.fixture(autouse=True)
def small_model(monkeypatch):
    monkeypatch.setattr(practice_base, "SIZE", SMALL)


@pytest.fixture(scope="module")
def tokenizer(project):
    return AutoTokenizer.from_pretrained(project.practice_folder)


def test_transformers_loads_the_model_and_reading_the_chunks_has_lowered_its_loss(project, tokenizer):
    model = AutoModelForCausalLM.from_pretrained(project.practice_folder)
    assert model.config.vocab_size == len(tokenizer)
    assert model.generation_config.eos_token_id == tokenizer.convert_tokens_to_ids("<|end|>")
    facts = read_json(project.practice_folder / "practice.json")
    assert facts["loss"] < facts["first_loss"]


def test_the_app_s_own_size_has_three_to_five_million_parameters_also_with_a_small_vocabulary():
    size = practice_base.Size()
    tokenizer = practice_base.make_tokenizer(["Energie ist die Fähigkeit, Arbeit zu verrichten."], size)
    config = practice_base.llama_config(tokenizer, size)
    for config.vocab_size in (300, size.vocabulary):
        with torch.device("meta"):
            assert 3_000_000 < practice_base.LlamaForCausalLM(config).num_parameters() < 5_000_000
    assert size.hidden % 256 == size.feed_forward % 256 == 0


def test_any_text_survives_the_tokenizer(tokenizer):
    text = "Ärger über 3,50 € — \n\n\t🙂 中文 e\u0301"
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_the_trained_part_of_a_conversation_is_the_answer_with_its_end_token_behind_the_very_prompt(tokenizer):
    encoded = tokenizer.apply_chat_template(CHAT, return_dict=True, return_assistant_tokens_mask=True)
    ids, masks = encoded["input_ids"], encoded["assistant_masks"]
    learned = [token for token, trained in zip(ids, masks, strict=True) if trained]
    assert tokenizer.decode(learned) == CHAT[2]["content"] + "<|end|>"
    prompt = tokenizer.apply_chat_template(CHAT[:2], add_generation_prompt=True, return_dict=False)
    assert ids[: len(prompt)] == prompt


def test_the_same_chunks_and_seed_keep_the_model_as_it_is_and_elsewhere_give_the_same_weights(project, tmp_path):
    again = read_project(tmp_path)
    weights = [one.practice_folder / "model.safetensors" for one in (project, again)]
    before = sha256_of(weights[0])
    assert make_base(project)["reused"] is True
    make_base(again)
    assert [sha256_of(file) for file in weights] == [before, before]


def test_a_pause_leaves_nothing_half_made_and_a_project_without_text_is_told_so(tmp_path):
    paused = read_project(tmp_path)
    with pytest.raises(PauseRequested):
        practice_base.run(RecordingContext(stop_after=0), create_run(paused, "practice_base", {"seed": 1}))
    assert not bases.is_ready(paused, BaseChoice(source="practice", name="practice"))
    assert list(paused.practice_folder.parent.glob(".practice_*")) == []
    empty = ProjectStore(tmp_path).create("leer")
    run = create_run(empty, "practice_base", {"seed": 1})
    assert code_of(lambda: practice_base.run(RecordingContext(), run)) == "no_chunks"
