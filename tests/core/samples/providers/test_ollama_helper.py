"""Ollama's API against a stand-in that follows its documentation. UNPROVEN: no real Ollama has been asked."""

import json
from contextlib import aclosing

import pytest
from aiohttp import web

from core.samples.providers.chat import open_helper
from core.samples.providers.ollama import Ollama, PullProgress
from tests.core.samples.http_server import ScriptedServer
from tests.core.samples.ollama_stand_in import DOWNLOADABLE, LOCAL, OllamaStandIn
from tests.core.samples.providers.helper_use import refusal_of, said_of, using
from utils.config import SftSettings


@pytest.fixture
def ollama():
    with OllamaStandIn() as server:
        yield server


def with_helper(address, use, model="qwen3:4b"):
    return using(Ollama(address, model, 4096), use)


def answer_of(ollama, question, model="qwen3:4b"):
    return with_helper(ollama.address, lambda helper: helper.ask(question), model)


def error_of(address, question, model="qwen3:4b"):
    return refusal_of(Ollama(address, model, 4096), lambda helper: helper.ask(question))


def pull_error(address, name):
    return refusal_of(Ollama(address, "qwen3:4b", 4096), lambda helper: steps_of(helper, name))


def chats(ollama):
    return [body for path, body in ollama.bodies if path == "/api/chat"]


async def steps_of(helper, name):
    async with aclosing(helper.pull(name)) as steps:
        return [step async for step in steps]


def test_an_answer_is_put_together_from_its_pieces_without_thinking(ollama, question):
    ollama.thinks_aloud = "Hm, was schreibe ich?"
    answer = answer_of(ollama, question)
    assert json.loads(answer.text)["samples"][0]["output"] == "Die Pumpe fördert vierzig Liter Wasser in der Minute."
    assert (answer.finished, answer.prompt_tokens, answer.cost_usd) == (True, 120, 0.0)
    assert answer.answer_tokens > 0
    body = chats(ollama)[0]
    assert body["format"] == question.schema
    assert body["options"] == {"temperature": 0.7, "seed": 42, "num_ctx": 4096, "num_predict": 300}
    assert (body["stream"], body["think"], body["truncate"], body["shift"]) == (True, False, False, False)
    assert body["keep_alive"]


def test_a_model_that_cannot_do_without_thinking_thinks_little(question):
    with OllamaStandIn(models=[{**LOCAL, "name": "gpt-oss:20b"}]) as ollama:
        answer_of(ollama, question, "gpt-oss:20b")
        assert chats(ollama)[0]["think"] == "low"


def test_a_model_that_refuses_the_switch_is_asked_without_it_from_then_on(ollama, question):
    ollama.refuses_think = True

    async def twice(helper):
        await helper.ask(question)
        await helper.ask(question)

    with_helper(ollama.address, twice)
    assert ["think" in body for body in chats(ollama)] == [True, False, False]


@pytest.mark.parametrize(
    ("fault", "value"),
    [*(("done_reason", reason) for reason in ("length", "load", "unload")), ("ends_without_last_line", True)],
)
def test_an_answer_that_did_not_come_to_its_end_is_not_finished(ollama, question, fault, value):
    setattr(ollama, fault, value)
    assert not answer_of(ollama, question).finished


@pytest.mark.parametrize("pieces", [0, 2])
def test_an_error_in_the_middle_of_a_stream_is_one(ollama, question, pieces):
    ollama.fails_after_pieces = pieces
    error = error_of(ollama.address, question)
    assert said_of(error) == ("helper_server_failed", "again")
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
def test_what_ollama_says_is_understood(ollama, question, status, words, code, reaction):
    ollama.status_of_chat, ollama.failure = status, words
    assert said_of(error_of(ollama.address, question)) == (code, reaction)


def test_a_model_that_is_not_there_is_said_plainly(ollama, question):
    error = error_of(ollama.address, question, "mistral")
    assert said_of(error) == ("ollama_model_missing", "stop")
    assert error.error.params["model"] == "mistral"


