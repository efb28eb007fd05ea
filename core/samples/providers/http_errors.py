"""What went wrong with a request → a HelperError: what to say, and what becomes of the work. Sends nothing.

Servers put what they were sent into their errors, keys too. Whatever of a server's words goes on from here has been
through `scrubbed`.
"""

import errno
import html
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp  # noqa: TID251

from core.samples.providers.chat import HelperError, Reaction
from utils.errors import AppError
from utils.files import parse_json

MOST_CHARACTERS_SHOWN = 200
MOST_CHARACTERS_READ = 4000
LONGEST_WAIT_SECONDS = 1800.0  # a server that asks for more has a limit by the day
SHORTEST_KEY_TO_HIDE = 4  # local servers take any word as a key, and hiding "x" would only garble the sentence
HIDDEN = "•••"

SECRETS = re.compile(r"\bbearer\s+\S+|\b(?:sk|gsk|hf|rk|pk|xai)[-_][\w.*…-]{4,}", re.IGNORECASE)

# What servers of many makes say, in lower case.
TOO_LONG = re.compile(
    "context[ _](length|window|size)|longer than the context|(prompt|input) is too long"
    "|string_too_long|token_limit_exceeded|too many tokens"
)
MODERATED = re.compile("moderation|content[ _](policy|filter)|content management policy|flagged")
NO_SUCH_MODEL = re.compile("not a valid model|invalid_model|model[ _]not[ _]found|no such model")
NO_CREDIT = re.compile("insufficient[ _](quota|credits)")
UNKNOWN_PATH = re.compile("(unexpected|unknown) endpoint")
NO_MEMORY = re.compile("more system memory|out of memory|cudamalloc|not enough memory")

# Errors that come under HTTP 200 may name their kind in words instead of a status.
STATUS_OF_KIND = {
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "provider_overloaded": 503,
    "overloaded_error": 503,
    "invalid_request_error": 400,
    "invalid_prompt": 400,
    "authentication_error": 401,
    "payment_required": 402,
    "permission_error": 403,
    "not_found_error": 404,
}
UNNAMED_STATUS = 502  # the model's side failed, and nobody says how

# What a status means where the words with it say nothing special.
BY_STATUS: dict[int, tuple[str, Reaction]] = {
    401: ("helper_key_refused", "stop"),
    402: ("helper_no_credit", "stop"),
    403: ("helper_forbidden", "stop"),
    404: ("helper_wrong_address", "stop"),
    405: ("helper_wrong_address", "stop"),
    407: ("helper_proxy", "stop"),
    408: ("helper_too_slow", "again"),
    413: ("helper_prompt_too_long", "skip"),
    429: ("helper_rate_limited", "slow_down"),
    503: ("helper_overloaded", "slow_down"),
    504: ("helper_too_slow", "again"),
    524: ("helper_too_slow", "again"),
    529: ("helper_overloaded", "slow_down"),
}

# What an exception of the connection means: the first kind that it is.
BY_EXCEPTION: tuple[tuple[type[BaseException], str, Reaction], ...] = (
    (aiohttp.InvalidURL, "helper_address_invalid", "stop"),
    (aiohttp.ClientHttpProxyError, "helper_proxy", "stop"),
    (aiohttp.ClientProxyConnectionError, "helper_proxy", "stop"),
    (aiohttp.ClientSSLError, "helper_tls", "stop"),
    (aiohttp.ServerFingerprintMismatch, "helper_tls", "stop"),
    (aiohttp.ClientConnectorDNSError, "helper_no_network", "stop"),
    (TimeoutError, "helper_too_slow", "again"),
)
NETWORK_IS_OUT = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
CONNECTION_IS_LOST = {errno.ECONNRESET, errno.ETIMEDOUT}


@dataclass(frozen=True)
class Recipient:
    """Who is asked, as an error names it. The key is here only to be kept out of everything that is said."""

    place: str
    model: str = ""
    key: str | None = field(default=None, repr=False)


