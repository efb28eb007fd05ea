"""API keys of helper models, each bound to the address that it was given for. Knows no HTTP and no UI.

A key stays in this process's memory, and on request in a file of the user's own configuration folder that nobody else
can read. It is never a part of a project.
"""

import os
import threading
from pathlib import Path
from urllib.parse import urlsplit

from core.samples.helpers.addresses import OPENROUTER, is_this_machine
from utils.config import config_folder
from utils.errors import AppError
from utils.files import read_json, write_json

ENVIRONMENT_KEY = "OPENROUTER_API_KEY"
LONGEST_KEY = 500

_lock = threading.Lock()
_in_memory: dict[str, str] = {}


def set_key(base_url: str, key: str, remember: bool = False) -> None:
    """Keep the key of an address; on disk too where it shall be remembered. Raises AppError `key_invalid`."""
    key = key.strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise AppError("key_invalid")
    origin = origin_of(base_url)
    with _lock:
        _in_memory[origin] = key
        remembered = _remembered()
        if remember or origin in remembered:
            _write({**remembered, origin: key} if remember else _without(remembered, origin))


def forget_key(base_url: str) -> None:
    """Let go of an address's key, in memory and on disk."""
    origin = origin_of(base_url)
    with _lock:
        _in_memory.pop(origin, None)
        remembered = _remembered()
        if origin in remembered:
            _write(_without(remembered, origin))


def key_of(base_url: str, trusted: bool = False) -> str | None:
    """The key for an address, or None.

    The environment's key is for OpenRouter and for this machine. It goes anywhere else only where the address is
    `trusted`: where whoever set the key also set the address, as on the command line. In a shared room anybody may
    type an address.
    """
    origin = origin_of(base_url)
    with _lock:
        known = _in_memory.get(origin) or _remembered().get(origin)
    if known:
        return known
    if trusted or origin == origin_of(OPENROUTER) or is_this_machine(base_url):
        return os.environ.get(ENVIRONMENT_KEY, "").strip() or None
    return None


def has_key(base_url: str) -> bool:
    """Whether there is a key for an address."""
    return key_of(base_url) is not None


def origin_of(base_url: str) -> str:
    """Scheme, host and port: what a key is bound to."""
    parts = urlsplit(base_url or OPENROUTER)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def _file() -> Path:
    return config_folder() / "keys.json"


def _remembered() -> dict[str, str]:
    """What the file holds; a damaged one holds nothing, and is replaced with the next key."""
    try:
        found = read_json(_file())
    except (FileNotFoundError, ValueError):
        return {}
    return {str(origin): str(key) for origin, key in found.items()} if isinstance(found, dict) else {}


def _write(keys: dict[str, str]) -> None:
    write_json(_file(), keys, mode=0o600)


def _without(keys: dict[str, str], origin: str) -> dict[str, str]:
    return {known: key for known, key in keys.items() if known != origin}
