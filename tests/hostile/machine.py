"""A machine full of secrets, and what it takes to notice that one of them got out."""

import hashlib
import secrets
import socketserver
import threading
from dataclasses import dataclass, field
from pathlib import Path

BEGINNING_OF_PASSWD = b"root:x:0:0"  # how every /etc/passwd begins


class Listener(socketserver.ThreadingTCPServer):
    """A service on this machine that only the host should reach. Counts who connects."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.visits: list[bytes] = []
        super().__init__(("127.0.0.1", 0), _Note)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Note(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.visits.append(self.request.recv(4096))
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


@dataclass
class Machine:
    """Where secrets lie, and what each of them says. `files` are those that somebody might try to read."""

    folder: Path
    listener: Listener
    canaries: dict[str, bytes] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def canary(self, name: str) -> str:
        word = f"canary{secrets.token_hex(12)}"
        self.canaries[name] = word.encode()
        return word

    def secret_file(self, path: Path, name: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.canary(name))
        self.files.append(str(path))
        return path

    def heard_in(self, answers: bytes) -> list[str]:
        """Which secrets stand in these answers."""
        found = [name for name, word in self.canaries.items() if word in answers]
        return [*found, "passwd"] if BEGINNING_OF_PASSWD in answers else found


def state_of(folder: Path) -> dict[str, str]:
    """Each file of a folder with a hash of what it holds; what a mere look rewrites is left out."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal"))
    }
