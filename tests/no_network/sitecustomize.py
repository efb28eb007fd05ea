"""On PYTHONPATH this takes the network away from a Python process and its children, and notes every attempt.

Connections to this machine itself stay possible; the exported model is asked over one.
"""

import os
import socket

LOOPBACK = ("127.", "::1", "localhost")
_connect, _resolve = socket.socket.connect, socket.getaddrinfo


def _refuse(what: object) -> OSError:
    with open(os.environ["NETWORK_ATTEMPTS"], "a", encoding="utf-8") as file:
        file.write(f"{what}\n")
    return OSError(101, "Network is unreachable")


def _guarded_connect(self, address):
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise _refuse(address)
    return _connect(self, address)


def _guarded_resolve(host, *arguments, **named):
    if host is not None and not str(host).startswith(LOOPBACK):
        raise _refuse(host)
    return _resolve(host, *arguments, **named)


socket.socket.connect = _guarded_connect
socket.getaddrinfo = _guarded_resolve