class HttpError(HelperError):
    """A request that the server itself answered with an error. `words` are the server's own, scrubbed."""

    def __init__(
        self, error: AppError, reaction: Reaction, retry_after_seconds: float | None, status: int, words: str
    ) -> None:
        super().__init__(error, reaction, retry_after_seconds)
        self.status = status
        self.words = words


def of_status(recipient: Recipient, status: int, headers: Mapping[str, str], body: str) -> HttpError:
    """The error that a response with another status than 200 means."""
    content = parsed(body)
    words = scrubbed(words_of(content) if content is not None else readable(body), recipient.key)
    details = error_object(content)
    wait = wait_seconds(headers, details)
    code, reaction = judged(recipient, status, f"{words} {kinds_of(details)}".lower(), details, wait)
    error = AppError(
        code, place=recipient.place, model=recipient.model, status=status, detail=shortened(words) or f"HTTP {status}"
    )
    return HttpError(error, reaction, wait if reaction == "slow_down" else None, status, words)


def of_content(recipient: Recipient, content: Any) -> HttpError | None:
    """The error that a body holds although its status is 200, or a line in the middle of a stream; else None."""
    if not isinstance(content, dict) or not content.get("error"):
        return None
    details = error_object(content)
    code = details.get("code") or details.get("status")
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    if status is None:
        kind = next((word for word in kinds_of(details).lower().split() if word in STATUS_OF_KIND), "")
        status = STATUS_OF_KIND.get(kind, UNNAMED_STATUS)
    if UNKNOWN_PATH.search(words_of(content).lower()):
        status = 404
    return of_status(recipient, status, {}, json.dumps(content))


def of_connection(recipient: Recipient, error: BaseException) -> HelperError:
    """The error of a request that got no answer, or not the whole of it."""
    code: str = "helper_connection_lost"
    reaction: Reaction = "again"
    for kind, meaning, answer in BY_EXCEPTION:
        if isinstance(error, kind):
            return HelperError(AppError(meaning, place=recipient.place), answer)
    if isinstance(error, aiohttp.ClientResponseError):
        return strange_answer(recipient)
    if isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno not in CONNECTION_IS_LOST:
        is_out = error.os_error.errno in NETWORK_IS_OUT
        code, reaction = "helper_no_network" if is_out else "helper_nobody_there", "stop"
    return HelperError(AppError(code, place=recipient.place), reaction)


def strange_answer(recipient: Recipient, body: str = "") -> HelperError:
    """An answer came, but none that a helper model would give."""
    detail = shortened(scrubbed(readable(body), recipient.key)) or "–"
    return HelperError(AppError("helper_strange_answer", place=recipient.place, detail=detail), "again")


def judged(
    recipient: Recipient, status: int, words: str, details: Mapping[str, Any], wait: float | None
) -> tuple[str, Reaction]:
    """The code of the error, and what becomes of the work. `words` are in lower case."""
    if status not in (401, 402, 429) and TOO_LONG.search(words):
        return "helper_prompt_too_long", "skip"
    is_flagged = MODERATED.search(words) or "flagged_input" in part_of(details, "metadata")
    if status in (400, 403, 422, 451) and is_flagged:
        return "helper_moderated", "skip"
    if NO_SUCH_MODEL.search(words) or (status == 404 and ("model" in words or "endpoints" in words)):
        return "helper_model_missing", "stop"
    if status >= 500 and NO_MEMORY.search(words):
        return "helper_no_memory", "stop"
    if status == 429 and NO_CREDIT.search(words):
        return "helper_no_credit", "stop"
    if status == 429 and wait is not None and wait > LONGEST_WAIT_SECONDS:
        return "helper_daily_limit", "stop"
    if status == 400 and "provider returned error" in words:
        # OpenRouter passes on what one of several providers of the model said: the next may take the request.
        return "helper_server_failed", "again"
    if status == 402 and wait is not None:
        return "helper_rate_limited", "slow_down"  # credit that is bound by requests under way
    if status == 401 and not recipient.key:
        return "helper_key_missing", "stop"
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return "helper_server_failed", "again"
    return "helper_redirected" if 300 <= status < 400 else "helper_request_refused", "stop"


