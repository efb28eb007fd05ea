"""What memory a training needs: the formula's properties, whether it fits, and one run that is measured."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from core import base_models, trainer
from core.estimates import memory, run_log
from core.hardware_detector import Hardware
from core.jobs.job import JobState
from core.models.model_shape import Shape
from tests.core.training.machine_material import ONE_BILLION, machine
from utils.config import TrainingSettings

CPU, GPU = machine("cpu"), machine("cuda")


def needed(hardware: Hardware = CPU, longest: int = 1024, shape: Shape = ONE_BILLION, **settings: object) -> float:
    return memory.estimate(shape, TrainingSettings(max_length=4096, **settings), hardware, longest).total_gib


@pytest.mark.parametrize("place", [CPU, GPU, replace(CPU, bf16=False), machine("mps")])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_more_batch_length_or_rank_never_needs_less(place: Hardware, checkpointing: bool) -> None:
    usual = {"gradient_checkpointing": checkpointing}
    for sizes in (
        [needed(place, batch_size=batch, **usual) for batch in (1, 2, 4, 8, 16)],
        [needed(place, longest, **usual) for longest in (64, 256, 1024, 4096)],
        [needed(place, lora_rank=rank, **usual) for rank in (8, 16, 32, 64)],
        [needed(place, target_modules=modules, **usual) for modules in ("q_proj,v_proj", "attention", "")],
    ):
        assert all(less < more for less, more in itertools.pairwise(sizes))


@pytest.mark.parametrize("place", [CPU, GPU])
def test_four_bit_needs_less_than_sixteen(place: Hardware) -> None:
    assert needed(place, four_bit=True) < needed(place)


def test_checkpointing_needs_less_for_long_inputs() -> None:
    assert needed(longest=2048, batch_size=4, gradient_checkpointing=True) < 0.6 * needed(longest=2048, batch_size=4)


def test_what_is_cut_off_takes_no_memory_and_padding_does() -> None:
    assert needed(longest=9000) == needed(longest=4096)
    assert needed(longest=1009) == needed(longest=1024) > needed(longest=1008)


def test_the_logits_are_bounded_by_the_chunk_of_the_loss() -> None:
    short = memory.estimate(ONE_BILLION, TrainingSettings(), CPU, 512).terms["logits"]
    assert short == memory.estimate(ONE_BILLION, TrainingSettings(), CPU, 1024).terms["logits"]


def test_large_weights_are_in_sixteen_bits_and_small_ones_on_a_cpu_are_not() -> None:
    small = replace(ONE_BILLION, parameters=100_000_000, stored_bytes=200_000_000)

    def bytes_each(shape: Shape, place: Hardware) -> float:
        terms = memory.estimate(shape, TrainingSettings(), place, 512).terms
        return terms["weights"] / shape.parameters / memory.FACTORS.get("weights", 1.0)

    assert [bytes_each(ONE_BILLION, CPU), bytes_each(small, CPU), bytes_each(small, GPU)] == [2, 4, 2]


def test_the_light_says_whether_it_fits() -> None:
    settings = TrainingSettings(batch_size=4)
    total = memory.estimate(ONE_BILLION, settings, CPU, 512).total_gib
    frees = (2 * total, 1.1 * total, 0.9 * total)
    lights = [memory.estimate(ONE_BILLION, settings, machine("cpu", free), 512).light for free in frees]
    assert lights == ["green", "amber", "red"]
    assert memory.estimate(ONE_BILLION, settings, machine("cuda", None), 512).light == "unknown"


def test_what_saves_most_comes_first() -> None:
    found = memory.savings(ONE_BILLION, TrainingSettings(batch_size=4), CPU, 512, 1.0)
    assert [way.saved_gib for way in found] == sorted((way.saved_gib for way in found), reverse=True)
    assert {way.name for way in found} == {"batch_size", "max_length", "gradient_checkpointing", "four_bit"}


def test_processes_on_one_machine_share_its_memory_and_on_gpus_each_has_its_own() -> None:
    settings = TrainingSettings(processes=4)
    free = [memory.estimate(ONE_BILLION, settings, machine(kind, 8.0), 512).free_gib for kind in ("cpu", "cuda")]
    assert free == [2.0, 8.0]


@pytest.mark.slow
def test_the_estimate_of_a_real_run_is_within_a_quarter(services, project, tmp_path: Path) -> None:
    from benchmarks.memory import Case, Model, make_model, make_samples
    from core.samples.store.sft_dataset import append_samples
    from utils.config import BaseChoice, change_app_settings

    case = Case(Model("llama", 512, 1408, 8, 4096), batch=4, length=512)
    base = make_model(tmp_path, case.model)
    append_samples(project.samples_file, make_samples(base, case))
    base_models.choose_base(project, BaseChoice(source="path", name=str(base)))
    project.set("training", case.settings.model_dump())
    change_app_settings(force_cpu=True)
    job = services.runner.wait(trainer.start_training(services, project).id, 300)
    assert job.state == JobState.DONE, job.error
    assert job.result is not None
    found = job.result["memory"]
    assert found["needed_gib"] == pytest.approx(found["ram_gib"], abs=0.01)
    assert found["estimated_gib"] == pytest.approx(found["needed_gib"], rel=0.25)
    assert any(line.key == "training.memory_expected" for line in job.log)
    assert run_log.noted_runs()[0].measured_gib == found["needed_gib"]
