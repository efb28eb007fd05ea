"""The look at the samples before a training: the very rows that the trainer learns from, counted and shown."""

import json
import shutil

import pytest

from core import trainer
from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.samples.store.sample import Sample
from core.samples.store.sft_dataset import append_sample
from core.training import preflight, train, training_data
from core.training.training_data import Encoded
from tests.core.training.training_material import TrainingContext, make_base, make_run
from tests.refusals import code_of
from ui.texts import KEYS
from utils.config import TrainingSettings

HOSTILE = "<script>alert(1)</script> „Ä“ 🔥 \u202e<end>\x00"


@pytest.fixture
def project(home):
    return home


@pytest.fixture(scope="module")
def language(base):
    return training_data.read_language(base)


def add(project, *question_and_answer, **more):
    """One more sample, of a chunk of its own."""
    append_sample(project.samples_file, Sample(*question_and_answer, question_and_answer[0], **more))


def look(project, base, **training):
    settings = TrainingSettings(**training)
    request = {
        "base": {"source": "path", "name": str(base), "folder": str(base)},
        "training": settings.model_dump(),
        "force_cpu": True,
        "basis": trainer.preflight_basis(project.samples_file, base, settings),
    }
    run = create_run(project, "preflight", request)
    context = TrainingContext()
    result = preflight.run(context, run)
    run.write_state(JobState.DONE, result=result)
    assert {f"check.{check['name']}.{check['state']}" for check in result["checks"]} | set(context.keys) <= KEYS
    return json.loads(json.dumps(result))


def check_of(result, name):
    return next(check for check in result["checks"] if check["name"] == name)


def test_it_counts_the_rows_that_the_trainer_learns_from(project, base, language):
    add(project, "Wer?", "Ich.", follow_ups=(("Und?", "Du."), ("Ja?", "Ja.")))
    settings = {"max_length": 64, "epochs": 1, "held_out_share": 0.2, "seed": 3}
    result = look(project, base, **settings)
    run = make_run(project, base, **settings)
    trained = train.run(TrainingContext(), run)
    parts = training_data.encoded_rows(training_data.plan_of(run), language)
    rows = [list(training_data.learnable(part)) for part in parts]
    assert [result["rows"], result["held_out_rows"]] == [len(part) for part in rows]
    assert trained["samples"] + trained["held_out"] == check_of(result, "rows")["params"]["samples"]
    assert result["learned_tokens"] == sum(label != -100 for _, row in rows[0] for label in row.row["labels"])


def test_it_loads_no_weights(project, base, tmp_path):
    bare = shutil.copytree(base, tmp_path / "bare")
    (bare / "model.safetensors").write_bytes(b"nonsense")
    assert look(project, bare)["rows"] > 0


def test_long_answers_are_counted_with_what_they_lose(project, base, language):
    add(project, "Was?", "Licht. " * 200)
    add(project, "Kapitel " * 400, "Ja.")
    result = look(project, base, max_length=128, held_out_share=0.0)
    answer = len(language.tokenizer("Licht. " * 200)["input_ids"])
    cut, dropped, end = (check_of(result, name) for name in ("cut", "dropped", "end"))
    assert (cut["state"], cut["params"]["cut"]) == ("warn", 1)
    assert answer - 128 < cut["params"]["missing"] < answer
    assert (dropped["params"]["count"], end["params"]["count"]) == (1, 1)
    assert check_of(result, "learned")["state"] == "ok"
    whys = [example["why"] for example in result["examples"]]
    assert whys == ["first", "longest"]  # the longest is the cut one: it is shown once
    assert result["examples"][1]["missing"] == cut["params"]["missing"]


def test_the_suggested_length_cuts_nothing_a_little_less_does_and_no_model_is_made_for_more(project, base):
    add(project, "Was?", "Licht. " * 30)
    assert look(project, base, max_length=256)["suggestion"] is None
    found = look(project, base, max_length=64)["suggestion"]
    for length, suggested in ((found, None), (found - 16, found)):
        assert look(project, base, max_length=length)["suggestion"] == suggested
    add(project, "Was?", "Licht. " * 900)
    assert look(project, base, max_length=64)["suggestion"] == 256  # make_base says so


