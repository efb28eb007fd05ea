"""OpenAI's chat protocol against servers of every kind, the last of them a real one: llama.cpp's own."""

import asyncio
import json
import ssl
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web

from core.models.llama_server import LlamaServer
from core.providers import HelperModel
from core.samples.answers.answers import parse_answer
from core.samples.providers.chat import ChatAnswer, HelperError
from core.samples.providers.http_client import proxy_for, trusted
from core.samples.providers.open_ai_chat import OpenAiChat
from tests.core.samples.fault_server import Faults, FaultServer
from tests.core.samples.http_server import ScriptedServer
from tests.core.samples.providers.helper_use import refusal_of, said_of, using

KEY = "sk-test-0123456789"


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


@pytest.mark.parametrize(
    ("finished", "reasons"),
    [
        (True, ["stop", "eos_token", "STOP", "end_turn", "COMPLETE", "eos", "end", "stop_sequence", "completed"]),
        (True, ["", None, "tool_calls", "finished", "done"]),  # where a server does not say it, the text decides
        (
            False,
            ["length", "max_tokens", "MAX_TOKENS", "model_length", "max_output_tokens", "context_window_exceeded"],
        ),
        (False, ["error", "abort", "insufficient_system_resource", "network_error", "ERROR_LIMIT", "timeout"]),
        (False, ["truncated", "interrupted", "repetition_truncation"]),
    ],
)
def test_servers_have_many_words_for_the_end_of_an_answer(talk, finished, reasons):
    assert [talk(completion("{", reason)).answer.finished for reason in reasons] == [finished] * len(reasons)


@pytest.mark.parametrize("reason", ["content_filter", "SAFETY", "RECITATION", "sensitive", "refusal", "ERROR_TOXIC"])
def test_an_answer_that_the_server_held_back_is_asked_for_again(talk, reason):
    assert talk(completion("{", reason)).error == ("helper_moderated", "again")


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
        (completion("", reasoning_content=' {"samples": []}'), '{"samples": []}'),
        (completion(None, reasoning="[1]"), "[1]"),
        (completion([{"type": "output_text", "text": "Ja."}]), "Ja."),
        (completion([{"text": "Ja."}]), "Ja."),
        (completion({"samples": []}), '{"samples": []}'),
        (completion([["Was?", "Das."]]), '[["Was?", "Das."]]'),
        (completion(None, tool_calls=[{"function": {"name": "answer", "arguments": "{}"}}]), "{}"),
        (completion(None, function_call={"arguments": "{}"}), "{}"),
        (json_of({"choices": [{"text": "Ja.", "finish_reason": "stop"}]}), "Ja."),
        (json_of({"content": [{"type": "text", "text": "Ja."}], "stop_reason": "end_turn"}), "Ja."),
        (json_of({"message": {"content": "Ja."}, "done_reason": "stop"}), "Ja."),
    ],
)
def test_whitespace_before_an_answer_and_thinking_that_is_delivered_apart_are_no_part_of_the_text(talk, answer, text):
    assert talk(answer).answer.text == text


def stream(*pieces, last="data: [DONE]\n\n", reason="stop", name="content"):
    events = [{"choices": [{"delta": {name: piece}, "finish_reason": None}]} for piece in pieces]
    events.append({"choices": [{"delta": {}, "finish_reason": reason}], "usage": {"completion_tokens": 4}})
    text = ": a comment\n\n" + "".join(f"data: {json.dumps(event)}\n\n" for event in events) + last
    return web.Response(text=text, content_type="text/event-stream")


@pytest.mark.parametrize(
    ("answer", "text", "finished"),
    [
        (stream("J", "a", "."), "Ja.", True),
        (stream("Ja.", reason=None), "Ja.", True),
        (stream("Ja.", reason=None, last=""), "Ja.", False),
        (stream("Ja.", reason="length"), "Ja.", False),
        (stream('{"a', '": 1}', name="reasoning_content"), '{"a": 1}', True),
        (stream("Ja.", last=""), "Ja.", True),
    ],
)
def test_the_pieces_of_a_stream_that_nobody_asked_for_are_put_together(talk, answer, text, finished):
    found = talk(answer).answer
    assert (found.text, found.finished, found.answer_tokens) == (text, finished, 4)


def test_an_error_in_the_middle_of_a_stream_is_one(talk):
    last = f"data: {json.dumps({'error': {'code': 429, 'message': 'slow'}})}\n\n"
    assert talk(stream("Ja", last=last)).error == ("helper_rate_limited", "slow_down")


