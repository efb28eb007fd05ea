"""llama.cpp in this process: load a GGUF file and ask it. Knows no project and no transformers."""

import json
import re
import secrets
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import xllamacpp

from core.hardware_detector import cores_for_work
from core.models.chat_text import SHIELDS
from core.models.llama_library import Judgement
from utils.errors import AppError
from utils.files import parse_json, read_json

CERTAIN = 1000.0
"""A bias that outweighs any logit: the token is chosen for sure, and reported probabilities stay as they were."""

TRICKY_TEXTS: tuple[str, ...] = tuple(read_json(Path(__file__).with_name("tricky_texts.json")))
"""What tokenizers disagree about: scripts, numbers, code, spaces, emoji, control tokens, combining accents."""


@dataclass(frozen=True)
class Completion:
    """Tokens that were written after a prompt; `ended` says that the model itself stopped."""

    tokens: list[int]
    text: str
    ended: bool


def start_server(
    file: Path, context_tokens: int, key: str, slots: int = 1, thinks: bool = True
) -> "xllamacpp.Server":
    """llama.cpp's own server on a free port of this machine, for whoever has the key: other users must not reach it.

    `slots` are requests at once, each with so many `context_tokens`. Raises AppError `gguf_unreadable`.
    """
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.n_ctx = context_tokens * slots  # divided evenly among the slots
    parameters.n_parallel = slots
    parameters.warmup = False
    parameters.verbosity = -1
    parameters.cpuparams.n_threads = cores_for_work()
    if not thinks:
        parameters.enable_reasoning = 0
    parameters.ui = False
    parameters.endpoint_slots = False  # it would show what is being written
    parameters.endpoint_metrics = True
    parameters.api_keys = [key]
    try:
        server = xllamacpp.Server(parameters)
        # Its work is done in a loop in a thread of its own. A server that is let go before that has begun waits for
        # its end for ever, so whoever gets one has waited for the loop's first answer.
        server.handle_metrics()
        return server
    except RuntimeError as error:
        raise AppError("gguf_unreadable", file=file.name, problem=str(error)[:200]) from error


class LlamaServer:
    """One loaded model. Raises AppError `gguf_unreadable` where llama.cpp refuses the file."""

    def __init__(self, file: Path, context_tokens: int) -> None:
        self._key = secrets.token_urlsafe(16)
        self._server = start_server(file, context_tokens, self._key)

    def __enter__(self) -> "LlamaServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._server

    def tokenize(self, text: str) -> list[int]:
        """The tokens of a text; special tokens in it count as such, none are added."""
        return self._tokens(text)

    def _tokens(self, text: str, *, begins: bool = False, controls: bool = True, pieces: bool = False) -> list[Any]:
        how = {"add_special": begins, "parse_special": controls, "with_pieces": pieces}
        return self._post("/tokenize", {"content": text, **how})["tokens"]

    def chat_prompt_ids(self, messages: list[dict[str, str]]) -> list[int]:
        """The tokens that the model is given when it is asked through the chat endpoint."""
        return self.prompt_ids(self._post("/apply-template", {"messages": messages})["prompt"])

    def prompt_ids(self, prompt: str) -> list[int]:
        """The tokens of a whole prompt: the begin token is added where the file asks for it."""
        return self._tokens(prompt, begins=True)

    def complete(self, prompt_ids: list[int], most_tokens: int) -> Completion:
        """The greedy continuation of a prompt. Where it is broken off inside a character, that one's tokens lack."""
        choice = self._complete(prompt_ids, most_tokens)
        tokens = [entry["id"] for entry in entries_of(choice)]
        ended = choice["finish_reason"] == "stop"
        return Completion(tokens, choice["text"], ended)

    def judge(self, prompt_ids: list[int], token: int) -> Judgement | None:
        """How likely the model holds `token` to come next; None where it only begins a character.

        llama.cpp holds such a token back until its character is whole, an emoji's first three for one.
        """
        entries = entries_of(self._complete(prompt_ids, 1, [[token, CERTAIN]]))
        return Judgement(entries[0]["logprob"], entries[0]["top_logprobs"][0]["id"]) if entries else None

    def ends_at(self, prompt_ids: list[int], token: int) -> bool:
        """Whether the answer ends where the model chooses `token`."""
        return self._complete(prompt_ids, 2, [[token, CERTAIN]])["finish_reason"] == "stop"

    def chat(self, messages: list[dict[str, str]], most_tokens: int) -> Completion:
        """The greedy answer through the chat endpoint, as every client of llama.cpp would get it.

        But where a message names control tokens they stay text, as in training: the endpoint would end a turn there.
        """
        named = {control for message in messages for control in self._controls_in(message["content"])}
        if named:
            return self.complete(self._prompt_about(messages, sorted(named, key=len, reverse=True)), most_tokens)
        greedy = {"temperature": 0, "logprobs": True, "top_logprobs": 1}
        request = {"messages": messages, "max_tokens": most_tokens, **greedy}
        choice = self._answer(self._server.handle_chat_completions(request))
        tokens = [entry["id"] for entry in entries_of(choice)]
        return Completion(tokens, choice["message"]["content"] or "", choice["finish_reason"] == "stop")

    def _controls_in(self, text: str) -> set[str]:
        """The control tokens that a text names."""
        read = self._tokens(text, pieces=True)
        if [token["id"] for token in read] == self._tokens(text, controls=False):
            return set()
        named = {token["piece"]: [token["id"]] for token in read if isinstance(token["piece"], str)}
        alone = (text for text, ids in named.items() if text and self._tokens(text) == ids)
        return {text for text in alone if self._tokens(text, controls=False) != named[text]}

    def _prompt_about(self, messages: list[dict[str, str]], named: list[str]) -> list[int]:
        """The tokens of a prompt in which the texts of these control tokens are texts."""
        shields = {control: chr(SHIELDS + number) for number, control in enumerate(named)}
        meant = {shield: control for control, shield in shields.items()}
        either = re.compile("|".join(map(re.escape, named)))
        shielded = [
            message | {"content": either.sub(lambda found: shields[found[0]], message["content"])}
            for message in messages
        ]
        prompt = self._post("/apply-template", {"messages": shielded})["prompt"]
        parts = re.split(f"([{chr(SHIELDS)}-{chr(SHIELDS + len(named) - 1)}])", prompt)
        ids = self._tokens(parts[0], begins=True)
        for part in filter(None, parts[1:]):
            ids += self._tokens(meant[part], controls=False) if part in meant else self._tokens(part)
        return ids

    def _complete(
        self, prompt_ids: list[int], most_tokens: int, bias: list[list[float]] | None = None
    ) -> dict[str, Any]:
        greedy = {"temperature": 0, "repeat_penalty": 1.0, "logprobs": 1, "cache_prompt": True}
        request = {"prompt": prompt_ids, "max_tokens": most_tokens, "logit_bias": bias or [], **greedy}
        return self._answer(self._server.handle_completions(request))

    @staticmethod
    def _answer(response: dict[str, Any]) -> dict[str, Any]:
        """The first choice. Raises AppError `gguf_no_answer` with llama.cpp's own words."""
        if "choices" not in response:
            raise AppError("gguf_no_answer", problem=str(response.get("message") or response)[:300])
        return response["choices"][0]

    def _post(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            self._server.listening_address + path,
            json.dumps(content).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"},
        )
        # No proxy of the environment may stand between this process and its own port.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as response:
            return parse_json(response.read(), half_pairs=True)


def entries_of(choice: dict[str, Any]) -> list[dict[str, Any]]:
    """What llama.cpp says of each token of an answer."""
    return (choice.get("logprobs") or {}).get("content") or []
