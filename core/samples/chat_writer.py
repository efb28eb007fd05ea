"""Tasks → drafts through a helper model: asks, several at once, and reads the answers. Knows no HTTP and no file."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass, field

from core.providers import HelperModel
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
MOST_SKIPPED_IN_A_ROW = 20  # texts that are too long, or refused for what they say
JSON_TRIED_AT_LEAST = 4  # answers, before a helper is asked for plain questions and answers instead
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

OF_THE_TEXT = ("helper_prompt_too_long", "helper_moderated")  # refusals that say nothing of the next text

Results = queue.SimpleQueue[Written | BaseException | None]
Sent = Callable[[Task, ChatRequest], None]
Unusable = Callable[[Task, ChatAnswer, str], None]


@dataclass
class Form:
    """How often answers were asked for in a form, and how many of them were of use."""

    tried: int = 0
    usable: int = 0

    @property
    def share(self) -> float:
        """The share of the usable ones, as far as that is known: a half before the first."""
        return (self.usable + 1) / (self.tried + 2)


@dataclass
class ChatWriter:
    """A provider that asks a helper model.

    `open_helper` is called in the writer's own event loop. `sent` is told of every request before it leaves,
    `unusable` of every answer that held no sample, and why. `model` brings the prices where the server names no cost.
    """

    open_helper: Callable[[], ChatHelper]
    sent: Sent = lambda task, request: None
    unusable: Unusable = lambda task, answer, problem: None
    model: HelperModel | None = None
    _failed_in_a_row: int = field(default=0, init=False)
    _skipped_in_a_row: int = field(default=0, init=False)
    _last_error: AppError | None = field(default=None, init=False)
    _has_succeeded: bool = field(default=False, init=False)
    _json: Form = field(default_factory=Form, init=False)
    _plain: Form = field(default_factory=Form, init=False)

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
                    results.put(await self._written(helper, pace, task, settings, usage))
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
        if self._last_error and not self._has_succeeded:
            raise self._last_error

    async def _written(
        self, helper: ChatHelper, pace: Pace, task: Task, settings: SftSettings, usage: Usage
    ) -> Written:
        """What the helper writes for a task, nothing where it cannot. Raises AppError where it is no use to go on."""

        async def once(tries: int) -> tuple[Pair, ...]:
            # A weak model that copies the JSON which it is shown may still answer in plain words.
            json_is_no_use = self._json.tried >= JSON_TRIED_AT_LEAST and self._json.share < self._plain.share
            plainly = json_is_no_use and not settings.user_template
            request = request_for(task, settings, tries, plainly)
            form = self._plain if plainly else self._json
            self.sent(task, request)
            usage.requests += 1
            try:
                answer = await helper.ask(request)
            except (HelperError, asyncio.CancelledError):  # cancelled by a time-out, for one
                usage.failed += 1
                raise
            count_usage(usage, answer, self.model)
            parsed = parse_answer(answer.text, answer.finished)
            pairs = tuple(pair for pair in parsed.pairs if not prompts.is_shown(pair.instruction))
            form.tried += 1
            form.usable += bool(pairs)
            if not pairs:
                problem = parsed.problem or "no_samples"
                usage.unusable += 1
                self.unusable(task, answer, problem)
                raise HelperError(AppError(UNUSABLE[problem]), "again")
            return pairs

        try:
            pairs = await pace.ask(once)
        except HelperError as error:
            if error.reaction == "stop" or self._is_enough(error):
                raise error.error from None
            return Written(task, final=error.error.code in OF_THE_TEXT and error.reaction == "skip")
        self._failed_in_a_row = self._skipped_in_a_row = 0
        self._has_succeeded = True
        return Written(task, drafts_of(pairs, task, settings))

    def _is_enough(self, error: HelperError) -> bool:
        """Whether so much has failed in a row that the rest would too. One text that is refused is only that one."""
        self._last_error = error.error
        if error.error.code in OF_THE_TEXT:
            self._skipped_in_a_row += 1
        else:
            self._failed_in_a_row += 1
        return self._failed_in_a_row >= MOST_FAILED_IN_A_ROW or self._skipped_in_a_row >= MOST_SKIPPED_IN_A_ROW


def request_for(task: Task, settings: SftSettings, tries: int = 0, plainly: bool = False) -> ChatRequest:
    """What the helper is asked for a task. Another try gets another seed and more room for its answer."""
    wanted = TOKENS_AROUND_ANSWER + TOKENS_OF_ANSWER * task.count * settings.turns * (1 + tries)
    number = (task.chunk.id if task.chunk else 0) * 1009 + task.turn * 31 + tries
    return ChatRequest(
        prompts.plain_messages_for(task, settings) if plainly else prompts.messages_for(task, settings),
        None if plainly or prompts.has_own_form(settings) else prompts.schema_for(task, settings),
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


def count_usage(usage: Usage, answer: ChatAnswer, model: HelperModel | None) -> None:
    """Add what an answer took; where the server names no cost, by the model's prices."""
    usage.prompt_tokens += answer.prompt_tokens
    usage.answer_tokens += answer.answer_tokens
    cost = answer.cost_usd
    if cost is None and model and model.prompt_usd is not None and model.answer_usd is not None:
        cost = answer.prompt_tokens * model.prompt_usd + answer.answer_tokens * model.answer_usd
    usage.cost_known &= cost is not None
    usage.cost_usd += cost or 0.0


def try_once(helper: ChatHelper, task: Task, settings: SftSettings) -> tuple[ChatRequest, ChatAnswer]:
    """One real request, as the test button makes it. Raises AppError."""
    request = request_for(task, settings)
    return request, ask_once(helper, lambda helper: helper.ask(request), settings.timeout_seconds)
