"""`python -m benchmarks.room`: what thirty pages on one running training cost, and how late they show it.

The app has one core, the training (one thread) the other; the pages are on the app's. In turn nobody looks and all
look, for `--seconds` each. Printed: the app's share of its core, the age of what a page shows (from the line in
`metrics.jsonl` to the message that holds its step), the training's steps with pages against those without, and the
app's memory before and after 200 pages were opened and left. A page does what a browser does: it asks for the page
and its script, and opens the WebSocket.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import websockets
from websockets import Origin

ROOT = Path(__file__).resolve().parent.parent
APP = [sys.executable, str(ROOT / "app.py")]
NAME = "room"
EPOCHS = 20
LOADS = 200


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=30)
    options.add_argument("--seconds", type=float, default=6)
    options.add_argument("--pairs", type=int, default=4)
    options.add_argument("--projects", type=Path, help="a folder with the project of an earlier measurement")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        projects = given.projects or Path(folder) / "projects"
        environment = {**os.environ, "CUSTOM_AI_CONFIG": f"{folder}/config", "OMP_NUM_THREADS": "1"}
        if not (projects / NAME).is_dir():
            subprocess.run([*APP, "demo", "--project", NAME, "--projects", projects], env=environment, check=True)
        with (
            training(projects, environment) as metrics,
            app(projects, environment) as (address, server),
        ):
            measure(given, address, server, metrics)


def measure(given: argparse.Namespace, address: str, server: psutil.Process, metrics: "Metrics") -> None:
    rates: dict[bool, list[float]] = {False: [], True: []}
    shares, ages = [], []
    for number in range(2 * given.pairs):
        looked_at = bool(number % 2)
        before, began, used = len(metrics.seen), time.monotonic(), cpu_seconds(server)
        if looked_at:
            ages += asyncio.run(look(address, given.pages, given.seconds, metrics))
        else:
            time.sleep(given.seconds)
        lasted = time.monotonic() - began
        if len(metrics.seen) == before:
            raise SystemExit("the training ended before the measurement did: take fewer pairs, or shorter ones")
        rates[looked_at].append((len(metrics.seen) - before) / lasted)
        if looked_at:
            shares.append((cpu_seconds(server) - used) / lasted)
    ratios = [on / off for off, on in zip(rates[False], rates[True], strict=True)]
    ages.sort()
    print(f"{given.pages} pages on one training, {given.pairs} pairs of {given.seconds:.0f} s")
    print(f"  the app's share of a core   {statistics.median(shares):6.1%}")
    print(f"  age of what a page shows    {ages[len(ages) // 2]:6.2f} s, p95 {ages[int(len(ages) * 0.95)]:.2f} s")
    print(
        f"  steps a second, ratio       {statistics.median(ratios):6.2f}   ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    before = server.memory_info().rss
    for _ in range(LOADS):
        asyncio.run(one_page(address, 0.05, metrics))
    after = server.memory_info().rss
    print(
        f"  our memory (RSS)            {before / 2**20:6.0f} MiB, {LOADS} page loads later {after / 2**20:.0f} MiB"
    )


class Metrics:
    """When each step of the training was written down."""

    def __init__(self, runs: Path) -> None:
        self.seen: dict[int, float] = {}
        self._runs = runs
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        known, read = set(self._runs.glob("*-train/metrics.jsonl")), 0
        while not (new := set(self._runs.glob("*-train/metrics.jsonl")) - known):
            time.sleep(0.05)
        file = new.pop()
        while True:
            lines = file.read_text("utf-8").splitlines()[read:-1]
            for line in lines:
                self.seen.setdefault(json.loads(line)["step"], time.monotonic())
            read += len(lines)
            time.sleep(0.02)


@contextmanager
def training(projects: Path, environment: dict[str, str]) -> Iterator[Metrics]:
    """A training that lasts longer than the measurement, on the second core."""
    metrics = Metrics(projects / NAME / "runs")
    command = [*APP, "train", NAME, "--projects", str(projects), "--epochs", str(EPOCHS)]
    started = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while len(metrics.seen) < 5:
            time.sleep(0.1)
        for process in [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]:
            process.cpu_affinity([1])
        yield metrics
    finally:
        started.terminate()
        started.wait()


@contextmanager
def app(projects: Path, environment: dict[str, str]) -> Iterator[tuple[str, psutil.Process]]:
    flags = ["--no-browser", "--port", "7999", "--projects", str(projects)]
    with tempfile.NamedTemporaryFile("w+") as output:
        server = subprocess.Popen([*APP, *flags], env=environment, stdout=output, stderr=subprocess.DEVNULL)
        process = psutil.Process(server.pid)
        process.cpu_affinity([0])
        psutil.Process().cpu_affinity([0])
        address = "http://127.0.0.1:7999"
        try:
            while not Path(output.name).read_text("utf-8"):
                time.sleep(0.1)
            httpx.get(f"{address}/de/", timeout=60)
            yield address, process
        finally:
            server.terminate()
            server.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """Of this process alone, without those that work for it."""
    times = process.cpu_times()
    return times.user + times.system


async def look(address: str, pages: int, seconds: float, metrics: Metrics) -> list[float]:
    """So many pages look for so long; how old each update was, in seconds, without those at the beginning."""
    found = await asyncio.gather(*(one_page(address, seconds, metrics) for _ in range(pages)))
    return [age for ages in found for age in ages]


async def one_page(address: str, seconds: float, metrics: Metrics) -> list[float]:
    async with httpx.AsyncClient(base_url=address, timeout=60, follow_redirects=True) as http:
        await http.get("/de/")
        await http.get("/page.js")
        cookies = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    ages: list[float] = []
    headers = {"cookie": cookies}
    place = address.replace("http", "ws") + "/live/de"
    end, newest = time.monotonic() + seconds, 0
    async with websockets.connect(place, origin=Origin(address), additional_headers=headers, proxy=None) as socket:
        await socket.send(json.dumps({"look": {"project": NAME, "tab": "running"}, "visible": True}))
        first = True
        while (left := end - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):
                    told = json.loads(await socket.recv())
            except TimeoutError:
                break
            curve = told.get("moving", {}).get("curve")
            steps = [
                int(step)
                for step in list(metrics.seen)
                if curve and newest < step <= curve["lines"][0]["points"][-1][0]
            ]
            now = time.monotonic()
            ages += [now - metrics.seen[step] for step in steps if not first]
            newest, first = max([newest, *steps]), False
    return ages


if __name__ == "__main__":
    main()
