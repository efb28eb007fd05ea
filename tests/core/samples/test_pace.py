import asyncio
from collections.abc import Awaitable, Callable

import pytest

from core.samples import pace as pacing
from core.samples.pace import Pace
from core.samples.providers.chat import HelperError, Reaction
from utils.errors import AppError


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "FIRST_WAIT_SECONDS", 0.01)


def failure(reaction: Reaction, retry_after: float | None = None) -> HelperError:
    return HelperError(AppError("helper_busy"), reaction, retry_after)


def answers(*results: object) -> tuple[Callable[[int], Awaitable[object]], list[int]]:
    """A request that gives these one after the other, and the tries that it was told."""
    told: list[int] = []
    left = list(results)

    async def request(tries: int) -> object:
        told.append(tries)
        result = left.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    return request, told


def test_a_request_is_made_three_times_and_then_given_up() -> None:
    request, told = answers(failure("again"), failure("again"), failure("again"), "never asked for")
    with pytest.raises(HelperError):
        asyncio.run(Pace(5, 10, 1).ask(request))
    assert told == [0, 1, 2]


@pytest.mark.parametrize("reaction", ["stop", "skip"])
def test_what_no_other_try_would_help_is_not_tried_again(reaction: Reaction) -> None:
    request, told = answers(failure(reaction), "never asked for")
    with pytest.raises(HelperError):
        asyncio.run(Pace(5, 10, 1).ask(request))
    assert told == [0]


def test_a_server_that_has_too_much_to_do_costs_no_tries() -> None:
    request, told = answers(*[failure("slow_down", 0.001)] * 8, failure("again"), "an answer")
    assert asyncio.run(Pace(5, 10, 1).ask(request)) == "an answer"
    assert told == [0] * 9 + [1]


def test_nobody_asks_before_the_time_that_the_server_named_is_over() -> None:
    async def scenario() -> list[float]:
        loop = asyncio.get_running_loop()
        pace = Pace(4, 10, 1)
        asked_at: list[float] = []

        async def request(tries: int) -> str:
            asked_at.append(loop.time())
            if len(asked_at) == 1:
                raise failure("slow_down", 0.3)
            return "an answer"

        began = loop.time()
        await pace.ask(request)
        await asyncio.gather(*(pace.ask(request) for _ in range(4)))
        return [at - began for at in asked_at]

    assert all(at >= 0.3 for at in asyncio.run(scenario())[1:])


def test_never_more_are_under_way_than_allowed_and_fewer_after_a_rate_limit() -> None:
    async def scenario() -> tuple[int, int]:
        pace = Pace(5, 10, 1)
        under_way = most = 0
        limited = [True, True]

        async def request(tries: int) -> str:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.005)
            under_way -= 1
            return "an answer"

        async def refused(tries: int) -> str:
            if limited:
                limited.pop()
                raise failure("slow_down", 0.0)
            return "an answer"

        await asyncio.gather(*(pace.ask(request) for _ in range(40)))
        at_first, most = most, 0
        await pace.ask(refused)
        await asyncio.gather(*(pace.ask(request) for _ in range(3)))
        return at_first, most

    at_first, after = asyncio.run(scenario())
    assert at_first == 5
    assert after == 3


def test_a_hanging_request_is_given_up_long_before_the_patience_where_all_others_were_fast(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pacing, "LEAST_PATIENCE_SECONDS", 0.05)

    async def scenario() -> str:
        pace = Pace(5, 3600, 1)

        async def fast(tries: int) -> str:
            return "an answer"

        async def hangs_once(tries: int) -> str:
            if tries == 0:
                await asyncio.sleep(3600)
            return "another try"

        for _ in range(pacing.ANSWERS_BEFORE_JUDGING):
            await pace.ask(fast)
        return await pace.ask(hangs_once)

    assert asyncio.run(scenario()) == "another try"


def test_a_server_that_only_says_too_many_requests_is_given_up_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "SLOWED_DOWN_SECONDS", 0.02)
    request, _ = answers(*[failure("slow_down", 0.01)] * 50)
    with pytest.raises(HelperError) as caught:
        asyncio.run(Pace(5, 10, 1).ask(request))
    assert caught.value.reaction == "stop"


def test_requests_that_hang_now_and_then_do_not_make_every_further_one_wait_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pacing, "LEAST_PATIENCE_SECONDS", 0.02)

    async def scenario() -> float:
        pace = Pace(5, 3600, 1)

        async def request(tries: int) -> str:
            return "an answer"

        async def hangs_once(tries: int) -> str:
            if tries == 0:
                await asyncio.sleep(3600)
            return "another try"

        for _ in range(12):
            for _ in range(19):
                await pace.ask(request)
            await pace.ask(hangs_once)
        return pace.patience_seconds

    assert asyncio.run(scenario()) < 1


def test_a_request_that_hung_from_the_first_on_is_given_up_once_the_others_show_how_fast_it_should_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pacing, "LEAST_PATIENCE_SECONDS", 0.02)

    async def scenario() -> str:
        pace = Pace(5, 3600, 1)

        async def hangs_once(tries: int) -> str:
            if tries == 0:
                await asyncio.sleep(3600)
            return "another try"

        async def fast(tries: int) -> str:
            await asyncio.sleep(0.001)
            return "an answer"

        first = asyncio.create_task(pace.ask(hangs_once))
        await asyncio.sleep(0)
        for _ in range(pacing.ANSWERS_BEFORE_JUDGING):
            await pace.ask(fast)
        return await first

    assert asyncio.run(scenario()) == "another try"


def test_a_server_that_answered_before_and_is_gone_for_a_while_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = HelperError(AppError("helper_nobody_there"), "stop")

    async def scenario(*results: object) -> object:
        pace = Pace(5, 10, 1)
        first, _ = answers(results[0])
        rest, _ = answers(*results[1:])
        await pace.ask(first)
        return await pace.ask(rest)

    assert asyncio.run(scenario("an answer", gone, gone, gone, gone, "there again")) == "there again"
    monkeypatch.setattr(pacing, "UNREACHABLE_SECONDS", 0.02)
    with pytest.raises(HelperError):
        asyncio.run(scenario("an answer", *[gone] * 50))


def test_a_server_that_never_answered_is_not_waited_for() -> None:
    request, told = answers(HelperError(AppError("helper_nobody_there"), "stop"), "never asked for")
    with pytest.raises(HelperError):
        asyncio.run(Pace(5, 10, 1).ask(request))
    assert told == [0]
