"""A finished GGUF → a model in the Ollama of this machine. Knows Ollama's API and its Modelfile; loads no model.

By Ollama's API (docs/api.md): a file goes up as a blob under its SHA-256, then the model is created from it, which
answers line by line; an error may stand in any of these lines, under HTTP 200.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.addresses import is_this_machine, own_ollama_address
from core.jobs.job import JobContext
from core.samples.providers.chat import HelperError
from core.samples.providers.http_client import HttpClient
from core.samples.providers.http_errors import HttpError, part_of
from utils.errors import AppError
from utils.files import sha256_of

MODELFILE = "Modelfile"
PART_BYTES = 1 << 20
NOT_THERE = ("helper_nobody_there", "helper_no_network", "helper_too_slow", "helper_connection_lost")


@dataclass(frozen=True)
class NewModel:
    """A model as it shall be in Ollama. `parameters` are Ollama's, such as stop and num_ctx.

    `former` is the name under which an earlier export of the project stands there: that one may be replaced.
    """

    name: str
    file: Path
    template: str
    system: str
    parameters: Mapping[str, Any]
    former: str = ""


@dataclass(frozen=True)
class Imported:
    """What became of an import. `state` is created, not_running, elsewhere or failed.

    `problem` are Ollama's own words. `prompt_tokens` and `answer` come from the one question that was asked; where it
    could not be asked they are None.
    """

    state: str
    name: str
    place: str
    problem: str = ""
    prompt_tokens: int | None = None
    answer: str | None = None


def modelfile(model: NewModel) -> str:
    """The same as a Modelfile, for `ollama create`."""
    lines = [f"FROM ./{model.file.name}", f'TEMPLATE """{model.template}"""']
    for name, value in model.parameters.items():
        lines += [f"PARAMETER {name} {written(one)}" for one in (value if isinstance(value, list) else [value])]
    if model.system:
        lines.append(f'SYSTEM """{model.system}"""')
    return "\n".join(lines) + "\n"


def written(value: object) -> str:
    """A parameter's value; words stand in quotes, since some of them are white space."""
    return f'"{value}"' if isinstance(value, str) else json.dumps(value)


def import_model(context: JobContext, model: NewModel, question: list[dict[str, str]], most_tokens: int) -> Imported:
    """Create the model and ask it once. What goes wrong is told in the result; only a stop is raised."""
    address = own_ollama_address()
    if not is_this_machine(address):  # what was learned from somebody's documents goes to no other machine unasked
        return Imported("elsewhere", model.name, address)
    digest = f"sha256:{sha256_of(model.file)}"
    return asyncio.run(_Ollama(context, address).take(model, digest, question, most_tokens))


class _Ollama:
    """One import, from looking whether Ollama is there to the question at its end."""

    def __init__(self, context: JobContext, address: str) -> None:
        self._context = context
        self._http = HttpClient(address, "", None)
        self._place = self._http.recipient.place
        self._is_there = False

    async def take(self, model: NewModel, digest: str, question: list[dict[str, str]], most_tokens: int) -> Imported:
        name = model.name
        try:
            listed = await self._http.ask("/api/tags")
            self._is_there = True
            name = free_name(model, listed)
            await self._send(model.file, digest)
            await self._create(model, name, digest)
        except HelperError as error:
            self._context.checkpoint()  # a stop cuts the connection, and is no failure
            missing = error.error.code in NOT_THERE and not self._is_there
            return Imported("not_running" if missing else "failed", name, self._place, words_of(error))
        finally:
            await self._http.close()
        return await self._ask(name, question, most_tokens)

    async def _send(self, file: Path, digest: str) -> None:
        path = f"/api/blobs/{digest}"
        if await self._http.has(path):
            return
        size = file.stat().st_size
        self._context.progress(0, None, "export.ollama_sending", file=file.name)
        async with aclosing(self._parts(file, size)) as parts:
            await self._http.upload(path, parts, size)

    async def _parts(self, file: Path, size: int) -> AsyncGenerator[bytes, None]:
        with file.open("rb") as source:
            while part := source.read(PART_BYTES):
                self._context.checkpoint()
                yield part
                self._context.progress(source.tell(), size)

    async def _create(self, model: NewModel, name: str, digest: str) -> None:
        self._context.checkpoint()
        self._context.progress(0, None, "export.ollama_creating", name=name)
        body = {
            "model": name,
            "files": {model.file.name: digest},
            "template": model.template,
            "system": model.system,
            "parameters": dict(model.parameters),
            "stream": True,
        }
        status = ""
        async with aclosing(self._http.post_for_lines("/api/create", body)) as lines:
            async for line in lines:
                self._context.checkpoint()
                status = str(line.get("status") or status)
        if status != "success":
            raise HelperError(AppError("helper_connection_lost", place=self._place), "again")

    async def _ask(self, name: str, question: list[dict[str, str]], most_tokens: int) -> Imported:
        """One question, as anyone would ask it; a model that cannot be loaded here is created all the same."""
        self._context.progress(0, None, "export.ollama_asking", name=name)
        options = {"temperature": 0, "seed": 1, "num_predict": most_tokens}
        body = {"model": name, "messages": question, "stream": False, "keep_alive": 0, "options": options}
        try:
            answer = await self._http.ask("/api/chat", body)
        except HelperError as error:
            return Imported("created", name, self._place, words_of(error))
        finally:
            await self._http.close()
        answer = answer if isinstance(answer, dict) else {}
        counted = answer.get("prompt_eval_count")
        return Imported(
            "created",
            name,
            self._place,
            prompt_tokens=counted if isinstance(counted, int) else None,
            answer=str(answer["message"].get("content") or "") if part_of(answer, "message") else None,
        )


def free_name(model: NewModel, listed: Any) -> str:
    """The model's name, or with a number where somebody else's model in Ollama is called so already."""
    entries = listed.get("models") if isinstance(listed, dict) else None
    names = {str(entry.get("name")) for entry in entries or [] if isinstance(entry, dict)}
    name, number = model.former or model.name, 1
    while f"{name}:latest" in names and name != model.former:
        number += 1
        name = f"{model.name}-{number}"
    return name


def words_of(error: HelperError) -> str:
    """What the server said, else the name of what happened."""
    return error.words if isinstance(error, HttpError) and error.words else error.error.code
