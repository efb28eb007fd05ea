"""A helper model that speaks OpenAI's chat protocol: OpenRouter, a local server, or any other. Knows no prompt."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.addresses import is_this_machine
from core.providers import HelperModel, address_of
from core.samples.providers.chat import ChatAnswer, ChatRequest
from core.samples.providers.completions import choice_of, end_of, put_together, said_in
from core.samples.providers.http_client import Events, HttpClient
from core.samples.providers.http_errors import HttpError, filtered_answer, of_content, part_of, strange_answer
from utils.config import SftSettings
from utils.validators import http_address

APP_HEADERS = {"HTTP-Referer": "http://localhost", "X-Title": "Custom AI Training App"}

END_OF_PATH = "/chat/completions"
VERSION_PATH = "/v1"
SCHEMA_NAME = "answer"
MOST_TOKENS = 10**6
# What servers want otherwise, and how they say so (in lower case); in this order.
CHANGES = {
    "max_tokens": re.compile("max_completion_tokens"),
    "system": re.compile(
        r"(system|developer) (role|message|instruction|prompt)|role.{0,40}system|roles? must alternate"
        r"|only user.{0,20}assistant"
    ),
    "enable_thinking": re.compile("enable_thinking"),
    "stream": re.compile(
        r"stream(ing)? (mode|is (strongly |required)|only|must be true)|only (supports? )?stream|non-?stream"
        r"|(must|requires?) .{0,20}stream|stream ?= ?true"
    ),
    "reasoning": re.compile("reasoning"),
    "temperature": re.compile("temperature"),
    "seed": re.compile("seed"),
    "response_format": re.compile("response_format|json_schema|structured output|guided|grammar"),
}
ROOM = re.compile(  # "context length is 4096 tokens … 3500 input tokens", "must be <= 4096. Given: 3500 `inputs`"
    r"(?:length is |must be <= )(?P<context>\d+)\b.*?(?P<prompt>\d+) (?:input tokens|in the messages|`inputs`)"
)
LEAST_ROOM = 200  # tokens that hold a short pair
LEFT_OUT = ("temperature", "seed", "response_format")  # the others are sent in another way
CHANGEABLE = ("helper_request_refused", "helper_server_failed")
ROOM_FOR_THINKING = 2000  # tokens, for models of OpenRouter that cannot do without


class OpenAiChat:
    """One server and one model of it.

    Not every server takes every request. One that refuses a field, or wants it otherwise, is asked again as it wants,
    and from then on always; and one that is found only below /v1 is looked for there.
    """

    def __init__(self, base_url: str, model: str, key: str | None) -> None:
        base_url = http_address(base_url)
        self._http = HttpClient(base_url, model, key, APP_HEADERS)
        self._model = model
        self._is_free = is_this_machine(base_url)
        self._is_openrouter = self._http.recipient.place.partition(":")[0] == "openrouter.ai"
        self._changes: frozenset[str] = frozenset()
        self._most_tokens = MOST_TOKENS
        self._schema_worked = self._worked = False

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        """See ChatHelper."""
        began = time.monotonic()
        content = await self._complete(request)
        if isinstance(content, Events):
            content = put_together(content.entries, content.is_ended)
        choice = choice_of(content)
        if choice is None:
            raise strange_answer(self._http.recipient)
        if failed := of_content(self._http.recipient, choice):
            raise failed
        end = end_of(choice)
        if end == "filtered":
            raise filtered_answer(self._http.recipient, str(choice.get("finish_reason")))
        usage = part_of(content, "usage")
        return ChatAnswer(
            text=said_in(choice),
            finished=end == "whole",
            prompt_tokens=count(usage.get("prompt_tokens")),
            answer_tokens=count(usage.get("completion_tokens")),
            cost_usd=dollars(usage.get("cost"), 0.0 if self._is_free else None),
            seconds=time.monotonic() - began,
        )

    async def models(self) -> list[HelperModel]:
        """See ChatHelper. OpenRouter's list has prices; others have names, or are nothing but names."""
        content = await self._where_it_is("/models", None)
        if isinstance(content, dict):
            lists = (content[name] for name in ("data", "models", "result") if name in content)
            content = next(
                (entries for entries in lists if entries), [] if content.keys() & {"data", "models"} else None
            )
        if not isinstance(content, list):
            raise strange_answer(self._http.recipient)
        entries = (entry if isinstance(entry, dict) else {"id": entry} for entry in content)
        return [model_of(entry) for entry in entries if name_of(entry) and writes(entry)]

    async def close(self) -> None:
        """See ChatHelper."""
        await self._http.close()

    async def _complete(self, request: ChatRequest) -> Any:
        """The server's answer to the request, made as the server wants it."""
        changes, most_tokens = self._changes, self._most_tokens
        while True:
            body = self._body(request, changes, most_tokens)
            try:
                content = await self._where_it_is(END_OF_PATH, body)
            except HttpError as error:
                limit, room = limit_of(error, body), room_of(error, body)
                wanted = self._wanted_change(error, body)
                if room:
                    request = replace(request, most_tokens=room)  # for this prompt only
                elif limit:
                    most_tokens = limit
                elif wanted is None or wanted in changes:
                    raise
                else:
                    changes |= {wanted}
                continue
            self._changes |= changes
            self._most_tokens = min(self._most_tokens, most_tokens)
            self._schema_worked |= "response_format" in body
            self._worked = True
            return content

    def _body(self, request: ChatRequest, changes: frozenset[str], most_tokens: int) -> dict[str, Any]:
        messages = [dict(message) for message in request.messages]
        body: dict[str, Any] = {
            "model": self._model,
            "messages": without_system(messages) if "system" in changes else messages,
            "temperature": request.temperature,
            "seed": request.seed,
            "max_tokens": min(request.most_tokens, most_tokens),
            "stream": "stream" in changes,
        }
        if request.schema is not None:
            schema = {"name": SCHEMA_NAME, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if "enable_thinking" in changes:
            body["enable_thinking"] = False
        if self._is_openrouter:
            # Thinking counts as part of the answer there: it costs, and cuts the answer off.
            body["reasoning"] = {"enabled": False}
            if "reasoning" in changes:
                body["reasoning"] = {"effort": "low"}
                body["max_tokens"] += ROOM_FOR_THINKING
        if "max_tokens" in changes:
            body["max_completion_tokens"] = body.pop("max_tokens")
        return {name: value for name, value in body.items() if name not in changes or name not in LEFT_OUT}

    def _wanted_change(self, error: HttpError, body: Mapping[str, Any]) -> str | None:
        """What the server wants otherwise, where the request can do that."""
        words = error.words.lower()
        if error.status not in (400, 422, 500) or error.error.code not in CHANGEABLE:
            return None
        for change, said in CHANGES.items():
            if said.search(words) and (change in body or change not in LEFT_OUT):
                return change
        # Not every server says what it did not like. What most know nothing about is an answer's form; and templates
        # that know no system role break servers in the middle of a request.
        if error.status == 500:
            return None if self._worked or body["messages"][0]["role"] != "system" else "system"
        return "response_format" if "response_format" in body and not self._schema_worked else None

    async def _where_it_is(self, path: str, body: Mapping[str, Any] | None) -> Any:
        """Ask at the address as it was given, and where nothing is there, below it."""
        address = self._http.base_url
        try:
            return await self._http.ask(path, body)
        except HttpError as error:
            elsewhere = address if address.endswith(VERSION_PATH) else address + VERSION_PATH
            if error.error.code != "helper_wrong_address" or elsewhere == address:
                raise
            self._http.base_url = elsewhere
            try:
                return await self._http.ask(path, body)
            except HttpError as second:
                if second.error.code == "helper_wrong_address":
                    self._http.base_url = address
                raise


def client_of(settings: SftSettings, key: str | None) -> OpenAiChat:
    """The server that the settings name."""
    return OpenAiChat(address_of(settings), settings.model, key)


def model_of(entry: Mapping[str, Any]) -> HelperModel:
    """One entry of a server's list, as OpenRouter writes it or shorter."""
    pricing = part_of(entry, "pricing")
    supported = entry.get("supported_parameters")
    name = name_of(entry)
    return HelperModel(
        name=name,
        label=str(entry.get("name") or name),
        context_tokens=count(entry.get("context_length") or entry.get("max_model_len")) or None,
        prompt_usd=dollars(pricing.get("prompt")),
        answer_usd=dollars(pricing.get("completion")),
        follows_schema="structured_outputs" in supported if isinstance(supported, list) else None,
    )


def writes(entry: Mapping[str, Any]) -> bool:
    """Whether a model writes text; lists hold models for pictures and embeddings too."""
    written = part_of(entry, "architecture").get("output_modalities")
    return not isinstance(written, list) or "text" in written


def name_of(entry: Mapping[str, Any]) -> str:
    """What a model of a list is called."""
    return str(entry.get("id") or entry.get("name") or entry.get("model") or "")


def without_system(messages: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same for a model that knows questions and answers only: what it is told stands before the question."""
    told = [message["content"] for message in messages if message["role"] == "system"]
    first, *others = [message for message in messages if message["role"] != "system"]
    return [{**first, "content": "\n\n".join([*told, first["content"]])}, *others]


def limit_of(error: HttpError, body: Mapping[str, Any]) -> int:
    """How many tokens an answer may have, where the server says that too many were asked for; else 0."""
    asked = body.get("max_tokens") or body.get("max_completion_tokens") or 0
    if error.error.code != "helper_request_refused" or not re.search(r"max_\w*tokens|output tokens", error.words):
        return 0
    return max((int(number) for number in re.findall(r"\d{2,7}", error.words) if int(number) < asked), default=0)


def room_of(error: HttpError, body: Mapping[str, Any]) -> int:
    """How many tokens this prompt leaves for its answer, where the server says it and it is enough; else 0."""
    asked = body.get("max_tokens") or body.get("max_completion_tokens") or 0
    found = ROOM.search(error.words)
    room = int(found["context"]) - int(found["prompt"]) if found else 0
    return room if LEAST_ROOM <= room < asked else 0


def count(value: Any) -> int:
    """A number of tokens, 0 where there is none."""
    return int(value) if isinstance(value, (int, float)) and 0 <= value < 1e12 else 0


def dollars(value: Any, unknown: float | None = None) -> float | None:
    """A sum in US dollars. OpenRouter writes -1 where the price depends on what is asked."""
    try:
        amount = float(value)
    except (ValueError, TypeError):
        return unknown
    return amount if 0 <= amount < 1e6 else unknown