def scrubbed(words: str, key: str | None) -> str:
    """A server's words without the key, however it is written, and without anything that looks like one."""
    if key and len(key) >= SHORTEST_KEY_TO_HIDE:
        for written in {key, quote(key), quote(key, safe=""), json.dumps(key)[1:-1], html.escape(key)}:
            words = re.sub(re.escape(written), HIDDEN, words, flags=re.IGNORECASE)
    return SECRETS.sub(HIDDEN, words)


def shortened(words: str) -> str:
    """One line that a person can read in a moment."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
    return line if len(line) <= MOST_CHARACTERS_SHOWN else line[: MOST_CHARACTERS_SHOWN - 1] + "…"


def readable(body: str) -> str:
    """A body that is no JSON, as text: of a page only its title."""
    body = body[:MOST_CHARACTERS_READ].strip()
    if not body.startswith("<"):
        return body
    title = re.search(r"<title[^>]*>(.*?)</title>", body, re.IGNORECASE | re.DOTALL)
    return html.unescape(title[1]) if title else ""


def parsed(body: str | bytes) -> Any:
    """A body as JSON, or None where it is none."""
    try:
        return parse_json(body, half_pairs=True)
    except ValueError:
        return None


def error_object(content: Any) -> Mapping[str, Any]:
    """The part of an answer that describes the error: servers disagree on how deep it lies."""
    if isinstance(content, list):
        content = content[0] if content else None
    if not isinstance(content, dict):
        return {}
    inner = content.get("error")
    return inner if isinstance(inner, dict) else content


def part_of(content: Any, name: str) -> Mapping[str, Any]:
    """The object below a name in what a server said; empty where there is none."""
    part = content.get(name) if isinstance(content, dict) else None
    return part if isinstance(part, dict) else {}


def words_of(content: Any) -> str:
    """What a server says about its error, in its own words."""
    details = error_object(content)
    raw = part_of(details, "metadata").get("raw")
    parts = [details.get("message"), details.get("error"), details.get("detail"), raw]
    said_at_all = [part if isinstance(part, str) else json.dumps(part) for part in parts if part]
    return ": ".join(said_at_all)[:MOST_CHARACTERS_READ]


def kinds_of(details: Mapping[str, Any]) -> str:
    """The names that a server gives the kind of its error."""
    inner = part_of(details, "metadata").get("error_type")
    names = (details.get("type"), details.get("code"), details.get("error_type"), inner)
    return " ".join(name for name in names if isinstance(name, str))


def wait_seconds(headers: Mapping[str, str], details: Mapping[str, Any]) -> float | None:
    """How long the server asks to wait: `Retry-After` in seconds or as a date, or when its limit is set back.

    OpenRouter repeats its providers' headers in the body, under `error.metadata.headers`.
    """
    metadata = part_of(details, "metadata")
    sources = (headers, part_of(metadata, "headers"))
    named = [{str(name).lower(): value for name, value in source.items()} for source in sources]
    asked = [source.get("retry-after") for source in named]
    resets = [source.get("x-ratelimit-reset") for source in named]
    waits = map(seconds_until, (*asked, metadata.get("retry_after_seconds"), *resets))
    return next((wait for wait in waits if wait is not None), None)


def seconds_until(value: Any) -> float | None:
    """Seconds from now until a date, a moment in seconds or milliseconds, or after a span; None for anything else."""
    try:
        number = float(value)
    except (ValueError, TypeError):
        try:
            number = parsedate_to_datetime(str(value)).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
    if not math.isfinite(number):
        return None
    if number > 1e11:
        number /= 1000
    return max(0.0, number - time.time() if number > 1e9 else number)
