"""The proof: whatever interrupts a training, and however often, it ends bit for bit as if nothing had happened.

Real processes throughout: the training is the app's own child, and what relays it is an app in this process or
`python app.py train --resume`.
"""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core import trainer
from core.jobs.job import ACTIVE, JobState
from core.jobs.services import Services, reattach
from core.project_manager import ProjectStore
from core.training import checkpoints
from tests.core.training.training_material import curve, make_base, make_project, make_run, published
from tests.core.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]
SEED = 5
# What makes an exact resume hard: dropout, evaluation, accumulation that does not divide the epoch.
HARD = {"epochs": 12, "batch_size": 2, "gradient_accumulation": 3, "lora_dropout": 0.1, "learning_rate": 1e-3}
STEPS = 12 * 7
INTERRUPTIONS = {"pause": 4, "cancel": 3, "kill child": 3, "kill app": 4, "end app": 2, "kill during a save": 4}
PATIENCE_SECONDS = 120


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("CUSTOM_AI_CONFIG", str(tmp_path / "config"))
    return make_project(tmp_path / "projects", samples=44)


@pytest.fixture
def base(tmp_path):
    """Large enough for steps that take a moment."""
    return make_base(tmp_path / "base", hidden=192, layers=4)


def wait_until(condition, what):
    wait_for(condition, PATIENCE_SECONDS, every_seconds=0.001, what=what)  # steps and saves are soon over


class Watch:
    """What a run has done since this was made; the events of before are passed over."""

    def __init__(self, run):
        self._run = run
        self._file = run.events_file
        self._offset = self._file.stat().st_size if self._file.exists() else 0

    @property
    def steps(self):
        if not self._file.exists():
            return []
        with self._file.open("rb") as file:
            file.seek(self._offset)
            lines = file.read().splitlines(keepends=True)
        events = [json.loads(line) for line in lines if line.endswith(b"\n") and b'"loss"' in line]
        return [event["values"]["step"] for event in events]

    def wait_for_new_steps(self, count):
        ended = (JobState.DONE, JobState.FAILED)
        wait_until(
            lambda: len(self.steps) >= count or self._run.read_state().state in ended,
            f"{count} steps of {self._run.id}",
        )
        assert self._run.read_state().state not in ended, self._run.read_state()


class Apps:
    """Opens apps on a run, one after the other, and ends what they do in every way there is."""

    def __init__(self, run, dice):
        self.run = run
        self.dice = dice
        self.hit_saves = 0

    def interrupt(self, kind):
        watch = Watch(self.run)
        if kind in ("kill app", "end app"):
            self._stop_command(kind, watch)
            return
        services = self.open()
        watch.wait_for_new_steps(self.dice.randint(1, 3))
        time.sleep(self.dice.uniform(0, 0.1))  # somewhere within a step
        if kind in ("pause", "cancel"):
            getattr(services.runner, kind)(self.run.id)
            expected = JobState.PAUSED if kind == "pause" else JobState.CANCELLED
        elif kind == "kill during a save":
            expected = self._kill_during_a_save(services)
        else:
            self.child().kill()
            expected = JobState.INTERRUPTED
        assert services.runner.wait(self.run.id, timeout=PATIENCE_SECONDS).state == expected
        self.hit_saves += bool(self.torn())

    def open(self):
        """An app that was just started: it finds the training at work, or a person resumes it."""
        services = Services(ProjectStore(self.run.project.root.parent))
        reattach(services)
        known = services.runner.latest(self.run.project.name, ["train"])
        if known is None or known.state not in ACTIVE:
            trainer.resume_training(services, self.run.project)
        return services

    def _stop_command(self, kind, watch):
        projects = str(self.run.project.root.parent)
        command = [sys.executable, str(ROOT / "app.py"), "--projects", projects, "train", "Physik", "--resume"]
        app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        watch.wait_for_new_steps(self.dice.randint(1, 3))
        if kind == "kill app":
            app.kill()
            app.wait()
            assert self.run.read_state().process  # the child goes on, and the next app finds it
        else:
            app.send_signal(self.dice.choice([signal.SIGTERM, signal.SIGINT]))
            assert app.wait(timeout=PATIENCE_SECONDS) == 130
            assert self.run.read_state().state == JobState.PAUSED

    def _kill_during_a_save(self, services):
        """The state that follows: where the save was over sooner than the kill came, the pause that was asked for."""
        asked = self.dice.random() < 0.5  # a save in the middle of an epoch, else the one at its end
        if asked:
            services.runner.pause(self.run.id)
        wait_until(lambda: bool(self.torn()), "a save")
        time.sleep(self.dice.uniform(0, 0.02))  # a save of this model takes about 0.03 s
        try:
            child = self.child()
            child.suspend()  # nothing changes between the look and the kill
        except psutil.NoSuchProcess:
            assert asked
            return JobState.PAUSED
        if asked and not self.torn():
            child.resume()
            return JobState.PAUSED
        child.kill()
        return JobState.INTERRUPTED

    def child(self):
        """Raises psutil.NoSuchProcess where none works on the run."""
        process = self.run.read_state().process
        if process is None:
            raise psutil.NoSuchProcess(-1)
        return psutil.Process(int(process["pid"]))

    def torn(self):
        """Folders of checkpoints that are being written, or never were to their end."""
        folders = self.run.trainer_folder.glob("checkpoint-*")
        return [folder for folder in folders if not (folder / checkpoints.MARK).exists()]


@pytest.fixture
def no_child_stays():
    """The runs of which no process may be left behind, also where the test failed."""
    runs = []
    yield runs
    for run in runs:
        if process := run.read_state().process:
            psutil.Process(int(process["pid"])).kill()


@pytest.mark.slow
def test_a_run_interrupted_at_twenty_moments_ends_bit_for_bit_as_one_that_never_was(project, base, no_child_stays):
    dice = random.Random(SEED)
    kinds = [kind for kind, times in INTERRUPTIONS.items() for _ in range(times)]
    dice.shuffle(kinds)
    print(f"seed {SEED}: {kinds}")

    whole = make_run(project, base, **HARD)
    no_child_stays.append(whole)
    services = Apps(whole, dice).open()
    first = services.runner.wait(whole.id, timeout=PATIENCE_SECONDS)
    assert first.result["steps"] == STEPS
    adapters = published(project)

    run = make_run(project, base, **HARD)
    no_child_stays.append(run)
    apps = Apps(run, dice)
    for kind in kinds:
        apps.interrupt(kind)
        print(f"{kind}, when step {max(point['step'] for point in curve(run))} was done")
    print(f"{apps.hit_saves} of {len(kinds)} interruptions hit a save")
    end = apps.open().runner.wait(run.id, timeout=PATIENCE_SECONDS)

    assert end.state == JobState.DONE and end.result
    assert curve(run) == curve(whole)
    assert published(project) == adapters
    for file in (checkpoints.ADAPTER, "optimizer.pt", "rng_state.pth"):
        last = [one.trainer_folder / f"checkpoint-{STEPS}" / file for one in (run, whole)]
        assert last[0].read_bytes() == last[1].read_bytes(), file
    assert end.result["adapter_sha256"] == first.result["adapter_sha256"]
    assert apps.hit_saves >= INTERRUPTIONS["kill during a save"] // 2
