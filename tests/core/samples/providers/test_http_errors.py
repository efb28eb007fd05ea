"""What a status and its words mean: the sentence for people, and what becomes of the work."""

import errno
import json
import re
import ssl
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


def body(message="", **more):
    return json.dumps({"error": {"message": message, **more}})


RATE_LIMITED = {"headers": {"X-RateLimit-Reset": str(int(time.time() + 9 * 3600) * 1000)}}


@pytest.mark.parametrize(
    ("status", "words", "code", "reaction"),
    [
        (400, body("bad"), "helper_request_refused", "skip"),
        (400, body("The prompt is too blue: case-sensitive safety goggles"), "helper_request_refused", "skip"),
        (422, '{"detail":[{"msg":"bad","input":"context length"}]}', "helper_request_refused", "skip"),
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
        (400, '{"error_msg":"the content of the message is not compliant"}', "helper_moderated", "skip"),
        (400, body("request rejected by safety check"), "helper_moderated", "skip"),
        (400, body("输入内容包含违禁信息"), "helper_moderated", "skip"),
        (403, body("Access to this model is blocked for your account"), "helper_forbidden", "stop"),
        (422, body("`inputs` must have less than 4096 tokens. Given: 5000"), "helper_prompt_too_long", "skip"),
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
        (429, body("free-models-per-day", metadata=RATE_LIMITED), "helper_daily_limit", "stop"),
        (500, "oops", "helper_server_failed", "again"),
        (500, '{"error":"model requires more system memory (8 GiB) than is available"}', "helper_no_memory", "stop"),
        (502, "<html>Bad Gateway</html>", "helper_server_failed", "again"),
        (503, '{"error":"server busy, please try again."}', "helper_overloaded", "slow_down"),
        (504, "", "helper_too_slow", "again"),
        (520, "", "helper_server_failed", "again"),
        (529, "", "helper_overloaded", "slow_down"),
        (301, "", "helper_redirected", "stop"),
        (418, "", "helper_request_refused", "skip"),
    ],
)  # fmt: skip
def test_each_status_has_its_meaning(status, words, code, reaction):
    error = of_status(SERVER, status, {}, words)
    assert (error.error.code, error.reaction) == (code, reaction)
    for language in LANGUAGES:
        happened, hint = error_text(error.error.code, language, error.error.params)
        assert "llm.example" in happened or "some/model" in happened
        assert "{" not in happened + hint


def test_without_a_key_401_asks_for_one():
    assert of_status(Recipient("h", "m"), 401, {}, "").error.code == "helper_key_missing"


def test_credit_that_is_bound_by_requests_under_way_is_waited_for():
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
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, {}, 0.0),
        ({"Retry-After": formatdate(time.time() + 90_000, usegmt=True)}, {}, pytest.approx(90_000, abs=9000)),
        ({}, {"metadata": {"headers": {"Retry-After": "9"}}}, 9.0),
        ({}, {"metadata": {"retry_after_seconds": 16.5}}, 16.5),
        ({"X-RateLimit-Reset": "30"}, {}, 30.0),
        ({"x-ratelimit-reset-tokens": "1m26.4s"}, {}, 86.4),
        ({"x-ratelimit-reset-requests": "250ms"}, {}, 0.25),
        ({}, {"details": [{"retryDelay": "34s"}]}, 34.0),
        ({}, {"metadata": "odd"}, None),
        ({}, {}, None),
    ],
)
def test_how_long_a_server_asks_to_wait(headers, details, seconds):
    assert wait_seconds(headers, details) == seconds


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        *(
            ("Please try again in 7.66s.", 7.66),
            ("try again in 800ms", 0.8),
            ("Please retry after 26 seconds.", 26.0),
        ),
        *(("try again in 2m59.56s", 179.56), ("try again in 1h2m3s", 3723.0), ("try again later", None)),
    ],
)
def test_how_long_a_server_asks_to_wait_in_words(words, seconds):
    assert wait_seconds({}, {}, words) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("factor", [1, 1000])
def test_openrouter_names_the_moment_of_the_next_request_in_the_body(factor):
    reset = str(int((time.time() + 40) * factor))
    error = of_status(SERVER, 429, {}, body("Rate limit", metadata={"headers": {"X-RateLimit-Reset": reset}}))
    assert error.retry_after_seconds == pytest.approx(40, abs=5)
    assert error.reaction == "slow_down"


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
def test_an_error_under_status_200_is_one(content, code, reaction):
    error = of_content(SERVER, content)
    assert (error.error.code, error.reaction) == (code, reaction)


