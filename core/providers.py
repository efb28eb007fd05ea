"""The providers of helper models: a record for each, the only place that knows what is true of one. Loads no client.

A new one is its name in `utils.config.Provider`, its case here, and its words: `choice.provider.<name>`,
`writer.about.<name>`, and `writer.address_about.<name>` where it has an address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from core import addresses
from core.addresses import OPENROUTER, is_this_machine, own_ollama_address
from utils.config import Provider as ProviderName
from utils.config import SftSettings


@dataclass(frozen=True)
class HelperModel:
    """A model to choose from. Prices are US dollars per token; None is what the server does not say.

    `problem` is the code of the AppError that says why it cannot write samples, empty where it can.
    """

    name: str
    label: str = ""
    context_tokens: int | None = None
    prompt_usd: float | None = None
    answer_usd: float | None = None
    follows_schema: bool | None = None
    size_bytes: int | None = None
    problem: str = ""


# The fields of SftSettings that mean something wherever a model is asked.
ASKED = frozenset(
    {"model", "styles", "topic", "temperature", "per_request", "turns", "concurrency", "timeout_seconds"}
    | {"system_prompt", "user_template"}
)


@dataclass(frozen=True)
class Provider:
    """What is true of a provider; as it stands here, of one that asks no model but writes by rules.

    `client` is the function (settings, key) → ChatHelper, by its dotted name: its libraries take time to load.
    `settings` are the fields of SftSettings that mean something to it, besides those that do to all.
    `own_address` is where it is asked as long as nobody chose another address; one without stays on this machine.
    `needs_key`: at its own address; `keys_page` is where people get one. `takes_file`: its model is a file of this
    machine. `is_priced`: its answers may cost money. `fetches`: it can be told to fetch a model. `models` are those
    to choose from before it was asked for its list. `seconds_per_request` is a first estimate, a range.
    """

    client: str = ""
    settings: frozenset[str] = frozenset()
    own_address: Callable[[], str] | None = None
    needs_key: bool = False
    keys_page: str = ""
    takes_file: bool = False
    is_priced: bool = False
    fetches: bool = False
    models: tuple[HelperModel, ...] = ()
    seconds_per_request: tuple[float, float] | None = None

    @property
    def writes_by_rules(self) -> bool:
        """Whether no model is asked."""
        return not self.client


def provider_of(name: ProviderName) -> Provider:
    """The record of a provider."""
    match name:
        case "practice":
            return Provider()
        case "openrouter":
            return Provider(
                "core.samples.providers.open_ai_chat:client_of",
                ASKED | {"base_url", "budget_usd"},
                lambda: OPENROUTER,
                needs_key=True,
                keys_page="https://openrouter.ai/keys",
                is_priced=True,
                models=(
                    HelperModel("openai/gpt-4-turbo", "OpenAI GPT-4 Turbo"),
                    HelperModel("anthropic/claude-3-opus", "Anthropic Claude 3 Opus"),
                    HelperModel("anthropic/claude-3-sonnet", "Anthropic Claude 3 Sonnet"),
                    HelperModel("meta-llama/llama-3-70b-instruct", "Meta Llama 3 70B Instruct"),
                    HelperModel("mistralai/mixtral-8x7b-instruct", "Mistral Mixtral 8x7B Instruct"),
                    HelperModel("google/gemini-pro", "Google Gemini Pro"),
                ),
                seconds_per_request=(1.5, 12.0),
            )
        case "ollama":
            return Provider(
                "core.samples.providers.ollama:client_of",
                ASKED | {"base_url", "context_tokens"},
                own_ollama_address,
                fetches=True,
                seconds_per_request=(4.0, 60.0),
            )
        case "local":
            return Provider(
                "core.samples.providers.local_gguf:client_of",
                ASKED | {"context_tokens"},
                takes_file=True,
                seconds_per_request=(8.0, 90.0),
            )
        case _:
            assert_never(name)


def address_of(settings: SftSettings) -> str:
    """The address that a helper is asked at; empty for those that need none."""
    own = provider_of(settings.provider).own_address
    return settings.base_url or (own() if own else "")


def place_of(settings: SftSettings) -> str:
    """The host that texts go to, with its port; empty where no server is asked."""
    return addresses.place_of(address_of(settings))


def leaves_machine(settings: SftSettings) -> bool:
    """Whether texts go to another machine."""
    return bool(provider_of(settings.provider).own_address) and not is_this_machine(address_of(settings))
