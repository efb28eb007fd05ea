"""OpenAI's chat protocol against servers of every kind, the last of them a real one: llama.cpp's own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web

from core.models.llama_server import LlamaServer
from core.samples.answers.answers import parse_answer
from core.samples.providers import http_client
from core.samples.providers.chat import ChatAnswer, ChatRequest, HelperError
from core.samples.providers.open_ai_chat import OpenAiChat
from tests.core.samples.fault_server import Faults, FaultServer
from tests.core.samples.http_server import ScriptedServer

KEY = "sk-test-0123456789"
Result = TypeVar("Result")


def with_helper(address: str, use: Callable[[OpenAiChat], Awaitable[Result]], key: str | None = KEY) -> Result:
    """Run `use` with a helper and close it after."""

    async def run() -> Result:
        helper = OpenAiChat(address, "some/model", key)
        try:
            return await use(helper)
        finally:
            await helper.close()

    return asyncio.run(run())


def completion(text: str = "Ja.", reason: object = "stop", **more: Any) -> web.Response:
    choice = {"message": {"role": "assistant", "content": text}, "finish_reason": reason}
    return web.json_response({"choices": [choice], **more})


def failure(status: int, message: str, **more: Any) -> web.Response:
    return web.json_response({"error": {"message": message, "code": status, **more}}, status=status)


def error_of(address: str, question: ChatRequest) -> HelperError:
    with pytest.raises(HelperError) as raised:
        with_helper(address, lambda helper: helper.ask(question))
    return raised.value


@dataclass
class Talk:
    """What a server was asked, and what came of each question."""

    server: ScriptedServer
    results: list[ChatAnswer | HelperError] = field(default_factory=list)

    @property
    def answer(self) -> ChatAnswer:
        assert isinstance(self.results[-1], ChatAnswer), self.results
        return self.results[-1]

    @property
    def error(self) -> tuple[str, str]:
        """What is said to people, and what becomes of the work."""
        assert isinstance(self.results[-1], HelperError), self.results
        return self.results[-1].error.code, self.results[-1].reaction


@pytest.fixture
def talk(question: ChatRequest) -> Callable[..., Talk]:
    """A helper asks a server the question some `times`; the server gives its answers in order, the last for good."""

    def talk(*answers: Any, times: int = 1, key: str | None = KEY, openrouter: bool = False) -> Talk:
        async def ask(helper: OpenAiChat) -> None:
            helper._is_openrouter = openrouter
            for _ in range(times):
                try:
                    found.results.append(await helper.ask(question))
                except HelperError as error:
                    found.results.append(error)

        with ScriptedServer(*answers) as server:
            found = Talk(server)
            with_helper(server.address + "/v1", ask, key)
        return found

    return talk


def test_a_question_is_asked_as_the_protocol_wants_it(talk, question) -> None:
    server = talk(completion()).server
    body = server.bodies[0]
    assert server.requests[0].path == "/v1/chat/completions"
    assert body["model"] == "some/model"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert (body["temperature"], body["seed"], body["max_tokens"], body["stream"]) == (0.7, 42, 300, False)
    assert body["response_format"]["json_schema"]["schema"] == question.schema
    assert body["response_format"]["json_schema"]["strict"] is True
    assert "reasoning" not in body  # of which only OpenRouter knows


def test_the_key_goes_into_the_header_and_without_one_there_is_none(talk) -> None:
    headers = talk(completion()).server.requests[0].headers
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["X-Title"]
    assert "Authorization" not in talk(completion(), key=None).server.requests[0].headers


def test_tokens_and_cost_come_back(talk) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "cost": 0.0012}
    answer = talk(completion("Hallo", usage=usage)).answer
    assert (answer.text, answer.finished) == ("Hallo", True)
    assert (answer.prompt_tokens, answer.answer_tokens, answer.cost_usd) == (10, 4, 0.0012)
    assert answer.seconds > 0


def test_a_server_of_this_machine_costs_nothing(talk) -> None:
    assert talk(completion(usage=None)).answer.cost_usd == 0.0


@pytest.mark.parametrize("reason", ["stop", "eos_token", "length", "content_filter", "error", None])
def test_only_an_answer_that_came_to_its_end_is_finished(talk, reason: object) -> None:
    assert talk(completion("{", reason)).answer.finished is (reason in ("stop", "eos_token"))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"content": "Ja.", "reasoning": "Hm.", "reasoning_content": "Hmm."}, "Ja."),
        ({"content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Ja."}]}, "Ja."),
        ({"content": None, "reasoning": "Hm."}, ""),
    ],
)
def test_thinking_that_is_delivered_apart_is_no_part_of_the_text(talk, said: dict[str, Any], text: str) -> None:
    response = web.json_response({"choices": [{"message": said, "finish_reason": "stop"}]})
    assert talk(response).answer.text == text


async def slow(request: web.Request) -> web.StreamResponse:
    """Keeps the connection alive with white space before it answers."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(3):
        await response.write(b"\n   \n")
    await response.write(completion("Ja.").body)
    return response


