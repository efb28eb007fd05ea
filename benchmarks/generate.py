"""How fast, how thrifty and how safe samples are written: `python -m benchmarks.generate [--faults] [--kills 20]`.

Runs the whole command `sft` as a user does, against a server on this machine that takes 100 ms for each answer. The
ideal is what that server alone needs: samples ÷ requests at once × latency. With `--faults` the server fails as real
ones do; with `--kills` the command is killed again and again in the midst of its work and continued each time.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.documents import APP, PROJECT, new_project, rag_command
from benchmarks.process_tree import Watched, watched
from tests.core.samples.fault_server import NO_FAULTS, USUAL_FAULTS, FaultServer
from tests.core.samples.helper_answers import sentences_of
from tests.core.samples.ollama_stand_in import LOCAL, OllamaStandIn

DOCUMENTS = 8
SENTENCES_OF_DOCUMENT = 300
SENTENCES_OF_PARAGRAPH = 6
KEY = "sk-benchmark-0000"  # the server takes any; where it may not turn up, it is looked for
LOOK_EVERY_SECONDS = 0.005

THINGS = (
    "Pumpe",
    "Feder",
    "Kugel",
    "Rolle",
    "Schraube",
    "Welle",
    "Kette",
    "Achse",
    "Düse",
    "Klappe",
    "Turbine",
    "Waage",
)
PLACES = ("Bremen", "Hamburg", "Dresden", "Leipzig", "Köln", "Bonn", "Essen", "Mainz", "Kiel", "Ulm", "Trier", "Jena")
DEEDS = (
    "fördert {n} Liter Wasser in der Minute",
    "verbraucht {n} Kilowattstunden Strom am Tag",
    "wiegt mit allen Teilen {n} Kilogramm",
    "läuft seit {n} Wochen ohne Pause",
    "wurde vor {n} Jahren von einer Werkstatt gebaut",
    "hält einem Druck von {n} Bar stand",
    "braucht alle {n} Tage frisches Öl",
    "steht {n} Meter neben dem Eingang der Halle",
    "erreicht eine Temperatur von {n} Grad",
    "dreht sich {n} Mal in der Stunde",
    "kostet im Einkauf {n} Euro und ein wenig Geduld",
    "wird von {n} Leuten in zwei Schichten bedient",
    "liefert {n} Teile je Schicht an das Lager",
    "hebt Lasten bis zu {n} Tonnen",
    "meldet Störungen nach {n} Sekunden an die Leitstelle",
    "besteht aus {n} Teilen, die einzeln zu ersetzen sind",
)


@dataclass(frozen=True)
class Outcome:
    """What is in the project's samples after a run."""

    samples: int
    unreadable: int
    twice: int
    not_whole: int  # answers that are no sentence of the documents, so cut off or made up

    @property
    def good(self) -> bool:
        return not (self.unreadable or self.twice or self.not_whole)


def main() -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--samples", type=int, default=200)
    parser.add_argument("--concurrency", type=int, default=5)
    parser.add_argument("--latency", type=float, default=0.1, help="seconds that the server takes")
    parser.add_argument("--faults", action="store_true", help="a server that fails as often as real ones do")
    parser.add_argument("--kills", type=int, default=0, help="kill -9 this often, and continue each time")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(OPENROUTER_API_KEY=KEY, CUSTOM_AI_CONFIG=str(Path(folder) / "config"))
        whole = written_documents(Path(folder), options.seed)
        if options.kills:
            measure_kills(Path(folder), options, whole)
            return
        for provider in ("openrouter",) if options.faults else ("openrouter", "ollama"):
            measure(Path(folder) / provider, provider, options, whole)


def measure(folder: Path, provider: str, options: argparse.Namespace, whole: set[str]) -> None:
    """One run from beginning to end, and what the server saw of it."""
    project = read_documents(folder)
    with server_for(provider, options) as server:
        run = watched(sft_command(folder, provider, server.address, options))
        ideal = options.samples / options.concurrency * options.latency
        writing = server.last_answer_at - server.first_request_at
        print(
            f"\n{provider}: {options.samples} samples, {options.concurrency} at once, {options.latency * 1000:.0f} ms"
        )
        print(f"  whole command             {run.seconds:8.2f} s   exit code {run.code}")
        print(f"  first request to last     {writing:8.2f} s   {writing / ideal:.2f} × the ideal of {ideal:.1f} s")
        print(
            f"  requests                  {server.requests:8d}     {server.requests / options.samples:.2f} × needed"
        )
        print(f"  most in flight            {server.most_in_flight:8d}     allowed {options.concurrency}")
        print(f"  peak memory (PSS)         {run.peak_pss_mib:8.0f} MiB")
        if isinstance(server, FaultServer):
            print(f"  what happened to requests {dict(server.happened)}")
            print(f"  asked during a pause      {server.early:8d}")
        report(project, options.samples, whole, run)


