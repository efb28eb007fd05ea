"""OpenAI's chat protocol against servers of every kind, the last of them a real one: llama.cpp's own."""

import asyncio
import json
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pytest
from aiohttp import web

from core.models.llama_server import LlamaServer
from core.providers import HelperModel
from core.samples.answers.answers import parse_answer
from core.samples.providers.chat import ChatAnswer, HelperError
from core.samples.providers.open_ai_chat import OpenAiChat
from tests.core.samples.fault_server import Faults, FaultServer
from tests.core.samples.http_server import ScriptedServer
from tests.core.samples.providers.helper_use import refusal_of, said_of, using

KEY = "sk-test-0123456789"
Result = TypeVar("Result")


def with_helper(address, use, key=KEY):
    return using(OpenAiChat(address, "some/model", key), use)


def json_of(content, **more):
    return web.json_response(content, **more)


def completion(text="Ja.", reason="stop", usage=None, **said):
    choice = {"message": {"role": "assistant", "content": text, **said}, "finish_reason": reason}
    return json_of({"choices": [choice], "usage": usage})


def failure(status, message):
    return json_of({"error": {"message": message, "code": status}}, status=status)


def error_of(address, question, key=KEY):
    return refusal_of(OpenAiChat(address, "some/model", key), lambda helper: helper.ask(question))


@dataclass
class Talk:
    """What a server was asked, and what came of each question."""

    server: ScriptedServer
    results: list[ChatAnswer | HelperError] = field(default_factory=list)

    @property
    def answer(self):
        assert isinstance(self.results[-1], ChatAnswer), self.results
        return self.results[-1]

    @property
    def error(self):
        assert isinstance(self.results[-1], HelperError), self.results
        return said_of(self.results[-1])


@pytest.fixture
def talk(question):
    """A helper asks a server the question some `times`; the server gives its answers in order, the last for good."""

    def talk(*answers, times=1, key=KEY, openrouter=False):
        async def ask(helper):
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


def test_a_question_is_asked_as_the_protocol_wants_it(talk, question):
    server = talk(completion()).server
    headers, body = server.requests[0].headers, server.bodies[0]
    assert server.requests[0].path == "/v1/chat/completions"
    assert body.pop("response_format")["json_schema"] == {"name": "answer", "strict": True, "schema": question.schema}
    assert body == {  # without `reasoning`, of which only OpenRouter knows
        "model": "some/model",
        "messages": list(question.messages),
        "temperature": 0.7,
        "seed": 42,
        "max_tokens": 300,
        "stream": False,
    }
    assert headers["Authorization"] == f"Bearer {KEY}"
    assert headers["X-Title"]
    assert "Authorization" not in talk(completion(), key=None).server.requests[0].headers


def test_tokens_and_cost_come_back_and_a_server_of_this_machine_costs_nothing(talk):
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "cost": 0.0012}
    answer = talk(completion("Hallo", usage=usage)).answer
    assert answer == ChatAnswer("Hallo", True, 10, 4, 0.0012, answer.seconds)
    assert answer.seconds > 0
    assert talk(completion(usage=None)).answer.cost_usd == 0.0


@pytest.mark.parametrize("reason", ["stop", "eos_token", "length", "content_filter", "error", None])
def test_only_an_answer_that_came_to_its_end_is_finished(talk, reason):
    assert talk(completion("{", reason)).answer.finished is (reason in ("stop", "eos_token"))


async def slow(request):
    """Keeps the connection alive with white space before it answers."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for part in (b"\n   \n", b"\n   \n", completion("Ja.").body):
        await response.write(part)
    return response


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (slow, "Ja."),
        (completion("Ja.", reasoning="Hm.", reasoning_content="Hmm."), "Ja."),
        (completion([{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Ja."}]), "Ja."),
        (completion(None, reasoning="Hm."), ""),
    ],
)
def test_whitespace_before_an_answer_and_thinking_that_is_delivered_apart_are_no_part_of_the_text(talk, answer, text):
    assert talk(answer).answer.text == text


async def half(request):
    """Breaks the connection off in the middle of the body."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    request.transport.abort()
    return response


