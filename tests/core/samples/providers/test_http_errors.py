"""What a status and its words mean: the sentence for people, and what becomes of the work."""

import errno
import json
import ssl
import string
import time
from email.utils import formatdate
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import pytest

from core.samples.providers import http_errors
from core.samples.providers.http_errors import Recipient, of_connection, of_content, of_status, wait_seconds
from ui.texts import KEYS, LANGUAGES, error_text

KEY = "sk-or-v1-0123456789abcdef0123456789abcdef"
SERVER = Recipient("llm.example", "some/model", KEY)
HELPERS = Path(http_errors.__file__).parent


def body(message: str = "", **more: object) -> str:
    return json.dumps({"error": {"message": message, **more}})


@pytest.mark.parametrize(
    ("status", "words", "code", "reaction"),
    [
        (400, body("bad"), "helper_request_refused", "stop"),
        (400, body("maximum context length is 8192 tokens"), "helper_prompt_too_long", "skip"),
        (400, body("", type="exceed_context_size_error"), "helper_prompt_too_long", "skip"),
        (400, '{"error":"longer than the context length available"}', "helper_prompt_too_long", "skip"),
        (400, body("foo/bar is not a valid model ID", code=400), "helper_model_missing", "stop"),
        (400, body("Blocked", code="content_filter"), "helper_moderated", "skip"),
        (400, body("Provider returned error", metadata={"raw": "bad thing"}), "helper_server_failed", "again"),
        (401, body("No auth credentials found"), "helper_key_refused", "stop"),
        (402, body("Insufficient credits"), "helper_no_credit", "stop"),
        (403, body("Flagged", metadata={"reasons": ["violence"], "flagged_input": "x"}), "helper_moderated", "skip"),
        (403, body("requires moderation"), "helper_moderated", "skip"),
        (403, body("Key has no permission"), "helper_forbidden", "stop"),
        (404, body("The model `x` does not exist", code="model_not_found"), "helper_model_missing", "stop"),
        (404, body("No endpoints found for foo/bar."), "helper_model_missing", "stop"),
        (404, '{"error":"model \'x\' not found"}', "helper_model_missing", "stop"),
        (404, "404 page not found", "helper_wrong_address", "stop"),
        (405, "", "helper_wrong_address", "stop"),
        (407, "", "helper_proxy", "stop"),
        (408, "", "helper_too_slow", "again"),
        (413, "<html><title>Request Entity Too Large</title></html>", "helper_prompt_too_long", "skip"),
        (429, body("slow down"), "helper_rate_limited", "slow_down"),
        (429, body("You exceeded your quota", code="insufficient_quota"), "helper_no_credit", "stop"),
        (500, "oops", "helper_server_failed", "again"),
        (500, '{"error":"model requires more system memory (8 GiB) than is available"}', "helper_no_memory", "stop"),
        (502, "<html>Bad Gateway</html>", "helper_server_failed", "again"),
        (503, '{"error":"server busy, please try again."}', "helper_overloaded", "slow_down"),
        (504, "", "helper_too_slow", "again"),
        (520, "", "helper_server_failed", "again"),
        (529, "", "helper_overloaded", "slow_down"),
        (301, "", "helper_redirected", "stop"),
        (418, "", "helper_request_refused", "stop"),
    ],
)  # fmt: skip
def test_each_status_has_its_meaning(status: int, words: str, code: str, reaction: str) -> None:
    error = of_status(SERVER, status, {}, words)
    assert (error.error.code, error.reaction) == (code, reaction)
    for language in LANGUAGES:
        happened, hint = error_text(error.error.code, language, error.error.params)
        assert "llm.example" in happened or "some/model" in happened
        assert "{" not in happened + hint


def test_without_a_key_401_asks_for_one() -> None:
    assert of_status(Recipient("h", "m"), 401, {}, "").error.code == "helper_key_missing"


