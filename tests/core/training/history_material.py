"""Runs made without training, for the tests of what is read from their folders."""

import json

from core.runs import create_run
from core.training import checkpoints
from utils.files import write_json

SETTINGS = {"epochs": 2, "learning_rate": 2e-4}


def make_run(project, **more):
    request = {"base": {"source": "practice", "name": "practice"}, "training": SETTINGS, **more}
    return create_run(project, "train", request)


def write_curve(run, losses, checks=()):
    points = [{"step": step, "epoch": step / 4, "loss": loss, "seconds": step} for step, loss in losses]
    points += [{"step": step, "epoch": step / 4, "eval_loss": loss, "seconds": step} for step, loss in checks]
    run.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in points))


def add_checkpoint(run, step):
    folder = run.trainer_folder / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(b"x" * 1000)
    checkpoints.mark_complete(folder)


def publish(project, run):
    best = project.checkpoints_folder / "best"
    best.mkdir(parents=True, exist_ok=True)
    (best / "adapter_model.safetensors").write_bytes(b"x" * 500)
    write_json(best / checkpoints.PUBLISHED_NOTE, {"run": run.id, "step": 8, "epoch": 2})
