"""Real models all the way: from Ollama's store into the project, trained, compared, written as GGUF, asked."""

import json

import pytest
from transformers import AutoTokenizer

from core.models.chat_text import ensure_chat_template
from core.models.llama_server import LlamaServer
from core.models.unpacked import Note
from core.training.training_data import encode_prompt
from tests.real_models import FEWEST_STEPS, UNSEEN, is_in_style

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(1800)]  # the first one of a model trains it


both = pytest.mark.parametrize("name", ["smollm2", "gemma3"])


@both
def test_a_model_out_of_ollamas_store_says_what_its_file_says(name, real_model):
    model = real_model(name)
    assert model.chosen
    note = Note(**json.loads((model.unpacked / "unpacked.json").read_text()))
    assert note.same_tokens == note.texts >= 110
    assert not note.is_doubtful, note


@both
def test_it_learns_and_is_better_on_questions_about_what_it_never_saw(name, real_model):
    model = real_model(name)
    assert model.trained["steps"] >= FEWEST_STEPS
    assert model.trained["loss"] < model.trained["first_loss"]
    compared = model.compared
    assert compared["verdict"] == "better" and compared["high"] < 0, compared
    assert compared["tuned_loss"] < compared["base_loss"] / 2


@both
def test_the_base_does_not_answer_in_the_taught_form_by_itself(name, real_model):
    model = real_model(name)
    assert model.chosen
    tokenizer = AutoTokenizer.from_pretrained(model.unpacked)
    assert ensure_chat_template(tokenizer) is (name == "gemma3")
    prompts = [encode_prompt(tokenizer, question) for question in UNSEEN]
    assert all(prompt[0] == tokenizer.bos_token_id for prompt in prompts)  # by its template, or put before it
    with LlamaServer(model.file, 512) as server:
        assert sum(is_in_style(server.complete(prompt, 48).text) for prompt in prompts) <= 1