def measure_kills(folder: Path, options: argparse.Namespace, whole: set[str]) -> None:
    """Kill the command at random moments of its work, continue, and look at what is there in the end."""
    chance = random.Random(options.seed)
    project = read_documents(folder / "kills")
    with server_for("openrouter", options) as server:
        command = sft_command(folder / "kills", "openrouter", server.address, options)
        # On average all kills together come when three quarters of the work are done.
        longest = 1.5 * options.samples / options.concurrency * options.latency / options.kills
        killed = 0
        for number in range(options.kills):
            before = server.requests
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while server.requests == before and process.poll() is None:
                time.sleep(LOOK_EVERY_SECONDS)
            time.sleep(chance.uniform(0, longest))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                killed += 1
            process.wait()
            print(f"  kill {number + 1:3d}: {outcome(project, whole).samples:4d} samples are there", flush=True)
        run = watched(command)
        print(f"\n{killed} kills, then continued to the end (exit code {run.code})")
        print(
            f"  requests                  {server.requests:8d}     {server.requests / options.samples:.2f} × needed"
        )
        report(project, options.samples, whole, run)


def report(project: Path, wanted: int, whole: set[str], run: Watched) -> None:
    """Say whether all samples are there, each once and whole, and the key nowhere."""
    found = outcome(project, whole)
    said = json.loads(run.last_line) if run.last_line.startswith("{") else {}
    print(
        f"  samples                   {found.samples:8d}     wanted {wanted}, the command says {said.get('samples')}"
    )
    print(f"  twice / cut / unreadable  {found.twice:8d} / {found.not_whole} / {found.unreadable}")
    leaks = [file for file in project.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    print(f"  key in files or output    {len(leaks) + (KEY in run.output):8d}")
    print("  OK" if found.good and found.samples == wanted and not leaks else "  NOT AS IT SHOULD BE")


def outcome(project: Path, whole: set[str]) -> Outcome:
    """Read the samples as any other program would, line by line."""
    ids: list[str] = []
    questions: list[str] = []
    unreadable = not_whole = 0
    file = project / "data" / "sft_data.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            sample = json.loads(line)
            ids.append(sample["id"])
            questions.append(sample["instruction"])
            not_whole += sample["output"] not in whole
        except (ValueError, KeyError):
            unreadable += 1
    twice = len(ids) - min(len(set(ids)), len(set(questions)))
    return Outcome(len(ids), unreadable, twice, not_whole)


@contextlib.contextmanager
def server_for(provider: str, options: argparse.Namespace) -> Iterator[FaultServer | OllamaStandIn]:
    """The server that stands in for the provider."""
    if provider == "ollama":
        with OllamaStandIn(options.latency, [{**LOCAL, "name": "x"}]) as ollama:
            yield ollama
        return
    with FaultServer(options.latency, USUAL_FAULTS if options.faults else NO_FAULTS, seed=options.seed) as server:
        yield server


def sft_command(projects: Path, provider: str, address: str, options: argparse.Namespace) -> list[str]:
    base_url = address if provider == "ollama" else f"{address}/v1"
    asked = ["--provider", provider, "--base-url", base_url, "--model", "x"]
    amount = ["--samples", str(options.samples), "--concurrency", str(options.concurrency)]
    return [*APP, "sft", PROJECT, *asked, *amount, "--projects", str(projects), "--json"]


def written_documents(folder: Path, seed: int) -> set[str]:
    """Write documents of sentences that are all different; returns the sentences."""
    chance = random.Random(seed)
    whole: set[str] = set()
    for number in range(DOCUMENTS):
        sentences: list[str] = []
        while len(sentences) < SENTENCES_OF_DOCUMENT:
            thing = f"{chance.choice(THINGS)} {chance.randrange(100, 1000)}"
            deed = chance.choice(DEEDS).format(n=chance.randrange(2, 5000))
            sentence = f"Die {thing} in {chance.choice(PLACES)} {deed}."
            if sentence not in whole:
                whole.add(sentence)
                sentences.append(sentence)
        paragraphs = [
            " ".join(sentences[start : start + SENTENCES_OF_PARAGRAPH])
            for start in range(0, len(sentences), SENTENCES_OF_PARAGRAPH)
        ]
        text = "\n\n".join(paragraphs)
        assert set(sentences_of(text)) <= whole, "the server would find other sentences"
        (folder / f"werk_{number}.txt").write_text(text + "\n", encoding="utf-8")
    return whole


def read_documents(projects: Path) -> Path:
    """A new project with the documents, as a user makes it; returns its folder."""
    projects.mkdir(parents=True)
    new_project(projects)
    files = sorted(projects.parent.glob("werk_*.txt"))
    subprocess.run(rag_command(projects, files), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return projects / PROJECT


if __name__ == "__main__":
    main()
