"""Training runs as their folders look, made without training."""

import hashlib
import json

from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.training import checkpoints
from utils.config import TrainingSettings
from utils.files import write_json


def make_run(project, state=JobState.DONE, losses=(4.0, 3.0, 2.0, 1.0), **training):
    """A run of as many steps as there are losses, with a checkpoint and a measurement at the last one."""
    settings = TrainingSettings(**{"epochs": 2, **training}).model_dump()
    base = {"source": "practice", "name": "practice", "folder": "models/practice_base", "fingerprint": "a" * 64}
    request = {"base": base, "training": settings, "versions": {"torch": "2.13.0"}, "engine": "trl"}
    request["samples_sha256"] = hashlib.sha256(b"").hexdigest()
    run = create_run(project, "train", request)
    run.samples_file.write_text("")
    points = [{"step": step, "epoch": step / 2, "loss": loss} for step, loss in enumerate(losses, 1)]
    points.append({"step": len(losses), "epoch": 2.0, "eval_loss": losses[-1] + 0.5, "seconds": 90})
    run.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in points))
    add_checkpoint(run, len(losses))
    result = {"run": run.id, "loss": losses[-1], "first_loss": losses[0], "samples": 20, "held_out": 4, "seconds": 90}
    result["steps"] = len(losses)
    run.write_state(state, **({"result": result} if state == JobState.DONE else {}))
    return run


def add_checkpoint(run, step):
    folder = run.trainer_folder / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "adapter_model.safetensors").write_bytes(b"x" * 1000)
    (folder / "adapter_config.json").write_text("{}")
    history = [{"step": step, "loss": 1.0}, {"step": step, "eval_loss": 1.5}]
    write_json(folder / checkpoints.TRAINER_STATE, {"max_steps": 4, "num_train_epochs": 2, "log_history": history})
    checkpoints.mark_complete(folder)


def publish(project, run):
    best = project.checkpoints_folder / "best"
    best.mkdir(parents=True, exist_ok=True)
    write_json(best / checkpoints.PUBLISHED_NOTE, {"run": run.id})
