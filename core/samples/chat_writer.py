"""Tasks → drafts through a helper model: asks, several at once, and reads the answers. Knows no HTTP and no file."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from core.samples import prompts
from core.samples.answers.answers import Pair, parse_answer
from core.samples.drafts import Draft, Supply, Task, Usage, Written
from core.samples.pace import Pace
from core.samples.providers.chat import ChatAnswer, ChatHelper, ChatRequest, HelperError, ask_once
from utils.config import SftSettings
from utils.errors import AppError

HEARTBEAT_SECONDS = 0.2
LOOK_AGAIN_SECONDS = 0.02
MOST_FAILED_IN_A_ROW = 6  # tasks, each of them asked three times
TOKENS_OF_ANSWER = 700  # that one pair may have
TOKENS_AROUND_ANSWER = 200
MOST_TOKENS_OF_ANSWER = 8000

# What keeps an answer from being used, as `answers.Parsed` calls it, and the error that says so.
UNUSABLE = {
    "cut_off": "helper_answer_cut_off",
    "empty": "helper_answer_empty",
    "no_json": "helper_answer_no_json",
    "no_samples": "helper_answer_no_samples",
}

Results = queue.SimpleQueue[Written | BaseException | None]
Sent = Callable[[Task, ChatRequest], None]


@dataclass
class ChatWriter:
    """A provider that asks a helper model.

    `open_helper` is called in the writer's own event loop. `sent` is told of every request before it leaves.
    """

    open_helper: Callable[[], ChatHelper]
    sent: Sent = lambda task, request: None
    _failed_in_a_row: int = field(default=0, init=False)

    def __call__(self, supply: Supply, settings: SftSettings, usage: Usage) -> Generator[Written | None, None, None]:
        """See `drafts.Provider`. The requests run in a thread of their own: what is stored never makes them wait."""
        results: Results = queue.SimpleQueue()
        loop = asyncio.new_event_loop()
        work = loop.create_task(self._write(supply, settings, usage, results))

        def run() -> None:
            """The thread: all requests, and in the end None or what went wrong."""
            end: BaseException | None = None
            try:
                loop.run_until_complete(work)
            except asyncio.CancelledError:
                pass  # closed from outside
            except BaseException as error:  # noqa: BLE001  it belongs to whoever reads the results
                end = error
            finally:
                loop.run_until_complete(loop.shutdown_asyncgens())
                loop.close()
                results.put(end)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            while True:
                try:
                    result = results.get(timeout=HEARTBEAT_SECONDS)
                except queue.Empty:
                    yield None
                    continue
                if result is None:
                    return
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(work.cancel)
            thread.join()

    async def _write(self, supply: Supply, settings: SftSettings, usage: Usage, results: Results) -> None:
        helper = await asyncio.to_thread(self.open_helper)
        pace = Pace(settings.concurrency, settings.timeout_seconds, settings.seed)

        async def work() -> None:
            """One of the workers: a task after the other until there is none any more."""
            while not supply.is_over:
                if task := supply.take():
                    results.put(Written(task, await self._drafts(helper, pace, task, settings, usage)))
                else:
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(settings.concurrency):
                    group.create_task(work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await helper.close()

    async def _drafts(
        self, helper: ChatHelper, pace: Pace, task: Task, settings: SftSettings, usage: Usage
    ) -> tuple[Draft, ...]:
        """What the helper writes for a task, nothing where it cannot. Raises AppError where it is no use to go on."""

        async def once(tries: int) -> tuple[Pair, ...]:
            request = request_for(task, settings, tries)
            self.sent(task, request)
            usage.requests += 1
            try:
                answer = await helper.ask(request)
            except (HelperError, asyncio.CancelledError):  # cancelled by a time-out, for one
                usage.failed += 1
                raise
            count_usage(usage, answer)
            parsed = parse_answer(answer.text, answer.finished)
            if not parsed.pairs:
                usage.unusable += 1
                raise HelperError(AppError(UNUSABLE[parsed.problem]), "again")
            return parsed.pairs

        try:
            pairs = await pace.ask(once)
        except HelperError as error:
            if error.reaction == "stop":
                raise error.error from None
            self._failed_in_a_row += error.reaction != "skip"
            if self._failed_in_a_row >= MOST_FAILED_IN_A_ROW:
                raise error.error from None
            return ()
        self._failed_in_a_row = 0
        return drafts_of(pairs, task, settings)


def request_for(task: Task, settings: SftSettings, tries: int = 0) -> ChatRequest:
    """What the helper is asked for a task. Another try gets another seed and more room for its answer."""
    wanted = TOKENS_AROUND_ANSWER + TOKENS_OF_ANSWER * task.count * settings.turns * (1 + tries)
    number = (task.chunk.id if task.chunk else 0) * 1009 + task.turn * 31 + tries
    return ChatRequest(
        prompts.messages_for(task, settings),
        prompts.schema_for(task, settings),
        settings.temperature,
        (settings.seed + number) % 2**31,
        min(wanted, MOST_TOKENS_OF_ANSWER),
    )


def drafts_of(pairs: tuple[Pair, ...], task: Task, settings: SftSettings) -> tuple[Draft, ...]:
    """As many drafts as were asked for; a helper may write more."""
    language, style = prompts.language_for(task, settings), prompts.style_of(task, settings)
    return tuple(
        Draft(pair.instruction, pair.output, language, style, pair.follow_ups[: settings.turns - 1])
        for pair in pairs[: task.count]
    )


def count_usage(usage: Usage, answer: ChatAnswer) -> None:
    """Add what an answer took."""
    usage.prompt_tokens += answer.prompt_tokens
    usage.answer_tokens += answer.answer_tokens
    if answer.cost_usd is None:
        usage.cost_known = False
    else:
        usage.cost_usd += answer.cost_usd


def try_once(helper: ChatHelper, task: Task, settings: SftSettings) -> tuple[ChatRequest, ChatAnswer]:
    """One real request, as the test button makes it. Raises AppError."""
    request = request_for(task, settings)
    return request, ask_once(helper, lambda helper: helper.ask(request), settings.timeout_seconds)
