"""What memory a training needs: the formula's properties, whether it fits, and one run that is measured."""

import itertools
from dataclasses import replace

import pytest

from core import base_models, trainer
from core.estimates import memory, run_log
from core.jobs.job import JobState
from tests.core.training.machine_material import ONE_BILLION, machine
from utils.config import TrainingSettings

CPU, GPU = machine("cpu"), machine("cuda")


def needed(hardware=CPU, longest=1024, shape=ONE_BILLION, **settings):
    return memory.estimate(shape, TrainingSettings(max_length=4096, **settings), hardware, longest).total_gib


@pytest.mark.parametrize("place", [CPU, GPU, replace(CPU, bf16=False), machine("mps")])
@pytest.mark.parametrize("checkpointing", [True, False])
def test_more_batch_length_or_rank_never_needs_less(place, checkpointing):
    usual = {"gradient_checkpointing": checkpointing}
    for sizes in (
        [needed(place, batch_size=batch, **usual) for batch in (1, 2, 4, 8, 16)],
        [needed(place, longest, **usual) for longest in (64, 256, 1024, 4096)],
        [needed(place, lora_rank=rank, **usual) for rank in (8, 16, 32, 64)],
        [needed(place, target_modules=modules, **usual) for modules in ("q_proj,v_proj", "attention", "")],
    ):
        assert all(less < more for less, more in itertools.pairwise(sizes))


def test_four_bit_and_checkpointing_need_less_what_is_cut_off_nothing_and_padding_something():
    assert all(needed(place, four_bit=True) < needed(place) for place in (CPU, GPU))
    assert needed(longest=2048, batch_size=4, gradient_checkpointing=True) < 0.6 * needed(longest=2048, batch_size=4)
    assert needed(longest=9000) == needed(longest=4096)
    assert needed(longest=1009) == needed(longest=1024) > needed(longest=1008)


def test_large_weights_are_in_sixteen_bits_and_small_ones_on_a_cpu_are_not():
    small = replace(ONE_BILLION, parameters=100_000_000, stored_bytes=200_000_000)
    for shape, place, bytes_each in ((ONE_BILLION, CPU, 2), (small, CPU, 4), (small, GPU, 2)):
        weights = memory.estimate(shape, TrainingSettings(), place, 512).terms["weights"]
        assert weights == bytes_each * shape.parameters


def test_the_light_says_whether_it_fits():
    total = needed(longest=512, batch_size=4)
    places = [*(machine("cpu", share * total) for share in (2, 1.1, 0.9)), machine("cuda", None)]
    settings = TrainingSettings(batch_size=4)
    lights = [memory.estimate(ONE_BILLION, settings, place, 512).light for place in places]
    assert lights == ["green", "amber", "red", "unknown"]


def test_processes_on_one_machine_share_its_memory_and_on_gpus_each_has_its_own():
    settings = TrainingSettings(processes=4)
    free = [memory.estimate(ONE_BILLION, settings, machine(kind, 8.0), 512).free_gib for kind in ("cpu", "cuda")]
    assert free == [2.0, 8.0]


@pytest.mark.slow
def test_the_estimate_of_a_real_run_is_within_a_quarter(services, project, tmp_path):
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
    found = job.result["memory"]
    assert found["needed_gib"] == pytest.approx(found["ram_gib"], abs=0.01)
    assert found["estimated_gib"] == pytest.approx(found["needed_gib"], rel=0.25)
    assert run_log.noted_runs()[0].measured_gib == found["needed_gib"]
