# ruff: noqa: E501 (one error a line)
"""Errors as the providers document them, or as people quoted them in public reports, and what each means for the work.

`passes` says that the work goes on: the request is asked again, waits, or is the only one that is lost.
"""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Documented:
    """One error. `code` is what is said to people where it stops the work or costs the request."""

    provider: str
    status: int
    body: Any
    code: str
    passes: bool = True
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


def of_openai(
    message: str, kind: str = "invalid_request_error", code: str | None = None, **more: Any
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code, **more}}


def of_anthropic(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def of_google(code: int, message: str, status: str, **more: Any) -> list[dict[str, Any]]:
    return [{"error": {"code": code, "message": message, "status": status, **more}}]


RETRY_INFO = {"details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34s"}]}
FILTERED = {
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
}

DOCUMENTED = [
    Documented("OpenAI", 401, of_openai("Incorrect API key provided: sk-ab***yz.", code="invalid_api_key"), "helper_key_refused", False),
    Documented("OpenAI", 403, of_openai("Country, region, or territory not supported", "request_forbidden", "unsupported_country_region_territory"), "helper_forbidden"),
    Documented("OpenAI", 404, of_openai("The model `gpt-9` does not exist or you do not have access to it.", code="model_not_found"), "helper_model_missing"),
    Documented("OpenAI", 400, of_openai("This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (8200 in the messages, 900 in the completion). Please reduce the length of the messages or completion.", code="context_length_exceeded"), "helper_prompt_too_long"),
    Documented("OpenAI", 400, of_openai("Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got a string with length 2000000 instead.", code="string_above_max_length"), "helper_prompt_too_long"),
    Documented("OpenAI", 400, of_openai("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", code="invalid_prompt"), "helper_moderated"),
    Documented("OpenAI", 429, of_openai("Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29500, Requested 900. Please try again in 800ms.", "tokens", "rate_limit_exceeded"), "helper_rate_limited"),
    Documented("OpenAI", 429, of_openai("Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 40000. The input or output tokens must be reduced in order to run successfully.", "tokens", "rate_limit_exceeded"), "helper_prompt_too_long"),
    Documented("OpenAI", 429, of_openai("You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", "insufficient_quota"), "helper_no_credit", False),
    Documented("OpenAI", 500, of_openai("The server had an error while processing your request. Sorry about that!", "server_error"), "helper_server_failed"),
    Documented("OpenAI", 503, of_openai("The engine is currently overloaded, please try again later", "server_error"), "helper_overloaded"),
    Documented("OpenRouter", 400, {"error": {"code": 400, "message": "Provider returned error", "metadata": {"raw": "{\"error\":\"bad\"}", "provider_name": "X"}}}, "helper_server_failed"),
    Documented("OpenRouter", 402, {"error": {"code": 402, "message": "Insufficient credits. Add more using https://openrouter.ai/settings/credits"}}, "helper_no_credit", False),
    Documented("OpenRouter", 402, {"error": {"code": 402, "message": "This request requires more credits, or fewer max_tokens. You requested up to 900 tokens, but can only afford 100."}}, "helper_no_credit", False),
    Documented("OpenRouter", 403, {"error": {"code": 403, "message": "x requires moderation on Y. Your input was flagged for \"violence\".", "metadata": {"reasons": ["violence"], "flagged_input": "…", "provider_name": "Y"}}}, "helper_moderated"),
    Documented("OpenRouter", 404, {"error": {"code": 404, "message": "No endpoints found that can handle the requested parameters."}}, "helper_model_missing"),
    Documented("OpenRouter", 408, {"error": {"code": 408, "message": "Request timed out"}}, "helper_too_slow"),
    Documented("OpenRouter", 502, {"error": {"code": 502, "message": "Your chosen model is down or we received an invalid response from it"}}, "helper_server_failed"),
    Documented("OpenRouter", 200, {"error": {"code": 429, "message": "Rate limit exceeded"}}, "helper_rate_limited"),
    Documented("OpenRouter", 200, {"choices": [{"error": {"code": 502, "message": "Upstream error"}, "finish_reason": "error", "message": {"content": ""}}]}, "helper_server_failed"),
    Documented("Ollama", 404, of_openai("model \"qwen9\" not found, try pulling it first", "api_error"), "helper_model_missing"),
    Documented("Ollama", 500, of_openai("model requires more system memory (8.4 GiB) than is available (3.1 GiB)", "api_error"), "helper_no_memory"),
    Documented("Ollama", 500, of_openai("llama runner process has terminated: exit status 2", "api_error"), "helper_server_failed"),
    Documented("Ollama", 503, of_openai("server busy, please try again.  maximum pending requests exceeded", "api_error"), "helper_overloaded"),
    Documented("vLLM", 400, {"object": "error", "message": "This model's maximum context length is 4096 tokens. However, your request has 4400 input tokens. Please reduce the length of the input messages.", "type": "BadRequestError", "param": None, "code": 400}, "helper_prompt_too_long"),
    Documented("vLLM", 404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "param": None, "code": 404}, "helper_model_missing"),
    Documented("vLLM", 401, {"error": "Unauthorized"}, "helper_key_refused", False),
    Documented("vLLM", 500, "Internal Server Error", "helper_server_failed"),
    Documented("llama.cpp", 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, "helper_overloaded"),
    Documented("llama.cpp", 400, {"error": {"code": 400, "message": "the request exceeds the available context size (4096 tokens), try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}}, "helper_prompt_too_long"),
    Documented("llama.cpp", 500, {"error": {"code": 500, "message": "context shift is disabled", "type": "server_error"}}, "helper_server_failed"),
    Documented("llama.cpp", 401, {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}}, "helper_key_refused", False),
    Documented("LM Studio", 400, {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."}, "helper_prompt_too_long"),
    Documented("LM Studio", 400, {"error": "The model has crashed without additional information. (Exit code: 6)"}, "helper_server_failed"),
    Documented("LM Studio", 404, of_openai("No models loaded. Please load a model in the developer page or use the `lms load` command.", code="model_not_found"), "helper_model_missing"),
    Documented("LM Studio", 200, {"error": "Unexpected endpoint or method. (POST /chat/completion)"}, "helper_wrong_address"),
    Documented("Together", 422, of_openai("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 4300 `inputs` tokens and 512 `max_new_tokens`"), "helper_prompt_too_long"),
    Documented("Together", 404, of_openai("Unable to access model x. Please visit https://api.together.ai/models to view the list of supported models.", code="model_not_available"), "helper_model_missing"),
    Documented("Together", 402, of_openai("Credit limit exceeded, please add a payment method.", "credit_limit"), "helper_no_credit", False),
    Documented("Together", 524, "<html><title>524: A timeout occurred</title></html>", "helper_too_slow"),
    Documented("Groq", 400, of_openai("Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.", code="json_validate_failed", failed_generation="{"), "helper_server_failed"),
    Documented("Groq", 413, of_openai("Request too large for model `x` in organization `o` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 7100, please reduce your message size and try again.", "tokens", "rate_limit_exceeded"), "helper_prompt_too_long"),
    Documented("Groq", 429, of_openai("Rate limit reached for model `x` on tokens per minute (TPM): Limit 6000, Used 5900, Requested 700. Please try again in 7.66s.", "tokens", "rate_limit_exceeded"), "helper_rate_limited"),
    Documented("Groq", 498, of_openai("Flex tier capacity exceeded, please try again later", "capacity_exceeded"), "helper_overloaded"),
    Documented("Groq", 400, of_openai("The model `x` has been decommissioned and is no longer supported.", code="model_decommissioned"), "helper_model_missing"),
    Documented("Mistral", 400, {"object": "error", "message": "Prompt contains 33000 tokens and 900 draft tokens, too large for model with 32768 maximum context length", "type": "invalid_request_error", "code": "3051"}, "helper_prompt_too_long"),
    Documented("Mistral", 400, {"object": "error", "message": "Invalid model: x", "type": "invalid_model", "code": "1500"}, "helper_model_missing"),
    Documented("Mistral", 401, {"detail": "Unauthorized"}, "helper_key_refused", False),
    Documented("Mistral", 429, {"object": "error", "message": "Service tier capacity exceeded for this model.", "type": "service_tier_capacity_exceeded", "code": "3505"}, "helper_rate_limited"),
    Documented("DeepSeek", 400, of_openai("Content Exists Risk", code="invalid_request_error"), "helper_moderated"),
    Documented("DeepSeek", 400, of_openai("Model Not Exist", code="invalid_request_error"), "helper_model_missing"),
    Documented("DeepSeek", 402, of_openai("Insufficient Balance", "unknown_error", "invalid_request_error"), "helper_no_credit", False),
    Documented("DeepSeek", 401, of_openai("Authentication Fails, Your api key: ****abcd is invalid", "authentication_error"), "helper_key_refused", False),
    Documented("DeepSeek", 422, of_openai("Failed to deserialize the JSON body into the target type"), "helper_request_refused"),
    Documented("Azure", 400, of_openai("The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", code="content_filter", status=400, **FILTERED), "helper_moderated"),
    Documented("Azure", 404, of_openai("The API deployment for this resource does not exist.", code="DeploymentNotFound"), "helper_model_missing"),
    Documented("Azure", 429, of_openai("Requests to the ChatCompletions_Create Operation have exceeded call rate limit. Please retry after 26 seconds.", code="429"), "helper_rate_limited", headers={"retry-after-ms": "26000"}),
    Documented("Azure", 401, of_openai("Access denied due to invalid subscription key or wrong API endpoint.", code="401"), "helper_key_refused", False),
    Documented("Anthropic", 400, of_anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), "helper_prompt_too_long"),
    Documented("Anthropic", 400, of_anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing."), "helper_no_credit", False),
    Documented("Anthropic", 401, of_anthropic("authentication_error", "invalid x-api-key"), "helper_key_refused", False),
    Documented("Anthropic", 404, of_anthropic("not_found_error", "model: claude-0"), "helper_model_missing"),
    Documented("Anthropic", 413, of_anthropic("request_too_large", "Request exceeds the maximum size"), "helper_prompt_too_long"),
    Documented("Anthropic", 529, of_anthropic("overloaded_error", "Overloaded"), "helper_overloaded"),
    Documented("Google", 400, of_google(400, "API key not valid. Please pass a valid API key.", "INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}]), "helper_key_refused", False),
    Documented("Google", 400, of_google(400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", "INVALID_ARGUMENT"), "helper_prompt_too_long"),
    Documented("Google", 429, of_google(429, "You exceeded your current quota, please check your plan and billing details.", "RESOURCE_EXHAUSTED", **RETRY_INFO), "helper_rate_limited"),
    Documented("Google", 503, of_google(503, "The model is overloaded. Please try again later.", "UNAVAILABLE"), "helper_overloaded"),
    Documented("xAI", 400, {"code": "Client specified an invalid argument", "error": "This model's maximum prompt length is 131072 but the request contains 137000 tokens."}, "helper_prompt_too_long"),
    Documented("xAI", 400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***ab."}, "helper_key_refused", False),
    Documented("DashScope", 400, of_openai("Input data may contain inappropriate content.", "data_inspection_failed", "data_inspection_failed"), "helper_moderated"),
    Documented("DashScope", 400, of_openai("Range of input length should be [1, 30720]", code="invalid_parameter_error"), "helper_prompt_too_long"),
    Documented("DashScope", 400, of_openai("Access denied, please make sure your account is in good standing.", "Arrearage", "Arrearage"), "helper_no_credit", False),
    Documented("Zhipu", 400, {"error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容。"}}, "helper_moderated"),
    Documented("Zhipu", 429, {"error": {"code": "1113", "message": "您的账户已欠费，请充值后重试。"}}, "helper_no_credit", False),
    Documented("Moonshot", 400, of_openai("The request was rejected because it was considered high risk", "content_filter"), "helper_moderated"),
    Documented("Moonshot", 400, of_openai("Invalid request: Your request exceeded model token limit: 8192"), "helper_prompt_too_long"),
    Documented("Moonshot", 429, of_openai("Your account org-1 is suspended, please check your plan and billing details", "exceeded_current_quota_error"), "helper_no_credit", False),
    Documented("TGI", 424, {"error": "Request failed during generation: Server error: CUDA error", "error_type": "generation"}, "helper_server_failed"),
    Documented("TGI", 429, {"error": "Model is overloaded", "error_type": "overloaded"}, "helper_rate_limited"),
    Documented("SGLang", 400, {"object": "error", "message": "The input (5000 tokens) is longer than the model's context length (4096 tokens).", "type": "BadRequestError", "code": 400}, "helper_prompt_too_long"),
    Documented("MiniMax", 400, {"type": "error", "error": {"type": "bad_request_error", "message": "invalid params, context window exceeds limit (2013)", "http_code": "400"}}, "helper_prompt_too_long"),
    Documented("a gateway", 403, "<html><title>Attention Required! | Cloudflare</title></html>", "helper_forbidden"),
    Documented("a gateway", 418, "I'm a teapot", "helper_request_refused"),
    Documented("a gateway", 409, {"error": {"message": "Conflict"}}, "helper_server_failed"),
    Documented("a gateway", 425, "Too Early", "helper_server_failed"),
    Documented("a gateway", 499, "client closed request", "helper_connection_lost"),
    Documented("a gateway", 502, "<html><title>502 Bad Gateway</title></html>", "helper_server_failed"),
    Documented("a gateway", 504, "", "helper_too_slow"),
    Documented("a gateway", 200, "<html><title>Welcome</title></html>", "helper_strange_answer"),
]  # fmt: skip
