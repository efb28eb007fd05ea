"""`python -m benchmarks.serve`: time from process start to the first page, ours against a three-line Gradio app.

The baseline is also the floor: whoever uses Gradio pays for its import. It also prints the
memory of our process once the page is there.
"""

import argparse
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
THREE_LINES = """
import gradio as gr
demo = gr.Interface(lambda text: text, "text", "text")
demo.launch(server_port={port}, quiet=True)
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--runs", type=int, default=7)
    runs = options.parse_args().runs
    baseline, ours, memory = [], [], []
    with tempfile.TemporaryDirectory() as projects:
        for _ in range(runs):
            seconds, _ = first_page(lambda port: [sys.executable, "-c", THREE_LINES.format(port=port)])
            baseline.append(seconds)
            seconds, rss_mib = first_page(
                lambda port: [
                    *(sys.executable, str(ROOT / "app.py"), "--no-browser"),
                    *("--port", str(port), "--projects", projects),
                ]
            )
            ours.append(seconds)
            memory.append(rss_mib)
    ratios = [mine / theirs for mine, theirs in zip(ours, baseline, strict=True)]
    print(f"first page, median of {runs} interleaved runs")
    print(f"  three-line Gradio app  {statistics.median(baseline):6.2f} s")
    print(f"  ours                   {statistics.median(ours):6.2f} s")
    spread = f"pairs {min(ratios):.2f} to {max(ratios):.2f}"
    print(f"  ratio                  {statistics.median(ratios):6.2f}   ({spread})")
    print(f"  our memory (RSS)       {statistics.median(memory):6.0f} MiB")


def first_page(command_for_port: Callable[[int], list[str]]) -> tuple[float, float]:
    """Start a server and fetch its page. Returns the seconds until the page was there, and its memory in MiB."""
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
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as page:
                    page.read()
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.02)
        return time.monotonic() - started, psutil.Process(server.pid).memory_info().rss / 2**20
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    main()