@pytest.mark.parametrize(
    ("status", "words", "wanted"),
    [
        (400, "This model only support stream mode, please enable the stream parameter.", {"stream": True}),
        (400, "non-streaming requests are not supported", {"stream": True}),
        (422, "Only streaming is supported", {"stream": True}),
        (400, "Streaming is strongly recommended for long requests; use stream=true", {"stream": True}),
        (400, "parameter.enable_thinking must be set to false for non-streaming calls", {"enable_thinking": False}),
        (
            400,
            "max_tokens must be less than or equal to `200`, the maximum value for `max_tokens`",
            {"max_tokens": 200},
        ),
        (400, "Invalid max_tokens value, the valid range of max_tokens is [1, 250]", {"max_tokens": 250}),
        (400, "max_tokens: 300 > 128, which is the maximum allowed number of output tokens", {"max_tokens": 128}),
    ],
)
def test_a_server_that_wants_a_request_otherwise_gets_it_so_from_then_on(talk, status, words, wanted):
    found = talk(failure(status, words), completion(), times=2)
    assert len(found.server.bodies) == 3
    for body in found.server.bodies[1:]:
        assert {name: body.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("status", "words"),
    [
        *((400, "System role not supported"), (500, "Jinja Exception: System role not supported")),
        (400, "Developer instruction is not enabled for models/gemma-3-27b-it"),
        (400, "Conversation roles must alternate user/assistant/user/assistant/..."),
        *((422, "Only user and assistant roles are supported!"), (400, "role: 'system' is not a valid role")),
        (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
        (400, "Only user, assistant and tool roles are supported, got system."),
        (500, "Internal Server Error"),
    ],
)
def test_a_model_that_knows_no_system_role_is_told_everything_in_the_question(talk, question, status, words):
    first, *others = talk(failure(status, words), completion(), times=2).server.bodies
    told, asked = (message["content"] for message in question.messages)
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert [body["messages"] for body in others] == [[{"role": "user", "content": f"{told}\n\n{asked}"}]] * 2


@pytest.mark.parametrize(
    ("words", "room"),
    [
        ("This model's maximum context length is 4096 tokens and your request has 3836 input tokens", 260),
        ("maximum context length is 4096 tokens. However, you requested 4136 (3836 in the messages, 300", 260),
        ("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3836 `inputs` tokens", 260),
        ("This model's maximum context length is 4096 tokens and your request has 4000 input tokens", 0),
        ("This model's maximum context length is 4096 tokens and your request has 5000 input tokens", 0),
    ],
)
def test_an_answer_gets_the_room_that_a_long_prompt_leaves_and_the_next_one_its_own(talk, words, room):
    found = talk(failure(400, words), completion(), times=2)
    assert [body["max_tokens"] for body in found.server.bodies] == ([300, room, 300] if room else [300, 300])
    assert isinstance(found.results[0], ChatAnswer) is bool(room)


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
        assert found.error == ("helper_request_refused", "skip")
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
    with ScriptedServer(web.json_response({"data": entries})) as server:
        models = with_helper(server.address + "/api/v1", lambda helper: helper.models())
    assert server.requests[0].path == "/api/v1/models"
    assert models == [
        HelperModel("a/b", "A: B", 131072, 0.0000005, 0.0000015, follows_schema=True),
        HelperModel("openrouter/auto", "openrouter/auto", follows_schema=False),
        HelperModel("local", "local", context_tokens=4096),
    ]


@pytest.mark.parametrize(
    ("listed", "names"),
    [
        ({"models": [{"name": "models/x"}, {"name": "y"}]}, ["models/x", "y"]),
        ([{"name": "x"}], ["x"]),
        (["a", "b"], ["a", "b"]),
        ({"data": ["a", "b"]}, ["a", "b"]),
        ({"object": "list", "data": None}, []),
        ({"data": []}, []),
        ({"models": [{"model": "q"}], "data": [{"id": "q"}]}, ["q"]),
        ({"models": ["a"], "data": None}, ["a"]),
        ({"detail": "Not here"}, None),
        ("a, b", None),
    ],
)
def test_a_list_of_models_comes_in_many_shapes(listed, names):
    with ScriptedServer(web.json_response(listed)) as server:
        if names is None:
            refused = refusal_of(OpenAiChat(server.address, "m", KEY), lambda helper: helper.models())
            assert refused.error.code == "helper_strange_answer"
        else:
            found = with_helper(server.address, lambda helper: helper.models())
            assert [model.name for model in found] == names


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


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("192.168.0.0/16", "http://192.168.1.5:11434", True),
        ("192.168.0.0/16", "http://192.169.1.5:11434", False),
        ("10.0.0.0/8, fd00::/8", "http://[fd12::1]:8000", True),
        ("fd00::1", "http://[fd00::1]:11434", True),
        ("[fd00::1]:11434", "http://[fd00::1]:11434", True),
        ("10.*", "http://10.1.2.3:8000", True),
        ("10.*", "http://11.1.2.3:8000", False),
        ("*.corp.local", "http://ollama.corp.local:11434", True),
        (".corp.local", "http://corp.local", True),
        ("corp.local", "http://ollama.corp.local", True),
        ("corp.local", "http://notcorp.local", False),
        ("server:8000", "http://server:8000", True),
        ("server:8001", "http://server:8000", False),
        ("https://server", "https://server", True),
        ("*", "https://anything.example", True),
        ("", "http://10.1.2.3", False),
    ],
)
def test_a_proxy_has_exceptions_as_companies_write_them(monkeypatch, no_proxy, url, direct):
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://proxy.corp:3128")
    monkeypatch.setenv("no_proxy", no_proxy)
    assert (proxy_for(url) is None) is direct


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_companys_own_certificates_are_trusted_beside_the_systems(monkeypatch, tmp_path, variable):
    loaded = []
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda self, **places: loaded.append(places))
    monkeypatch.setenv(variable, str(tmp_path / "company.pem"))
    trusted.__wrapped__()
    (tmp_path / "company.pem").write_text("")
    trusted.__wrapped__()
    assert loaded.count({"cafile": str(tmp_path / "company.pem")}) == 1


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
