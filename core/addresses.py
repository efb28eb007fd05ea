"""Where helper models live: the providers' own addresses, and which of them is this machine. Knows no HTTP."""

import ipaddress
import os
import re
import socket
from urllib.parse import urlsplit

OPENROUTER = "https://openrouter.ai/api/v1"
OLLAMA_PORT = 11434


def own_ollama_address() -> str:
    """Where Ollama is asked as long as nobody chose another address."""
    return ollama_address(os.environ.get("OLLAMA_HOST", ""))


def ollama_address(host: str) -> str:
    """What `OLLAMA_HOST` stands for, read as Ollama reads it: a host, host:port or an address.

    The servers use the same variable for where they listen: "everywhere" means this machine to whoever asks.
    """
    scheme, separator, rest = host.strip().strip("\"'").rpartition("://")
    rest, _, path = rest.partition("/")
    port = OLLAMA_PORT if not separator else {"https": 443}.get(scheme, 80)
    name = rest.strip("[]")
    if not is_address(name):
        name, _, written = rest.rpartition(":") if ":" in rest else (rest, "", "")
        name = name.strip("[]")
        port = int(written) if written.isascii() and written.isdigit() and int(written) < 65536 else port
    if name in ("", "0", "0.0.0.0"):
        name = "127.0.0.1"
    elif name == "::":
        name = "::1"
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme or 'http'}://{shown}:{port}" + (f"/{path.rstrip('/')}" if path.strip("/") else "")


def place_of(url: str) -> str:
    """The host that a URL leads to, with its port where the URL names one."""
    return urlsplit(url).netloc.rpartition("@")[2]


def is_this_machine(url: str) -> bool:
    """Whether what is sent to a URL stays on this machine. Names are not looked up: whoever answers could lie."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:  # also as systems read fewer numbers: 0 and 127.1
        address = ipaddress.ip_address(socket.inet_aton(host) if re.fullmatch(r"[\d.]+", host) else host)
    except (ValueError, OSError):
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified


def is_address(host: str) -> bool:
    """Whether a host is written in numbers."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
