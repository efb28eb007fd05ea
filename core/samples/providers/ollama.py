"""A helper model in Ollama, by its own HTTP API. Knows no prompt, and starts no Ollama."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from typing import Any

from core.providers import HelperModel, address_of
from core.samples.providers.chat import ChatAnswer, ChatRequest, HelperError
from core.samples.providers.completions import end_of, put_together, said_in
from core.samples.providers.http_client import HttpClient
from core.samples.providers.http_errors import HttpError, part_of
from core.samples.providers.open_ai_chat import count
from utils.config import SftSettings
from utils.errors import AppError
from utils.validators import http_address

LEAST_VERSION = (0, 9, 0)  # the first that lets thinking be switched off; schemas came with 0.5
KEEP_ALIVE = "15m"  # longer than a pause between two requests
PATHS_OF_APIS = ("/v1", "/api")  # which people copy along with the address
OWN_WORDS = {"helper_nobody_there": "ollama_not_running", "helper_model_missing": "ollama_model_missing"}
EMBEDDING_FAMILIES = ("bert", "nomic-bert", "nomic-bert-moe", "xlm-roberta")  # where capabilities are not listed


@dataclass(frozen=True)
class PullProgress:
    """How far a download is: Ollama's own word for the step, and the bytes of all parts that it has begun."""

    status: str
    done_bytes: int
    total_bytes: int


class Ollama:
    """One model of one Ollama. Texts go to no other machine than `place`: models in Ollama's cloud are refused."""

    def __init__(self, base_url: str, model: str, context_tokens: int, key: str | None = None) -> None:
        base_url = http_address(base_url)
        for path in PATHS_OF_APIS:
            base_url = base_url.removesuffix(path)
        self._http = HttpClient(base_url, model, key)
        self._model = model
        self._context_tokens = context_tokens
        self._place = self._http.recipient.place
        self._think: bool | str | None = "low" if "gpt-oss" in model else False  # which cannot do without
        self._checked = False
        self._checking = asyncio.Lock()

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        """See ChatHelper."""
        with self._own_words():
            async with self._checking:
                if not self._checked:
                    await self._check()
                    self._checked = True
            think = self._think
            try:
                return await self._chat(request, think)
            except HttpError as error:
                if think is None or error.status != 400 or "think" not in error.words.lower():
                    raise
            answer = await self._chat(request, None)
            self._think = None
            return answer

    async def models(self) -> list[HelperModel]:
        """See ChatHelper. What cannot write samples is listed too, and says why."""
        with self._own_words():
            await self._check_version()
            return [model_of(entry) for entry in await self._tags()]

    async def pull(self, name: str) -> AsyncGenerator[PullProgress, None]:
        """Have Ollama download a model. Ends when it is there; raises HelperError."""
        self._refuse_cloud(name)
        with self._own_words():
            await self._check_version()
        parts: dict[str, tuple[int, int]] = {}
        status = ""
        lines = self._http.post_for_lines("/api/pull", {"model": name, "stream": True})
        try:
            async with aclosing(lines):
                async for line in lines:
                    status = str(line.get("status") or "")
                    if line.get("digest"):
                        parts[str(line["digest"])] = (count(line.get("completed")), count(line.get("total")))
                    done = sum(done for done, _ in parts.values())
                    yield PullProgress(status, done, sum(total for _, total in parts.values()))
        except HttpError as error:
            raise self._pull_failed(name, error) from None
        if status != "success":
            raise HelperError(AppError("helper_connection_lost", place=self._place), "again")

    async def close(self) -> None:
        """See ChatHelper."""
        await self._http.close()

    async def _chat(self, request: ChatRequest, think: bool | str | None) -> ChatAnswer:
        """One answer, put together from its pieces."""
        began = time.monotonic()
        pieces: list[dict[str, Any]] = []
        lines = self._http.post_for_lines("/api/chat", self._body(request, think))
        async with aclosing(lines):
            async for line in lines:
                if line.get("remote_host"):
                    raise self._error("ollama_cloud_model", model=self._model)
                pieces.append(line)
        last = pieces[-1] if pieces else {}
        choice = put_together(pieces, last.get("done") is True)["choices"][0]
        return ChatAnswer(
            text=said_in(choice),
            finished=end_of(choice) == "whole",
            prompt_tokens=count(last.get("prompt_eval_count")),
            answer_tokens=count(last.get("eval_count")),
            cost_usd=0.0,
            seconds=time.monotonic() - began,
        )

    def _body(self, request: ChatRequest, think: bool | str | None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [dict(message) for message in request.messages],
            "stream": True,
            "keep_alive": KEEP_ALIVE,
            "options": {
                "temperature": request.temperature,
                "seed": request.seed,
                "num_ctx": self._context_tokens,
                "num_predict": request.most_tokens,
            },
            # A prompt that does not fit shall be refused. By default its beginning is dropped without a word.
            "truncate": False,
            "shift": False,
        }
        if request.schema is not None:
            body["format"] = dict(request.schema)
        if think is not None:
            body["think"] = think
        return body

    async def _check(self) -> None:
        """Before the first text goes out: is Ollama new enough, and does the model run on its own machine?"""
        self._refuse_cloud(self._model)
        await self._check_version()
        for entry in await self._tags():
            if full_name(str(entry.get("name") or "")) == full_name(self._model):
                problem = model_of(entry).problem
                if problem:
                    raise self._error(problem, model=self._model)

    async def _check_version(self) -> None:
        content = await self._http.ask("/api/version")
        version = str(content.get("version") or "") if isinstance(content, dict) else ""
        numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
        if not numbers:
            raise self._error("ollama_not_there")
        found = tuple(int(number) for number in numbers.groups())
        if (0, 0, 0) < found < LEAST_VERSION:  # 0.0.0 is what people have who build it themselves
            least = ".".join(str(number) for number in LEAST_VERSION)
            raise self._error("ollama_too_old", version=version, least=least)

    async def _tags(self) -> list[dict[str, Any]]:
        """What Ollama has, each as its API describes it."""
        content = await self._http.ask("/api/tags")
        entries = content.get("models") if isinstance(content, dict) else None
        if not isinstance(entries, list):
            raise self._error("ollama_not_there")
        return [entry for entry in entries if isinstance(entry, dict)]

    def _refuse_cloud(self, name: str) -> None:
        """By its name: a model that is named so runs elsewhere even where it is not in the list."""
        if full_name(name).endswith((":cloud", "-cloud")):
            raise self._error("ollama_cloud_model", model=name)

    def _pull_failed(self, name: str, error: HttpError) -> HelperError:
        words = error.words.lower()
        if error.error.code == "helper_model_missing" or "file does not exist" in words or "invalid model" in words:
            return self._error("ollama_no_such_model", model=name)
        if "no space left" in words:
            return self._error("ollama_disk_full", model=name)
        return self._error("ollama_pull_failed", model=name, detail=error.error.params["detail"])

    @contextmanager
    def _own_words(self) -> Iterator[None]:
        """What is wrong with a server in general, said as it is for Ollama."""
        try:
            yield
        except HelperError as error:
            code = OWN_WORDS.get(error.error.code)
            if code is None:
                raise
            raise self._error(code, model=self._model) from None

    def _error(self, code: str, **params: object) -> HelperError:
        return HelperError(AppError(code, place=self._place, **params), "stop")