async def reset(request):
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize(
    ("code", "reaction", "answers"),
    [
        ("helper_rate_limited", "slow_down", [json_of({"error": {"code": 429, "message": "slow"}})]),
        ("helper_server_failed", "again", [json_of({"choices": [{"error": {"code": 502}}]})]),
        (
            "helper_strange_answer",
            "again",
            [json_of(odd) for odd in ({"choices": []}, {"choices": "x"}, [1], None)],
        ),
        ("helper_strange_answer", "again", [web.Response(text="<html><title>Welcome!</title></html>")]),
        ("helper_strange_answer", "again", [completion("x" * 9_000_000)]),
        ("helper_connection_lost", "again", [half, reset]),
        (
            "helper_prompt_too_long",
            "skip",
            [failure(400, "context length is 10, max_tokens included")],
        ),
    ],
)
def test_what_is_no_answer_is_asked_in_no_other_way_and_says_what_becomes_of_the_work(talk, code, reaction, answers):
    for answer in answers:
        found = talk(answer)
        assert (found.error, len(found.server.requests)) == ((code, reaction), 1)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("body", ["[" * 100_000, '{"error":' * 100_000, "9" * 100_000, "[" * 900 + "]" * 900])
def test_an_answer_that_is_nested_without_end_is_one_of_the_strange_ones(talk, body, status):
    code, _ = talk(web.Response(body=body.encode(), status=status)).error
    assert code in ("helper_strange_answer", "helper_server_failed")
    assert parse_answer(talk(completion(body)).answer.text, True).pairs == ()


def test_who_cannot_be_reached_stops_the_work(question):
    with ScriptedServer(completion()) as server:
        gone = server.address
        without_tls = error_of(gone.replace("http:", "https:"), question)
    assert said_of(without_tls) == ("helper_tls", "stop")
    assert said_of(error_of(gone, question)) == ("helper_nobody_there", "stop")
    assert said_of(error_of("http://no-such-host.invalid/v1", question)) == ("helper_no_network", "stop")


def test_a_redirect_is_not_followed_so_that_the_key_stays_where_it_belongs(question):
    with ScriptedServer(completion()) as elsewhere:
        redirect = web.Response(status=307, headers={"Location": elsewhere.address})
        with ScriptedServer(redirect) as server:
            for use in (lambda helper: helper.ask(question), lambda helper: helper.models()):
                helper = OpenAiChat(server.address + "/v1", "some/model", KEY)
                assert said_of(refusal_of(helper, use)) == ("helper_redirected", "stop")
    assert elsewhere.requests == []


def test_cookies_are_not_kept(talk):
    answer = completion()
    answer.headers["Set-Cookie"] = "who=me"
    assert "Cookie" not in talk(answer, times=2).server.requests[1].headers


def test_a_server_that_knows_no_schema_is_asked_without_from_then_on(talk):
    found = talk(failure(400, "response_format is not supported by this model"), completion(), times=2)
    assert ["response_format" in body for body in found.server.bodies] == [True, False, False]


def test_a_server_that_does_not_say_what_it_dislikes_is_asked_without_a_schema_that_never_worked(talk):
    unclear = failure(400, "Bad Request")
    for answers, with_schema in (((unclear,), [True, False]), ((completion(), unclear), [True, True])):
        found = talk(*answers, times=len(answers))
        assert found.error == ("helper_request_refused", "stop")
        assert ["response_format" in body for body in found.server.bodies] == with_schema


