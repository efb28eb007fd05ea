import asyncio

import pytest

from core.samples import pace as pacing
from core.samples.pace import Pace
from core.samples.providers.chat import HelperError
from utils.errors import AppError


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(pacing, "FIRST_WAIT_SECONDS", 0.01)


def failure(reaction, retry_after=None, code="helper_busy"):
    return HelperError(AppError(code), reaction, retry_after)


GONE = failure("stop", code="helper_nobody_there")


def answers(*results):
    """A request that gives these one after the other, and the tries that it was told."""
    told, left = [], iter(results)

    async def request(tries):
        told.append(tries)
        result = next(left)
        if isinstance(result, Exception):
            raise result
        return result

    return request, told


async def fast(tries):
    await asyncio.sleep(0.001)
    return "an answer"


async def hangs_once(tries):
    if tries == 0:
        await asyncio.sleep(3600)
    return "another try"


@pytest.mark.parametrize(
    ("error", "tries"), [(failure("again"), 3), (failure("stop"), 1), (failure("skip"), 1), (GONE, 1)]
)
def test_a_request_is_made_three_times_or_once_where_no_other_try_would_help(error, tries):
    request, told = answers(*[error] * tries, "never asked for")
    with pytest.raises(HelperError):
        asyncio.run(Pace(5, 10, 1).ask(request))
    assert told == list(range(tries))


def test_a_server_that_has_too_much_to_do_costs_no_tries():
    request, told = answers(*[failure("slow_down", 0.001)] * 8, failure("again"), "an answer")
    assert asyncio.run(Pace(5, 10, 1).ask(request)) == "an answer"
    assert told == [0] * 9 + [1]


def test_nobody_asks_before_the_time_that_the_server_named_is_over():
    async def scenario():
        loop, pace, asked_at = asyncio.get_running_loop(), Pace(4, 10, 1), []

        async def request(tries):
            asked_at.append(loop.time())
            if len(asked_at) == 1:
                raise failure("slow_down", 0.3)

        began = loop.time()
        await pace.ask(request)
        await asyncio.gather(*(pace.ask(request) for _ in range(4)))
        return [at - began for at in asked_at]

    assert all(at >= 0.3 for at in asyncio.run(scenario())[1:])


def test_never_more_are_under_way_than_allowed_and_fewer_after_a_rate_limit():
    async def scenario():
        pace, under_way, most = Pace(5, 10, 1), 0, 0

        async def request(tries):
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0.005)
            under_way -= 1

        await asyncio.gather(*(pace.ask(request) for _ in range(40)))
        at_first, most = most, 0
        refused, _ = answers(failure("slow_down", 0.0), failure("slow_down", 0.0), "an answer")
        await pace.ask(refused)
        await asyncio.gather(*(pace.ask(request) for _ in range(3)))
        return at_first, most

    assert asyncio.run(scenario()) == (5, 3)


@pytest.mark.parametrize("hangs_first", [False, True])
def test_a_hanging_request_is_given_up_long_before_the_patience_where_all_others_were_fast(monkeypatch, hangs_first):
    monkeypatch.setattr(pacing, "LEAST_PATIENCE_SECONDS", 0.05)

    async def scenario():
        pace = Pace(5, 3600, 1)
        first = asyncio.create_task(pace.ask(hangs_once if hangs_first else fast))
        await asyncio.sleep(0)
        for _ in range(pacing.ANSWERS_BEFORE_JUDGING):
            await pace.ask(fast)
        return await (first if hangs_first else pace.ask(hangs_once))

    assert asyncio.run(scenario()) == "another try"


def test_a_server_that_only_says_too_many_requests_is_given_up_in_the_end(monkeypatch):
    monkeypatch.setattr(pacing, "SLOWED_DOWN_SECONDS", 0.02)
    request, _ = answers(*[failure("slow_down", 0.01)] * 50)
    with pytest.raises(HelperError) as caught:
        asyncio.run(Pace(5, 10, 1).ask(request))
    assert caught.value.reaction == "stop"


def test_requests_that_hang_now_and_then_do_not_make_every_further_one_wait_longer(monkeypatch):
    monkeypatch.setattr(pacing, "LEAST_PATIENCE_SECONDS", 0.02)

    async def at_once(tries):
        return "an answer"

    async def scenario():
        pace = Pace(5, 3600, 1)
        for _ in range(12):
            for _ in range(19):
                await pace.ask(at_once)
            await pace.ask(hangs_once)
        return pace.patience_seconds

    assert asyncio.run(scenario()) < 1


def test_a_server_that_answered_before_and_is_gone_for_a_while_is_waited_for(monkeypatch):
    async def scenario(*results):
        pace, (rest, _) = Pace(5, 10, 1), answers(*results)
        await pace.ask(fast)
        return await pace.ask(rest)

    assert asyncio.run(scenario(*[GONE] * 4, "there again")) == "there again"
    monkeypatch.setattr(pacing, "UNREACHABLE_SECONDS", 0.02)
    with pytest.raises(HelperError):
        asyncio.run(scenario(*[GONE] * 50))


@pytest.mark.parametrize(
    ("code", "tries"),
    [*((code, 3) for code in pacing.MAY_PASS), ("helper_key_refused", 1), ("helper_no_credit", 1)],
)
def test_what_would_stop_the_work_at_first_costs_one_request_where_the_server_has_answered_before(code, tries):
    async def scenario(pace):
        request, told = answers(*[failure("stop", code=code)] * 9)
        with pytest.raises(HelperError) as caught:
            await pace.ask(request)
        return told, caught.value.reaction

    async def after_an_answer():
        pace = Pace(5, 10, 1)
        await pace.ask(fast)
        return await scenario(pace)

    assert asyncio.run(scenario(Pace(5, 10, 1))) == ([0], "stop")
    told, reaction = asyncio.run(after_an_answer())
    assert (len(told), reaction) == (tries, "again" if tries > 1 else "stop")
