"""Runs of which only some files are there, for the tests of what is read from their folders."""

import json

from core.jobs.runs import create_run
from tests.ui.runs_material import add_checkpoint, publish

__all__ = ["add_checkpoint", "make_run", "publish", "write_curve"]

SETTINGS = {"epochs": 2, "learning_rate": 2e-4}


def make_run(project, **more):
    request = {"base": {"source": "practice", "name": "practice"}, "training": SETTINGS, **more}
    return create_run(project, "train", request)


def write_curve(run, losses, checks=()):
    points = [{"step": step, "epoch": step / 4, "loss": loss, "seconds": step} for step, loss in losses]
    points += [{"step": step, "epoch": step / 4, "eval_loss": loss, "seconds": step} for step, loss in checks]
    run.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in points))