def test_a_server_that_wants_other_names_and_fewer_fields_gets_them(talk):
    first = failure(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    second = failure(400, "Unsupported value: 'temperature' does not support 0.7 with this model.")
    found = talk(first, second, completion())
    assert found.answer.text == "Ja."
    assert found.server.bodies[-1]["max_completion_tokens"] == 300
    assert not {"max_tokens", "temperature"} & found.server.bodies[-1].keys()


def test_openrouters_models_do_not_think_and_those_that_must_think_little(talk):
    refusal = failure(400, "Reasoning is mandatory for this endpoint and cannot be disabled.")
    bodies = talk(refusal, completion(), times=2, openrouter=True).server.bodies
    assert [body["reasoning"] for body in bodies] == [{"enabled": False}, {"effort": "low"}, {"effort": "low"}]
    assert [body["max_tokens"] for body in bodies] == [300, 2300, 2300]
    assert len(talk(refusal, openrouter=True).server.bodies) == 2


async def only_below_v1(request):
    if request.path == "/v1/chat/completions":
        return completion()
    return web.Response(status=404, text="404: Not Found")


@pytest.mark.parametrize("typed", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_an_address_works_as_people_type_it(question, typed):
    async def several(helper):
        answers = await asyncio.gather(*(helper.ask(question) for _ in range(3)))
        return [answer.text for answer in [*answers, await helper.ask(question)]]

    with ScriptedServer(only_below_v1) as server:
        assert with_helper(server.address + typed, several) == ["Ja."] * 4
    assert server.requests[-1].path == "/v1/chat/completions"


def test_an_address_where_nothing_is_found_is_said_plainly(question):
    with ScriptedServer(web.Response(status=404, text="404: Not Found")) as server:
        assert said_of(error_of(server.address, question)) == ("helper_wrong_address", "stop")
    assert len(server.requests) == 2


def test_openrouters_list_has_prices_context_and_schema():
    first = {
        "id": "a/b",
        "name": "A: B",
        "context_length": 131072,
        "architecture": {"output_modalities": ["text"]},
        "pricing": {"prompt": "0.0000005", "completion": "0.0000015"},
        "supported_parameters": ["structured_outputs", "response_format"],
    }
    unknown = {"prompt": "-1", "completion": "-1"}
    automatic = {"id": "openrouter/auto", "pricing": unknown, "supported_parameters": ["seed"]}
    pictures = {"id": "a/pictures", "architecture": {"output_modalities": ["image"]}}
    entries = [first, automatic, pictures, {"id": "local", "max_model_len": 4096}]
    with ScriptedServer(web.json_response({"data": entries}), web.json_response({"data": None})) as server:
        models = with_helper(server.address + "/api/v1", lambda helper: helper.models())
        refused = refusal_of(OpenAiChat(server.address, "some/model", KEY), lambda helper: helper.models())
    assert said_of(refused)[0] == "helper_strange_answer"
    assert server.requests[0].path == "/api/v1/models"
    assert models == [
        HelperModel("a/b", "A: B", 131072, 0.0000005, 0.0000015, follows_schema=True),
        HelperModel("openrouter/auto", "openrouter/auto", follows_schema=False),
        HelperModel("local", "local", context_tokens=4096),
    ]


def test_whoever_cancels_a_question_ends_it_at_the_server_too(question):
    async def give_up(helper):
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


def test_many_questions_at_once_share_one_session(question):
    async def many(helper):
        return {answer.text for answer in await asyncio.gather(*(helper.ask(question) for _ in range(20)))}

    with FaultServer(latency_seconds=1) as server:  # time enough for all to arrive, also on a busy machine
        texts = with_helper(server.base_url, many)
        assert server.most_in_flight == 20
    assert all(json.loads(text)["samples"] for text in texts)


def test_a_key_in_the_users_netrc_neither_replaces_nor_hinders_ours(talk, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert talk(completion()).server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


def test_a_proxy_is_used_for_others_and_never_for_this_machine(question, monkeypatch):
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
def real_server(tiny_gguf):
    """Its address and its key."""
    with LlamaServer(tiny_gguf, context_tokens=512) as server:
        yield server._server.listening_address, server._key


def test_a_real_server_answers(real_server, question):
    address, key = real_server
    answer = with_helper(address + "/v1", lambda helper: helper.ask(replace(question, most_tokens=8)), key)
    assert (answer.answer_tokens, answer.finished) == (8, False)
    assert answer.prompt_tokens > 10
    assert len(with_helper(address, lambda helper: helper.models(), key)) == 1


def test_a_real_server_follows_the_schema(real_server, question):
    address, key = real_server
    schema = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}
    asked = replace(question, schema=schema, most_tokens=500)
    answer = with_helper(address, lambda helper: helper.ask(asked), key)
    assert answer.text.lstrip().startswith("{")
    if answer.finished:
        assert set(json.loads(answer.text)) == {"yes"}


def test_a_real_server_refuses_a_wrong_key_and_a_text_that_is_too_long(real_server, question):
    address, key = real_server
    assert said_of(error_of(address, question)) == ("helper_key_refused", "stop")
    too_long = replace(question, messages=({"role": "user", "content": "Wasser und Strom. " * 400},))
    assert said_of(error_of(address, too_long, key)) == ("helper_prompt_too_long", "skip")