def test_answers_that_are_learned_and_tested_are_counted_whatever_their_spaces(project, base):
    assert check_of(look(project, base), "shared_answers")["state"] == "ok"
    for number in range(30):
        add(project, f"Frage {number}?", f"  ja {' '}GENAU.")
    shared = check_of(look(project, base, held_out_share=0.3), "shared_answers")
    assert shared["state"] == "warn" and 0 < shared["params"]["count"] < shared["params"]["held_out"]


def test_a_base_without_a_chat_template_is_said(project, tmp_path):
    result = look(project, make_base(tmp_path / "plain", chat_template=None))
    assert check_of(result, "template")["state"] == "warn"
    assert "### Response:" in result["examples"][0]["segments"][0]["text"]


def test_a_template_that_swallows_answers_is_noticed(project, tmp_path):
    swallowing = "{% for m in messages %}<{{ m['role'] }}>{% if m['role'] == 'user' %}{{ m['content'] }}{% endif %}"
    swallowing += "<end>{% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}"
    result = look(project, make_base(tmp_path / "odd", chat_template=swallowing))
    learned = check_of(result, "learned")
    assert (learned["state"], learned["params"]["count"]) == ("warn", result["rows"])


def test_lines_that_are_no_samples_and_rejected_ones_are_counted(project, base):
    add(project, "Nein?", "Nein.", status="rejected")
    with project.samples_file.open("a") as file:
        file.write("{half\n")
    result = look(project, base)
    assert [check_of(result, name)["params"] for name in ("unreadable", "rejected")] == [{"count": 1}] * 2


@pytest.mark.parametrize("train_on_answers", [True, False])
@pytest.mark.parametrize("answer", ["Licht.", HOSTILE, "🔥🔥 ä", " ", "\ufffd", "日本語\n\tx"])
def test_the_pieces_of_an_example_are_together_what_the_model_sees(language, answer, train_on_answers):
    talk = Sample(HOSTILE, answer, "a", follow_ups=((answer, HOSTILE),))
    for _, encoded in training_data.encode_rows(language, [talk], 400, answers_only=train_on_answers):
        pieces = preflight.segments(language, encoded)
        assert "".join(piece["text"] for piece in pieces) == language.tokenizer.decode(encoded.row["input_ids"])
        assert sum(piece["tokens"] for piece in pieces) == len(encoded.row["input_ids"])
        assert pieces[-1] == {"role": "end", "tokens": 1, "text": "<end>"}
        learned = sum(piece["tokens"] for piece in pieces if piece["role"] != "read")
        assert learned == sum(label != -100 for label in encoded.row["labels"])


def test_a_character_whose_bytes_are_cut_apart_is_shown_once_and_a_cut_answer_shows_no_end(language):
    ids = language.tokenizer("a🔥b")["input_ids"]
    for place in range(1, len(ids)):
        pieces = preflight.segments(language, Encoded(ids[:place], ids[place:]))
        assert "".join(piece["text"] for piece in pieces) == "a🔥b"
    ((_, encoded),) = training_data.encode_rows(language, [Sample("Was?", "Licht. " * 50, "a")], 64)
    assert [piece["role"] for piece in preflight.segments(language, encoded)] == ["read", "learned"]


def test_a_long_piece_keeps_its_beginning_and_its_end(project, base):
    text = "Licht und Wärme. " * 400
    add(project, "Was?", text)
    result = look(project, base, max_length=32_000, held_out_share=0.0)
    (longest,) = (example for example in result["examples"] if example["why"] == "longest")
    learned = longest["segments"][1]
    assert text.startswith(learned["text"]) and text.endswith(learned["rest"])
    assert len(learned["text"]) + learned["left_out"] + len(learned["rest"]) == len(text)


def test_a_length_at_which_nothing_is_learned_is_bad_and_too_few_samples_are_refused(project, base):
    project.samples_file.write_text("")
    for number in range(9):
        if number == 3:
            assert code_of(lambda: look(project, base)) == "too_few_samples"
        add(project, f"{number} " + "Kapitel " * 300, "Ja.")
    result = look(project, base, max_length=64, held_out_share=0.0)
    assert check_of(result, "rows")["state"] == "bad" and result["examples"] == []
