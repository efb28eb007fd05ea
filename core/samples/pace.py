"""How many requests a helper gets at once, how long one may take, and when it is asked again. Knows no provider."""

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from core.samples.providers.chat import HelperError
from utils.errors import AppError

TRIES = 3
FIRST_WAIT_SECONDS = 0.5  # before the second try; doubled before each further one
LONGEST_WAIT_SECONDS = 30.0
LONGEST_ASKED_WAIT_SECONDS = 600.0  # that a server may ask for
SLOWED_DOWN_SECONDS = 900.0  # without any answer in between, before it is given up
UNREACHABLE = ("helper_nobody_there", "helper_no_network")
UNREACHABLE_SECONDS = 120.0
# What would stop the work at its beginning, but may pass where the server has answered before.
MAY_PASS = (
    *("helper_model_missing", "ollama_model_missing", "helper_forbidden", "helper_wrong_address"),
    *("helper_redirected", "helper_no_memory", "helper_proxy", "helper_tls"),
)
LEAST_PATIENCE_SECONDS = 10.0
PATIENCE_FACTOR = 8.0  # times the slowest of the last answers
CALMING = 0.9  # of the factor, with each answer: one request that hung says little where others come
ANSWERS_WATCHED = 50
ANSWERS_BEFORE_JUDGING = 8
ANSWERS_PER_STEP_UP = 4

Answer = TypeVar("Answer")


class Pace:
    """The speed of one helper. Use it in one event loop.

    A server that says "too many requests" gets a pause as long as it asks for, and fewer requests at once until it
    has answered some again. A request that takes far longer than those before it is given up and asked again.
    """

    def __init__(self, concurrency: int, patience_seconds: float, seed: int) -> None:
        self._most = concurrency
        self._limit = concurrency
        self._under_way = 0
        self._answers = 0
        self._answers_since_step = 0
        self._closed_until = 0.0
        self._slowed_since: float | None = None
        self._most_patience = patience_seconds
        self._factor = PATIENCE_FACTOR
        self._seconds: deque[float] = deque(maxlen=ANSWERS_WATCHED)
        self._waiting: dict[asyncio.Timeout, float] = {}  # when each of the requests under way began
        self._free = asyncio.Condition()
        self._random = random.Random(seed)

    async def ask(self, request: Callable[[int], Awaitable[Answer]]) -> Answer:
        """`request(try)` until it answers, at most three times; a slowed-down one does not count as a try.

        Raises HelperError: the last one, or at once the one after which no other try would help.
        """
        tries = 0
        slowed = 0
        while True:
            try:
                async with self._place():
                    return await self._once(request, tries)
            except HelperError as error:
                if error.reaction == "slow_down" or self._may_come_back(error):
                    slowed += 1
                    self._slow_down(error, slowed)
                    continue
                if error.reaction == "skip" or (error.reaction == "stop" and not self._may_pass(error)):
                    raise
                tries += 1
                if tries == TRIES:
                    raise HelperError(error.error, "again") from None
                await asyncio.sleep(self._wait(tries))

    @property
    def patience_seconds(self) -> float:
        """How long a request may take: the setting, or less where all answers so far came much faster."""
        if len(self._seconds) < ANSWERS_BEFORE_JUDGING:
            return self._most_patience
        return min(self._most_patience, max(LEAST_PATIENCE_SECONDS, self._factor * max(self._seconds)))

    async def _once(self, request: Callable[[int], Awaitable[Answer]], tries: int) -> Answer:
        loop = asyncio.get_running_loop()
        began, answers_before = loop.time(), self._answers
        deadline = asyncio.timeout_at(began + self.patience_seconds)
        self._waiting[deadline] = began
        try:
            async with deadline:
                answer = await request(tries)
        except TimeoutError:
            if self._answers == answers_before:
                self._factor *= 2  # nobody else got an answer either: it is not stuck but slow
            raise HelperError(AppError("helper_timeout", seconds=round(loop.time() - began)), "again") from None
        finally:
            del self._waiting[deadline]
        self._learn(loop.time() - began)
        await self._speed_up()
        return answer

    def _learn(self, seconds: float) -> None:
        """An answer came after so many seconds; those who still wait now know better how long it is worth it."""
        self._answers += 1
        self._seconds.append(seconds)
        self._factor = max(PATIENCE_FACTOR, self._factor * CALMING)
        for deadline, began in self._waiting.items():
            if not deadline.expired():
                deadline.reschedule(began + self.patience_seconds)

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """One of the places for requests, when there is one and no pause."""
        async with self._free:
            while True:
                pause = self._closed_until - time.monotonic()
                if pause <= 0 and self._under_way < self._limit:
                    break
                try:
                    async with asyncio.timeout(pause if pause > 0 else None):
                        await self._free.wait()
                except TimeoutError:
                    continue
            self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            async with self._free:
                self._free.notify_all()

    def _may_come_back(self, error: HelperError) -> bool:
        """Whether a server that cannot be reached has answered before: networks drop, and servers are restarted."""
        return error.error.code in UNREACHABLE and self._answers > 0

    def _may_pass(self, error: HelperError) -> bool:
        return error.error.code in MAY_PASS and self._answers > 0

    def _slow_down(self, error: HelperError, times: int) -> None:
        now = time.monotonic()
        self._slowed_since = self._slowed_since or now
        most = UNREACHABLE_SECONDS if error.error.code in UNREACHABLE else SLOWED_DOWN_SECONDS
        if now - self._slowed_since > most:
            raise HelperError(error.error, "stop")
        asked = error.retry_after_seconds
        pause = self._wait(times) if asked is None else min(asked, LONGEST_ASKED_WAIT_SECONDS)
        if now >= self._closed_until:  # else it is one of those that left before the pause began
            self._limit = max(1, self._limit - 1)
        self._closed_until = max(self._closed_until, now + pause)

    async def _speed_up(self) -> None:
        self._slowed_since = None
        self._answers_since_step += 1
        if self._limit < self._most and self._answers_since_step >= ANSWERS_PER_STEP_UP:
            self._limit += 1
            self._answers_since_step = 0

    def _wait(self, times: int) -> float:
        """Exponential, with jitter so that requests which failed together do not come back together."""
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (times - 1))
        return longest * self._random.uniform(0.5, 1.0)
