"""Estimated against computed and real time of training runs: small random models and settings, one after the other.

Each run is estimated as the app does it, then trained by `app.py worker` in a process of its own. Each case runs
twice: first from the short measurement and the runs before, then from the first run too. With `--burners` so many
programs compute beside every first run: the second run's estimate shows what that spoiled. CPU only.
"""

import argparse
import contextlib
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory import MIDDLE, MIDDLE_WORDY, SMALL, SMALL_WORDY, TINY, TINY_WORDY, Model, make_model, make_run
from core import hardware_detector
from core.estimates import run_estimate, run_log
from core.hardware_detector import Hardware
from core.jobs import child_process
from core.project_manager import ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from utils.config import TrainingSettings

PRACTICE = Model("llama", 256, 768, 6, 8192)


@dataclass(frozen=True)
class Case:
    """One run: model, number of samples, words of an answer, settings."""

    model: Model
    samples: int
    words: int
    more: tuple[tuple[str, Any], ...] = ()

    @property
    def settings(self) -> TrainingSettings:
        return TrainingSettings(**{"epochs": 2, "held_out_share": 0.2, **dict(self.more)})

    @property
    def text(self) -> str:
        model = self.model
        more = " ".join(f"{name}={value}" for name, value in self.more)
        size = f"{model.kind} h{model.hidden}×{model.layers} v{model.vocabulary // 1000}k"
        return f"{size:22} {self.samples:4} × {self.words:<4} {more}"


CHECKPOINTING, FOUR_BIT = ("gradient_checkpointing", True), ("four_bit", True)
CASES = (
    Case(PRACTICE, 100, 20, (("batch_size", 1),)),
    Case(TINY, 60, 30),
    Case(SMALL, 40, 60),
    Case(MIDDLE, 24, 60),
    Case(PRACTICE, 200, 60, (("batch_size", 4),)),
    Case(SMALL_WORDY, 16, 60),
    Case(TINY, 60, 200, (("batch_size", 4),)),
    Case(MIDDLE, 16, 200, (("batch_size", 1),)),
    Case(SMALL, 40, 200, (("batch_size", 4),)),
    Case(MIDDLE_WORDY, 16, 60),
    Case(PRACTICE, 60, 200, (("lora_rank", 64),)),
    Case(SMALL, 24, 60, (CHECKPOINTING,)),
    Case(MIDDLE, 12, 60, (FOUR_BIT,)),
    Case(TINY_WORDY, 40, 60, (("gradient_accumulation", 4),)),
    Case(SMALL, 24, 60, (FOUR_BIT,)),
    Case(MIDDLE, 40, 30, (("batch_size", 8),)),
)


@dataclass(frozen=True)
class Outcome:
    """Seconds that were estimated before a run, what that knew, and the seconds that it computed and took."""

    case: Case
    runs_known: int
    estimated: float
    computed: float
    taken: float


def main() -> None:
    """Run all cases and print how near the estimates were."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", type=int, default=0, help="only the first so many cases")
    parser.add_argument("--burners", type=int, default=0, help="programs that compute beside the first run of a case")
    options = parser.parse_args()
    cases = CASES[: options.only or None]
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CUSTOM_AI_CONFIG"] = str(Path(folder) / "config")
        hardware = hardware_detector.detect(Path(folder), force_cpu=True)
        bases = {model: make_model(Path(folder), model) for model in dict.fromkeys(case.model for case in cases)}
        for case in cases:
            with burning(options.burners):
                outcomes.append(measure(Path(folder), bases[case.model], case, hardware))
            outcomes.append(measure(Path(folder), bases[case.model], case, hardware))
    report(outcomes)


@contextlib.contextmanager
def burning(count: int) -> Iterator[None]:
    """So many processes that want a core each."""
    burners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def measure(folder: Path, base: Path, case: Case, hardware: Hardware) -> Outcome:
    """One run from its estimate to its end."""
    project = ProjectStore(folder / f"projects-{time.monotonic_ns()}").create("time")
    append_samples(project.samples_file, make_samples(case))
    expected = run_estimate.of_files(base, project.samples_file, case.settings, hardware)
    if expected is None or expected.time is None:
        raise SystemExit(f"{case.text}: nothing to estimate")
    run = make_run(project, base, case.settings, **run_estimate.for_request(expected))
    started = time.monotonic()
    code = child_process.start_child(run).wait()
    if code:
        raise SystemExit(f"{case.text}: exit code {code}\n{run.output_file.read_text()[-2000:]}")
    needed = run_log.noted_runs()[-1]
    computed, taken = needed.setup_seconds + needed.training_seconds, time.monotonic() - started
    outcome = Outcome(case, expected.time.runs_known, expected.time.seconds, computed, taken)
    shutil.rmtree(project.root)
    print(line_of(outcome), flush=True)
    return outcome


def make_samples(case: Case) -> Iterable[Sample]:
    """Samples whose answers differ in length, by a third either way."""
    chance = random.Random(1)
    for number in range(case.samples):
        words = round(case.words * chance.uniform(0.67, 1.33))
        answer = " ".join("".join(chance.choices("abcdefgh", k=6)) for _ in range(words))
        yield Sample(f"frage {number}?", answer, str(number), Source("time.txt", 1, number))


def line_of(outcome: Outcome) -> str:
    needed = run_log.noted_runs()[-1]
    return (
        f"{outcome.case.text:62} {outcome.runs_known} known: about {outcome.estimated:6.1f} s, computed "
        f"{outcome.computed:6.1f} s (setup {needed.setup_seconds:4.1f}, "
        f"{needed.work / needed.training_seconds / 1e9:5.1f} G/s), took {outcome.taken:6.1f} s"
    )


def report(outcomes: Sequence[Outcome]) -> None:
    """How far the estimates were from what the runs computed and took."""
    print()
    report_part("from the short measurement", [each for each in outcomes if not each.runs_known])
    report_part("from earlier runs of the model", [each for each in outcomes if each.runs_known])


def report_part(words: str, part: Sequence[Outcome]) -> None:
    if not part:
        return
    for name, ratios in (
        ("computed", sorted(each.computed / each.estimated for each in part)),
        ("took", sorted(each.taken / each.estimated for each in part)),
    ):
        print(
            f"{words:32} {name:9} {statistics.median(ratios):.2f} times the estimate (median), "
            f"{ratios[0]:.2f} to {ratios[-1]:.2f} in {len(part)} runs"
        )


if __name__ == "__main__":
    main()
