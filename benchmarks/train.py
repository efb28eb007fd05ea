"""`python -m benchmarks.train`: our step time against a bare TRL script's, bf16 against fp32, ten runs in one app.

Each leg is a process of its own, and the legs take turns. A step's time is that between the ends of two steps; the
first steps of a process, in which kernels are compiled, are left out, and so is the save between two epochs.
The baseline is also the limit: the trainer library does the steps. On a GPU with Unsloth its bare script runs too.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.memory import LETTERS, MIDDLE, SMALL, TINY, Model, make_model, make_run
from core.jobs import child_process, kinds
from core.project_manager import Project, ProjectStore
from core.samples.store.sample import Sample, Source
from core.samples.store.sft_dataset import append_samples
from utils.config import BaseChoice, TrainingSettings

LARGE = Model("llama", 1024, 2816, 24, 32_768)  # above 300 M parameters weights are kept in bfloat16 on a CPU too
BILLION = Model("llama", 2048, 5632, 24, 32_768)
MODELS = {"tiny": TINY, "small": SMALL, "middle": MIDDLE, "large": LARGE, "billion": BILLION}
FIRST_STEPS = 4
ROOT = Path(__file__).resolve().parent.parent
IN_FP32 = (
    "import sys; from pathlib import Path; from core.jobs import worker; from core.training import engines; "
    "engines.cpu_has_bf16 = lambda: False; sys.exit(worker.work_on(Path(sys.argv[1])))"
)


@dataclass(frozen=True)
class Leg:
    """One run: seconds of each step that counts, the last loss, and the GPU memory that torch reserved."""

    steps: list[float]
    loss: float
    device_gib: float


@dataclass(frozen=True)
class Material:
    """What all legs train with."""

    folder: Path
    base: Path
    settings: TrainingSettings
    samples: int
    length: int

    @property
    def effective_batch(self) -> int:
        return self.settings.batch_size * self.settings.gradient_accumulation

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.samples // self.effective_batch)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", choices=MODELS, default="small")
    options.add_argument("--steps", type=int, default=40, help="steps per epoch, of which there are two")
    options.add_argument("--length", type=int, default=256, help="tokens of the longest sample")
    options.add_argument("--batch", type=int, default=2)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--precision", action="store_true", help="our default against fp32 instead")
    options.add_argument("--sessions", type=int, metavar="N", help="memory of the app over N runs instead")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["CUSTOM_AI_CONFIG"] = str(folder / "config")
        settings = TrainingSettings(batch_size=given.batch, max_length=given.length, epochs=2, held_out_share=0.0)
        base = make_model(folder, MODELS[given.model])
        material = Material(folder, base, settings, given.steps * given.batch, given.length)
        if given.sessions:
            one_app(material, given.sessions)
        elif given.precision:
            compare(
                material, given.rounds, {"fp32": lambda: ours(material, fp32=True), "ours": lambda: ours(material)}
            )
        else:
            compare(material, given.rounds, legs(material))


def legs(material: Material) -> dict[str, Callable[[], Leg]]:
    """The bare scripts and ours, by name; the first one is what the others are compared with."""
    import torch

    if not torch.cuda.is_available():
        return {"bare TRL": lambda: bare(material, "trl"), "ours": lambda: ours(material)}
    return {
        "bare Unsloth": lambda: bare(material, "unsloth"),
        "ours with Unsloth": lambda: ours(material, engine="unsloth"),
        "bare TRL": lambda: bare(material, "trl"),
        "ours with TRL": lambda: ours(material, engine="trl"),
    }


def compare(material: Material, rounds: int, by_name: dict[str, Callable[[], Leg]]) -> None:
    """Run all legs in turn, and print each one's median step and its ratio to the first."""
    found: dict[str, list[Leg]] = {name: [] for name in by_name}
    for number in range(rounds):
        # Each round begins with another one, so that a machine that slows down wrongs none of them.
        names = list(by_name)[number % len(by_name) :] + list(by_name)[: number % len(by_name)]
        for name in names:
            leg = by_name[name]()
            found[name].append(leg)
            print(f"  {name:18} {statistics.median(leg.steps) * 1000:8.1f} ms/step  loss {leg.loss:.4f}", flush=True)
    first = next(iter(by_name))
    tokens = material.effective_batch * material.length
    for name, runs in found.items():
        step = statistics.median(step for leg in runs for step in leg.steps)
        ratios = [middle(own) / middle(other) for own, other in zip(runs, found[first], strict=True)]
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        gpu = f"  {max(leg.device_gib for leg in runs):.2f} GiB" if runs[0].device_gib else ""
        print(
            f"{name:20} median {step * 1000:8.1f} ms/step, at most {tokens / step:8.0f} tokens/s, "
            f"× {first}: {statistics.median(ratios):.3f} ({spread}){gpu}"
        )