def test_whitespace_before_the_answer_is_tolerated(talk) -> None:
    assert talk(slow).answer.text == "Ja."


@pytest.mark.parametrize(
    ("content", "code", "reaction"),
    [
        ({"error": {"code": 429, "message": "slow"}}, "helper_rate_limited", "slow_down"),
        ({"choices": [{"error": {"code": 502}, "finish_reason": "error"}]}, "helper_server_failed", "again"),
        ({"choices": []}, "helper_strange_answer", "again"),
        ({"choices": ["x"]}, "helper_strange_answer", "again"),
        ([1], "helper_strange_answer", "again"),
        (None, "helper_strange_answer", "again"),
    ],
)  # fmt: skip
def test_an_error_under_status_200_is_raised(talk, content: Any, code: str, reaction: str) -> None:
    assert talk(web.json_response(content)).error == (code, reaction)


def test_prose_instead_of_json_is_asked_again(talk) -> None:
    found = talk(web.Response(text="<html><title>Welcome!</title></html>"))
    assert found.error == ("helper_strange_answer", "again")
    assert found.results[0].error.params["detail"] == "Welcome!"


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("body", ["[" * 100_000, '{"error":' * 100_000, "9" * 100_000, "[" * 900 + "]" * 900])
def test_an_answer_that_is_nested_without_end_is_one_of_the_strange_ones(talk, body: str, status: int) -> None:
    code, _ = talk(web.Response(body=body.encode(), status=status)).error
    assert code in ("helper_strange_answer", "helper_server_failed")
    assert parse_answer(talk(completion(body)).answer.text, True).pairs == ()


def test_an_answer_without_end_is_refused(talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "MOST_BYTES_OF_ANSWER", 10_000)
    assert talk(completion("x" * 20_000)).error == ("helper_strange_answer", "again")


