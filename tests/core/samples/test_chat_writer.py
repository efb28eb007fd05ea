"""The writer against helpers made for the test; real protocols are tested with the helpers themselves."""

import asyncio
import json
import threading
import time
from collections.abc import Callable

import pytest

from core.documents.store.chunk_store import Chunk
from core.providers import HelperModel
from core.samples import chat_writer
from core.samples import pace as pacing
from core.samples.chat_writer import ChatWriter
from core.samples.drafts import Task, Usage, Written
from core.samples.providers.chat import ChatAnswer, ChatRequest, HelperError
from utils.config import SftSettings
from utils.errors import AppError


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "FIRST_WAIT_SECONDS", 0.001)


class Helper:
    """Answers with whatever `answer` gives for the number of the request."""

    def __init__(self, answer: Callable[[int], ChatAnswer], seconds: float = 0.0) -> None:
        self.answer = answer
        self.seconds = seconds
        self.requests: list[ChatRequest] = []
        self.under_way = self.most_under_way = 0
        self.closed = False

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        self.requests.append(request)
        number = len(self.requests)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
            return self.answer(number)
        finally:
            self.under_way -= 1

    async def models(self) -> list[HelperModel]:
        return []

    async def close(self) -> None:
        self.closed = True


class Tasks:
    """A supply of a few tasks."""

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._left = [Task(Chunk(n, "a.txt", n, f"Text {n}.", {}), 0) for n in range(count)]

    def take(self) -> Task | None:
        with self._lock:
            return self._left.pop() if self._left else None

    @property
    def is_over(self) -> bool:
        return not self._left


def good(number: int) -> ChatAnswer:
    pair = {"instruction": f"Was ist Nummer {number}?", "output": f"Nummer {number} ist eine Zahl."}
    return ChatAnswer(json.dumps({"samples": [pair]}), True, 10, 5, 0.01)


def write(helper: Helper, tasks: int, **settings: object) -> tuple[list[Written], Usage]:
    usage = Usage()
    writer = ChatWriter(lambda: helper)
    chosen = SftSettings.model_validate({"provider": "openrouter", "model": "m", **settings})
    return [written for written in writer(Tasks(tasks), chosen, usage) if written], usage


def test_every_task_is_answered_with_no_more_at_once_than_allowed() -> None:
    helper = Helper(good, 0.005)
    written, usage = write(helper, 30, concurrency=4)
    assert len(written) == 30 and all(len(one.drafts) == 1 for one in written)
    assert helper.most_under_way == 4 and helper.closed
    assert (usage.requests, usage.failed, usage.prompt_tokens, usage.answer_tokens) == (30, 0, 300, 150)
    assert usage.cost_usd == pytest.approx(0.3) and usage.cost_known


def test_an_answer_without_samples_is_asked_for_again_with_another_seed_and_more_room() -> None:
    helper = Helper(lambda number: ChatAnswer("Gerne! Hier ist", False) if number < 3 else good(number))
    written, usage = write(helper, 1)
    assert len(written[0].drafts) == 1
    assert (usage.requests, usage.unusable, usage.failed) == (3, 2, 0)
    assert len({request.seed for request in helper.requests}) == 3
    rooms = [request.most_tokens for request in helper.requests]
    assert rooms == sorted(rooms) and rooms[0] < rooms[-1]


def test_a_task_that_cannot_be_answered_comes_to_nothing_and_the_others_go_on() -> None:
    def answer(number: int) -> ChatAnswer:
        if number == 2:
            raise HelperError(AppError("helper_refused"), "skip")
        return good(number)

    written, usage = write(Helper(answer), 5, concurrency=1)
    assert [len(one.drafts) for one in written] == [1, 0, 1, 1, 1]
    assert usage.failed == 1


def test_a_wrong_key_stops_at_once() -> None:
    def answer(number: int) -> ChatAnswer:
        raise HelperError(AppError("helper_key"), "stop")

    helper = Helper(answer)
    with pytest.raises(AppError) as caught:
        write(helper, 100, concurrency=3)
    assert caught.value.code == "helper_key"
    assert len(helper.requests) <= 3 and helper.closed


def test_a_helper_that_never_says_anything_usable_is_given_up_soon() -> None:
    helper = Helper(lambda number: ChatAnswer("Das ist ein schöner Text.", True))
    with pytest.raises(AppError) as caught:
        write(helper, 1000, concurrency=2)
    assert caught.value.code.startswith("helper_answer_")
    assert len(helper.requests) <= 3 * (chat_writer.MOST_FAILED_IN_A_ROW + 2)


def test_stopping_ends_the_requests_that_are_under_way() -> None:
    helper = Helper(good, 3600)
    results = ChatWriter(lambda: helper)(Tasks(9), SftSettings(model="m"), Usage())
    assert next(results) is None
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 60
    assert helper.under_way == 0 and helper.closed


def test_a_helper_that_cannot_be_opened_says_why() -> None:
    def refuse() -> Helper:
        raise AppError("gguf_unreadable", file="x.gguf", problem="")

    with pytest.raises(AppError, match="gguf_unreadable"):
        list(ChatWriter(refuse)(Tasks(1), SftSettings(model="m"), Usage()))


def test_every_request_is_told_before_it_leaves() -> None:
    told: list[tuple[Task, int]] = []
    helper = Helper(good)
    writer = ChatWriter(lambda: helper, lambda task, request: told.append((task, len(helper.requests))))
    list(writer(Tasks(3), SftSettings(model="m", concurrency=1), Usage()))
    assert [count for _, count in told] == [0, 1, 2]
