"""`python -m benchmarks.large_data`: what a sample costs a training run in main memory, with a tiny model.

Each size is a process of its own that prepares all its samples and trains a few steps. Its peak is the one that the
trainer notes; what a sample costs is the slope between the smallest size and the others.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.memory import LETTERS, TINY, make_model, make_run
from core.jobs import kinds
from core.jobs.job import PauseRequested, SilentContext
from core.jobs.runs import Run
from core.project_manager import ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from utils.config import TrainingSettings
from utils.files import read_json

SETTINGS = TrainingSettings(batch_size=2, max_length=256, epochs=1, held_out_share=0.1)
STEPS = 3
ROOT = Path(__file__).resolve().parent.parent


class AFewSteps(SilentContext):
    """Asks the run to pause once it has taken some steps."""

    def progress(self, done: float, total: float | None, key: str | None = None, /, **params: object) -> None:
        if done >= STEPS:
            self.stop_request = "pause"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", type=int, nargs="+", default=[1000, 50_000, 200_000], help="how many samples")
    options.add_argument("--words", type=int, default=12, help="words of an answer; each is some three tokens")
    options.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        train(given.child)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CUSTOM_AI_CONFIG"] = str(folder / "config")
        base = make_model(folder, TINY)
        first: tuple[int, float] | None = None
        for size in given.sizes:
            peak, seconds = measure(folder, base, size, given.words)
            slope = f"{(peak - first[1]) / (size - first[0]):8.0f} bytes a sample" if first else ""
            first = first or (size, peak)
            print(f"{size:9,} samples  peak {peak / 2**20:7.0f} MiB  {seconds:6.1f} s  {slope}", flush=True)


def measure(folder: Path, base: Path, size: int, words: int) -> tuple[float, float]:
    """The peak in bytes and the seconds of one run with so many samples."""
    project = ProjectStore(folder / f"projects-{size}").create("large")
    append_samples(project.samples_file, make_samples(size, words))
    run = make_run(project, base, SETTINGS)
    environment = {**os.environ, **kinds.CHILD_ENVIRONMENT}
    command = [sys.executable, "-m", "benchmarks.large_data", "--child", str(run.folder)]
    started = time.monotonic()
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    seconds = time.monotonic() - started
    peak = read_json(run.memory_file)["ram_gib"] * 2**30
    shutil.rmtree(project.root)
    return peak, seconds


def train(folder: Path) -> None:
    """The child's whole life."""
    from core.training import train as trainer

    try:
        trainer.run(AFewSteps(), Run(folder))
    except PauseRequested:
        return
    raise SystemExit("the run ended before it was paused")


def make_samples(size: int, words: int) -> Iterator[Sample]:
    chance = random.Random(1)
    for number in range(size):
        answer = " ".join("".join(chance.choices(LETTERS, k=6)) for _ in range(words))
        yield Sample(f"frage {number}?", answer, str(number), Source("large.txt", 1, number))


if __name__ == "__main__":
    main()
