"""`python -m benchmarks.gpu`: what only a GPU can show, in about five minutes and without network.

The model is made on the spot (about a billion parameters, a vocabulary of 131,072). In turn: bare Unsloth, the app,
bare TRL, with the same batch, length, loss and padding; then a run that is paused, killed and resumed beside one that
was not; one that runs out of memory and goes on as the suggested fix says, in 4 bits; what was estimated beside the
peak; an export with its verification. `--model tiny --any-device` tries the script itself where there is no GPU.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import train
from benchmarks.memory import Model, make_model
from core import base_models, exporter, trainer
from core.jobs.child_process import kill_tree
from core.jobs.job import ACTIVE, JobSnapshot
from core.jobs.runs import open_run
from core.jobs.services import Services
from core.project_manager import Project, ProjectStore
from core.samples.store.sft_dataset import append_samples
from utils.config import BaseChoice, TrainingSettings

BILLION_WORDY = Model("llama", 2048, 5632, 16, 131_072)
PAUSED_AT, KILLED_AT = 3, 6
MEMORY_LEFT = "PYTORCH_ALLOC_CONF"
LITTLE = "per_process_memory_fraction:{share}"
LARGE_BATCH = 64


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", choices=[*train.MODELS, "billion-wordy"], default="billion-wordy")
    options.add_argument("--steps", type=int, default=12, help="steps per epoch, of which there are two")
    options.add_argument("--length", type=int, default=1024)
    options.add_argument("--batch", type=int, default=4)
    options.add_argument("--memory-share", type=float, default=0.04, help="of the GPU's, for the run that fails")
    options.add_argument("--any-device", action="store_true")
    given = options.parse_args()
    import torch

    if not (torch.cuda.is_available() or given.any_device):
        raise SystemExit("no GPU here: nothing was run")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ |= {"CUSTOM_AI_CONFIG": str(folder / "config"), "CUSTOM_AI_CACHE": str(folder / "cache")}
        settings = TrainingSettings(batch_size=given.batch, max_length=given.length, epochs=2, held_out_share=0.1)
        base = make_model(folder, {**train.MODELS, "billion-wordy": BILLION_WORDY}[given.model])
        material = train.Material(folder, base, settings, given.steps * given.batch, given.length)
        print(f"model made in {time.monotonic() - started:.0f} s")
        by_name = train.legs(material)
        by_name.pop("ours with TRL", None)  # five minutes
        train.compare(material, 1, by_name)
        services = Services(ProjectStore(folder / "app"))
        try:
            exact_resume(services, material)
            out_of_memory(services, material, given.memory_share)
        finally:
            services.runner.shutdown()
    print(f"altogether {time.monotonic() - started:.0f} s")


def exact_resume(services: Services, material: train.Material) -> None:
    """The same run twice, the second one paused once and killed once; then memory and export of it."""
    whole = finished(services, trainer.start_training(services, project_of(services, material, "whole")))
    project = project_of(services, material, "broken")
    job = trainer.start_training(services, project)
    at_step(services, job, PAUSED_AT)
    services.runner.pause(job.id)
    services.runner.wait(job.id)
    job = trainer.resume_training(services, project)
    at_step(services, job, KILLED_AT)
    process = open_run(project, job.id).read_state().process
    assert process, "it ended before it could be killed"
    kill_tree(process["pid"])
    services.runner.wait(job.id)
    again = finished(services, trainer.resume_training(services, project))
    same = whole["adapter_sha256"] == again["adapter_sha256"]
    print(f"paused, killed and resumed: {'identical' if same else 'NOT identical'} after {again['steps']} steps")
    print(f"loss {again['first_loss']:.3f} -> {again['loss']:.3f}; memory {again['memory']}")
    points = [json.loads(line) for line in open_run(project, again["run"]).metrics_file.read_text().splitlines()]
    rates = sorted(point["tokens_per_second"] for point in points if "tokens_per_second" in point)
    print(f"tokens/s at the median {rates[len(rates) // 2]:.0f}")
    project.set("output", {"format": "gguf", "quantization": "q4_k_m"})
    exported = finished(services, exporter.start_export(services, project))
    verdicts = {file["quantization"]: file["passed"] for file in exported["verification"]["files"]}
    print(f"export {verdicts} in {exported['seconds']} s")


def out_of_memory(services: Services, material: train.Material, share: float) -> None:
    """A batch too large for the share of memory that torch may take; then what the app suggests, in 4 bits."""
    project = project_of(services, material, "large", batch_size=LARGE_BATCH, four_bit=True)
    os.environ[MEMORY_LEFT] = LITTLE.format(share=share)
    end = services.runner.wait(trainer.start_training(services, project).id)
    while fix := trainer.suggested_fix(project, end):
        print(f"{end.error and end.error.key}: {fix.changes}")
        trainer.take_fix(services, project)
        mended = services.runner.latest(project.name, ["train"])
        assert mended
        end = services.runner.wait(mended.id)
    del os.environ[MEMORY_LEFT]
    print(f"the mended run: {end.state}")


def project_of(services: Services, material: train.Material, name: str, **changes: Any) -> Project:
    project = services.projects.create(name)
    append_samples(project.samples_file, train.make_samples(material))
    project.set("training", {**material.settings.model_dump(), **changes})
    base_models.choose_base(project, BaseChoice(source="path", name=str(material.base)))
    return project


def at_step(services: Services, job: JobSnapshot, step: int) -> None:
    """Wait until a training has done so many steps."""
    while (now := services.runner.get(job.id)).state in ACTIVE and now.done < step:
        time.sleep(0.05)


def finished(services: Services, job: JobSnapshot) -> dict[str, Any]:
    """The result of a job that has to end well."""
    end = services.runner.wait(job.id)
    if end.result is None:
        raise SystemExit(f"{job.kind}: {end.state} {end.error}")
    return end.result


if __name__ == "__main__":
    main()
