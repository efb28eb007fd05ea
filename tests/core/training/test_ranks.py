"""Several processes train one adapter together, over gloo on the CPU: the same losses, one writer, one fate."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from core.jobs import launcher
from core.jobs.child_work import ChildWork
from core.jobs.job import ACTIVE, Job, JobState
from core.jobs.runner import JobRunner
from core.jobs.runs import list_runs
from core.training import checkpoints, ranks, train
from tests.core.training.training_material import TrainingContext, curve, make_project, make_run, published
from tests.refusals import code_of, refusal_of
from utils import config
from utils.files import read_json, write_json

ROOT = Path(__file__).resolve().parents[3]
LOSS_TOLERANCE = 5e-4
"""Relative, on a CPU that computes in bfloat16: two halves of a batch are added in another order than the whole."""

# Long enough to be stopped in the middle; dropout and accumulation make an exact resume hard.
LONG = {"epochs": 10, "batch_size": 1, "gradient_accumulation": 1, "lora_dropout": 0.1, "learning_rate": 1e-3}
STEPS = 10 * 10


@pytest.fixture
def runner():
    runner = JobRunner()
    yield runner
    runner.shutdown()


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory, base):
    runner = JobRunner()
    run = make_shared_run(make_project(tmp_path_factory.mktemp("projects")), base, **LONG)
    assert runner.wait(start(runner, run).id).state == JobState.DONE
    return run


def make_shared_run(home, base, processes=2, **training):
    run = make_run(home, base, **training)
    write_json(run.folder / "run.json", {**run.request, "processes": processes})
    return run


def start(runner, run):
    return runner.start(Job("train", run.project.name, ChildWork(run), id=run.id))


def wait_for_step(runner, run, step):
    while not any(point["step"] >= step for point in runner.get(run.id).metrics):
        assert runner.get(run.id).state in ACTIVE
        time.sleep(0.01)


def rank_processes(run):
    """The processes of a run, rank 0 first."""
    first = psutil.Process(int(run.read_state().process["pid"]))
    return [first, *(child for child in first.children() if "rank" in child.cmdline())]


def begun(runner, run, step):
    """The processes of a run that is started and has come to this step."""
    start(runner, run)
    wait_for_step(runner, run, step)
    return rank_processes(run)


def resume_to_the_end_of(uninterrupted, runner, run):
    """A stopped run goes on and ends with the same curve and the same files as one that ran through."""
    runner.resume(run.id)
    assert runner.wait(run.id).state == JobState.DONE
    assert curve(run) == curve(uninterrupted)
    assert published(run.project) == published(uninterrupted.project)


def gone(processes):
    return psutil.wait_procs(processes, timeout=30)[1] == []


@pytest.mark.slow
def test_two_processes_reach_the_losses_of_one_with_twice_the_batch(tmp_path, base, runner):
    settings = {"epochs": 2, "gradient_accumulation": 2, "lora_dropout": 0.0, "learning_rate": 1e-3}
    alone = make_run(make_project(tmp_path / "one"), base, batch_size=4, **settings)
    train.run(TrainingContext(), alone)
    together = make_shared_run(make_project(tmp_path / "two"), base, batch_size=2, **settings)
    end = runner.wait(start(runner, together).id)
    assert end.state == JobState.DONE
    (batch,) = [line.params for line in end.log if line.key == "training.batch"]
    assert (batch["effective"], batch["processes"]) == (8, 2)
    one, two = curve(alone), curve(together)
    assert [point["step"] for point in one] == [point["step"] for point in two]
    for name in ("loss", "eval_loss", "learning_rate"):
        expected = [point[name] for point in one if name in point]
        assert [point[name] for point in two if name in point] == pytest.approx(expected, rel=LOSS_TOLERANCE)
    # One set of checkpoints and of points, written once.
    assert set(published(together.project)) == set(published(alone.project)) == {"epoch_1", "epoch_2", "best"}
    newest = checkpoints.newest_complete(together.trainer_folder).folder
    assert {path.name for path in newest.glob("rng_state*")} == {"rng_state_0.pth", "rng_state_1.pth"}
    notes = [run.project.checkpoints_folder / "best" / checkpoints.PUBLISHED_NOTE for run in (alone, together)]
    assert read_json(notes[0])["epoch"] == read_json(notes[1])["epoch"]


@pytest.mark.slow
def test_two_processes_that_pause_go_on_as_if_they_had_never_stopped(uninterrupted, home, base, runner):
    run = make_shared_run(home, base, **LONG)
    both = begun(runner, run, 13)
    runner.pause(run.id)
    assert runner.wait(run.id).state == JobState.PAUSED
    assert len(both) == 2 and gone(both)
    assert 13 <= curve(run)[-1]["step"] < STEPS
    runner.resume(run.id)
    wait_for_step(runner, run, curve(run)[-1]["step"] + 7)
    both = rank_processes(run)
    both[1].send_signal(signal.SIGTERM)  # a polite kill of any rank pauses all
    assert runner.wait(run.id).state == JobState.PAUSED
    assert gone(both)
    resume_to_the_end_of(uninterrupted, runner, run)


@pytest.mark.slow
@pytest.mark.parametrize(("victim", "reason"), [(0, "child_killed"), (1, "training_process_lost")])
def test_a_killed_rank_ends_all_and_the_run_resumes_exactly(uninterrupted, home, base, runner, victim, reason):
    run = make_shared_run(home, base, **LONG)
    both = begun(runner, run, 25)
    both[victim].kill()
    end = runner.wait(run.id, timeout=60)
    assert (end.state, end.error.key) == (JobState.INTERRUPTED, reason)
    assert gone(both)
    resume_to_the_end_of(uninterrupted, runner, run)


@pytest.mark.slow
@pytest.mark.parametrize("nodes", [1, 2])
def test_torchrun_starts_the_train_command_on_one_node_and_on_two(tmp_path, home, base, nodes):
    settle(home, base, epochs=1, batch_size=2, held_out_share=0.1)
    options = ["--nproc_per_node", str(2 // nodes), "--nnodes", str(nodes), "--local-addr", "127.0.0.1"]
    options += ["--rdzv-backend", "c10d", "--rdzv-endpoint", f"127.0.0.1:{free_port()}"]
    outputs = [tmp_path / f"node_{node}.txt" for node in range(nodes)]
    launched = [torchrun(home, output, *options) for output in outputs]
    for each in launched:
        wait_or_show_where_all_stand(each, launched, timeout=240)
    said = "\n".join(output.read_text(encoding="utf-8", errors="replace") for output in outputs)
    assert [each.returncode for each in launched] == [0] * nodes, said
    (run,) = list_runs(home, "train")
    found = run.read_state()
    assert found.state == JobState.DONE
    assert run.request["processes"] == 2
    assert found.result["steps"] == 5  # 20 samples, 2 in each of 2 processes
    assert set(published(home)) == {"epoch_1", "best"}


@pytest.mark.slow
def test_torchrun_that_repeats_the_command_after_each_death_ends_with_the_one_run_it_began(
    uninterrupted, tmp_path, home, base
):
    settle(home, base, **LONG)
    launched = torchrun(home, tmp_path / "said", "--nproc_per_node", "2", "--max-restarts", "3")
    for victim, points in (("worker", 28), ("command", 55), ("rank 1", 80)):
        run = wait_for_points(home, launched, points)
        worker = psutil.Process(int(run.read_state().process["pid"]))
        command = worker.parent()
        (other,) = (child for child in psutil.Process(launched.pid).children() if child != command)
        {"worker": worker, "command": command, "rank 1": other}[victim].kill()
        assert gone([worker, command, other])
    wait_or_show_where_all_stand(launched, [launched], timeout=240)
    assert launched.returncode == 0, (tmp_path / "said").read_text(encoding="utf-8", errors="replace")
    assert [each.id for each in list_runs(home, "train")] == [run.id]
    assert run.read_state().state == JobState.DONE
    assert curve(run) == curve(uninterrupted)
    assert published(home) == published(uninterrupted.project)


@pytest.mark.slow
def test_torchrun_does_not_begin_again_what_a_person_paused_elsewhere(tmp_path, home, base):
    settle(home, base, **LONG)
    launched = torchrun(home, tmp_path / "said", "--nproc_per_node", "2", "--max-restarts", "3")
    run = wait_for_points(home, launched, 13)
    run.ask("pause")
    wait_or_show_where_all_stand(launched, [launched], timeout=120)
    said = (tmp_path / "said").read_text(encoding="utf-8", errors="replace")
    assert (launched.returncode, run.read_state().state) == (0, JobState.PAUSED), said
    assert curve(run)[-1]["step"] < STEPS


def settle(home, base, **training):
    choice = {"source": "path", "name": str(base)}
    home.save_config(config.changed(home.load_config(), base=choice, training=training))


def wait_for_points(home, launched, points):
    """The one run of a project, once its curves have so many points."""
    while True:
        assert launched.poll() is None
        for run in list_runs(home, "train"):
            if run.metrics_file.exists() and run.metrics_file.read_bytes().count(b"\n") >= points:
                return run
        time.sleep(0.05)


def torchrun(home, output, *options):
    """Start the train command for a project under torchrun."""
    environment = {**os.environ, "PYTHONFAULTHANDLER": "1"}
    command = [sys.executable, "-m", "torch.distributed.run", *options]
    command += ["app.py", "--projects", str(home.root.parent), "train", home.name]
    with output.open("wb") as file:
        return subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, env=environment)


def wait_or_show_where_all_stand(process, launched, timeout):
    """A launcher that does not end fails the test, with the stack of every process it started in the output."""
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        launchers = [psutil.Process(each.pid) for each in launched if each.poll() is None]
        family = [*launchers, *(child for each in launchers for child in each.children(recursive=True))]
        for member in reversed(family):  # children first: a launcher ends its children when it is ended
            print(member.pid, member.cmdline())
            member.send_signal(signal.SIGABRT)
            time.sleep(0.5)
        psutil.wait_procs(family, timeout=10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_work_of_one_process_knows_nothing_of_the_launcher(monkeypatch):
    monkeypatch.setattr(os, "environ", {"PATH": "/bin", "RANK": "1", "WORLD_SIZE": "4", "TORCHELASTIC_RUN_ID": "x"})
    assert (launcher.rank(), launcher.world()) == (1, 4)
    assert launcher.without_rank(os.environ) == {"PATH": "/bin"}


def test_a_run_goes_on_only_with_as_many_processes_as_it_began_with(home, base, monkeypatch):
    run = make_shared_run(home, base, processes=4)
    monkeypatch.setenv("WORLD_SIZE", "2")
    refused = refusal_of(lambda: ranks.lead(run, "cpu", lambda: None))
    assert (refused.code, refused.params) == ("training_processes_changed", {"was": 4, "now": 2})


@pytest.mark.parametrize("asked", ["FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG"])
def test_a_model_that_cannot_be_split_as_asked_is_refused_before_it_is_loaded(home, base, monkeypatch, asked):
    monkeypatch.setenv(f"ACCELERATE_USE_{asked}", "true")
    run = make_shared_run(home, base)
    assert code_of(lambda: train.run(TrainingContext(), run)) == "training_sharding_unsupported"
    assert not run.trainer_folder.exists()


@pytest.mark.parametrize("way", ["--num_processes=3", "--num_processes 2", "--num-processes 2"])
def test_accelerate_that_starts_one_process_instead_of_several_is_said(home, way):
    command = [sys.executable, "-m", "accelerate.commands.launch", *way.split(), "--num_machines", "1", "app.py"]
    command += ["--projects", str(home.root.parent), "train", home.name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert f"error: accelerate was asked for {way[-1]} processes" in done.stderr


def test_more_processes_than_devices_are_refused_and_alone_everything_is_agreed():
    assert code_of(lambda: ranks.require_devices("mps", 2)) == "training_processes_unsupported"
    assert code_of(lambda: ranks.require_devices("cuda", 99)) == "training_too_few_devices"
    alone = ranks.Ranks()
    assert (alone.agree(True, False), alone.first_says(3)) == ((True, False), 3)
    assert alone.lost(RuntimeError("gloo")) is None
