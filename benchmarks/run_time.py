"""Estimated against real time of real training runs: small random models and settings, one after the other.

Each run is estimated as the app does it, then trained by `app.py worker` in a process of its own, and its time noted:
the first estimate knows nothing of this machine, the last one all runs before it. At the end each run is estimated
once more from nothing, and from all the others. CPU only.
"""

import argparse
import math
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.memory import MIDDLE, MIDDLE_WORDY, SMALL, SMALL_WORDY, TINY, TINY_WORDY, Model, make_model, make_run
from core import child_process, hardware_detector
from core.hardware_detector import Hardware
from core.project_manager import ProjectStore
from core.samples.sft_dataset import Sample, Source, append_samples
from core.training import model_shape, row_lengths, run_time, speed_log
from core.training.speed_log import Range, Taken
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
    """What was estimated before a run, what that knew, and what it took."""

    case: Case
    estimated: Range
    known: int
    taken: Taken

    @property
    def seconds(self) -> float:
        return self.taken.setup_seconds + self.taken.training_seconds


def main() -> None:
    """Run all cases and print how often the real time was in the range."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--only", type=int, default=0, help="only the first so many cases")
    options = parser.parse_args()
    cases = CASES[: options.only or None]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CUSTOM_AI_CONFIG"] = str(Path(folder) / "config")
        hardware = hardware_detector.detect(Path(folder), force_cpu=True)
        bases = {model: make_model(Path(folder), model) for model in dict.fromkeys(case.model for case in cases)}
        outcomes = [measure(Path(folder), bases[case.model], case, hardware) for case in cases]
    report(outcomes)


def measure(folder: Path, base: Path, case: Case, hardware: Hardware) -> Outcome:
    """One run from its estimate to its end."""
    project = ProjectStore(folder / f"projects-{time.monotonic_ns()}").create("time")
    append_samples(project.samples_file, make_samples(case))
    shape, data = (
        model_shape.read_shape(base),
        row_lengths.read_data(project.samples_file, base, case.settings.held_out_share, case.settings.seed),
    )
    if shape is None or data is None:
        raise SystemExit(f"{case.text}: nothing to estimate")
    estimated = run_time.estimate(shape, case.settings, data, hardware)
    run = make_run(project, base, case.settings, time=run_time.for_request(estimated))
    code = child_process.start_child(run).wait()
    if code:
        raise SystemExit(f"{case.text}: exit code {code}\n{run.output_file.read_text()[-2000:]}")
    shutil.rmtree(project.root)
    outcome = Outcome(case, estimated.seconds, estimated.runs_known, speed_log.noted_runs()[-1])
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
    taken = outcome.taken
    hit = "in" if outcome.seconds in outcome.estimated else "OUT"
    return (
        f"{outcome.case.text:62} {outcome.estimated.low:6.0f} to {outcome.estimated.high:6.0f} s, took "
        f"{outcome.seconds:6.1f} s {hit:4} (setup {taken.setup_seconds:4.1f} of {taken.formula_setup:4.1f}, training "
        f"{taken.training_seconds:6.1f} of {taken.formula_training:6.1f})"
    )


def report(outcomes: Sequence[Outcome]) -> None:
    """The share of runs whose time was in the range, and how wide the ranges were."""
    print()
    report_part("as they came, each knowing those before", [(each.estimated, each.seconds) for each in outcomes])
    report_part("knowing nothing", [(again(each, []), each.seconds) for each in outcomes])
    rest = [[other.taken for other in outcomes if other is not each] for each in outcomes]
    others = [(again(each, runs), each.seconds) for each, runs in zip(outcomes, rest, strict=True)]
    report_part("knowing all the others", others)


def again(outcome: Outcome, known: Sequence[Taken]) -> Range:
    """The range of a run as it would be with these runs known."""
    taken = outcome.taken
    setup = speed_log.learned(taken.kind, [(run.kind, run.setup_seconds / run.formula_setup) for run in known])
    training = speed_log.learned(
        taken.kind, [(run.kind, run.training_seconds / run.formula_training) for run in known]
    )
    return Range(
        setup.low * taken.formula_setup + training.low * taken.formula_training,
        setup.high * taken.formula_setup + training.high * taken.formula_training,
    )


def report_part(words: str, pairs: Sequence[tuple[Range, float]]) -> None:
    hits = sum(seconds in found for found, seconds in pairs)
    widths = sorted(found.high / found.low for found, _ in pairs)
    middles = sorted(abs(math.log(math.sqrt(found.low * found.high) / seconds)) for found, seconds in pairs)
    print(
        f"{words:42} {hits}/{len(pairs)} in the range; it reaches to {widths[len(widths) // 2]:.1f} times its "
        f"low end (median), its middle is off by {math.expm1(middles[len(middles) // 2]):.0%} (median)"
    )


if __name__ == "__main__":
    main()
