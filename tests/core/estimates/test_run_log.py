"""What earlier runs on this machine teach the next estimate, and what they cannot."""

import json
from dataclasses import asdict

import pytest

from core.estimates import memory, run_log
from core.estimates.run_log import Kind, Needed
from core.jobs.runs import create_run
from core.training import measured
from core.training.measured import Session
from utils.files import append_line

KIND = Kind("cpu", "trl", "autocast", False, 1, 500_000_000)
GOOD = Needed(KIND, 2.0, 2.4, 1e12, 12.0, 150.0)
OF_EARLIER_VERSIONS = (
    {"at": 1.0, "device": "cpu", "formula_gib": 2.0, "estimated_gib": 2.0, "measured_gib": 9.0},
    {"at": 1.0, "kind": {"device": "cpu"}, "formula_setup": 1.0, "formula_training": 1.0, "setup_seconds": 1.0},
)


def training_run(project, device="cpu", formula_gib=2.0, estimated_gib=2.0, **more):
    request = {
        "memory": {"device": device, "formula_gib": formula_gib, "estimated_gib": estimated_gib},
        "time": {"kind": asdict(KIND) | {"device": device}, "steps": 100, "work": 1e12},
    }
    return create_run(project, "train", request | more)


def peak(gib, device):
    return {"device": device, "ram_gib": gib, "device_gib": 0.0, "device_reserved_gib": gib}


def note(run, gib=2.4, device="cpu", from_step=0, last_step=100):
    return measured.note_run(run, peak(gib, device), Session(from_step, 5.0, 20.0), last_step)


def test_runs_correct_later_memory_estimates_on_the_same_kind_of_device(project):
    assert run_log.memory_correction("cpu") == 1.0
    for _ in range(3):
        note(training_run(project))
    assert run_log.memory_correction("cpu") == pytest.approx(1.2)
    assert run_log.memory_correction("cuda") == 1.0
    note(training_run(project, estimated_gib=2.4))
    assert run_log.memory_correction("cpu") == pytest.approx(1.2)  # learned from the formula, not from the corrected
    note(training_run(project), 40.0)  # a single odd run changes little
    assert run_log.memory_correction("cpu") == pytest.approx(1.2)
    for _ in range(9):
        note(training_run(project), 40.0)
    assert run_log.memory_correction("cpu") == run_log.CORRECTION_BOUNDS[1]


def test_a_run_without_an_estimate_or_on_another_device_than_expected_teaches_nothing(project):
    of_an_earlier_version = {"memory": {"device": "cpu"}, "time": {"seconds": [60, 90], "steps": 3}}
    runs = [create_run(project, "train", request) for request in ({}, of_an_earlier_version)]
    for run in (*runs, training_run(project, "cuda")):
        note(run)
    assert run_log.noted_runs() == []


def test_what_a_session_computed_counts_for_its_own_steps(project):
    note(training_run(project), from_step=60)  # too little of the whole
    note(training_run(project), from_step=40, last_step=80)  # it stopped early
    note(training_run(project, branch={"run": "x", "step": 60}), from_step=60)  # a branch has only its own
    found = [(run.work, run.training_seconds, run.setup_seconds) for run in run_log.noted_runs()]
    assert found == [(4e11, 20.0, 5.0)] * 2


def test_on_a_gpu_the_usual_step_counts_and_what_torch_reserved_with_the_context(project):
    run = training_run(project, "cuda")
    seconds = [2.0 * step + (500 if step > 30 else 0) for step in range(1, 101)]  # once something else was first
    points = [{"step": step + 1, "loss": 1.0, "seconds": passed} for step, passed in enumerate(seconds)]
    run.metrics_file.write_text("".join(json.dumps(point) + "\n" for point in points))
    note(run, 3.0, "cuda")
    (found,) = run_log.noted_runs()
    assert found.training_seconds == 200.0
    assert found.measured_gib == pytest.approx(3.0 + memory.CONTEXT_GIB)


def test_half_a_line_and_lines_of_other_versions_are_passed_over(project):
    append_line(run_log.log_file(), json.dumps(asdict(GOOD)))
    odd = [asdict(GOOD) | {"new": 1}, {**asdict(GOOD), "kind": 1}, asdict(GOOD) | {"training_seconds": 0}, [], 3]
    for bad in ("{half", *map(json.dumps, [*odd, *OF_EARLIER_VERSIONS])):
        append_line(run_log.log_file(), bad)
    assert run_log.noted_runs() == [GOOD]
