"""Ollama's API against a stand-in that follows its documentation. UNPROVEN: no real Ollama has been asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar

import pytest
from aiohttp import web

from core.samples.providers.chat import ChatRequest, HelperError, open_helper
from core.samples.providers.ollama import Ollama, PullProgress
from tests.core.samples.http_server import ScriptedServer
from tests.core.samples.ollama_stand_in import DOWNLOADABLE, LOCAL, OllamaStandIn
from utils.config import SftSettings

Result = TypeVar("Result")


@pytest.fixture
def ollama():
    with OllamaStandIn() as server:
        yield server


def with_helper(address: str, use: Callable[[Ollama], Awaitable[Result]], model: str = "qwen3:4b") -> Result:
    async def run() -> Result:
        helper = Ollama(address, model, 4096)
        try:
            return await use(helper)
        finally:
            await helper.close()

    return asyncio.run(run())


def error_of(address: str, question: ChatRequest, model: str = "qwen3:4b") -> HelperError:
    with pytest.raises(HelperError) as raised:
        with_helper(address, lambda helper: helper.ask(question), model)
    return raised.value


def chats(ollama: OllamaStandIn) -> list[dict[str, Any]]:
    return [body for path, body in ollama.bodies if path == "/api/chat"]


async def steps_of(helper: Ollama, name: str) -> list[PullProgress]:
    async with aclosing(helper.pull(name)) as steps:
        return [step async for step in steps]


def test_an_answer_is_put_together_from_its_pieces(ollama: OllamaStandIn, question: ChatRequest) -> None:
    answer = with_helper(ollama.address, lambda helper: helper.ask(question))
    assert json.loads(answer.text)["samples"][0]["output"] == "Die Pumpe fördert vierzig Liter Wasser in der Minute."
    assert answer.finished
    assert (answer.prompt_tokens, answer.cost_usd) == (120, 0.0)
    assert answer.answer_tokens > 0


def test_schema_options_and_no_thinking_are_asked_for(ollama: OllamaStandIn, question: ChatRequest) -> None:
    with_helper(ollama.address, lambda helper: helper.ask(question))
    body = chats(ollama)[0]
    assert body["format"] == question.schema
    assert body["options"] == {"temperature": 0.7, "seed": 42, "num_ctx": 4096, "num_predict": 300}
    assert (body["stream"], body["think"]) == (True, False)
    assert (body["truncate"], body["shift"]) == (False, False)
    assert body["keep_alive"]


def test_a_model_that_cannot_do_without_thinking_thinks_little(question: ChatRequest) -> None:
    with OllamaStandIn(models=[{**LOCAL, "name": "gpt-oss:20b"}]) as ollama:
        with_helper(ollama.address, lambda helper: helper.ask(question), "gpt-oss:20b")
        assert chats(ollama)[0]["think"] == "low"


def test_thinking_that_is_delivered_apart_is_no_part_of_the_text(
    ollama: OllamaStandIn, question: ChatRequest
) -> None:
    ollama.thinks_aloud = "Hm, was schreibe ich?"
    assert "Hm" not in with_helper(ollama.address, lambda helper: helper.ask(question)).text


def test_a_model_that_refuses_the_switch_is_asked_without_it_from_then_on(
    ollama: OllamaStandIn, question: ChatRequest
) -> None:
    ollama.refuses_think = True

    async def twice(helper: Ollama) -> None:
        await helper.ask(question)
        await helper.ask(question)

    with_helper(ollama.address, twice)
    assert ["think" in body for body in chats(ollama)] == [True, False, False]


@pytest.mark.parametrize("reason", ["length", "load", ""])
def test_an_answer_that_did_not_come_to_its_end_is_not_finished(
    ollama: OllamaStandIn, question: ChatRequest, reason: str
) -> None:
    ollama.done_reason = reason
    assert not with_helper(ollama.address, lambda helper: helper.ask(question)).finished


def test_a_stream_that_ends_early_is_not_finished(ollama: OllamaStandIn, question: ChatRequest) -> None:
    ollama.ends_without_last_line = True
    assert not with_helper(ollama.address, lambda helper: helper.ask(question)).finished


@pytest.mark.parametrize("pieces", [0, 2])
def test_an_error_in_the_middle_of_a_stream_is_one(ollama: OllamaStandIn, question: ChatRequest, pieces: int) -> None:
    ollama.fails_after_pieces = pieces
    error = error_of(ollama.address, question)
    assert (error.error.code, error.reaction) == ("helper_server_failed", "again")
    assert "encountered while running" in error.error.params["detail"]


@pytest.mark.parametrize(
    ("status", "words", "code", "reaction"),
    [
        (503, "server busy, please try again.  maximum pending requests exceeded", "helper_overloaded", "slow_down"),
        (500, "model requires more system memory (9 GiB) than is available (4 GiB)", "helper_no_memory", "stop"),
        (500, "llama runner process has terminated", "helper_server_failed", "again"),
        (400, "the prompt is longer than the context length currently available", "helper_prompt_too_long", "skip"),
    ],
)
def test_what_ollama_says_is_understood(
    ollama: OllamaStandIn, question: ChatRequest, status: int, words: str, code: str, reaction: str
) -> None:
    ollama.status_of_chat, ollama.failure = status, words
    error = error_of(ollama.address, question)
    assert (error.error.code, error.reaction) == (code, reaction)


def test_a_model_that_is_not_there_is_said_plainly(ollama: OllamaStandIn, question: ChatRequest) -> None:
    error = error_of(ollama.address, question, "mistral")
    assert (error.error.code, error.reaction) == ("ollama_model_missing", "stop")
    assert error.error.params["model"] == "mistral"


def test_no_ollama_is_said_plainly(question: ChatRequest) -> None:
    with OllamaStandIn() as ollama:
        address = ollama.address
    assert error_of(address, question).error.code == "ollama_not_running"
    with pytest.raises(HelperError) as raised:
        with_helper(address, lambda helper: helper.models())
    assert (raised.value.error.code, raised.value.reaction) == ("ollama_not_running", "stop")


def test_another_server_is_said_plainly(question: ChatRequest) -> None:
    with ScriptedServer(web.json_response({"hello": "world"})) as server:
        assert error_of(server.address, question).error.code == "ollama_not_there"


@pytest.mark.parametrize(
    "line", ["[" * 100_000, '{"a":' * 100_000, "9" * 100_000, "\ud800".encode("utf-8", "surrogatepass")]
)
def test_a_line_of_a_stream_that_no_one_can_read_ends_the_answer_and_not_the_app(question, line) -> None:
    good = json.dumps({"message": {"content": "Ja"}, "done": False}).encode() + b"\n"
    body = good + (line if isinstance(line, bytes) else line.encode()) + b"\n"
    with ScriptedServer(web.Response(body=body)) as server:
        assert error_of(server.address, question).error.code.startswith(("helper_", "ollama_"))
        with pytest.raises(HelperError):
            with_helper(server.address, lambda helper: steps_of(helper, "x"))


@pytest.mark.parametrize(
    ("version", "good"), [("0.8.9", False), ("0.9.0", True), ("1.0.0-rc1", True), ("0.0.0", True)]
)
def test_an_ollama_that_is_too_old_is_said_plainly(
    ollama: OllamaStandIn, question: ChatRequest, version: str, good: bool
) -> None:
    ollama.version = version
    if good:
        assert with_helper(ollama.address, lambda helper: helper.ask(question)).finished
        return
    error = error_of(ollama.address, question)
    assert (error.error.code, error.error.params["least"]) == ("ollama_too_old", "0.9.0")
    assert chats(ollama) == []


def test_the_list_says_size_kind_and_what_cannot_write(ollama: OllamaStandIn) -> None:
    local, cloud, embedding = with_helper(ollama.address, lambda helper: helper.models())
    assert local.label == "qwen3:4b (4.0B · Q4_K_M · qwen3)"
    assert (local.size_bytes, local.context_tokens, local.problem) == (2497293931, 40960, "")
    assert local.follows_schema
    assert (cloud.problem, embedding.problem) == ("ollama_cloud_model", "ollama_writes_nothing")


def test_an_older_list_without_capabilities_is_understood() -> None:
    models = [
        {**LOCAL, "capabilities": None},
        {"name": "e:1", "details": {"family": "nomic-bert"}},
        {"name": "bare:1"},
    ]
    with OllamaStandIn(models=models) as ollama:
        found = with_helper(ollama.address, lambda helper: helper.models())
    assert [model.problem for model in found] == ["", "ollama_writes_nothing", ""]


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "kimi-k2:cloud", "hidden:1b"])
def test_no_text_goes_to_ollamas_cloud(question: ChatRequest, model: str) -> None:
    hidden = {**LOCAL, "name": "hidden:1b", "remote_host": "https://ollama.com:443"}
    with OllamaStandIn(models=[LOCAL, hidden]) as ollama:
        error = error_of(ollama.address, question, model)
        assert (error.error.code, error.reaction) == ("ollama_cloud_model", "stop")
        assert ollama.bodies == []


@pytest.mark.parametrize("typed", ["/", "/v1", "/api/"])
def test_an_address_works_as_people_copy_it(ollama: OllamaStandIn, question: ChatRequest, typed: str) -> None:
    assert with_helper(ollama.address + typed, lambda helper: helper.ask(question)).finished


def test_a_latest_tag_need_not_be_written(question: ChatRequest) -> None:
    hidden = {**LOCAL, "name": "gemma:latest", "remote_host": "https://ollama.com:443"}
    with OllamaStandIn(models=[hidden]) as ollama:
        assert error_of(ollama.address, question, "gemma").error.code == "ollama_cloud_model"


def test_a_download_counts_the_bytes_of_all_parts(ollama: OllamaStandIn) -> None:
    steps = with_helper(ollama.address, lambda helper: steps_of(helper, DOWNLOADABLE))
    assert steps[0] == PullProgress("pulling manifest", 0, 0)
    assert PullProgress("pulling aaaaaaaaaaaa", 500, 1000) in steps
    assert steps[-1] == PullProgress("success", 2000, 2000)
    done = [step.done_bytes for step in steps]
    assert done == sorted(done)


@pytest.mark.parametrize(
    ("name", "failure", "code"),
    [
        ("no-such-model", "", "ollama_no_such_model"),
        (DOWNLOADABLE, "write /blobs: no space left on device", "ollama_disk_full"),
        (DOWNLOADABLE, "digest mismatch, file must be downloaded again", "ollama_pull_failed"),
        ("big:cloud", "", "ollama_cloud_model"),
    ],
)
def test_a_download_that_fails_says_why(ollama: OllamaStandIn, name: str, failure: str, code: str) -> None:
    ollama.pull_failure = failure
    with pytest.raises(HelperError) as raised:
        with_helper(ollama.address, lambda helper: steps_of(helper, name))
    assert (raised.value.error.code, raised.value.reaction) == (code, "stop")


def test_a_download_that_breaks_off_is_no_success(ollama: OllamaStandIn) -> None:
    ollama.ends_without_last_line = True
    with pytest.raises(HelperError) as raised:
        with_helper(ollama.address, lambda helper: steps_of(helper, DOWNLOADABLE))
    assert raised.value.error.code == "helper_connection_lost"


def test_the_settings_name_context_and_address(monkeypatch: pytest.MonkeyPatch, question: ChatRequest) -> None:
    with OllamaStandIn() as ollama:
        monkeypatch.setenv("OLLAMA_HOST", ollama.place)

        async def ask() -> None:
            helper = open_helper(SftSettings(provider="ollama", model="qwen3:4b", context_tokens=2048), None)
            await helper.ask(question)
            await helper.close()

        asyncio.run(ask())
        assert chats(ollama)[0]["options"]["num_ctx"] == 2048