@pytest.mark.parametrize("content", [{"choices": []}, {"error": None}, [], "text", 7])
def test_what_holds_no_error_is_none(content):
    assert of_content(SERVER, content) is None


CONNECTION = SimpleNamespace(host="h", port=1, ssl=True, is_ssl=True)
NO_NAME = CONNECTION, OSError(-2, "Not known")
NO_TLS = (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)


def unconnected(number):
    return aiohttp.ClientConnectorError(CONNECTION, OSError(number, "x"))


@pytest.mark.parametrize(
    ("code", "reaction", "errors"),
    [
        ("helper_nobody_there", "stop", [unconnected(errno.ECONNREFUSED)]),
        ("helper_no_network", "stop", [unconnected(errno.ENETUNREACH), aiohttp.ClientConnectorDNSError(*NO_NAME)]),
        ("helper_tls", "stop", [kind(CONNECTION, ssl.SSLError(1, "x")) for kind in NO_TLS]),
        ("helper_proxy", "stop", [aiohttp.ClientProxyConnectionError(CONNECTION, OSError(errno.ECONNREFUSED, "x"))]),
        ("helper_address_invalid", "stop", [aiohttp.InvalidURL("http://[")]),
        ("helper_too_slow", "again", [aiohttp.SocketTimeoutError(), aiohttp.ConnectionTimeoutError()]),
        ("helper_too_slow", "again", [TimeoutError()]),
        ("helper_connection_lost", "again", [aiohttp.ServerDisconnectedError(), aiohttp.ClientPayloadError()]),
        ("helper_connection_lost", "again", [ConnectionResetError(), unconnected(errno.ECONNRESET)]),
    ],
)
def test_each_broken_connection_has_its_meaning(code, reaction, errors):
    for error in errors:
        found = of_connection(SERVER, error)
        assert (found.error.code, found.reaction) == (code, reaction), error


@pytest.mark.parametrize(
    "echoed",
    [
        *(f"Invalid key {KEY}", f"Invalid key {KEY.upper()}", f"Authorization: Bearer {KEY}"),
        *("Incorrect API key provided: sk-or-v1-01********cdef.", "Bearer something-else-entirely"),
        f"<html><title>{KEY}</title></html>",
        json.dumps({"error": {"message": "no", "metadata": {"raw": f"key={KEY}"}}}),
        json.dumps({"detail": [{"msg": "bad", "input": {"authorization": f"Bearer {KEY}"}}]}),
    ],
)
def test_no_key_that_a_server_echoes_gets_through(echoed):
    error = of_status(SERVER, 401, {"WWW-Authenticate": KEY}, echoed)
    everything = f"{error} {error!r} {error.error} {error.error.params} {vars(error)} {SERVER!r}".lower()
    assert not [secret for secret in (KEY.lower(), "sk-or", "bearer s") if secret in everything]


def test_a_key_that_is_escaped_or_quoted_is_found_too():
    recipient = Recipient("h", "m", 'geheim/"x"+1')
    for echoed in ("geheim/%22x%22%2B1", "geheim%2F%22x%22%2B1", 'geheim/\\"x\\"+1', "geheim/&quot;x&quot;+1"):
        assert http_errors.scrubbed(f"key {echoed}!", recipient.key) == "key •••!"


def test_a_servers_words_are_one_short_line_that_no_placeholder_key_garbles():
    detail = of_status(Recipient("h", "m", "x"), 500, {}, "a\n\tb\x00x" + "c" * 5000).error.params["detail"]
    assert detail.startswith("a b xc")
    assert len(detail) == 200


def test_every_code_that_a_helper_may_raise_has_its_words():
    """The codes go through tables and variables, so the test of the texts does not see them."""
    sources = "".join(file.read_text(encoding="utf-8") for file in HELPERS.glob("*.py"))
    codes = set(re.findall(r'"((?:helper|ollama|local_model)_[a-z_]+)"', sources))
    assert len(codes) > 30
    assert [code for code in codes if f"error.{code}" not in KEYS or f"hint.{code}" not in KEYS] == []
