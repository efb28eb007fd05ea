"""Samples in tokens: what is read, what is learned, what is cut; and what a base model's files tell of its tokens."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.models.chat_text import ensure_chat_template
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import read_samples
from core.training import train, training_data
from core.training.training_data import IGNORED, Encoded, encode_prompt, encode_rows, read_language
from tests.core.training.training_material import TrainingContext, make_base, make_project, make_run, pause
from tests.refusals import code_of

SAMPLE = Sample("Wovon handelt Kapitel 1?", "Kapitel 1 handelt von Licht.", "a")
BEGINS = "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}"
TALK = replace(SAMPLE, follow_ups=(("Und Kapitel 2?", "Kapitel 2 handelt von Kapitel 1."), ("Und Licht?", "Licht.")))


@pytest.fixture
def language(base):
    return read_language(base)


def encoded(language, sample, limit=400, *, answers_only=True):
    """Each turn of a sample."""
    return [row for _, row in encode_rows(language, [sample], limit, answers_only=answers_only)]


def learned(language, rows):
    return [language.tokenizer.decode([label for label in row.row["labels"] if label != IGNORED]) for row in rows]


def test_only_the_answer_and_its_end_are_learned_behind_a_prompt_as_the_model_will_be_asked(language):
    (row,) = encoded(language, SAMPLE)
    answer = "Kapitel 1 handelt von Licht.<end>"
    assert learned(language, [row]) == [answer] and not row.cut
    assert language.tokenizer.decode(row.row["input_ids"]) == f"<user>{SAMPLE.instruction}<end><assistant>{answer}"
    turns = [{"role": "user", "content": SAMPLE.instruction}]
    asked = language.tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=True)["input_ids"]
    assert row.prompt_ids == asked == encode_prompt(language.tokenizer, SAMPLE.instruction)


@pytest.mark.parametrize(
    ("template", "answer"),
    [
        pytest.param(
            "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n' }}{% endfor %}",
            "assistant: Kapitel 1 handelt von Licht.\n<end>",
            id="does not end the turn",
        ),
        pytest.param(
            "{% for m in messages %}{{ '<' + m['role'] + '>' + m['content'] + '<end>\\n' }}{% endfor %}" + BEGINS,
            "Kapitel 1 handelt von Licht.<end>",
            id="writes after the end token",
        ),
        pytest.param(
            "{{ messages | length }}{% for m in messages %}{{ m['content'] }}{% endfor %}" + BEGINS,
            "Kapitel 1 handelt von Licht.<end>",
            id="the prompt is no prefix",
        ),
    ],
)
def test_whatever_a_template_does_an_answer_ends_with_its_end_token(language, template, answer):
    language.tokenizer.chat_template = template
    (row,) = encoded(language, SAMPLE)
    assert language.tokenizer.decode(row.answer_ids) == answer


def test_a_cut_answer_does_not_learn_to_stop_in_mid_sentence(language):
    (whole,) = encoded(language, SAMPLE)
    (cut,) = encoded(language, SAMPLE, whole.tokens - 1)
    assert cut.cut and cut.tokens == len(cut.row["input_ids"]) == whole.tokens - 1
    assert language.tokenizer.eos_token_id not in cut.answer_ids
    assert not encoded(language, SAMPLE, whole.tokens)[0].cut


def test_the_plain_template_asks_and_ends_like_any_other(language):
    language.tokenizer.chat_template = None
    assert ensure_chat_template(language.tokenizer)
    (row,) = encoded(language, SAMPLE)
    decode = language.tokenizer.decode
    assert decode(row.prompt_ids) == "### Instruction:\nWovon handelt Kapitel 1?\n\n### Response:\n"
    assert decode(row.answer_ids) == "Kapitel 1 handelt von Licht.<end>"
    assert not ensure_chat_template(language.tokenizer)


def test_each_answer_of_a_conversation_is_learned_once_behind_all_that_was_said_before(language):
    rows = encoded(language, TALK)
    said = [SAMPLE.output, *(answer for _, answer in TALK.follow_ups)]
    assert learned(language, rows) == [f"{answer}<end>" for answer in said]
    last = language.tokenizer.decode(rows[-1].prompt_ids)
    places = [last.index(part) for part in (SAMPLE.output, "Und Kapitel 2?", "Kapitel 2 handelt", "Und L")]
    assert places == sorted(places)
    assert rows[:1] == encoded(language, SAMPLE)


def test_rows_that_are_tokenized_together_are_the_same_as_one_by_one(language):
    samples = [replace(SAMPLE, instruction=f"Wovon handelt Kapitel {number}?") for number in range(600)]
    samples[300] = replace(samples[300], follow_ups=TALK.follow_ups)
    together = [row for _, row in encode_rows(language, samples, 40)]
    assert together == [row for sample in samples for row in encoded(language, sample, 40)]


def test_half_a_character_in_a_sample_stops_no_training(language):
    torn = Sample("Was ist \ud83d?", "Ein \ude00.", "a", follow_ups=(("\ud800", "\udfff"),))
    assert learned(language, encoded(language, torn)) == ["Ein \ufffd.<end>", "\ufffd<end>"]
    assert "\ufffd" in language.tokenizer.decode(encode_prompt(language.tokenizer, torn.instruction))


def test_where_questions_are_learned_too_each_token_of_a_conversation_is_learned_once(language):
    rows = encoded(language, TALK, answers_only=False)
    assert learned(language, rows) == [
        "<user>Wovon handelt Kapitel 1?<end><assistant>Kapitel 1 handelt von Licht.<end>",
        "<user>Und Kapitel 2?<end><assistant>Kapitel 2 handelt von Kapitel 1.<end>",
        "<user>Und Licht?<end><assistant>Licht.<end>",
    ]
    assert "".join(learned(language, rows)) == language.tokenizer.decode(rows[-1].row["input_ids"])


def test_where_a_template_rewrites_earlier_turns_their_questions_are_not_learned_again(language):
    language.tokenizer.chat_template = "{{ messages | length }}" + language.tokenizer.chat_template
    first, second, _ = learned(language, encoded(language, TALK, answers_only=False))
    assert "Wovon handelt Kapitel 1?" in first
    assert second == "Kapitel 2 handelt von Kapitel 1.<end>"


@pytest.mark.parametrize("change", ["as it is", "no generation config", "a list", "not in the config"])
def test_end_tokens_are_the_same_without_weights_as_with_them(base, tmp_path, change):
    folder = shutil.copytree(base, tmp_path / "model")
    generation, config = folder / "generation_config.json", folder / "config.json"
    if change == "a list":
        generation.write_text(json.dumps({"eos_token_id": [3, 7]}))
    elif change != "as it is":
        generation.unlink()
    if change == "not in the config":
        content = json.loads(config.read_text())
        del content["eos_token_id"]
        config.write_text(json.dumps(content))
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    with_weights = training_data.stop_ids_of(tokenizer, model.generation_config, model.config)
    assert read_language(folder).stop_ids == with_weights


def test_a_model_without_an_end_token_or_a_readable_tokenizer_is_refused(base, tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.eos_token = None
    assert code_of(lambda: training_data.stop_ids_of(tokenizer)) == "training_no_stop_token"
    folder = shutil.copytree(base, tmp_path / "model")
    (folder / "tokenizer.json").write_text("{}")
    assert code_of(lambda: read_language(folder)) == "training_base_damaged"


def test_a_plan_can_be_made_of_samples_that_are_not_copied_yet(base, tmp_path):
    project = make_project(tmp_path)
    run = make_run(project, base, held_out_share=0.25)
    run.samples_file.unlink()
    plan = training_data.plan_of(run, read_samples(project.samples_file))
    assert (len(plan.train), len(plan.held_out)) == (18, 6)


def some_rows(count):
    """Rows of different lengths; every seventh has no answer token left, every fifth is cut."""
    sample = Sample("a", "b", "c")
    return [
        (sample, Encoded([2**31 - 1, *range(n % 4)], [] if n % 7 == 0 else [n, n + 1], n % 5 == 0, n % 2))
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [1, 2, 1023, 1024, 1025, 3000])
def test_rows_come_back_as_they_were_in_their_order_and_no_file_could_be_left_behind(tmp_path, count):
    (tmp_path / "rows").mkdir()
    (tmp_path / "rows" / "left by a kill").touch()
    found = some_rows(count)
    kept = [encoded for _, encoded in found if encoded.answer_ids]
    stored, none = training_data.on_disk([iter(found), iter([])], tmp_path / "rows")
    assert list(tmp_path.iterdir()) == []
    assert (list(stored.data) if stored.data else []) == [encoded.row for encoded in kept]
    assert (stored.kept, stored.dropped) == (len(kept), count - len(kept))
    assert stored.cut == sum(encoded.cut for encoded in kept)
    assert stored.longest_tokens == max((encoded.tokens for encoded in kept), default=0)
    assert none == training_data.Rows(None, 0, 0, 0, 0)


@pytest.fixture
def run(tmp_path):
    return make_run(make_project(tmp_path / "projects"), make_base(tmp_path / "base"), epochs=1)


def test_while_a_run_trains_its_rows_take_no_name_in_its_folder_nor_anywhere_else(run, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    pause(run, at=1)
    assert not list(run.folder.glob("rows*")) and not (tmp_path / "cache").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_disk_that_fills_up_with_rows_is_told_and_the_run_goes_on_later(run, monkeypatch):
    real = Path.open

    def full(self, *args, **kwargs):
        return open("/dev/full", "wb", buffering=0) if self.suffix == ".arrow" else real(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        assert code_of(lambda: train.run(TrainingContext(), run)) == "disk_is_full"
    assert not list(run.folder.glob("rows*"))
    assert train.run(TrainingContext(), run)["state"] == "done"
