"""The writer against helpers made for the test; real protocols are tested with the helpers themselves."""

import asyncio
import json
import time
from dataclasses import replace

import pytest

from core.documents.store.chunk_store import Chunk
from core.providers import HelperModel
from core.samples import chat_writer
from core.samples import pace as pacing
from core.samples.chat_writer import ChatWriter
from core.samples.drafts import Task, Usage
from core.samples.providers.chat import ChatAnswer, HelperError
from tests.refusals import code_of
from utils.config import SftSettings
from utils.errors import AppError


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(pacing, "FIRST_WAIT_SECONDS", 0.001)


class Helper:
    """Answers with whatever `answer` gives for the number of the request."""

    def __init__(self, answer, seconds=0.0):
        self.answer = answer
        self.seconds = seconds
        self.requests = []
        self.under_way = self.most_under_way = 0
        self.closed = False

    async def ask(self, request):
        self.requests.append(request)
        number = len(self.requests)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
            result = self.answer(number)
        finally:
            self.under_way -= 1
        if isinstance(result, Exception):
            raise result
        return result

    async def close(self):
        self.closed = True


class Tasks:
    """A supply of a few tasks."""

    def __init__(self, count):
        self._left = [Task(Chunk(n, "a.txt", n, f"Text {n}.", {}), 0) for n in range(count)]

    def take(self):
        return self._left.pop() if self._left else None

    @property
    def is_over(self):
        return not self._left


def good(number):
    pair = {"instruction": f"Was ist Nummer {number}?", "output": f"Nummer {number} ist eine Zahl."}
    return ChatAnswer(json.dumps({"samples": [pair]}), True, 10, 5, 0.01)


def write(helper, tasks, sent=lambda task, request: None, **settings):
    usage = Usage()
    chosen = SftSettings(model="m", **settings)
    return [written for written in ChatWriter(lambda: helper, sent)(Tasks(tasks), chosen, usage) if written], usage


def test_every_task_is_answered_with_no_more_at_once_than_allowed():
    helper = Helper(good, 0.005)
    written, usage = write(helper, 30, concurrency=4)
    assert len(written) == 30 and all(len(one.drafts) == 1 for one in written)
    assert helper.most_under_way == 4 and helper.closed
    assert (usage.requests, usage.failed, usage.prompt_tokens, usage.answer_tokens) == (30, 0, 300, 150)
    assert usage.cost_usd == pytest.approx(0.3) and usage.cost_known


def test_an_answer_without_samples_is_asked_for_again_with_another_seed_and_more_room():
    helper = Helper(lambda number: ChatAnswer("Gerne! Hier ist", False) if number < 3 else good(number))
    written, usage = write(helper, 1)
    assert len(written[0].drafts) == 1
    assert (usage.requests, usage.unusable, usage.failed) == (3, 2, 0)
    assert len({request.seed for request in helper.requests}) == 3
    rooms = [request.most_tokens for request in helper.requests]
    assert rooms == sorted(rooms) and rooms[0] < rooms[-1]


def test_a_task_that_cannot_be_answered_comes_to_nothing_and_the_others_go_on():
    refused = HelperError(AppError("helper_refused"), "skip")
    written, usage = write(Helper(lambda number: refused if number == 2 else good(number)), 5, concurrency=1)
    assert [len(one.drafts) for one in written] == [1, 0, 1, 1, 1]
    assert usage.failed == 1


@pytest.mark.parametrize(
    ("answer", "code", "most"),
    [
        (HelperError(AppError("helper_key"), "stop"), "helper_key", 3),
        (ChatAnswer("Das ist Text.", True), "helper_answer_no_json", 3 * (chat_writer.MOST_FAILED_IN_A_ROW + 3)),
    ],
)
def test_a_wrong_key_stops_at_once_and_a_helper_that_never_says_anything_usable_soon(answer, code, most):
    helper = Helper(lambda number: answer)
    assert code_of(lambda: write(helper, 1000, concurrency=3)) == code
    assert len(helper.requests) <= most and helper.closed


REFUSED = HelperError(AppError("helper_request_refused"), "skip")
FLAGGED = HelperError(AppError("helper_moderated"), "skip")


@pytest.mark.parametrize(
    ("error", "most"), [(REFUSED, chat_writer.MOST_FAILED_IN_A_ROW), (FLAGGED, chat_writer.MOST_SKIPPED_IN_A_ROW)]
)
def test_the_same_refusal_many_times_in_a_row_stops_and_now_and_then_costs_only_that_request(error, most):
    helper = Helper(lambda number: error)
    assert code_of(lambda: write(helper, 1000, concurrency=1)) == error.error.code
    assert len(helper.requests) == most
    written, _ = write(Helper(lambda number: error if number % most else good(number)), 100, concurrency=1)
    assert sum(len(one.drafts) for one in written) == 100 // most
    assert next(one.final for one in written if not one.drafts) is (error is FLAGGED)


