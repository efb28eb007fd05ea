"""API keys of helper models, each bound to the address that it was given for. Knows no HTTP and no UI.

A key stays in this process's memory; the host's also, on request, in a file of the user's own configuration folder
that nobody else can read. It is never a part of a project. Guests have keys of their own, and use the host's only as
far as the host allows it.
"""

import os
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from core import access
from core.addresses import OPENROUTER
from core.providers import provider_of
from utils.config import SftSettings, config_folder, load_app_settings
from utils.errors import AppError
from utils.files import read_json, write_json
from utils.validators import http_address

ENVIRONMENT_KEY = "OPENROUTER_API_KEY"
LONGEST_KEY = 500

_lock = threading.Lock()
_in_memory: dict[tuple[str, str], str] = {}  # by the owner's id and the address
_lent: Counter[str] = Counter()  # requests that guests made with the host's keys, since this app started


def set_key(base_url: str, key: str, remember: bool = False) -> None:
    """Keep the asking visitor's key of an address; the host's on disk too where it shall be remembered.

    Raises AppError `key_invalid`.
    """
    key = key.strip()
    if not key or len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable() or " " in key:
        raise AppError("key_invalid")
    origin = origin_of(base_url)
    owner = access.asking()
    with _lock:
        _in_memory[owner.id, origin] = key
        if owner.is_host:
            _remember(origin, key if remember else None)


def forget_key(base_url: str) -> None:
    """Let go of the asking visitor's key of an address, in memory and on disk."""
    origin, owner = origin_of(base_url), access.asking()
    with _lock:
        _in_memory.pop((owner.id, origin), None)
        if owner.is_host:
            _remember(origin, None)


def key_of(base_url: str) -> str | None:
    """The key for an address, or None: the asking visitor's own, or the host's where it is lent to them."""
    own = _own_key(base_url, access.asking().id)
    return own or (_own_key(base_url, access.HOST.id) if requests_left() > 0 else None)


def has_key(base_url: str) -> bool:
    """Whether there is a key for an address."""
    return key_of(base_url) is not None


def requests_left() -> int:
    """How many requests the asking guest may still make with the host's keys."""
    visitor = access.asking()
    return 0 if visitor.is_host else load_app_settings().guest_requests - _lent[visitor.id]


def counter_of(base_url: str, key: str | None) -> Callable[[], None]:
    """What counts each request that is made with this key to an address, on behalf of whoever asks now.

    It raises AppError `requests_spent` where the key is lent and the guest's share used up; own keys cost nothing.
    """
    visitor = access.asking()
    # Told by the key itself: what else the guest has may be another one since it was looked up.
    if visitor.is_host or not key or key != _own_key(base_url, access.HOST.id):
        return lambda: None

    def count() -> None:
        with access.acting_as(visitor), _lock:
            if requests_left() <= 0:
                raise AppError("requests_spent")
            _lent[visitor.id] += 1

    return count


def require_allowed(settings: SftSettings) -> None:
    """Raises AppError `guest_no_files` or `guest_address` where a guest's helper is a file of this machine, or at an
    address that the host has not listed."""
    if access.asking().is_host:
        return
    if provider_of(settings.provider).takes_file:
        raise AppError("guest_no_files")
    listed = {origin_of(address) for address in load_app_settings().guest_addresses}
    if settings.base_url and origin_of(settings.base_url) not in listed:
        raise AppError("guest_address")


def _own_key(base_url: str, owner: str) -> str | None:
    """What `owner` gave for an address. The host's environment has one for OpenRouter's own address, and no other:
    where an address was written into a project, nobody knows by whom."""
    origin = origin_of(base_url)
    with _lock:
        known = _in_memory.get((owner, origin)) or ("" if owner else _remembered().get(origin))
    if known or owner or origin != origin_of(OPENROUTER):
        return known or None
    return os.environ.get(ENVIRONMENT_KEY, "").strip() or None


def origin_of(base_url: str) -> str:
    """Scheme, host and port: what a key is bound to."""
    parts = urlsplit(http_address(base_url) or OPENROUTER)
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


def _remember(origin: str, key: str | None) -> None:
    """Have the file hold this key of an address, or none."""
    before = _remembered()
    others = {known: other for known, other in before.items() if known != origin}
    after = {**others, origin: key} if key else others
    if after != before:
        write_json(_file(), after, mode=0o600)
