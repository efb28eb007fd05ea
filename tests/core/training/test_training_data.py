"""Samples in tokens: what is read, what is learned, what is cut."""

from dataclasses import replace
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.samples.sft_dataset import Sample
from core.training import training_data
from core.training.training_data import IGNORED, Encoded, encode, encode_rows
from utils.errors import AppError

SAMPLE = Sample("Wovon handelt Kapitel 1?", "Kapitel 1 handelt von Licht.", "a")


@pytest.fixture
def tokenizer(base: Path):
    return AutoTokenizer.from_pretrained(base)


@pytest.fixture(scope="module")
def model(base: Path):
    return AutoModelForCausalLM.from_pretrained(base)


def encoded(tokenizer, sample: Sample, stop_ids: frozenset[int], *, answers_only: bool = True) -> list[Encoded]:
    """Each turn of a sample."""
    return [row for _, row in encode_rows(tokenizer, [sample], stop_ids, 400, answers_only=answers_only)]


def test_only_the_answer_and_its_end_are_learned(tokenizer, model) -> None:
    encoded = encode(tokenizer, SAMPLE, training_data.stop_ids_of(tokenizer, model), 200)
    row = encoded.row
    learned = [label for label in row["labels"] if label != IGNORED]
    assert tokenizer.decode(learned) == "Kapitel 1 handelt von Licht.<end>"
    assert tokenizer.decode(row["input_ids"]) == (
        "<user>Wovon handelt Kapitel 1?<end><assistant>Kapitel 1 handelt von Licht.<end>"
    )
    assert not encoded.cut


def test_a_prompt_is_tokenized_as_it_will_be_when_the_model_is_asked(tokenizer, model) -> None:
    encoded = encode(tokenizer, SAMPLE, training_data.stop_ids_of(tokenizer, model), 200)
    turns = [{"role": "user", "content": SAMPLE.instruction}]
    asked = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
    assert encoded.prompt_ids == asked == training_data.encode_prompt(tokenizer, SAMPLE.instruction)


def test_a_template_that_does_not_end_the_turn_gets_an_end_token(tokenizer, model) -> None:
    tokenizer.chat_template = "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}"
    encoded = encode(tokenizer, SAMPLE, frozenset({tokenizer.eos_token_id}), 200)
    assert encoded.answer_ids[-1] == tokenizer.eos_token_id


def test_what_a_template_writes_after_the_end_token_is_not_learned(tokenizer, model) -> None:
    tokenizer.chat_template = tokenizer.chat_template.replace("'<end>'", "'<end>\\n'")
    encoded = encode(tokenizer, SAMPLE, frozenset({tokenizer.eos_token_id}), 200)
    assert tokenizer.decode(encoded.answer_ids) == "Kapitel 1 handelt von Licht.<end>"


def test_a_template_whose_prompt_is_no_prefix_still_trains_the_bare_answer(tokenizer, model) -> None:
    tokenizer.chat_template = (
        "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
    )
    encoded = encode(tokenizer, SAMPLE, frozenset({tokenizer.eos_token_id}), 200)
    assert tokenizer.decode(encoded.answer_ids) == "Kapitel 1 handelt von Licht.<end>"


def test_a_cut_answer_does_not_learn_to_stop_in_mid_sentence(tokenizer, model) -> None:
    stop_ids = training_data.stop_ids_of(tokenizer, model)
    whole = encode(tokenizer, SAMPLE, stop_ids, 200)
    length = len(whole.prompt_ids) + len(whole.answer_ids)
    cut = encode(tokenizer, SAMPLE, stop_ids, length - 1)
    assert cut.cut and len(cut.row["input_ids"]) == length - 1
    assert tokenizer.eos_token_id not in cut.answer_ids
    assert not encode(tokenizer, SAMPLE, stop_ids, length).cut


def test_the_plain_template_asks_and_ends_like_any_other(tokenizer, model) -> None:
    tokenizer.chat_template = None
    assert training_data.ensure_chat_template(tokenizer)
    encoded = encode(tokenizer, SAMPLE, training_data.stop_ids_of(tokenizer, model), 200)
    assert tokenizer.decode(encoded.prompt_ids) == "### Instruction:\nWovon handelt Kapitel 1?\n\n### Response:\n"
    assert tokenizer.decode(encoded.answer_ids) == "Kapitel 1 handelt von Licht.<end>"
    assert not training_data.ensure_chat_template(tokenizer)