async def half(request: web.Request) -> web.StreamResponse:
    """Breaks the connection off in the middle of the body."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport
    request.transport.abort()
    return response


def test_half_a_body_is_a_lost_connection(talk) -> None:
    assert talk(half).error == ("helper_connection_lost", "again")


def test_a_broken_connection_is_asked_again(question: ChatRequest) -> None:
    with FaultServer(faults=Faults(reset=1)) as server:
        error = error_of(server.base_url, question)
    assert (error.error.code, error.reaction) == ("helper_connection_lost", "again")


def test_who_cannot_be_reached_stops_the_work(question: ChatRequest) -> None:
    with ScriptedServer(completion()) as server:
        gone = server.address
        without_tls = error_of(gone.replace("http:", "https:"), question)
    unknown = error_of("http://no-such-host.invalid/v1", question)
    errors = [without_tls, error_of(gone, question), unknown]
    assert [error.error.code for error in errors] == ["helper_tls", "helper_nobody_there", "helper_no_network"]
    assert {error.reaction for error in errors} == {"stop"}


def test_a_redirect_is_not_followed_so_that_the_key_stays_where_it_belongs(question: ChatRequest) -> None:
    with ScriptedServer(completion()) as elsewhere:
        redirect = web.Response(status=307, headers={"Location": elsewhere.address})
        with ScriptedServer(redirect) as server:
            error = error_of(server.address + "/v1", question)
            with pytest.raises(HelperError):
                with_helper(server.address + "/v1", lambda helper: helper.models())
    assert (error.error.code, error.reaction) == ("helper_redirected", "stop")
    assert elsewhere.requests == []


def test_cookies_are_not_kept(talk) -> None:
    answer = completion()
    answer.headers["Set-Cookie"] = "who=me"
    assert "Cookie" not in talk(answer, times=2).server.requests[1].headers


def test_a_server_that_knows_no_schema_is_asked_without_from_then_on(talk) -> None:
    found = talk(failure(400, "response_format is not supported by this model"), completion(), times=2)
    assert ["response_format" in body for body in found.server.bodies] == [True, False, False]


def test_a_server_that_does_not_say_what_it_dislikes_is_asked_without_a_schema_once(talk) -> None:
    found = talk(failure(400, "Bad Request"))
    assert found.error == ("helper_request_refused", "stop")
    assert ["response_format" in body for body in found.server.bodies] == [True, False]


def test_a_schema_that_worked_before_is_not_given_up_for_an_unclear_refusal(talk) -> None:
    found = talk(completion(), failure(400, "Bad Request"), times=2)
    assert found.error == ("helper_request_refused", "stop")
    assert len(found.server.bodies) == 2


def test_a_server_that_wants_other_names_and_fewer_fields_gets_them(talk) -> None:
    first = failure(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    second = failure(400, "Unsupported value: 'temperature' does not support 0.7 with this model.")
    found = talk(first, second, completion())
    assert found.answer.text == "Ja."
    assert found.server.bodies[-1]["max_completion_tokens"] == 300
    assert not {"max_tokens", "temperature"} & found.server.bodies[-1].keys()


def test_openrouters_models_do_not_think_and_those_that_must_think_little(talk) -> None:
    refusal = failure(400, "Reasoning is mandatory for this endpoint and cannot be disabled.")
    bodies = talk(refusal, completion(), times=2, openrouter=True).server.bodies
    assert [body["reasoning"] for body in bodies] == [{"enabled": False}, {"effort": "low"}, {"effort": "low"}]
    assert [body["max_tokens"] for body in bodies] == [300, 2300, 2300]
    assert len(talk(refusal, openrouter=True).server.bodies) == 2


def test_a_text_that_is_too_long_is_not_tried_in_other_ways(talk) -> None:
    found = talk(failure(400, "This model's maximum context length is 10 tokens, max_tokens included"))
    assert found.error == ("helper_prompt_too_long", "skip")
    assert len(found.server.requests) == 1


async def only_below_v1(request: web.Request) -> web.Response:
    if request.path == "/v1/chat/completions":
        return completion()
    return web.Response(status=404, text="404: Not Found")


@pytest.mark.parametrize("typed", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_an_address_works_as_people_type_it(question: ChatRequest, typed: str) -> None:
    async def several(helper: OpenAiChat) -> list[str]:
        answers = await asyncio.gather(*(helper.ask(question) for _ in range(3)))
        return [answer.text for answer in [*answers, await helper.ask(question)]]

    with ScriptedServer(only_below_v1) as server:
        assert with_helper(server.address + typed, several) == ["Ja."] * 4
    assert server.requests[-1].path == "/v1/chat/completions"


def test_an_address_where_nothing_is_found_is_said_plainly(question: ChatRequest) -> None:
    with ScriptedServer(web.Response(status=404, text="404: Not Found")) as server:
        error = error_of(server.address, question)
    assert (error.error.code, error.reaction) == ("helper_wrong_address", "stop")
    assert len(server.requests) == 2


def test_no_model_is_said_before_anything_is_sent(question: ChatRequest) -> None:
    async def ask() -> None:
        await OpenAiChat("http://127.0.0.1:9", "", None).ask(question)

    with pytest.raises(HelperError) as raised:
        asyncio.run(ask())
    assert raised.value.error.code == "no_helper_model"


def test_openrouters_list_has_prices_context_and_schema() -> None:
    entries = [
        {
            "id": "a/b",
            "name": "A: B",
            "context_length": 131072,
            "architecture": {"output_modalities": ["text"]},
            "pricing": {"prompt": "0.0000005", "completion": "0.0000015"},
            "supported_parameters": ["structured_outputs", "response_format"],
        },
        {"id": "openrouter/auto", "pricing": {"prompt": "-1", "completion": "-1"}, "supported_parameters": ["seed"]},
        {"id": "a/pictures", "architecture": {"output_modalities": ["image"]}},
        {"id": "local", "max_model_len": 4096},
    ]
    with ScriptedServer(web.json_response({"data": entries})) as server:
        models = with_helper(server.address + "/api/v1", lambda helper: helper.models())
    assert server.requests[0].path == "/api/v1/models"
    assert [model.name for model in models] == ["a/b", "openrouter/auto", "local"]
    first, automatic, local = models
    assert (first.label, first.context_tokens) == ("A: B", 131072)
    assert (first.prompt_usd, first.answer_usd) == (0.0000005, 0.0000015)
    assert [model.follows_schema for model in models] == [True, False, None]
    assert automatic.prompt_usd is None
    assert local.context_tokens == 4096


def test_a_list_that_is_none_is_said() -> None:
    with ScriptedServer(web.json_response({"data": None})) as server, pytest.raises(HelperError):
        with_helper(server.address, lambda helper: helper.models())


def test_whoever_cancels_a_question_ends_it_at_the_server_too(question: ChatRequest) -> None:
    async def give_up(helper: OpenAiChat) -> int:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await helper.ask(question)
        for _ in range(200):
            if server.in_flight == 0:
                break
            await asyncio.sleep(0.02)
        return server.in_flight

    with FaultServer(faults=Faults(hang=1)) as server:
        assert with_helper(server.base_url, give_up) == 0


def test_many_questions_at_once_share_one_session(question: ChatRequest) -> None:
    async def many(helper: OpenAiChat) -> set[str]:
        return {answer.text for answer in await asyncio.gather(*(helper.ask(question) for _ in range(20)))}

    with FaultServer(latency_seconds=1) as server:  # time enough for all to arrive, also on a busy machine
        texts = with_helper(server.base_url, many)
        assert server.most_in_flight == 20
    assert all(json.loads(text)["samples"] for text in texts)


def test_a_key_in_the_users_netrc_neither_replaces_nor_hinders_ours(
    question: ChatRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with ScriptedServer(completion()) as server:
        with_helper(server.address, lambda helper: helper.ask(question))
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_proxy_is_used_for_others_and_never_for_this_machine(
    question: ChatRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(completion("Aus dem Proxy.")) as proxy, ScriptedServer(completion("Direkt.")) as server:
        monkeypatch.setenv("http_proxy", proxy.address)
        monkeypatch.delenv("no_proxy", raising=False)
        assert with_helper(server.address, lambda helper: helper.ask(question)).text == "Direkt."
        assert with_helper("http://elsewhere.invalid", lambda helper: helper.ask(question)).text == "Aus dem Proxy."
        monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:9")
        assert error_of("http://elsewhere.invalid", question).error.code == "helper_proxy"
        monkeypatch.setenv("no_proxy", "elsewhere.invalid")
        assert error_of("http://elsewhere.invalid", question).error.code == "helper_no_network"


@pytest.fixture(scope="module")
def real_server(tiny_gguf: Path):
    with LlamaServer(tiny_gguf, context_tokens=512) as server:
        yield server


def test_a_real_server_answers(real_server: LlamaServer, question: ChatRequest) -> None:
    address, key = real_server._server.listening_address, real_server._key
    answer = with_helper(address + "/v1", lambda helper: helper.ask(replace(question, most_tokens=8)), key)
    assert answer.answer_tokens == 8
    assert answer.prompt_tokens > 10
    assert not answer.finished


def test_a_real_server_follows_the_schema(real_server: LlamaServer, question: ChatRequest) -> None:
    schema = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}
    address, key = real_server._server.listening_address, real_server._key
    asked = replace(question, schema=schema, most_tokens=500)
    answer = with_helper(address, lambda helper: helper.ask(asked), key)
    assert answer.text.lstrip().startswith("{")
    if answer.finished:
        assert set(json.loads(answer.text)) == {"yes"}


def test_a_real_server_refuses_a_wrong_key_and_a_text_that_is_too_long(
    real_server: LlamaServer, question: ChatRequest
) -> None:
    address, key = real_server._server.listening_address, real_server._key
    assert error_of(address, question).error.code == "helper_key_refused"
    too_long = replace(question, messages=({"role": "user", "content": "Wasser und Strom. " * 400},))
    with pytest.raises(HelperError) as raised:
        with_helper(address, lambda helper: helper.ask(too_long), key)
    assert (raised.value.error.code, raised.value.reaction) == ("helper_prompt_too_long", "skip")


def test_a_real_server_lists_its_model(real_server: LlamaServer) -> None:
    address, key = real_server._server.listening_address, real_server._key
    assert len(with_helper(address, lambda helper: helper.models(), key)) == 1
