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
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import aiohttp  # noqa: TID251

from core.samples.providers.chat import HelperError, Reaction
from core.samples.providers.error_rules import UNNAMED_STATUS, judged
from utils.errors import AppError
from utils.files import parse_json

MOST_CHARACTERS_SHOWN = 200
MOST_CHARACTERS_READ = 4000
SHORTEST_KEY_TO_HIDE = 4  # local servers take any word as a key, and hiding "x" would only garble the sentence
HIDDEN = "•••"

SECRETS = re.compile(r"\bbearer\s+\S+|\b(?:sk|gsk|hf|rk|pk|xai)[-_][\w.*…-]{4,}", re.IGNORECASE)

KINDS = ("type", "code", "error_type")
MESSAGES = (
    *("message", "error", "detail", "errors", "msg", "error_msg", "error_message", "status_msg", "raw", "reason"),
)
ECHOES = ("input", "failed_generation", "flagged_input", "headers", "ctx", "url", "prompt")  # holds what was sent
SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
WAIT_IN_WORDS = re.compile(
    r"(?:again in|retry (?:after|in)|wait|\"retrydelay\":) \"?((?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?m?s?)", re.IGNORECASE
)

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
    wait = wait_seconds(headers, details, words)
    said = " ".join(strings_in(content, None)) if content is not None else words
    code, reaction = judged(status, said.lower(), wait, recipient.key is not None)
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
        kind = next(
            (word for word in " ".join(strings_in(details, KINDS)).lower().split() if word in STATUS_OF_KIND), ""
        )
        status = STATUS_OF_KIND.get(kind, UNNAMED_STATUS)
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


def filtered_answer(recipient: Recipient, reason: str) -> HelperError:
    """The server held back what the model said; another answer may pass."""
    return HelperError(
        AppError("helper_moderated", place=recipient.place, model=recipient.model, detail=reason), "again"
    )


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
    return ": ".join(strings_in(content, MESSAGES))[:MOST_CHARACTERS_READ]


def strings_in(content: Any, wanted: Container[str] | None) -> Iterator[str]:
    """The texts in an error, all of them or those of the wanted names; none that was sent and only comes back."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for item in content:
            yield from strings_in(item, wanted)
    elif isinstance(content, dict):
        for name, value in content.items():
            if name not in ECHOES and (not isinstance(value, str) or wanted is None or name in wanted):
                yield from strings_in(value, wanted)


def wait_seconds(headers: Mapping[str, str], details: Mapping[str, Any], words: str = "") -> float | None:
    """How long the server asks to wait: `Retry-After` in seconds or as a date, its words, or its limit's reset.

    OpenRouter repeats its providers' headers in the body, under `error.metadata.headers`; Google says "retryDelay".
    """
    metadata = part_of(details, "metadata")
    named = {
        str(name).lower(): value
        for source in (part_of(metadata, "headers"), headers)
        for name, value in source.items()
    }
    in_words = WAIT_IN_WORDS.search(f"{words} {json.dumps(details.get('details'))}")
    asked = [named.get("retry-after"), metadata.get("retry_after_seconds"), in_words and in_words[1]]
    resets = [named.get(f"x-ratelimit-reset{of}") for of in ("", "-tokens", "-requests")]
    return next((wait for wait in map(seconds_until, (*asked, *resets)) if wait is not None), None)


def seconds_until(value: Any) -> float | None:
    """Seconds from now until a date, a moment in seconds or milliseconds, or after a span such as "1m26.4s"."""
    try:
        number = float(value)
    except (ValueError, TypeError):
        span = SPAN.fullmatch(str(value).strip())
        if span and span[0]:
            hours, minutes, seconds, milliseconds = (float(part or 0) for part in span.groups())
            return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
        try:
            number = parsedate_to_datetime(str(value)).timestamp()
        except (ValueError, TypeError, OverflowError):
            return None
    if not math.isfinite(number):
        return None
    if number > 1e11:
        number /= 1000
    return max(0.0, number - time.time() if number > 1e9 else number)