def model_of(entry: Mapping[str, Any]) -> HelperModel:
    """One entry of Ollama's list."""
    details = part_of(entry, "details")
    capabilities = entry.get("capabilities")
    capabilities = capabilities if isinstance(capabilities, list) else []
    name = str(entry.get("name") or entry.get("model") or "")
    size = count(entry.get("size")) or None
    problem = ""
    if entry.get("remote_host"):
        problem, size = "ollama_cloud_model", None
    elif ("completion" not in capabilities) if capabilities else details.get("family") in EMBEDDING_FAMILIES:
        problem = "ollama_writes_nothing"
    facts = [str(details.get(fact) or "") for fact in ("parameter_size", "quantization_level", "family")]
    shown = " · ".join(fact for fact in facts if fact and fact != "unknown")
    return HelperModel(
        name=name,
        label=f"{name} ({shown})" if shown else name,
        context_tokens=count(details.get("context_length")) or None,
        prompt_usd=0.0,
        answer_usd=0.0,
        follows_schema=True,
        size_bytes=size,
        problem=problem,
    )


def client_of(settings: SftSettings, key: str | None) -> Ollama:
    """The Ollama that the settings name."""
    return Ollama(address_of(settings), settings.model, settings.context_tokens, key)


def full_name(name: str) -> str:
    """A model's name with its tag, which is "latest" where none is written."""
    name = name.strip().lower()
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
