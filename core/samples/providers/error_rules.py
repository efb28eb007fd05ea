"""What a status and the words with it mean, as servers of many makes say it. Knows no HTTP client."""

import re
from collections.abc import Container

from core.samples.providers.chat import Reaction

LONGEST_WAIT_SECONDS = 1800.0  # a server that asks for more has a limit by the day
UNNAMED_STATUS = 502  # the model's side failed, and nobody says how
# What servers say, in lower case.
KEY = re.compile(
    r"(incorrect|invalid|wrong|missing|expired) api[ _-]?key|api[ _]key (not valid|not found|is invalid|expired)"
    r"|api_key_invalid|invalid_api_key|invalid x-api-key|invalid[ _]authentication|no auth credentials"
)
CREDIT = re.compile(
    r"insufficient[ _-]?(quota|credit|balance|fund)|credit balance|exceeded[ _](your[ _])?current[ _]quota|arrearage"
    r"|余额|欠费|spending limit|budget (has been )?exceeded|freetieronly|billing|not enough (credit|balance)"
    r"|payment required|account .{0,30}(suspended|deactivated)|out of credit"
)
ANSWER_TOO_LONG = re.compile(  # not the prompt, but what was asked for
    r"max_(completion_|output_)?tokens\W.{0,80}(range|must be (less|at most|between|no more)|at most|<= ?\d"
    r"|maximum (allowed|value))|maximum allowed number of output tokens"
)
PROMPT_TOO_LONG = re.compile(
    r"context[ _](length|window|size|overflow)|exceeds the limit of \d|longer than the (model's )?context"
    r"|(prompt|input|request) (is |was )?too (long|large)|string(_too_long|[ _]above[ _]max| too long)"
    r"|token_limit_exceeded|too many tokens|token limit|tokens \+ `max_new_tokens|input length|超长"
    r"|maximum (prompt|context|number of tokens)|reduce (the length of the|your) (messages|prompt|message size)"
    r"|range of input length|less than \d+ tokens|prompt contains \d+ tokens|tokens to keep from the initial prompt"
)
TOO_LARGE = re.compile(r"(request|prompt) too large")
MODERATED = re.compile(
    r"moderation|content[ _](policy|filter|management)|flagged|content exists risk|inappropriate|inspection_?failed"
    r"|high risk|(?<!case[ -])sensitive|敏感|违规|unsafe|safety (system|setting|filter|reason|polic)|guardrail"
    r"|prohibited[ _]content|responsible_?ai|\b1301\b|jailbreak|violat\w+ .{0,30}(polic|guideline|terms)"
    r"|blocked (by|due|for)(?! your account)|not compliant|illegal content|safety check|内容安全|违禁"
)
NO_MODEL = re.compile(
    r"not a valid model|invalid[ _]model|model[ _](id )?not[ _](found|exist|available)|no such model|模型不存在"
    r"|model .{0,80}(does not exist|not found|decommissioned|no longer (available|supported))|no models loaded"
    r"|deploymentnotfound|no endpoints found|unable to access model|unknown model"
)
NO_PATH = re.compile(r"(unexpected|unknown) endpoint")
NO_MEMORY = re.compile(r"more system memory|out of memory|cudamalloc|not enough memory|insufficient memory")
BUSY = re.compile(r"capacity|overload|server busy|\bloading\b")
FAILED = re.compile(  # the model, or (OpenRouter) one of several providers of it: the next try may go better
    r"json_validate_failed|failed to (generate|parse|call)|tool_use_failed|provider returned error|generation|crashed"
    r"|unloaded|try again|temporar|timed? ?-?out|cuda error|upstream|connection"
)

ANY = frozenset(range(400, 600)) - {401, 402, 429}
# For which statuses the words count, and what they mean. The first that fits does.
RULES: tuple[tuple[re.Pattern[str], Container[int], str, Reaction], ...] = (
    (KEY, (400, 401, 403, UNNAMED_STATUS), "helper_key_refused", "stop"),
    (CREDIT, (400, 402, 403, 412, 429, UNNAMED_STATUS), "helper_no_credit", "stop"),
    (ANSWER_TOO_LONG, (400, 422), "helper_request_refused", "skip"),
    (PROMPT_TOO_LONG, ANY, "helper_prompt_too_long", "skip"),
    (TOO_LARGE, (413, 429), "helper_prompt_too_long", "skip"),
    (MODERATED, (400, 403, 421, 422, 451, 500, UNNAMED_STATUS), "helper_moderated", "skip"),
    (NO_MODEL, (400, 403, 404, 422, UNNAMED_STATUS), "helper_model_missing", "stop"),
    (NO_PATH, ANY, "helper_wrong_address", "stop"),
    (NO_MEMORY, range(500, 600), "helper_no_memory", "stop"),
    (BUSY, (400, 409, 424, 500, UNNAMED_STATUS), "helper_overloaded", "slow_down"),
    (FAILED, (400, 422), "helper_server_failed", "again"),
)
# What a status means where the words with it say nothing special.
BY_STATUS: dict[int, tuple[str, Reaction]] = {
    401: ("helper_key_refused", "stop"),
    402: ("helper_no_credit", "stop"),
    403: ("helper_forbidden", "stop"),
    407: ("helper_proxy", "stop"),
    413: ("helper_prompt_too_long", "skip"),
    429: ("helper_rate_limited", "slow_down"),
    499: ("helper_connection_lost", "again"),
    **dict.fromkeys((404, 405), ("helper_wrong_address", "stop")),
    **dict.fromkeys((408, 504, 524), ("helper_too_slow", "again")),
    **dict.fromkeys((409, 424, 425), ("helper_server_failed", "again")),
    **dict.fromkeys((423, 498, 503, 529), ("helper_overloaded", "slow_down")),
}


def judged(status: int, words: str, wait: float | None, has_key: bool) -> tuple[str, Reaction]:
    """The code of the error, and what becomes of the work. `words` are in lower case; `wait` is what was asked for.

    A request that is refused for a reason that nobody knows is only this one request.
    """
    if status in (402, 429) and wait is not None and "insufficient" not in words:
        # 402 too: credit may be bound by requests under way.
        return ("helper_daily_limit", "stop") if wait > LONGEST_WAIT_SECONDS else ("helper_rate_limited", "slow_down")
    if status == 401 and not has_key:
        return "helper_key_missing", "stop"
    for said, statuses, code, reaction in RULES:
        if status in statuses and said.search(words):
            return code, reaction
    if status == 404 and ("model" in words or "endpoints" in words):
        return "helper_model_missing", "stop"
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return "helper_server_failed", "again"
    return ("helper_redirected", "stop") if 300 <= status < 400 else ("helper_request_refused", "skip")