def test_a_model_without_an_end_token_is_refused(tokenizer, model) -> None:
    tokenizer.eos_token = None
    with pytest.raises(AppError) as caught:
        training_data.stop_ids_of(tokenizer, model)
    assert caught.value.code == "training_no_stop_token"


def test_each_answer_of_a_conversation_is_learned_once_behind_all_that_was_said_before(tokenizer, model) -> None:
    stop_ids = training_data.stop_ids_of(tokenizer, model)
    more = (("Und Kapitel 2?", "Kapitel 2 handelt von Kapitel 1."), ("Und Licht?", "Licht."))
    talk = replace(SAMPLE, follow_ups=more)
    rows = encoded(tokenizer, talk, stop_ids)
    answers = [tokenizer.decode(row.answer_ids) for row in rows]
    assert answers == [f"{said}<end>" for said in (SAMPLE.output, *(said for _, said in more))]
    last = tokenizer.decode(rows[-1].prompt_ids)
    assert (
        last.index(SAMPLE.output)
        < last.index("Und Kapitel 2?")
        < last.index("Kapitel 2 handelt")
        < last.index("Und L")
    )
    assert rows[0] == encode(tokenizer, SAMPLE, stop_ids, 400)


def test_rows_that_are_tokenized_together_are_the_same_as_one_by_one(tokenizer, model) -> None:
    stop_ids = training_data.stop_ids_of(tokenizer, model)
    samples = [replace(SAMPLE, instruction=f"Wovon handelt Kapitel {number}?") for number in range(600)]
    samples[300] = replace(samples[300], follow_ups=(("Und Kapitel 2?", "Licht."), ("Und Licht?", "Kapitel 1.")))
    together = [encoded for _, encoded in training_data.encode_rows(tokenizer, samples, stop_ids, 40)]
    turns = [(sample, turn) for sample in samples for turn in range(1 + len(sample.follow_ups))]
    assert together == [encode(tokenizer, sample, stop_ids, 40, turn) for sample, turn in turns]


def test_half_a_character_in_a_sample_stops_no_training(tokenizer, model) -> None:
    stop_ids = training_data.stop_ids_of(tokenizer, model)
    torn = Sample("Was ist \ud83d?", "Ein \ude00.", "a", follow_ups=(("\ud800", "\udfff"),))
    answers = [tokenizer.decode(row.answer_ids) for row in encoded(tokenizer, torn, stop_ids)]
    assert answers == ["Ein \ufffd.<end>", "\ufffd<end>"]
    assert "\ufffd" in tokenizer.decode(training_data.encode_prompt(tokenizer, torn.instruction))


def test_where_questions_are_learned_too_each_token_of_a_conversation_is_learned_once(tokenizer, model) -> None:
    stop_ids = training_data.stop_ids_of(tokenizer, model)
    talk = replace(SAMPLE, follow_ups=(("Und Kapitel 2?", "Kapitel 2 handelt von Licht."), ("Und Licht?", "Licht.")))
    rows = [row.row for row in encoded(tokenizer, talk, stop_ids, answers_only=False)]
    learned = [tokenizer.decode([label for label in row["labels"] if label != IGNORED]) for row in rows]
    assert learned == [
        "<user>Wovon handelt Kapitel 1?<end><assistant>Kapitel 1 handelt von Licht.<end>",
        "<user>Und Kapitel 2?<end><assistant>Kapitel 2 handelt von Licht.<end>",
        "<user>Und Licht?<end><assistant>Licht.<end>",
    ]
    assert "".join(learned) == tokenizer.decode(rows[-1]["input_ids"])


def test_where_a_template_rewrites_earlier_turns_their_questions_are_not_learned_again(tokenizer, model) -> None:
    tokenizer.chat_template = "{{ messages | length }}" + tokenizer.chat_template
    talk = replace(SAMPLE, follow_ups=(("Und Licht?", "Licht."),))
    ends = frozenset({tokenizer.eos_token_id})
    rows = [row.row for row in encoded(tokenizer, talk, ends, answers_only=False)]
    learned = [tokenizer.decode([label for label in row["labels"] if label != IGNORED]) for row in rows]
    assert "Wovon handelt Kapitel 1?" in learned[0]
    assert learned[1] == "Licht.<end>"