def middle(leg: Leg) -> float:
    return statistics.median(leg.steps)


def ours(material: Material, *, engine: str = "trl", fp32: bool = False) -> Leg:
    """A run as the app does it, in its worker."""
    project = project_with_samples(material)
    run = make_run(project, material.base, material.settings, engine=engine, force_cpu=False)
    if fp32:
        environment = {**os.environ, **kinds.CHILD_ENVIRONMENT}
        subprocess.run([sys.executable, "-c", IN_FP32, str(run.folder)], cwd=ROOT, env=environment, check=True)
    elif child_process.start_child(run).wait():
        raise SystemExit(run.output_file.read_text()[-2000:])
    points = [json.loads(line) for line in run.metrics_file.read_text().splitlines()]
    ends = [point["seconds"] for point in points if "loss" in point]
    result = run.read_state().result or {}
    loss = [point["loss"] for point in points if "loss" in point][-1]
    steps = [later - earlier for earlier, later in pairwise(ends)]
    shutil.rmtree(project.root)
    return Leg(counted(steps, material), loss, result["memory"]["device_reserved_gib"])


def bare(material: Material, engine: str) -> Leg:
    """The baseline, told to compute where and with what our run does."""
    from core.training import engines

    project = project_with_samples(material)
    device = engines.detect_device()
    settings = {
        **material.settings.model_dump(),
        "threads": engines.use_cores(material.base),
        "device": device.kind,
        "bf16": device.bf16,
        "dtype": str(engines._weights_dtype(material.base, device)).removeprefix("torch."),
        "engine": engine,
    }
    output = material.folder / "bare"
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.bare_trl",
            material.base,
            project.samples_file,
            output,
            json.dumps(settings),
        ],
        cwd=ROOT,
        env={**os.environ, **kinds.CHILD_ENVIRONMENT},
        capture_output=True,
        text=True,
    )
    if ended.returncode:
        raise SystemExit(ended.stderr[-2000:])
    found = json.loads(ended.stdout.strip().splitlines()[-1])
    shutil.rmtree(output)
    shutil.rmtree(project.root)
    return Leg(counted(found["steps"], material), found["loss"], found["device_gib"])


def counted(steps: Sequence[float], material: Material) -> list[float]:
    """The times between steps without the first ones and without those that hold the end of an epoch."""
    return [
        seconds
        for number, seconds in enumerate(steps, start=2)
        if number > FIRST_STEPS and (number - 1) % material.steps_per_epoch
    ]


def one_app(material: Material, runs: int) -> None:
    """Train again and again in one app, as a person does with its buttons, and print the app's own memory."""
    from core import base_models, trainer
    from core.jobs.services import Services

    services = Services(ProjectStore(material.folder / "app"))
    project = services.projects.create("memory")
    append_samples(project.samples_file, make_samples(material))
    project.set("training", {**material.settings.model_dump(), "epochs": 1})
    base_models.choose_base(project, BaseChoice(source="path", name=str(material.base)))
    this = psutil.Process()
    for number in range(1, runs + 1):
        job = trainer.start_training(services, project)
        end = services.runner.wait(job.id)
        print(f"run {number:2} {end.state}: {this.memory_info().rss / 2**20:6.1f} MiB", flush=True)
    services.runner.shutdown()


def project_with_samples(material: Material) -> Project:
    store = ProjectStore(Path(tempfile.mkdtemp(dir=material.folder)))
    project = store.create("train")
    append_samples(project.samples_file, make_samples(material))
    return project


def make_samples(material: Material) -> list[Sample]:
    """Answers of half to all of the length, always the same ones."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(material.base / "tokenizer.json"))
    chance = random.Random(1)
    samples = []
    for number in range(material.samples):
        tokens = round((material.length - 24) * chance.uniform(0.5, 1.0))
        words = " ".join("".join(chance.choices(LETTERS, k=6)) for _ in range(tokens))
        answer = tokenizer.decode(tokenizer.encode(words).ids[:tokens])
        samples.append(Sample(f"frage {number}?", answer, str(number), Source("train.txt", 1, number)))
    return samples


if __name__ == "__main__":
    main()
