"""`python -m benchmarks.serve`: time from process start to the first page, ours against a three-line Gradio app.

The baseline is also the floor: whoever uses Gradio pays for its import. With `--training PROJECTS NAME` it starts a
training in that project (one that `app.py demo` left will do) and prints our process's peak memory while it runs.
With `--kept` it asks our app for a few bytes again and again on one connection, through the socket that it listens on
and through Python's usual one, in turn.
"""

import argparse
import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import uvicorn

from core.jobs.services import Services
from core.project_manager import ProjectStore
from ui.server.server import create_server, listen

ROOT = Path(__file__).resolve().parent.parent
APP = [sys.executable, str(ROOT / "app.py")]
THREE_LINES = """
import gradio as gr
demo = gr.Interface(lambda text: text, "text", "text")
demo.launch(server_port={port}, quiet=True)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--training", nargs=2, metavar=("PROJECTS", "NAME"))
    options.add_argument("--kept", action="store_true")
    given = options.parse_args()
    if given.kept:
        kept_connections()
    elif given.training:
        memory_while_training(*given.training)
    else:
        first_pages(given.runs)


def first_pages(runs: int) -> None:
    """Ours and the baseline in turn, and the ratio pair by pair."""
    baseline, ours, memory = [], [], []
    with tempfile.TemporaryDirectory() as projects:
        for _ in range(runs):
            with served(lambda port: [sys.executable, "-c", THREE_LINES.format(port=port)]) as (seconds, *_):
                baseline.append(seconds)
            with served(lambda port: app_command(port, projects)) as (seconds, _, process):
                ours.append(seconds)
                memory.append(rss_mib(process))
    ratios = [mine / theirs for mine, theirs in zip(ours, baseline, strict=True)]
    spread = f"pairs {min(ratios):.2f} to {max(ratios):.2f}"
    print(f"first page, median of {runs} interleaved runs")
    print(f"  three-line Gradio app  {statistics.median(baseline):6.2f} s")
    print(f"  ours                   {statistics.median(ours):6.2f} s")
    print(f"  ratio                  {statistics.median(ratios):6.2f}   ({spread})")
    print(f"  our memory (RSS)       {statistics.median(memory):6.0f} MiB")


def kept_connections(requests: int = 60) -> None:
    """How long an answer takes on a connection that is kept, with either socket."""
    seconds: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        listeners = {"usual": socket.create_server(("127.0.0.1", 0)), "ours": listen("127.0.0.1", 0)}
        asked = {
            name: asked_again_and_again(listener, Services(ProjectStore(Path(folder) / name)))
            for name, listener in listeners.items()
        }
        for _ in range(requests):
            for name, ask in asked.items():
                began = time.perf_counter()
                ask()
                seconds.setdefault(name, []).append(time.perf_counter() - began)
    usual, ours = (statistics.median(seconds[name]) * 1000 for name in ("usual", "ours"))
    print(f"answer on a kept connection, median of {requests} interleaved requests")
    print(f"  usual socket {usual:6.1f} ms\n  ours         {ours:6.1f} ms\n  ratio        {ours / usual:6.3f}")


def asked_again_and_again(listener: socket.socket, services: Services) -> Callable[[], bytes]:
    """What sends one request to our app, which serves on `listener` in a thread until this process ends."""
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(create_server(services, port), log_level="error"))
    threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True).start()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def ask() -> bytes:
        connection.request("GET", "/page.js")
        return connection.getresponse().read()

    return ask


def memory_while_training(projects: str, name: str) -> None:
    """The peak memory of the app's own process while it shows a training that a child process does."""
    training = subprocess.Popen([*APP, "train", name, "--projects", projects], stderr=subprocess.DEVNULL)
    runs = Path(projects) / name / "runs"
    known = set(runs.glob("*-train/metrics.jsonl"))
    while training.poll() is None and set(runs.glob("*-train/metrics.jsonl")) == known:
        time.sleep(0.1)
    with served(lambda port: app_command(port, projects)) as (_, port, process):
        peak, looks = 0.0, 0
        while training.poll() is None:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/?project={name}", timeout=30).read()
            peak, looks = max(peak, rss_mib(process)), looks + 1
            time.sleep(0.2)
    print(f"our memory (RSS) while a training runs: at most {peak:.0f} MiB in {looks} looks")


def app_command(port: int, projects: str) -> list[str]:
    return [*APP, "--no-browser", "--port", str(port), "--projects", projects]


def rss_mib(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**20


@contextmanager
def served(command_for_port: Callable[[int], list[str]]) -> Iterator[tuple[float, int, psutil.Process]]:
    """A running server: the seconds until its page was there, its port and its process. Ends it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "PYTHONWARNINGS": "ignore"}
    started = time.monotonic()
    server = subprocess.Popen(
        command_for_port(port), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while True:
            if server.poll() is not None:
                raise SystemExit(f"the server ended with code {server.returncode}")
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30).read()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
        yield time.monotonic() - started, port, psutil.Process(server.pid)
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
