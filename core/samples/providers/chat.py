"""The seam to a helper model: what it is asked, and what comes back. Knows no HTTP and no prompt."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any, Literal, Protocol, TypeVar

from core.providers import HelperModel, provider_of
from utils.config import SftSettings
from utils.errors import AppError


@dataclass(frozen=True)
class ChatRequest:
    """One question to a helper. `schema` is the JSON schema of the wanted answer, used where a model can."""

    messages: tuple[Mapping[str, str], ...]
    schema: Mapping[str, Any] | None
    temperature: float
    seed: int
    most_tokens: int


@dataclass(frozen=True)
class ChatAnswer:
    """What came back. `finished` is False where it was cut off: too long, filtered, or the connection ended early.

    Tokens are 0 where the server does not count them, `cost_usd` is None where nobody knows it.
    """

    text: str
    finished: bool
    prompt_tokens: int = 0
    answer_tokens: int = 0
    cost_usd: float | None = None
    seconds: float = 0.0


Result = TypeVar("Result")
Reaction = Literal["stop", "slow_down", "again", "skip"]


class HelperError(Exception):
    """A request that failed. `error` says so to people; `reaction` what becomes of the work.

    stop: no other request would succeed either (wrong key, no such model, nobody there); slow_down: too many requests
    at once; again: bad luck that may pass; skip: only this very request cannot be answered.
    """

    def __init__(self, error: AppError, reaction: Reaction, retry_after_seconds: float | None = None) -> None:
        super().__init__(error.code)
        self.error = error
        self.reaction = reaction
        self.retry_after_seconds = retry_after_seconds


class ChatHelper(Protocol):
    """A helper model that is ready to be asked, by as many at once as want to."""

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        """One request, never repeated here. Raises HelperError; whoever cancels it ends what is under way."""

    async def models(self) -> list[HelperModel]:
        """What there is to choose from. Raises HelperError."""

    async def close(self) -> None:
        """Let go of the connection and of whatever was started."""


def ask_once(helper: ChatHelper, use: Callable[[Any], Awaitable[Result]], seconds: float | None) -> Result:
    """What `use` gives for a helper, which is closed after it. Raises AppError, also `helper_timeout`."""

    async def ask() -> Result:
        try:
            async with asyncio.timeout(seconds):
                return await use(helper)
        except HelperError as error:
            raise error.error from None
        except TimeoutError:
            raise AppError("helper_timeout", seconds=seconds) from None
        finally:
            await helper.close()

    return asyncio.run(ask())


def open_helper(settings: SftSettings, key: str | None) -> ChatHelper:
    """The helper that the settings name; nothing is sent yet. Raises AppError `practice_needs_no_test` where no
    model is asked."""
    found = provider_of(settings.provider)
    if found.writes_by_rules:
        raise AppError("practice_needs_no_test")
    helper: ChatHelper = resolve_name(found.client)(settings, key)
    return helper