def test_credit_that_is_bound_by_requests_under_way_is_waited_for() -> None:
    error = of_status(SERVER, 402, {"Retry-After": "3"}, body("in-flight budget"))
    assert (error.reaction, error.retry_after_seconds) == ("slow_down", 3.0)


@pytest.mark.parametrize(
    ("headers", "details", "seconds"),
    [
        ({"Retry-After": "17"}, {}, 17.0),
        ({"retry-after": "0.5"}, {}, 0.5),
        ({"Retry-After": "-3"}, {}, 0.0),
        ({"Retry-After": "nan"}, {}, None),
        ({"Retry-After": "soon"}, {}, None),
        ({}, {"metadata": {"headers": {"Retry-After": "9"}}}, 9.0),
        ({}, {"metadata": {"retry_after_seconds": 16.5}}, 16.5),
        ({"X-RateLimit-Reset": "30"}, {}, 30.0),
        ({}, {"metadata": "odd"}, None),
        ({}, {}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers: dict, details: dict, seconds: float | None) -> None:
    assert wait_seconds(headers, details) == seconds


def test_a_wait_may_be_a_date() -> None:
    assert wait_seconds({"Retry-After": formatdate(time.time() + 60, usegmt=True)}, {}) == pytest.approx(60, abs=5)
    assert wait_seconds({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}) == 0.0


@pytest.mark.parametrize("factor", [1, 1000])
def test_openrouter_names_the_moment_of_the_next_request_in_the_body(factor: int) -> None:
    reset = str(int((time.time() + 40) * factor))
    error = of_status(SERVER, 429, {}, body("Rate limit", metadata={"headers": {"X-RateLimit-Reset": reset}}))
    assert error.retry_after_seconds == pytest.approx(40, abs=5)
    assert error.reaction == "slow_down"


def test_a_limit_by_the_day_ends_the_work_instead_of_waiting_for_hours() -> None:
    reset = str(int((time.time() + 9 * 3600) * 1000))
    error = of_status(
        SERVER, 429, {}, body("free-models-per-day", metadata={"headers": {"X-RateLimit-Reset": reset}})
    )
    assert (error.error.code, error.reaction) == ("helper_daily_limit", "stop")


@pytest.mark.parametrize(
    ("content", "code", "reaction"),
    [
        ({"error": {"code": 429, "message": "slow"}}, "helper_rate_limited", "slow_down"),
        ({"error": {"code": 402, "message": "no"}}, "helper_no_credit", "stop"),
        ({"error": {"code": "rate_limit_exceeded", "message": "slow"}}, "helper_rate_limited", "slow_down"),
        ({"error": {"code": 502, "message": "x"}}, "helper_server_failed", "again"),
        ({"error": {"metadata": {"error_type": "provider_overloaded"}}}, "helper_overloaded", "slow_down"),
        ({"error": "an error was encountered while running the model"}, "helper_server_failed", "again"),
        ({"error": "the input length exceeds the context length"}, "helper_prompt_too_long", "skip"),
        ({"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "helper_wrong_address", "stop"),
    ],
)  # fmt: skip
def test_an_error_under_status_200_is_one(content: dict, code: str, reaction: str) -> None:
    error = of_content(SERVER, content)
    assert error is not None
    assert (error.error.code, error.reaction) == (code, reaction)


@pytest.mark.parametrize("content", [{"choices": []}, {"error": None}, [], "text", 7])
def test_what_holds_no_error_is_none(content: object) -> None:
    assert of_content(SERVER, content) is None


CONNECTION = SimpleNamespace(host="h", port=1, ssl=True, is_ssl=True)


def unconnected(number: int) -> aiohttp.ClientConnectorError:
    return aiohttp.ClientConnectorError(CONNECTION, OSError(number, "x"))


@pytest.mark.parametrize(
    ("error", "code", "reaction"),
    [
        (unconnected(errno.ECONNREFUSED), "helper_nobody_there", "stop"),
        (unconnected(errno.ENETUNREACH), "helper_no_network", "stop"),
        (unconnected(errno.ECONNRESET), "helper_connection_lost", "again"),
        (aiohttp.ClientConnectorDNSError(CONNECTION, OSError(-2, "Not known")), "helper_no_network", "stop"),
        (aiohttp.ClientConnectorCertificateError(CONNECTION, ssl.SSLError("x")), "helper_tls", "stop"),
        (aiohttp.ClientConnectorSSLError(CONNECTION, ssl.SSLError(1, "WRONG_VERSION_NUMBER")), "helper_tls", "stop"),
        (aiohttp.ClientProxyConnectionError(CONNECTION, OSError(errno.ECONNREFUSED, "x")), "helper_proxy", "stop"),
        (aiohttp.InvalidURL("http://["), "helper_address_invalid", "stop"),
        (aiohttp.SocketTimeoutError(), "helper_too_slow", "again"),
        (aiohttp.ConnectionTimeoutError(), "helper_too_slow", "again"),
        (TimeoutError(), "helper_too_slow", "again"),
        (aiohttp.ServerDisconnectedError(), "helper_connection_lost", "again"),
        (aiohttp.ClientPayloadError(), "helper_connection_lost", "again"),
        (ConnectionResetError(), "helper_connection_lost", "again"),
    ],
)  # fmt: skip
def test_each_broken_connection_has_its_meaning(error: BaseException, code: str, reaction: str) -> None:
    found = of_connection(SERVER, error)
    assert (found.error.code, found.reaction) == (code, reaction)


@pytest.mark.parametrize(
    "echoed",
    [
        f"Invalid key {KEY}",
        f"Invalid key {KEY.upper()}",
        f"Authorization: Bearer {KEY}",
        "Incorrect API key provided: sk-or-v1-01********cdef.",
        "Bearer something-else-entirely",
        f"<html><title>{KEY}</title></html>",
        json.dumps({"error": {"message": "no", "metadata": {"raw": f"key={KEY}"}}}),
        json.dumps({"detail": [{"msg": "bad", "input": {"authorization": f"Bearer {KEY}"}}]}),
    ],
)
def test_no_key_that_a_server_echoes_gets_through(echoed: str) -> None:
    error = of_status(SERVER, 401, {"WWW-Authenticate": KEY}, echoed)
    everything = f"{error} {error!r} {error.error} {error.error.params} {error.words} {vars(error)}".lower()
    assert KEY.lower() not in everything
    assert "sk-or" not in everything
    assert "bearer s" not in everything


def test_a_key_that_is_escaped_or_quoted_is_found_too() -> None:
    recipient = Recipient("h", "m", 'geheim/"x"+1')
    for echoed in ("geheim/%22x%22%2B1", "geheim%2F%22x%22%2B1", 'geheim/\\"x\\"+1', "geheim/&quot;x&quot;+1"):
        assert http_errors.scrubbed(f"key {echoed}!", recipient.key) == "key •••!"


def test_a_placeholder_key_of_a_local_server_garbles_no_sentence() -> None:
    assert of_status(Recipient("h", "m", "x"), 500, {}, "next text").error.params["detail"] == "next text"


def test_a_servers_words_are_one_short_line() -> None:
    detail = of_status(SERVER, 500, {}, "a\n\tb\x00" + "c" * 5000).error.params["detail"]
    assert detail.startswith("a b c")
    assert len(detail) == 200


def test_the_key_is_not_in_a_recipients_representation() -> None:
    assert KEY not in repr(SERVER)


def test_every_code_that_a_helper_may_raise_has_its_words() -> None:
    """The codes go through tables and variables, so the test of the texts does not see them."""
    codes = set()
    for file in HELPERS.glob("*.py"):
        for part in file.read_text(encoding="utf-8").split('"')[1::2]:
            if part.startswith(("helper_", "ollama_", "local_model_")) and set(part) <= {
                *string.ascii_lowercase,
                "_",
            }:
                codes.add(part)
    assert len(codes) > 30
    assert [code for code in codes if f"error.{code}" not in KEYS or f"hint.{code}" not in KEYS] == []