def test_where_nothing_came_of_all_tasks_the_reason_is_said():
    assert code_of(lambda: write(Helper(lambda number: FLAGGED), 3)) == "helper_moderated"
    assert len(write(Helper(lambda number: good(number) if number == 1 else FLAGGED), 3, concurrency=1)[0]) == 3


COPIED = ChatAnswer('{"samples": [{"instruction": "die Frage", "output": "die Antwort"}]}', True)
PLAIN = "Frage: Was ist Nummer {number}?\nAntwort: Eine Zahl, die auf die vorige folgt."


def weak(number):
    """Copies the JSON that it is shown, and understands nothing but plain words."""
    asked = weak.helper.requests[number - 1].messages[-1]["content"]
    return COPIED if '"samples"' in asked else ChatAnswer(PLAIN.format(number=number), True)


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_helper_that_copies_the_placeholder_back_is_asked_in_plain_words(language):
    weak.helper = Helper(weak)
    written, usage = write(weak.helper, 12, concurrency=1, language=language)
    assert sum(len(one.drafts) for one in written) >= 11
    assert usage.unusable == chat_writer.JSON_TRIED_AT_LEAST
    json_asked, plain = weak.helper.requests[0], weak.helper.requests[-1]
    assert json_asked.schema and not plain.schema and "JSON" not in plain.messages[-1]["content"]
    assert [message["role"] for message in plain.messages] == ["user", "assistant", "user"]  # it is shown one


def test_the_question_that_a_weak_helper_was_shown_is_no_sample_when_it_comes_back():
    def parrot(number):
        return ChatAnswer("Frage: Wann schmilzt Eis?\nAntwort: Eis schmilzt bei 0 Grad.", True)

    helper = Helper(parrot)
    assert code_of(lambda: write(helper, 30, language="de")) == "helper_answer_no_samples"


def test_a_good_helper_is_not_asked_in_plain_words_for_one_bad_answer_in_three():
    helper = Helper(lambda number: COPIED if number % 3 == 0 else good(number))
    written, _ = write(helper, 40, concurrency=1)
    assert all(request.schema for request in helper.requests)
    assert sum(len(one.drafts) for one in written) == 40


@pytest.mark.parametrize(
    "template",
    [
        "Schreibe aus {chunk}:\nFrage: …\nAntwort: …",
        'Answer as JSON with "q" and "a". {chunk}',
        "{chunk}\nQ: …\nA: …",
        "Als YAML bitte: {chunk}",
    ],
)
def test_a_form_that_a_persons_own_template_names_is_not_overridden(template):
    helper = Helper(lambda number: ChatAnswer(PLAIN.format(number=number), True))
    written, _ = write(helper, 2, user_template=template)
    assert [len(one.drafts) for one in written] == [1, 1]
    assert {request.schema for request in helper.requests} == {None}
    assert not any('"samples"' in request.messages[-1]["content"] for request in helper.requests)


def test_every_answer_that_held_no_sample_is_told_with_the_reason():
    kept, helper = [], Helper(lambda number: COPIED if number == 1 else good(number))
    note = ChatWriter(lambda: helper, unusable=lambda task, answer, problem: kept.append((answer.text, problem)))
    assert [one.drafts for one in note(Tasks(1), SftSettings(model="m"), Usage()) if one]
    assert kept == [(COPIED.text, "no_samples")]


def test_where_a_server_names_no_cost_it_follows_from_the_models_prices():
    def unpriced(number):
        return replace(good(number), cost_usd=None)

    for model, cost, known in ((HelperModel("m", prompt_usd=0.01, answer_usd=0.02), 0.2, True), (None, 0.0, False)):
        usage = Usage()
        list(ChatWriter(lambda: Helper(unpriced), model=model)(Tasks(1), SftSettings(model="m"), usage))
        assert (usage.cost_usd, usage.cost_known) == (pytest.approx(cost), known)


def test_stopping_ends_the_requests_that_are_under_way():
    helper = Helper(good, 3600)
    results = ChatWriter(lambda: helper)(Tasks(9), SftSettings(model="m"), Usage())
    assert next(results) is None
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 60
    assert helper.under_way == 0 and helper.closed


def test_a_helper_that_cannot_be_opened_says_why():
    def refuse():
        raise AppError("gguf_unreadable", file="x.gguf", problem="")

    assert code_of(lambda: list(ChatWriter(refuse)(Tasks(1), SftSettings(model="m"), Usage()))) == "gguf_unreadable"


def test_every_request_is_told_before_it_leaves():
    told, helper = [], Helper(good)
    write(helper, 3, lambda task, request: told.append(len(helper.requests)), concurrency=1)
    assert told == [0, 1, 2]
