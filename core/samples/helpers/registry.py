"""Every helper model that can be asked, by its provider's name."""

from collections.abc import Callable

from core.samples.helpers.addresses import is_this_machine, own_address
from core.samples.helpers.chat import ChatHelper, HelperModel
from core.samples.helpers.local_gguf import LocalGguf
from core.samples.helpers.ollama import Ollama
from core.samples.helpers.open_ai_chat import DEFAULT_MODELS, OpenAiChat
from utils.config import SftSettings

MOST_SLOTS = 2  # of a local model: each reserves memory for a whole context

__all__ = ["HELPERS", "is_this_machine", "offline_models", "open_helper", "own_address"]


def _open_ai_chat(settings: SftSettings, key: str | None) -> ChatHelper:
    return OpenAiChat(settings.base_url or own_address("openrouter"), settings.model, key)


def _ollama(settings: SftSettings, key: str | None) -> ChatHelper:
    return Ollama(settings.base_url or own_address("ollama"), settings.model, settings.context_tokens, key)


def _local(settings: SftSettings, key: str | None) -> ChatHelper:
    slots = min(settings.concurrency, MOST_SLOTS)
    return LocalGguf(settings.model, slots, settings.context_tokens)


HELPERS: dict[str, Callable[[SftSettings, str | None], ChatHelper]] = {
    "openrouter": _open_ai_chat,
    "ollama": _ollama,
    "local": _local,
}


def open_helper(settings: SftSettings, key: str | None) -> ChatHelper:
    """The helper that the settings name; nothing is sent yet. Raises KeyError for the practice helper."""
    return HELPERS[settings.provider](settings, key)


def offline_models(provider: str) -> tuple[HelperModel, ...]:
    """The models to choose from before a provider's own list was fetched."""
    return DEFAULT_MODELS if provider == "openrouter" else ()
