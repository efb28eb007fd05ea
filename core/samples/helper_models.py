"""Which models a helper offers, as its server last said so. The one memory of it: nobody waits for a server twice.

A list holds until somebody asks again. Where the server then does not answer, the list stays, with the reason.
"""

import threading
from dataclasses import dataclass, replace

from core import keys
from core.providers import HelperModel, address_of, provider_of
from core.samples.providers.chat import ask_once, open_helper
from utils.config import SftSettings
from utils.errors import AppError

TIMEOUT_SECONDS = 15


@dataclass(frozen=True)
class HelperModels:
    """The models to choose from at one address; `problem` says why the server did not name them when last asked.

    Where it has never answered, these are the models that are known without asking.
    """

    models: tuple[HelperModel, ...]
    problem: AppError | None = None


_said: dict[tuple[str, str], HelperModels] = {}  # by provider and address
_lock = threading.Lock()


def fetch_models(settings: SftSettings) -> HelperModels:
    """Ask the chosen helper what it offers. Waits for its answer, some seconds at most.

    Raises AppError as `keys.require_allowed` does.
    """
    keys.require_allowed(settings)
    try:
        helper = open_helper(settings, keys.key_of(address_of(settings)))
        answer = HelperModels(tuple(ask_once(helper, lambda helper: helper.models(), TIMEOUT_SECONDS)))
    except AppError as error:
        before = known_models(settings) or HelperModels(provider_of(settings.provider).models)
        answer = replace(before, problem=error)
    with _lock:
        _said[_place(settings)] = answer
    return answer


def known_models(settings: SftSettings) -> HelperModels | None:
    """What is known of the chosen helper, without asking it; None where nobody has asked yet."""
    with _lock:
        return _said.get(_place(settings))


def known_model(settings: SftSettings) -> HelperModel | None:
    """What is known of the chosen model."""
    found = known_models(settings)
    return next((model for model in found.models if model.name == settings.model), None) if found else None


def _place(settings: SftSettings) -> tuple[str, str]:
    return settings.provider, address_of(settings)
