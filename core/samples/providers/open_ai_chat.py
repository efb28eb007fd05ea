"""A helper model that speaks OpenAI's chat protocol: OpenRouter, a local server, or any other. Knows no prompt."""

import time
from collections.abc import Mapping
from typing import Any

from core.addresses import is_this_machine
from core.providers import HelperModel, address_of
from core.samples.providers.chat import ChatAnswer, ChatRequest
from core.samples.providers.http_client import HttpClient
from core.samples.providers.http_errors import HttpError, of_content, part_of, strange_answer
from utils.config import SftSettings

APP_HEADERS = {"HTTP-Referer": "http://localhost", "X-Title": "Custom AI Training App"}

# The protocol's word for "the model itself came to an end", and that of Hugging Face's servers. Null is what a piece
# of a stream holds while more is to come, so an answer that ends with it was cut off.
ENDED = ("stop", "eos_token")
END_OF_PATH = "/chat/completions"
VERSION_PATH = "/v1"
SCHEMA_NAME = "answer"
ROOM_FOR_THINKING = 2000  # tokens, for models of OpenRouter that cannot do without


class OpenAiChat:
    """One server and one model of it.

    Not every server knows every field. One that refuses a request because of a field is asked without it, and from
    then on never with it; and one that is found only below /v1 is looked for there.
    """

    def __init__(self, base_url: str, model: str, key: str | None) -> None:
        self._http = HttpClient(base_url.rstrip("/").removesuffix(END_OF_PATH), model, key, APP_HEADERS)
        self._model = model
        self._is_free = is_this_machine(base_url)
        self._is_openrouter = self._http.recipient.place.partition(":")[0] == "openrouter.ai"
        self._without: frozenset[str] = frozenset()
        self._schema_worked = False

    async def ask(self, request: ChatRequest) -> ChatAnswer:
        """See ChatHelper."""
        began = time.monotonic()
        content = await self._complete(request)
        choices = content.get("choices") if isinstance(content, dict) else None
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(choice, dict):
            raise strange_answer(self._http.recipient)
        if failed := of_content(self._http.recipient, choice):
            raise failed
        usage = part_of(content, "usage")
        return ChatAnswer(
            text=plain_text(part_of(choice, "message").get("content")),
            finished=choice.get("finish_reason") in ENDED,
            prompt_tokens=count(usage.get("prompt_tokens")),
            answer_tokens=count(usage.get("completion_tokens")),
            cost_usd=dollars(usage.get("cost"), 0.0 if self._is_free else None),
            seconds=time.monotonic() - began,
        )

    async def models(self) -> list[HelperModel]:
        """See ChatHelper. OpenRouter's list has prices; others have names."""
        content = await self._where_it_is("/models", None)
        entries = content.get("data") if isinstance(content, dict) else content
        if not isinstance(entries, list):
            raise strange_answer(self._http.recipient)
        return [model_of(entry) for entry in entries if isinstance(entry, dict) and entry.get("id") and writes(entry)]

    async def close(self) -> None:
        """See ChatHelper."""
        await self._http.close()

    async def _complete(self, request: ChatRequest) -> Any:
        """The server's answer to the request, with as many of its fields as the server takes."""
        without = self._without
        while True:
            body = self._body(request, without)
            try:
                content = await self._where_it_is(END_OF_PATH, body)
            except HttpError as error:
                refused = self._refused_field(error, body)
                if refused is None or refused in without:
                    raise
                without |= {refused}
                continue
            self._without |= without
            self._schema_worked |= "response_format" in body
            return content

    def _body(self, request: ChatRequest, without: frozenset[str]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "messages": [dict(message) for message in request.messages],
            "temperature": request.temperature,
            "seed": request.seed,
            "max_tokens": request.most_tokens,
            "stream": False,
        }
        if request.schema is not None:
            schema = {"name": SCHEMA_NAME, "strict": True, "schema": dict(request.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        if self._is_openrouter:
            # Thinking counts as part of the answer there: it costs, and cuts the answer off.
            body["reasoning"] = {"enabled": False}
            if "reasoning" in without:
                body["reasoning"] = {"effort": "low"}
                body["max_tokens"] += ROOM_FOR_THINKING
                without -= {"reasoning"}
        if "max_tokens" in without:
            body["max_completion_tokens"] = body["max_tokens"]
        return {name: value for name, value in body.items() if name not in without}

    def _refused_field(self, error: HttpError, body: Mapping[str, Any]) -> str | None:
        """The field because of which the request was refused, where it could do without."""
        if error.status not in (400, 422) or error.error.code != "helper_request_refused":
            return None
        words = error.words.lower()
        if "max_tokens" in body and "max_completion_tokens" in words:
            return "max_tokens"
        for name in ("reasoning", "temperature", "seed", "response_format"):
            if name in body and name in words:
                return name
        # Not every server says what it did not like; an answer's form is what most of them know nothing about.
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
    name = str(entry["id"])
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


def plain_text(content: Any) -> str:
    """What a message says. Some servers deliver it in parts; thinking comes in parts or fields of another name."""
    if isinstance(content, list):
        parts = (part for part in content if isinstance(part, dict) and part.get("type") == "text")
        return "".join(str(part.get("text") or "") for part in parts)
    return content if isinstance(content, str) else ""


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
