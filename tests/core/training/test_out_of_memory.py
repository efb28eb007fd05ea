"""A training whose memory really runs out: what its state says then, and the one click with which it goes on."""

import sys
from pathlib import Path

import pytest

from core import trainer
from core.jobs import child_process
from core.jobs.job import JobState
from core.jobs.services import Services, reattach
from core.training import readiness
from tests.core.training.training_material import curve, make_project, make_run
from utils.config import TrainingSettings

ROOT = Path(__file__).resolve().parents[3]
STEPS_PER_EPOCH = 5

# The app's own child, but from its 7th step on the system gives it no more memory.
SHORT_OF_MEMORY = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import resource
from pathlib import Path
import psutil
import torch
from transformers import Trainer
from core.jobs import worker

step = Trainer.training_step

def greedy_step(self, *arguments, **named):
    if self.state.global_step == 6:
        used = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (used + 2**24, resource.RLIM_INFINITY))
        torch.ones(2**30)
    return step(self, *arguments, **named)

Trainer.training_step = greedy_step
sys.exit(worker.work_on(Path(sys.argv[2])))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process's memory that way")
def test_a_training_short_of_memory_goes_on_with_half_the_batch_after_a_restart(services, base, monkeypatch):
    project = make_project(services.projects.folder)
    run = make_run(project, base, epochs=2, batch_size=2, gradient_accumulation=2)
    with monkeypatch.context() as patch:
        patch.setattr(child_process, "own_command", lambda: [sys.executable, "-c", SHORT_OF_MEMORY])
        first_app = Services(services.projects)
        trainer.resume_training(first_app, project)
        failed = first_app.runner.wait(run.id, timeout=120)
    assert (failed.state, failed.error and failed.error.key) == (JobState.FAILED, "training_out_of_memory")

    reattach(services)
    found = services.runner.get(run.id)
    assert (found.state, found.error) == (JobState.FAILED, failed.error)
    fix = readiness.fix_for(found.error.key, TrainingSettings(**run.request["training"]))
    job = trainer.continue_from_checkpoint(services, project, run.id, None, fix.changes)
    end = services.runner.wait(job.id, timeout=120)
    assert end.result["steps"] == 2 * STEPS_PER_EPOCH
    assert [line.params["step"] for line in end.log if line.key == "training.resumed"] == [STEPS_PER_EPOCH]
    assert [point["step"] for point in curve(run) if "loss" in point][-1] == 6
    assert run.read_state().state == JobState.CANCELLED