def test_no_ollama_and_another_server_are_said_plainly(question):
    with OllamaStandIn() as ollama:
        address = ollama.address
    assert said_of(error_of(address, question)) == ("ollama_not_running", "stop")
    listing = refusal_of(Ollama(address, "m", 4096), lambda helper: helper.models())
    assert said_of(listing) == ("ollama_not_running", "stop")
    with ScriptedServer(web.json_response({"hello": "world"})) as server:
        assert said_of(error_of(server.address, question)) == ("ollama_not_there", "stop")


@pytest.mark.parametrize("line", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 100_000, b"\xed\xa0\x80"])
def test_a_line_of_a_stream_that_no_one_can_read_ends_the_answer_and_not_the_app(question, line):
    good = json.dumps({"message": {"content": "Ja"}, "done": False}).encode()
    with ScriptedServer(web.Response(body=b"%b\n%b\n" % (good, line))) as server:
        for error in (error_of(server.address, question), pull_error(server.address, "x")):
            assert said_of(error)[0].startswith(("helper_", "ollama_"))


@pytest.mark.parametrize("version", ["0.9.0", "1.0.0-rc1", "0.0.0"])
def test_an_ollama_that_is_too_old_is_said_plainly(ollama, question, version):
    ollama.version = "0.8.9"
    error = error_of(ollama.address, question)
    assert (error.error.code, error.error.params["least"]) == ("ollama_too_old", "0.9.0")
    assert chats(ollama) == []
    ollama.version = version
    assert answer_of(ollama, question).finished


def test_the_list_says_size_kind_and_what_cannot_write(ollama):
    local, cloud, embedding = with_helper(ollama.address, lambda helper: helper.models())
    assert local.label == "qwen3:4b (4.0B · Q4_K_M · qwen3)"
    assert (local.size_bytes, local.context_tokens, local.problem) == (2497293931, 40960, "")
    assert local.follows_schema
    assert (cloud.problem, embedding.problem) == ("ollama_cloud_model", "ollama_writes_nothing")


def test_an_older_list_without_capabilities_is_understood():
    embedding = {"name": "e:1", "details": {"family": "nomic-bert"}}
    with OllamaStandIn(models=[{**LOCAL, "capabilities": None}, embedding, {"name": "bare:1"}]) as ollama:
        found = with_helper(ollama.address, lambda helper: helper.models())
    assert [model.problem for model in found] == ["", "ollama_writes_nothing", ""]


@pytest.mark.parametrize("model", ["gpt-oss:120b-cloud", "kimi-k2:cloud", "hidden:1b", "gemma"])
def test_no_text_goes_to_ollamas_cloud(question, model):
    hidden = [
        {**LOCAL, "name": name, "remote_host": "https://ollama.com:443"} for name in ("hidden:1b", "gemma:latest")
    ]
    with OllamaStandIn(models=[LOCAL, *hidden]) as ollama:
        assert said_of(error_of(ollama.address, question, model)) == ("ollama_cloud_model", "stop")
        assert ollama.bodies == []


@pytest.mark.parametrize("typed", ["/", "/v1", "/api/"])
def test_an_address_works_as_people_copy_it(ollama, question, typed):
    assert with_helper(ollama.address + typed, lambda helper: helper.ask(question)).finished


def test_a_download_counts_the_bytes_of_all_parts(ollama):
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
def test_a_download_that_fails_says_why(ollama, name, failure, code):
    ollama.pull_failure = failure
    assert said_of(pull_error(ollama.address, name)) == (code, "stop")


def test_a_download_that_breaks_off_is_no_success(ollama):
    ollama.ends_without_last_line = True
    assert said_of(pull_error(ollama.address, DOWNLOADABLE)) == ("helper_connection_lost", "again")


def test_the_settings_name_context_and_address(ollama, monkeypatch, question):
    monkeypatch.setenv("OLLAMA_HOST", ollama.place)
    settings = SftSettings(provider="ollama", model="qwen3:4b", context_tokens=2048)
    using(open_helper(settings, None), lambda helper: helper.ask(question))
    assert chats(ollama)[0]["options"]["num_ctx"] == 2048
