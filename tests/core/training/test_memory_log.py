"""What earlier runs on this machine teach the next estimate, and what they cannot."""

import pytest

from core.runs import Run, create_run
from core.training import memory_estimate, memory_log


def training_run(project, formula_gib: float, estimated_gib: float, device: str = "cpu") -> Run:
    memory = {"device": device, "formula_gib": formula_gib, "estimated_gib": estimated_gib}
    return create_run(project, "train", {"memory": memory})


def measured(gib: float, device: str = "cpu") -> dict[str, object]:
    return {"device": device, "ram_gib": gib, "device_gib": 0.0, "device_reserved_gib": gib}


def test_runs_correct_later_estimates_on_the_same_kind_of_device(project) -> None:
    assert memory_log.correction("cpu") == 1.0
    for _ in range(3):
        memory_log.note_run(training_run(project, 2.0, 2.0), measured(2.4))
    assert memory_log.correction("cpu") == pytest.approx(1.2)
    assert memory_log.correction("cuda") == 1.0
    memory_log.note_run(training_run(project, 2.0, 2.4), measured(2.4))
    assert memory_log.correction("cpu") == pytest.approx(1.2)  # learned from the formula, not from the corrected
    assert memory_log.noted_runs()[-1].error == pytest.approx(0.0)


def test_a_single_odd_run_changes_little_and_no_run_more_than_is_likely(project) -> None:
    for gib in (2.2, 2.2, 2.2, 40.0):
        memory_log.note_run(training_run(project, 2.0, 2.0), measured(gib))
    assert memory_log.correction("cpu") == pytest.approx(1.1)
    for _ in range(9):
        memory_log.note_run(training_run(project, 2.0, 2.0), measured(40.0))
    assert memory_log.correction("cpu") == memory_log.CORRECTION_BOUNDS[1]


def test_a_damaged_line_and_a_run_without_an_estimate_teach_nothing(project) -> None:
    memory_log.note_run(create_run(project, "train", {}), measured(3.0))
    memory_log.note_run(training_run(project, 2.0, 2.0, "cuda"), measured(3.0))
    assert not memory_log.log_file().exists()
    memory_log.log_file().write_text('{"device": "cpu"}\nnonsense\n{"at": 1, "device": "cpu", "formula_gib": 0}\n')
    assert memory_log.noted_runs() == []


def test_on_a_gpu_what_torch_reserved_counts_and_the_context(project) -> None:
    compared = memory_log.compare(training_run(project, 4.0, 5.0, "cuda").request, measured(3.0, "cuda"))
    assert compared is not None
    assert compared.measured_gib == pytest.approx(3.0 + memory_estimate.CONTEXT_GIB)
