"""Bundles of runs that were made without training."""

import zipfile
from functools import partial
from pathlib import Path

from core.jobs.job import JobState
from core.jobs.runs import create_run
from core.models import bases
from core.training import bundle, checkpoints
from tests.core.recording_context import RecordingContext
from ui.training.bundle_readme import readme
from utils.files import append_line, sha256_of, write_json

README = partial(readme, "de")


def finished_run(project, base):
    """A training run with everything that a real one leaves, made without training."""
    path = str(base)
    made_of = {"source": "path", "name": path, "folder": path, "revision": ""}
    request = {
        "base": made_of | {"fingerprint": bases.fingerprint(base)},
        "training": {"epochs": 2},
        "samples_sha256": sha256_of(project.samples_file),
        "engine": "trl",
        "force_cpu": True,
        "processes": 1,
        "versions": {"torch": "2.13.0"},
        "machine": {"system": "Linux", "cpu": "some cpu"},
    }
    run = create_run(project, "train", request)
    run.samples_file.write_bytes(project.samples_file.read_bytes())
    append_line(run.metrics_file, '{"step": 1, "loss": 2.5, "epoch": 1.0}')
    best = project.checkpoints_folder / "best"
    best.mkdir(parents=True, exist_ok=True)
    (best / checkpoints.ADAPTER).write_bytes(b"weights" * 1000)
    (best / "training_args.bin").write_bytes(str(project.root).encode())
    write_json(best / "adapter_config.json", {"base_model_name_or_path": path, "r": 16})
    write_json(best / checkpoints.PUBLISHED_NOTE, {"run": run.id})
    result = {"run": run.id, "loss": 2.0, "first_loss": 3.0, "steps": 9, "samples": 20, "checkpoint": str(best)}
    run.write_state(JobState.DONE, result=result)
    return run


def packed(run):
    return Path(bundle.write(RecordingContext(), run, README)["file"])


def parts_of(file):
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
