"""How an exported file is judged by figures: green, amber and red, and never for a reason that they contradict."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from core.models.llama_library import Judgement, common_length
from core.models.llama_server import Completion
from core.proof import reference, verify
from core.proof.reference import Asked, Scored, texts_of
from core.proof.verify import Check, check_answers, compared, compared_prompts, parting_margin, report

ENOUGH = 60, 40  # texts, tokens of each


def judged(changes, texts=ENOUGH[0], tokens=ENOUGH[1], margin=1.0, flips=0.0, spread=0.01, seed=0):
    """Texts whose tokens a file finds less likely by `changes` nats, and of which it chooses `flips` otherwise."""
    dice = np.random.default_rng(seed)
    made = []
    for _ in range(texts):
        expected = dice.uniform(-3, -0.1, tokens)
        given = expected - changes - dice.normal(0, spread, tokens)
        text = Scored([0] * (tokens + 1), 1, expected.tolist(), [1] * tokens, [margin] * tokens)
        chosen = np.where(dice.random(tokens) < flips, 2, 1).tolist()
        made.append((text, [*map(Judgement, given.tolist(), chosen)]))
    return made


def level(check):
    return "red" if not check.passed else "amber" if check.amber else "green"


@pytest.mark.parametrize(
    ("quantization", "change", "expected", "reason"),
    [
        ("f16", 0.0, "green", ""),
        ("f16", 0.03, "red", "other_model"),
        ("f16", -0.03, "red", "other_model"),
        ("q8_0", -0.001, "green", ""),
        ("q8_0", 0.004, "green", ""),
        ("q8_0", 0.03, "red", "less_sure"),
        ("q8_0", -0.03, "red", "other_model"),
        ("q4_k_m", 0.033, "green", ""),
        ("q4_k_m", 0.12, "red", "less_sure"),
        ("q4_k_m", -0.12, "amber", "surer"),
        ("safetensors", 0.0, "green", ""),
        ("safetensors", 0.03, "red", "other_model"),
    ],
)
def test_on_enough_tokens_the_perplexity_decides_and_the_reason_agrees_with_its_sign(
    quantization, change, expected, reason
):
    check = compared(judged(change), quantization)
    assert (level(check), check.reason) == (expected, reason), check.figures
    figures = check.figures
    assert figures["tokens"] == ENOUGH[0] * ENOUGH[1]
    assert figures["perplexity_change_percent"] == pytest.approx(100 * math.expm1(change), abs=0.2)
    assert figures["low_percent"] <= figures["perplexity_change_percent"] <= figures["high_percent"]


@pytest.mark.parametrize(("texts", "reason"), [(4, "few_tokens"), (60, "near_limit")])
def test_what_cannot_be_told_is_amber_for_the_reason_that_it_has(texts, reason):
    check = compared(judged(math.log1p(0.06), texts=texts, spread=0.4), "q4_k_m")
    assert (level(check), check.reason) == ("amber", reason), check.figures


@pytest.mark.parametrize(
    ("margin", "flips", "expected", "reason"),
    [
        (0.05, 0.3, "green", ""),  # near ties may fall either way
        (5.0, 0.0, "green", ""),
        (5.0, 0.025, "amber", "choices_changed"),
        (5.0, 0.3, "red", "other_model"),
    ],
)
@pytest.mark.parametrize("quantization", ["f16", "q8_0", "q4_k_m"])
def test_a_choice_that_falls_otherwise_counts_only_where_it_was_clear(quantization, margin, flips, expected, reason):
    check = compared(judged(0.0, margin=margin, flips=flips), quantization)
    assert (level(check), check.reason) == (expected, reason), check.figures


def test_tokens_that_llama_cpp_holds_back_are_left_out_and_none_at_all_is_amber():
    texts = judged(0.0)
    some = [(text, [None, *given[1:]]) for text, given in texts]
    assert compared(some, "f16").figures["tokens"] == ENOUGH[0] * (ENOUGH[1] - 1)
    assert level(compared([(text, [None] * len(given)) for text, given in texts], "f16")) == "amber"


def asked(answer, margins, ended=True):
    return Asked([], [5], answer, ended, Scored([5, *answer], 1, [], [], margins))


@pytest.mark.parametrize(
    ("given", "ended", "margin"),
    [
        ([1, 2, 3], True, None),
        ([1, 2, 3, 9], True, None),  # 9 ends
        ([1, 7, 3], True, 0.2),
        ([1, 2], True, 0.3),
        ([1, 2, 3, 4], True, 0.4),
        ([7], True, 0.1),
        ([], True, 0.1),
        ([1, 2], False, 0.3),
        ([1, 2, 3], False, 0.4),
    ],
)
def test_where_an_answer_parts_the_reference_says_how_sure_it_was(given, ended, margin):
    assert parting_margin(asked([1, 2, 3], [0.1, 0.2, 0.3, 0.4]), Completion(given, "", ended), [9]) == margin


@pytest.mark.parametrize(("lacking", "same"), [(0, True), (1, True), (3, True), (4, False)])
def test_an_answer_broken_off_inside_a_character_is_the_same(lacking, same):
    whole = list(range(10, 42))
    one = asked(whole, [1.0] * 32, ended=False)
    found = parting_margin(one, Completion(whole[: 32 - lacking], "", False), [9])
    assert (found is None) == same


@pytest.mark.parametrize(
    ("quantization", "margin", "passed"), [("f16", 0.05, True), ("f16", 2.0, False), ("q4_k_m", 9.0, True)]
)
def test_answers_may_part_where_the_reference_was_unsure_or_weights_were_rounded(quantization, margin, passed):
    known = SimpleNamespace(asked=[asked([1, 2], [margin] * 3)], stop_ids=[9])
    check = check_answers([Completion([7, 2], "", True)], known, quantization)
    assert check.passed == passed
    assert check.figures == {
        "same": 0,
        "differ": int(margin >= verify.LIMITS[quantization].clear),
        "ended": 1,
        "of": 1,
    }


class Words:
    def decode(self, ids):
        return " ".join(map(str, ids))


@pytest.mark.parametrize(
    ("expected", "given", "reason"),
    [
        ([1, 2, 3], [1, 2, 3], ""),
        ([1, 2, 3], [0, 1, 2, 3], "begin_differs"),
        ([0, 1, 2, 3], [1, 2, 3], "begin_differs"),
        ([1, 2, 3], [1, 4, 3], "prompts_differ"),
        ([1, 2, 3], [], "prompts_differ"),
    ],
)
def test_a_prompt_that_differs_is_shown_and_a_begin_token_named(expected, given, reason):
    check = compared_prompts([([7], [7], Words()), (expected, given, Words())])
    assert (check.passed, check.reason) == (not reason, reason)
    assert check.figures["of"] == 2
    if reason:
        assert (check.figures["expected"], check.figures["given"]) == tuple(map(Words().decode, (expected, given)))


@pytest.mark.parametrize(
    ("checks", "passed", "amber"),
    [
        ([Check("a", True, {}, "x")], True, False),
        ([Check("a", True, {}, "x", amber=True), Check("b", True)], True, True),
        ([Check("a", True, {}, "x", amber=True), Check("b", False, {}, "y")], False, False),
    ],
)
def test_a_report_is_as_good_as_its_worst_check_and_green_ones_give_no_reason(checks, passed, amber):
    made = report("x.gguf", "f16", checks, [], {})
    assert (made["passed"], made["amber"]) == (passed, amber)
    for check in made["checks"]:
        assert bool(check["reason"]) == (check["amber"] or not check["passed"])


@pytest.mark.parametrize(
    ("first", "second", "length"), [([], [], 0), ([1], [], 0), ([1, 2], [1, 2], 2), ([1, 2, 3], [1, 9, 3], 1)]
)
def test_what_two_texts_begin_with_in_common(first, second, length):
    assert common_length(first, second) == length


def test_answers_are_scored_until_there_are_enough_and_what_has_none_is_left_out(monkeypatch):
    rows = [(None, SimpleNamespace(prompt_ids=[7, number], answer_ids=[2] * 400)) for number in range(30)]
    rows[1][1].answer_ids = []
    monkeypatch.setattr(reference, "encode_rows", lambda language, samples, longest: rows)
    texts = texts_of(None, [])
    assert {(len(ids), start) for ids, start in texts} == {(402, 2)}
    assert [ids[1] for ids, _ in texts] == [0, 2, 3, 4, 5, 6]
